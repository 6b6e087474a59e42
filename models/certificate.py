"""Which thresholds are certified: a fallback walk over fixed sequences (Wiens 2003; Bretz et al. 2009; statistics 4.2).

P(ever certified a threshold whose error is above alpha) <= delta, whatever the looking schedule and whatever routing
earlier certificates led to. Certified stays certified within an epoch, until the watchdog ends it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import evidence, policy, tally
from models.grid import Plan

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
class Standing:
    """What is certified after a look. Kept in the ledger; the next look starts from it.

    `log_e`: running maximum of the evidence per threshold (natural log; of a single look, -log p). `certified`: indices
    of all thresholds certified so far, rising. `labels`, `errors`: blind labels at or above each threshold, weighted to
    the smallest propensity there. `cases`: routed at or above it. `stops`: what the walks still lack.
    """

    plan: Plan
    looks: int
    log_e: tuple[float, ...]
    certified: tuple[int, ...]
    cases: tuple[int, ...]
    labels: tuple[float, ...]
    errors: tuple[float, ...]
    stops: tuple[Stop, ...]

    @property
    def threshold(self) -> float | None:
        """The least strict certified threshold: what covers most. None: none is."""
        return self.plan.thresholds[self.certified[-1]] if self.certified else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """About how many more blind labels at or above `threshold` certify it, if errors stay as frequent as so far.

    `seen`: the labels there so far, weighted.
    """

    threshold: float
    labels: int
    seen: float


def fewest(alpha: float, delta: float) -> int:
    """Error-free labels below which no test at level delta can succeed: ceil(log delta / log(1 - alpha)); 299 at 1 %."""
    return math.ceil(math.log(delta) / math.log1p(-alpha))


def walk(
    log_e: Floats, effective: Floats, starts: Sequence[int], weights: Sequence[float], *, alpha: float, delta: float
) -> Walk:
    """Walk each chain from its start while log E >= -log(level), the strictest chain first.

    `log_e`, `effective` (n_eff, knows no label): one per threshold, strictest first. Each chain begins with its share of
    delta and what the walk before it carried over; a walk that stops early carries nothing. A start with n_eff below
    `fewest` is not tested and its level moves on.
    """
    floor = fewest(alpha, delta)
    level = 0.0
    passed: list[int] = []
    stops: list[Stop] = []
    for start, end, weight in zip(starts, (*starts[1:], len(log_e)), weights, strict=True):
        level += weight * delta
        if effective[start] < floor:
            stops.append(Stop(at=start, level=level))
            continue
        short = np.flatnonzero(log_e[start:end] < -math.log(level))
        reached = start + int(short[0]) if len(short) else end
        passed += range(start, reached)
        if reached < end:
            stops.append(Stop(at=reached, level=level))
            level = 0.0
    return Walk(passed=tuple(passed), stops=tuple(stops))


def look(
    plan: Plan, counts: pl.DataFrame, policies: Mapping[int, policy.Policy], before: Standing | None = None
) -> Standing:
    """Look at the whole epoch's counts so far (`tally`); `before` is what the last look left, None at the first.

    Raises ValueError if the plan is for a single look or is not the one `before` was made under (another alpha, delta or
    grid is another certificate and starts from nothing), or as `tally.of` does.
    """
    if plan.look != "anytime":
        raise ValueError("this certificate was registered for a single look: use once")
    if before is not None and before.plan != plan:
        raise ValueError(
            "the plan changed after a look (target, doubt or grid): that is a new certificate, in a new epoch"
        )
    seen = tally.of(counts, policies, epoch=plan.epoch, thresholds=plan.thresholds)
    log_e = evidence.running(
        None if before is None else before.log_e, evidence.unequal(seen.right, seen.wrong, seen.ratio, plan.alpha)
    )
    return _standing(
        plan,
        log_e,
        seen.effective,
        cases=seen.cases.sum(1),
        labels=(seen.ratio * (seen.right + seen.wrong)).sum(1),
        errors=(seen.ratio * seen.wrong).sum(1),
        before=before,
    )


def once(
    plan: Plan, counts: pl.DataFrame, policies: Mapping[int, policy.Policy], before: Standing | None = None
) -> Standing:
    """The exact variant: one look, registered in the plan (statistics 4.3). More power; worth nothing when repeated.

    `counts` as in `tally`, and a Boolean `kept` in its key: the case's permanent draw is below `keep(plan, policies)`,
    to which all propensities are thinned. Raises ValueError if the plan was not registered for it, if there was a look
    before, if a kept case was not drawn, or as `tally.of` does.
    """
    if plan.look != "once":
        raise ValueError("a single exact look must be registered before the first label: this plan is for any time")
    if before is not None:
        raise ValueError("the single look of this certificate was taken: open a new epoch for another")
    kept = counts.filter("kept", pl.col("propensity").is_not_null())
    if not kept["blind"].all():
        raise ValueError(
            "a case whose draw is below every propensity was not drawn: the draws are not the permanent ones"
        )
    routed = tally.of(counts, policies, epoch=plan.epoch, thresholds=plan.thresholds, apart=("kept",))
    size = len(plan.thresholds)
    step, n, agrees = (
        kept["bin"].fill_null(size).to_numpy(),
        kept["n"].to_numpy(),
        (kept["outcome"] == "right").to_numpy(),
    )
    right, wrong = (np.bincount(step, n * rows, size + 1)[:-1].cumsum() for rows in (agrees, ~agrees))
    cases = routed.cases.sum(1)
    log_p = evidence.binomial(wrong, right + wrong, plan.alpha)
    return _standing(
        plan, log_p, cases * keep(plan, policies), cases=cases, labels=right + wrong, errors=wrong, before=None
    )


def keep(plan: Plan, policies: Mapping[int, policy.Policy]) -> float:
    """The smallest propensity any of the policies gives any case on the grid: the draws below it are kept by `once`."""
    return float(tally.smallest(policies, np.array(plan.thresholds)).min())


def needed(standing: Standing) -> Needed | None:
    """The certificate that is nearest, and about how many more blind labels it takes; None: all certified, or hopeless.

    Errors are taken to stay as frequent as at that threshold so far (none seen: none to come), labels to come at the
    smallest propensity. Nearest: fewest cases to route, a strict threshold having fewer of them. Where the errors seen
    are as many as alpha, or more, no number of labels helps. 377 for 1 % at 95 % when nothing is known yet.
    """
    plan = standing.plan
    best: tuple[float, Needed] | None = None
    for stop in standing.stops:
        if stop.at in standing.certified:
            continue
        labels, errors = standing.labels[stop.at], standing.errors[stop.at]
        more = _more(labels, errors, plan.alpha, stop.level, once=plan.look == "once")
        if more is None:
            continue
        share = standing.cases[stop.at] / standing.cases[-1] if standing.cases[-1] else 1.0
        route = more / share if share else math.inf
        if best is None or route < best[0]:
            best = route, Needed(threshold=plan.thresholds[stop.at], labels=more, seen=labels)
    return None if best is None else best[1]


def needed_at(standing: Standing) -> list[int | None]:
    """Per threshold, about how many more blind labels at or above it certify it; 0: it is certified.

    The walk must pass every stricter threshold of its chain that it has not passed yet, so the most demanding of them
    decides. Errors as frequent and labels as unequal as `needed` takes them. None: no number of labels, or a threshold
    that no chain reaches (stricter than the first start).
    """
    plan, held = standing.plan, set(standing.certified)
    stops = {max(start for start in plan.starts if start <= stop.at): stop for stop in standing.stops}
    found: list[int | None] = [None] * len(plan.thresholds)
    for start, end in zip(plan.starts, (*plan.starts[1:], len(plan.thresholds)), strict=True):
        stop = stops.get(start)
        route = 0.0  # cases to route: what is common to thresholds that see different shares of them
        for place in range(start, end):
            if stop is None or place < stop.at:
                continue
            more = _more(
                standing.labels[place], standing.errors[place], plan.alpha, stop.level, once=plan.look == "once"
            )
            if more is None:
                break
            seen = standing.cases[place]
            route = max(route, more / max(seen, 1))
            found[place] = math.ceil(route * max(seen, 1))
    return [0 if place in held else more for place, more in enumerate(found)]


def _more(labels: float, errors: float, alpha: float, level: float, *, once: bool) -> int | None:
    rate = errors / labels if labels else 0.0
    measure = evidence.binomial if once else evidence.constant

    def enough(extra: int) -> bool:
        n = labels + extra
        k, n = (math.ceil(rate * n), math.ceil(n)) if once else (rate * n, n)
        return float(measure(k, n, alpha)) >= -math.log(level)

    low, high = 0, 1
    while not enough(high):
        low, high = high, high * 2
        if high > FAR:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _standing(
    plan: Plan,
    log_e: Floats,
    effective: Floats,
    *,
    cases: Floats,
    labels: Floats,
    errors: Floats,
    before: Standing | None,
) -> Standing:
    walked = walk(log_e, effective, plan.starts, plan.weights, alpha=plan.alpha, delta=plan.delta)
    held = set(before.certified) if before is not None else set()
    return Standing(
        plan=plan,
        looks=1 if before is None else before.looks + 1,
        log_e=tuple(log_e.tolist()),
        certified=tuple(sorted(held.union(walked.passed))),
        cases=tuple(int(n) for n in cases),
        labels=tuple(labels.tolist()),
        errors=tuple(errors.tolist()),
        stops=walked.stops,
    )
