"""What a labelled history says about a model before anything runs: how good it is, and what would be certified.

A history is a frame of cases in any order: `confidence` (Float64 in [0, 1], null: unscorable, always for a person) and
`right` (Boolean). Each case with a `right` is a blind label. Where labels were sampled with known chances, `chance` (in (0, 1])
says of every case with which, and `right` is null for those that were not sampled; without it every case is labelled. `group`
(String): cases of one group are one sample and one unit of evidence.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.certification import certificate
from models.evaluation import group_intervals, intervals, reliability, risk
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.outcome import Outcome
from models.planning import attainable, share_released
from models.routing import policy

Figure = Estimate | NotEnoughEvidence
Floats = NDArray[np.float64]

LADDER = (0.005, 0.01, 0.02, 0.05, 0.1)  # targets shown beside the one that was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainable:
    """What share of cases could be released at a target error.

    `oracle`: the largest share whose error in this history is at most `target`, known by looking at every answer.
    `certified`: the share that one look at all `labels` labels grants; each with its threshold, None: none. `anytime`: the
    share of a certificate that looks as labels come; `first`: labels after which it had a threshold that it still has after
    all, None: it has none; `needed`: labels (items, where cases come in groups) still to come for its next.
    """

    target: float
    oracle: float
    oracle_threshold: float | None
    certified: float
    certified_threshold: float | None
    anytime: float
    labels: int
    first: int | None
    needed: certificate.Needed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The figures of a history of `cases` cases, `unscorable` of which have no confidence (always to a person).

    `labelled`: cases with a truth; `groups`: units they come in, None: each by itself; `weighted`: chances were given.
    `accuracy` is that of the scorable ones. `curve` as `risk.curve`; `attainable` a row per target; `steps`: labels,
    certified share at the target asked for, looking as labels come (`attainable.Granted`).
    `scores`: the distinct confidences, rising.
    """

    cases: int
    labelled: int
    unscorable: int
    groups: int | None
    largest_group: int
    weighted: bool
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
    scores: Floats


def of(history: pl.DataFrame, *, target: float, delta: float) -> Study:
    """Study a history. Raises ValueError if it holds no label, or target or delta is not in (0, 1)."""
    for name, chosen in (("target", target), ("delta", delta)):
        if not 0 < chosen < 1:
            raise ValueError(f"{name} {chosen!r}: give a number between 0 and 1")
    known = history.filter(pl.col("right").is_not_null())
    if known.is_empty():
        raise ValueError("no case has a truth to compare with")
    counts = _counts(history)
    share = share_released.Share.of(history)
    by_goal = attainable.granted(history, sorted({*LADDER, target}), delta)
    sizes = known.group_by("group").len()["len"] if "group" in known.columns else None
    return Study(
        cases=len(history),
        labelled=len(known),
        unscorable=int(history["confidence"].null_count()),
        groups=None if sizes is None else len(sizes),
        largest_group=1 if sizes is None else int(sizes.max()),  # type: ignore[arg-type]
        weighted="chance" in history.columns,
        target=target,
        delta=delta,
        accuracy=_accuracy(known, counts, delta),
        ece=reliability.ece(counts, delta),
        brier=reliability.brier(counts, delta),
        auroc=reliability.auroc(counts, delta),
        aurc=risk.aurc(counts, delta),
        augrc=risk.augrc(counts, delta),
        gate=reliability.gate(counts, delta),
        curve=_curve(known, counts, delta),
        attainable=tuple(_attainable(goal, share, reached) for goal, reached in by_goal.items()),
        steps=tuple((labels, share.at(threshold)) for labels, threshold in by_goal[target].steps),
        scores=history["confidence"].drop_nulls().unique().sort().to_numpy(),
    )


def share_right(history: pl.DataFrame, delta: float) -> Estimate | None:
    """The share of the labelled cases with a confidence that is right, of all where none has one; None: none is labelled."""
    known = history.filter(pl.col("right").is_not_null())
    return None if known.is_empty() else _accuracy(known, _counts(history), delta)


def at_target(history: pl.DataFrame, target: float, delta: float) -> Attainable:
    """What could be released at one target."""
    return _attainable(target, share_released.Share.of(history), attainable.granted(history, [target], delta)[target])


def proportion(right: int, n: int, alpha: float) -> Estimate:
    """A share of `n` answers with its Clopper-Pearson limits; `errors` are those that are not `right`."""
    low, high = intervals.clopper_pearson(n - right, n, alpha)
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
    """The error among the labels of the history with confidence at least `threshold`; 0 where there is none."""
    if threshold is None:
        return 0.0
    sure = history.filter(pl.col("confidence") >= threshold, pl.col("right").is_not_null())
    if sure.is_empty():
        return 0.0
    weight = _weights(sure)
    return float((weight * (~sure["right"]).to_numpy()).sum() / weight.sum())


def _weights(known: pl.DataFrame) -> Floats:
    """What each label stands for: 1 / chance."""
    return 1 / known["chance"].to_numpy() if "chance" in known.columns else np.ones(len(known))


def _accuracy(known: pl.DataFrame, counts: pl.DataFrame, delta: float) -> Estimate:
    """The share of scorable cases that is right; of all, where none is scorable."""
    scored = known.filter(pl.col("confidence").is_not_null())
    if scored.is_empty():
        return proportion(int(known["right"].sum()), len(known), delta)
    error = risk.error_at(counts, 0.0, delta)
    if "group" in known.columns:
        value, low, high = (float(part[0]) for part in _by_group(scored, np.zeros(1), delta))
        method = group_intervals.METHOD
    elif isinstance(error, Estimate):
        value, low, high, method = error.value, error.low, error.high, error.method
    else:  # pragma: no cover - a scored label is an answered sample
        raise ValueError(error.reason)
    wrong = int((~scored["right"]).sum())
    return Estimate(
        value=1 - value, low=1 - high, high=1 - low, alpha=delta, n=len(scored), errors=wrong, method=method
    )


def _curve(known: pl.DataFrame, counts: pl.DataFrame, delta: float) -> pl.DataFrame:
    """`risk.curve`; where cases come in groups, with limits that know it."""
    curve = risk.curve(counts, delta)
    scored = known.filter(pl.col("confidence").is_not_null())
    if "group" not in known.columns or curve.is_empty() or scored.is_empty():
        return curve
    parts = _by_group(scored, curve["threshold"].to_numpy(), delta)
    return curve.with_columns(
        pl.Series(name, part).fill_nan(None) for name, part in zip(("error", "low", "high"), parts, strict=True)
    )


def _by_group(scored: pl.DataFrame, thresholds: Floats, delta: float) -> tuple[Floats, Floats, Floats]:
    return group_intervals.above(
        scored["confidence"].to_numpy(),
        (~scored["right"]).cast(pl.Float64).to_numpy(),
        scored["group"].rank("dense").cast(pl.Int64).to_numpy(),
        _weights(scored),
        thresholds,
        delta,
    )


def _attainable(target: float, share: share_released.Share, reached: attainable.Granted) -> Attainable:
    oracle, oracle_threshold = share.oracle(target)
    return Attainable(
        target=target,
        oracle=oracle,
        oracle_threshold=oracle_threshold,
        certified=share.at(reached.once),
        certified_threshold=reached.once,
        anytime=share.at(reached.steps[-1][1]),
        labels=reached.labels,
        first=next((labels for labels, held in reached.steps if held is not None), None),
        needed=reached.needed,
    )


def _counts(history: pl.DataFrame) -> pl.DataFrame:
    """The history as `risk` takes it: everything reviewed, every label a blind one that is answered."""
    chance = pl.col("chance") if "chance" in history.columns else pl.lit(1.0)
    outcome = (
        pl.when(pl.col("right").is_null()).then(pl.lit(Outcome.UNSAMPLED)).when("right").then(pl.lit(Outcome.RIGHT))
    )
    return (
        history.group_by("confidence", "right", propensity=chance)
        .agg(n=pl.len().cast(pl.Int64))
        .sort("confidence", "right", "propensity")
        .select(
            "confidence",
            "n",
            "propensity",
            route=pl.lit(policy.Route.REVIEW),
            blind=pl.col("right").is_not_null(),
            outcome=outcome.otherwise(pl.lit(Outcome.WRONG)),
        )
    )
