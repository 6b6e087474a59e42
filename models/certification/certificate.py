"""Which thresholds are certified: a fallback walk over fixed sequences (Wiens 2003; Bretz et al. 2009; docs/method.md 4.2).

P(ever certified in an era a threshold whose error is above alpha) <= delta, whatever the looking schedule and whatever
routing earlier certificates led to. Each look computes everything anew from today's labels: while no settled label changes,
what is certified stays so within an era (`prefix`); where one is changed or taken back, so is what rested on it.

Where fields of a record have targets of their own, the evidence for a threshold is the least among the record's and theirs. At a
threshold where any of them is above its target that is at most the evidence of that one, so one walk at delta keeps all targets
at once, however many there are: an intersection-union test (Berger 1982).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

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
class FieldProgress:
    """Of one field with a target of its own, per threshold: the evidence (natural log), and the errors as `Progress` has them."""

    field: str
    log_e: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is certified by the labels of a look. Kept in the ledger as history; the next look takes only its number on.

    `log_e`: the evidence per threshold (natural log), of the best prefix. `certified`: indices of all thresholds certified,
    rising. `labels`, `errors`: settled samples at or above each threshold and those of them that are wrong, weighted to
    the smallest propensity there. `pending`: samples there that are not settled, so count as wrong for now; `unsent`: those of
    them that no person has had before them. `cases`: routed at or above it. `stops`: what the walks still lack. `by_field`: of
    the fields of `plan.by_field`, in that order; `log_e` is then the least of theirs and the record's.
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
    by_field: tuple[FieldProgress, ...] = ()
    disputed: tuple[float, ...] = ()  # of `pending`, those that somebody read and said against, weighted; empty: none

    @property
    def threshold(self) -> float | None:
        """The least strict certified threshold: what covers most. None: none is."""
        return self.plan.thresholds[self.certified[-1]] if self.certified else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """About how many more blind labels at or above `threshold` certify it, if errors stay as frequent as so far.

    `seen`: the settled labels there so far, weighted. `pending`: samples there that are not settled: the first of them to come.
    `field`: whose target takes most of them; empty: the record's.
    """

    threshold: float
    labels: int
    seen: float
    pending: int
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """An era's samples in the order of decision, and what has become of each. See `prefix.Samples`."""

    order: prefix.Samples
    settled: NDArray[np.bool_]
    sent: NDArray[np.bool_]
    disputed: NDArray[np.bool_] | None = None  # read and said against, and not settled; None: none is


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
        short = np.flatnonzero(~(log_e[start:end] >= -math.log(level)))  # what is no number proves nothing
        reached = start + int(short[0]) if len(short) else end
        passed += range(start, reached)
        if reached < end:
            stops.append(Stop(at=reached, level=level))
            level = 0.0
    return Walk(passed=tuple(passed), stops=tuple(stops))


def look(
    plan: Plan,
    samples: Samples,
    routed: case_counts.Tally,
    before: Progress | None = None,
    *,
    losses: Mapping[str, Floats] = MappingProxyType({}),
) -> Progress:
    """Look at all samples of the era so far, in the order of decision; `before` is what the last look left, None at the first.

    `losses`: for each field of `plan.by_field`, how wrong it is in each sample, in [0, 1], and 1 where that is not settled.
    What is certified comes from these samples alone. Raises ValueError if the plan is not the one `before` was made under
    (another alpha, delta or grid is another certificate and starts from nothing), or as `prefix.log_e` does.
    """
    if before is not None and before.plan != plan:
        raise ValueError(
            "the plan changed after a look (target, level or grid): that is a new certificate, in a new epoch"
        )
    order, size = samples.order, len(plan.thresholds)

    def counted(rows: NDArray[np.bool_], *, weighted: bool = False, times: Floats | None = None) -> Floats:
        """(T,): samples at or above each threshold, each as one or as pm/pi, or that times a share of it."""
        pairs = np.zeros((len(routed.lowest), size + 1))
        each = 1 / order.propensity[rows] if weighted else np.ones(int(rows.sum()))
        np.add.at(pairs, (order.version[rows], order.bin[rows]), each if times is None else each * times[rows])
        above = pairs[:, :-1].cumsum(axis=1)
        total: Floats = (above * (routed.lowest if weighted else 1.0)).sum(0)
        return total

    log_e = prefix.log_e(order, routed.lowest, plan.alpha, plan.group_size)
    by_field = []
    for target in plan.by_field:
        lost = losses[target.field]
        own = prefix.log_e(order, routed.lowest, target.alpha, plan.group_size, losses=lost)
        errors = counted(samples.settled, weighted=True, times=lost)
        by_field.append(FieldProgress(field=target.field, log_e=tuple(own.tolist()), errors=tuple(errors.tolist())))
        log_e = np.minimum(log_e, own)
    walked = walk(log_e, plan.starts, plan.weights, delta=plan.delta)
    against = samples.disputed
    return Progress(
        plan=plan,
        looks=1 if before is None else before.looks + 1,
        log_e=tuple(log_e.tolist()),
        by_field=tuple(by_field),
        certified=walked.passed,
        cases=tuple(int(n) for n in routed.cases),
        labels=tuple(counted(samples.settled, weighted=True).tolist()),
        errors=tuple(counted(samples.settled & ~order.right, weighted=True).tolist()),
        pending=tuple(int(n) for n in counted(~samples.settled)),
        unsent=tuple(int(n) for n in counted(~samples.settled & ~samples.sent)),
        stops=walked.stops,
        disputed=tuple(counted(against, weighted=True).tolist()) if against is not None and against.any() else (),
    )


def needed(progress: Progress) -> Needed | None:
    """The next certificate that releases more, and about how many more blind labels it takes; None: there is none to come.

    A stricter threshold than one that is certified releases less, so a walk that has stopped there is no next step.
    Errors are taken to stay as frequent as among the answered samples there (none seen: none to come), a dispute being taken for
    an error of the records; labels to come at the smallest propensity. Nearest: fewest cases to route, a strict threshold having
    fewer of them. Where the errors seen are as many as alpha, or more, no number of labels helps. 377 for 1 % at 95 % when
    nothing is known yet.
    """
    plan = progress.plan
    best: tuple[float, Needed] | None = None
    for stop in progress.stops:
        if progress.certified and stop.at <= progress.certified[-1]:
            continue
        labels = progress.labels[stop.at]
        step = _step(progress, stop.at, stop.level)
        if step is None:
            continue
        more, field = step
        share = progress.cases[stop.at] / progress.cases[-1] if progress.cases[-1] else 1.0
        route = more / share if share else math.inf
        if best is None or route < best[0]:
            pending = progress.pending[stop.at]
            best = (
                route,
                Needed(threshold=plan.thresholds[stop.at], labels=more, seen=labels, pending=pending, field=field),
            )
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
            step = _step(progress, place, stop.level)
            if step is None:
                break
            seen = progress.cases[place]
            route = max(route, step[0] / max(seen, 1))
            numbers[place] = math.ceil(route * max(seen, 1))
    return [0 if place in held else more for place, more in enumerate(numbers)]


def blocking(progress: Progress) -> tuple[str, ...]:
    """The fields whose own targets no number of labels would show to be kept, at the errors seen, at any next threshold.

    None where the record's target stands in the way as well, or nothing is left to certify.
    """
    stops = [stop for stop in progress.stops if stop.at not in progress.certified]
    never = [{name for name, more in _takes(progress, stop.at, stop.level).items() if more is None} for stop in stops]
    everywhere = set.intersection(*never) if never else set()
    return () if "" in everywhere else tuple(one.field for one in progress.by_field if one.field in everywhere)


def _takes(progress: Progress, at: int, level: float) -> dict[str, int | None]:
    """How many more labels each target takes at the threshold of an index, the record's under no name; None: no number does."""
    plan, disputed = progress.plan, progress.disputed[at] if progress.disputed else 0.0
    labels = progress.labels[at] + disputed
    takes = {"": _more(plan.alpha, plan.group_size, labels, progress.errors[at] + disputed, level)}
    for target, field in zip(plan.by_field, progress.by_field, strict=True):
        takes[field.field] = _more(target.alpha, plan.group_size, labels, field.errors[at], level)
    return takes


def _step(progress: Progress, at: int, level: float) -> tuple[int, str] | None:
    """How many more labels certify the threshold at an index, and whose target takes as many; None: no number does."""
    takes = _takes(progress, at, level)
    known = {name: more for name, more in takes.items() if more is not None}
    most = max(known, key=lambda name: known[name], default="")
    return (known[most], most) if len(known) == len(takes) else None


def _more(alpha: float, group_size: int, labels: float, errors: float, level: float) -> int | None:
    rate = errors / labels if labels else 0.0
    # Of groups of up to m cases a single one wins and loses this share of a case that stands alone.
    share = (1 - alpha) / (group_size - alpha)

    def enough(extra: int) -> bool:
        n = labels + extra
        if group_size == 1:
            log_e = e_values.constant(rate * n, n, alpha)
        else:
            log_e = e_values.unequal([(1 - rate) * n], [rate * n], [share], alpha)
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
