"""What a labelled history says about a model before anything runs: how good it is, and what would be certified.

A history is a frame of labelled cases: `confidence` (Float64 in [0, 1], null: unscorable) and `right` (Boolean), in any
order. Every case has its label, so each is a blind label of propensity 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import certificate, evidence, grid, limits, policy, reliability, risk
from models.estimate import Estimate, NotEnoughEvidence

Figure = Estimate | NotEnoughEvidence
Floats = NDArray[np.float64]

LADDER = (0.005, 0.01, 0.02, 0.05, 0.1)  # targets shown beside the one that was asked for
PAST = 1000  # scores from which quantiles make a better grid than round numbers
PREFIXES = 60  # numbers of labels at which is looked at what they certify
_ORDER = "0" * 32  # of the labels: any fixed one


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainable:
    """What share of cases could be released at a target error.

    `oracle`: the largest share whose error in this history is at most `target`, known by looking at every answer.
    `certified`: the share the certificate grants on `labels` labels in random order; each with its threshold, None: none.
    `first`: labels at which the first threshold was certified; None: never. `needed`: labels still to come for the next.
    """

    target: float
    oracle: float
    oracle_threshold: float | None
    certified: float
    certified_threshold: float | None
    labels: int
    first: int | None
    needed: certificate.Needed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The figures of a history of `cases` labelled cases, `unscorable` of which have no confidence (always to a person).

    `curve` as `risk.curve`; `attainable` a row per target; `steps`: labels, certified share at the target asked for.
    """

    cases: int
    unscorable: int
    target: float
    delta: float
    accuracy: Estimate
    ece: Figure
    brier: Figure
    auroc: Figure
    aurc: Figure
    augrc: Figure
    gate: reliability.Gate
    curve: pl.DataFrame
    attainable: tuple[Attainable, ...]
    steps: tuple[tuple[int, float], ...]


def of(history: pl.DataFrame, *, target: float, delta: float) -> Study:
    """Study a history. Raises ValueError if it holds no case, or target or delta is not in (0, 1)."""
    for name, chosen in (("target", target), ("delta", delta)):
        if not 0 < chosen < 1:
            raise ValueError(f"{name} {chosen!r}: give a number between 0 and 1")
    cases = len(history)
    if not cases:
        raise ValueError("no case has a truth to compare with")
    counts = _counts(history)
    shuffled = history[np.argsort(policy.draws(_ids(cases), _ORDER).to_numpy(), kind="stable")]
    share = _Share.of(history)
    found = {goal: _certified(shuffled, goal, delta) for goal in sorted({*LADDER, target})}
    return Study(
        cases=cases,
        unscorable=int(history["confidence"].null_count()),
        target=target,
        delta=delta,
        accuracy=proportion(int(history["right"].sum()), cases, delta),
        ece=reliability.ece(counts, delta),
        brier=reliability.brier(counts, delta),
        auroc=reliability.auroc(counts, delta),
        aurc=risk.aurc(counts, delta),
        augrc=risk.augrc(counts, delta),
        gate=reliability.gate(counts, delta),
        curve=risk.curve(counts, delta),
        attainable=tuple(_attainable(goal, share, made) for goal, made in found.items()),
        steps=tuple((labels, share.at(threshold)) for labels, threshold in found[target].steps),
    )


def proportion(right: int, n: int, alpha: float) -> Estimate:
    """A share of `n` answers with its Clopper-Pearson limits; `errors` are those that are not `right`."""
    low, high = limits.clopper_pearson(n - right, n, alpha)
    return Estimate(
        value=right / n,
        low=1 - float(high),
        high=1 - float(low),
        alpha=alpha,
        n=n,
        errors=n - right,
        method=risk.EXACT,
    )


def error_at(history: pl.DataFrame, threshold: float | None) -> float:
    """The error among the cases of the history with confidence at least `threshold`; 0 where there is none."""
    if threshold is None:
        return 0.0
    sure = history.filter(pl.col("confidence") >= threshold)
    return 1 - float(sure["right"].sum()) / len(sure) if len(sure) else 0.0


@dataclass(frozen=True, slots=True)
class _Share:
    """Of a history: distinct confidences, surest first, and the cases and errors at or above each."""

    cases: int
    thresholds: Floats
    reached: Floats
    wrong: Floats

    @classmethod
    def of(cls, history: pl.DataFrame) -> "_Share":
        steps = (
            history.filter(pl.col("confidence").is_not_null())
            .group_by("confidence")
            .agg(n=pl.len(), wrong=(~pl.col("right")).sum())
            .sort("confidence", descending=True)
        )
        n, wrong = (steps[name].cast(pl.Float64).to_numpy().cumsum() for name in ("n", "wrong"))
        return cls(len(history), steps["confidence"].to_numpy(), n, wrong)

    def at(self, threshold: float | None) -> float:
        """The share of cases at or above the threshold."""
        if threshold is None:
            return 0.0
        place = int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1
        return float(self.reached[place]) / self.cases if place >= 0 else 0.0

    def oracle(self, target: float) -> tuple[float, float | None]:
        kept = np.flatnonzero(self.wrong <= target * self.reached)
        if not len(kept):
            return 0.0, None
        return float(self.reached[kept[-1]]) / self.cases, float(self.thresholds[kept[-1]])


@dataclass(frozen=True, slots=True)
class _Certified:
    labels: int
    steps: list[tuple[int, float | None]]  # labels, least strict threshold certified by then
    needed: certificate.Needed | None


def _certified(shuffled: pl.DataFrame, target: float, delta: float) -> _Certified:
    """Walk through the labels, looking at PREFIXES points. The grid comes from cases that are not among them."""
    head = min(max(PAST, len(shuffled) // 10), 10 * PAST)
    past, rest = shuffled["confidence"][:head], shuffled
    if past.is_not_null().sum() >= PAST and len(shuffled) > 2 * head:
        rest = shuffled[head:]
        thresholds, coverage = grid.quantiles(past)
        starts, weights = grid.starts(coverage)
    else:
        thresholds, starts, weights = grid.denser_near_one()
    plan = grid.Plan(epoch="study", alpha=target, delta=delta, thresholds=thresholds, starts=starts, weights=weights)
    sizes = _sizes(certificate.fewest(target, delta), len(rest))
    labels, wrong = _prefix_counts(rest, thresholds, sizes)
    log_e = np.maximum.accumulate(evidence.running(None, evidence.constant(wrong, labels, target)), axis=0)
    held: set[int] = set()
    steps: list[tuple[int, float | None]] = []
    walked = certificate.Walk(passed=(), stops=())
    for size, bets, seen in zip(sizes, log_e, labels, strict=True):
        walked = certificate.walk(bets, seen, starts, weights, alpha=target, delta=delta)
        held.update(walked.passed)
        steps.append((size, thresholds[max(held)] if held else None))
    standing = certificate.Standing(
        plan=plan,
        looks=len(sizes),
        log_e=tuple(log_e[-1].tolist()),
        certified=tuple(sorted(held)),
        cases=tuple(int(n) for n in labels[-1]),
        labels=tuple(labels[-1].tolist()),
        errors=tuple(wrong[-1].tolist()),
        stops=walked.stops,
    )
    return _Certified(len(rest), steps, certificate.needed(standing))


def _sizes(fewest: int, n: int) -> list[int]:
    """Numbers of labels to look at, rising evenly in the logarithm, up to all n."""
    if n <= fewest:
        return [n]
    return sorted({round(float(size)) for size in np.geomspace(fewest, n, PREFIXES)})


def _prefix_counts(rest: pl.DataFrame, thresholds: Sequence[float], sizes: list[int]) -> tuple[Floats, Floats]:
    """(prefixes, thresholds): labels at or above each threshold among the first `size` cases, and the wrong of them."""
    step = grid.bins(rest["confidence"], thresholds).fill_null(len(thresholds)).to_numpy()
    prefix = np.searchsorted(sizes, np.arange(len(rest)), side="right")
    width = len(thresholds) + 1

    def table(rows: Floats | None) -> Floats:
        sums = np.bincount(prefix * width + step, weights=rows, minlength=len(sizes) * width)
        grown = sums.astype(np.float64).reshape(len(sizes), width).cumsum(axis=0).cumsum(axis=1)
        return np.asarray(grown[:, :-1], np.float64)

    return table(None), table((~rest["right"]).cast(pl.Float64).to_numpy())


def _attainable(target: float, share: _Share, made: _Certified) -> Attainable:
    oracle, oracle_threshold = share.oracle(target)
    threshold = made.steps[-1][1]
    return Attainable(
        target=target,
        oracle=oracle,
        oracle_threshold=oracle_threshold,
        certified=share.at(threshold),
        certified_threshold=threshold,
        labels=made.labels,
        first=next((labels for labels, held in made.steps if held is not None), None),
        needed=made.needed,
    )


def _counts(history: pl.DataFrame) -> pl.DataFrame:
    """The history as `risk` takes it: everything reviewed, everything blind, everything answered."""
    return (
        history.group_by("confidence", "right")
        .agg(n=pl.len().cast(pl.Int64))
        .sort("confidence", "right")
        .select(
            "confidence",
            "n",
            route=pl.lit(policy.REVIEW),
            blind=pl.lit(True),
            propensity=pl.lit(1.0),
            outcome=pl.when("right").then(pl.lit("right")).otherwise(pl.lit("wrong")),
        )
    )


def _ids(cases: int) -> pl.Series:
    return pl.int_range(cases, eager=True).cast(pl.String)
