"""Which thresholds are certified: a fallback walk over fixed sequences (Wiens 2003; Bretz et al. 2009; docs/method.md 4.2).

P(ever certified in an era a threshold whose error is above alpha) <= delta, whatever the looking schedule and whatever
routing earlier certificates led to. Each look computes everything anew from today's labels: while no settled label changes,
what is certified stays so within an era (`prefix`); where one is changed or taken back, so is what rested on it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.certification import case_counts, e_values, prefix
from models.certification.era_plan import Plan

Floats = NDArray[np.float64]

FAR = 100_000_000  # labels: who needs more will not get there


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A threshold (its index) that a walk did not pass: it needs log E >= -log(level)."""

    at: int
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Where the walks got: indices of the thresholds passed, rising, and where each chain stopped."""

    passed: tuple[int, ...]
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is certified by the labels of a look. Kept in the ledger as history; the next look takes only its number on.

    `log_e`: the evidence per threshold (natural log), of the best prefix. `certified`: indices of all thresholds certified,
    rising. `labels`, `errors`: settled samples at or above each threshold and those of them that are wrong, weighted to
    the smallest propensity there. `pending`: samples there that are not settled, so count as wrong for now; `unsent`: those of
    them that no person has had before them. `cases`: routed at or above it. `stops`: what the walks still lack.
    """

    plan: Plan
    looks: int
    log_e: tuple[float, ...]
    certified: tuple[int, ...]
    cases: tuple[int, ...]
    labels: tuple[float, ...]
    errors: tuple[float, ...]
    pending: tuple[int, ...]
    unsent: tuple[int, ...]
    stops: tuple[Stop, ...]

    @property
    def threshold(self) -> float | None:
        """The least strict certified threshold: what covers most. None: none is."""
        return self.plan.thresholds[self.certified[-1]] if self.certified else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """About how many more blind labels at or above `threshold` certify it, if errors stay as frequent as so far.

    `seen`: the settled labels there so far, weighted. `pending`: samples there that are not settled: the first of them to come.
    """

    threshold: float
    labels: int
    seen: float
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """An era's samples in the order of decision, and what has become of each. See `prefix.Samples`."""

    order: prefix.Samples
    settled: NDArray[np.bool_]
    sent: NDArray[np.bool_]


def fewest(alpha: float, delta: float) -> int:
    """Error-free labels below which no test at level delta can succeed: ceil(log delta / log(1 - alpha)); 299 at 1 %."""
    return math.ceil(math.log(delta) / math.log1p(-alpha))


def walk(log_e: Floats, starts: Sequence[int], weights: Sequence[float], *, delta: float) -> Walk:
    """Walk each chain from its start while log E >= -log(level), the strictest chain first.

    `log_e`: one per threshold, strictest first. Each chain begins with its share of delta and what the walk before it carried
    over; a walk that stops early carries nothing, also one that has too few labels to begin. (Did the level of such a chain
    move on, it would be spent once there and once here, when its labels have come.)
    """
    level = 0.0
    passed: list[int] = []
    stops: list[Stop] = []
    for start, end, weight in zip(starts, (*starts[1:], len(log_e)), weights, strict=True):
        level += weight * delta
        short = np.flatnonzero(log_e[start:end] < -math.log(level))
        reached = start + int(short[0]) if len(short) else end
        passed += range(start, reached)
        if reached < end:
            stops.append(Stop(at=reached, level=level))
            level = 0.0
    return Walk(passed=tuple(passed), stops=tuple(stops))


def look(plan: Plan, samples: Samples, routed: case_counts.Tally, before: Progress | None = None) -> Progress:
    """Look at all samples of the era so far, in the order of decision; `before` is what the last look left, None at the first.

    What is certified comes from these samples alone. Raises ValueError if the plan is not the one `before` was made under
    (another alpha, delta or grid is another certificate and starts from nothing), or as `prefix.log_e` does.
    """
    if before is not None and before.plan != plan:
        raise ValueError(
            "the plan changed after a look (target, level or grid): that is a new certificate, in a new epoch"
        )
    log_e = prefix.log_e(samples.order, routed.lowest, plan.alpha, plan.group_size)
    walked = walk(log_e, plan.starts, plan.weights, delta=plan.delta)
    order, size = samples.order, len(plan.thresholds)

    def counted(rows: NDArray[np.bool_], *, weighted: bool = False) -> Floats:
        """(T,): samples at or above each threshold, each as one or as pm/pi."""
        pairs = np.zeros((len(routed.lowest), size + 1))
        np.add.at(pairs, (order.version[rows], order.bin[rows]), 1 / order.propensity[rows] if weighted else 1.0)
        above = pairs[:, :-1].cumsum(axis=1)
        total: Floats = (above * (routed.lowest if weighted else 1.0)).sum(0)
        return total

    return Progress(
        plan=plan,
        looks=1 if before is None else before.looks + 1,
        log_e=tuple(log_e.tolist()),
        certified=walked.passed,
        cases=tuple(int(n) for n in routed.cases),
        labels=tuple(counted(samples.settled, weighted=True).tolist()),
        errors=tuple(counted(samples.settled & ~order.right, weighted=True).tolist()),
        pending=tuple(int(n) for n in counted(~samples.settled)),
        unsent=tuple(int(n) for n in counted(~samples.settled & ~samples.sent)),
        stops=walked.stops,
    )


def needed(progress: Progress) -> Needed | None:
    """The next certificate that releases more, and about how many more blind labels it takes; None: there is none to come.

    A stricter threshold than one that is certified releases less, so a walk that has stopped there is no next step.
    Errors are taken to stay as frequent as among the settled samples there (none seen: none to come; what is not settled says
    nothing of errors), labels to come at the smallest propensity. Nearest: fewest cases to route, a strict threshold having
    fewer of them. Where the errors seen are as many as alpha, or more, no number of labels helps. 377 for 1 % at 95 % when
    nothing is known yet.
    """
    plan = progress.plan
    best: tuple[float, Needed] | None = None
    for stop in progress.stops:
        if progress.certified and stop.at <= progress.certified[-1]:
            continue
        labels, errors = progress.labels[stop.at], progress.errors[stop.at]
        more = _more(plan, labels, errors, stop.level)
        if more is None:
            continue
        share = progress.cases[stop.at] / progress.cases[-1] if progress.cases[-1] else 1.0
        route = more / share if share else math.inf
        if best is None or route < best[0]:
            pending = progress.pending[stop.at]
            best = route, Needed(threshold=plan.thresholds[stop.at], labels=more, seen=labels, pending=pending)
    return None if best is None else best[1]


def needed_at(progress: Progress) -> list[int | None]:
    """Per threshold, about how many more blind labels at or above it certify it; 0: it is certified.

    The walk must pass every stricter threshold of its chain that it has not passed yet, so the most demanding of them
    decides. Errors as frequent and labels as unequal as `needed` takes them. None: no number of labels, or a threshold
    that no chain reaches (stricter than the first start).
    """
    plan, held = progress.plan, set(progress.certified)
    stops = {max(start for start in plan.starts if start <= stop.at): stop for stop in progress.stops}
    numbers: list[int | None] = [None] * len(plan.thresholds)
    for start, end in zip(plan.starts, (*plan.starts[1:], len(plan.thresholds)), strict=True):
        stop = stops.get(start)
        route = 0.0  # cases to route: what is common to thresholds that see different shares of them
        for place in range(start, end):
            if stop is None or place < stop.at:
                continue
            more = _more(plan, progress.labels[place], progress.errors[place], stop.level)
            if more is None:
                break
            seen = progress.cases[place]
            route = max(route, more / max(seen, 1))
            numbers[place] = math.ceil(route * max(seen, 1))
    return [0 if place in held else more for place, more in enumerate(numbers)]


def _more(plan: Plan, labels: float, errors: float, level: float) -> int | None:
    rate = errors / labels if labels else 0.0
    # Of groups of up to m cases a single one wins and loses this share of a case that stands alone.
    share = (1 - plan.alpha) / (plan.group_size - plan.alpha)

    def enough(extra: int) -> bool:
        n = labels + extra
        if plan.group_size == 1:
            log_e = e_values.constant(rate * n, n, plan.alpha)
        else:
            log_e = e_values.unequal([(1 - rate) * n], [rate * n], [share], plan.alpha)
        return float(log_e) >= -math.log(level)

    low, high = 0, 1
    while not enough(high):
        low, high = high, high * 2
        if high > FAR:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
