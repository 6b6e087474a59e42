"""What one reading is worth beside a verdict: how often a first reader calls a right answer wrong. Pure.

A first reading against the model is read again, a tie by a third, and the majority stands. So of the cases in which the first
reader disagrees, some are confirmed and some are overturned, and the share of right cases that one reading alone would count as
wrong is

    false      overturned / (all - confirmed)
    once       (confirmed + overturned) / all     wrong, if each case is read once
    verdict    confirmed / all                    wrong, by verdicts

weighted by 1 / propensity. Disagreements that nobody has decided yet are like the decided ones in the values; in the limits they
all go to the side that makes these wider. Limits are Korn and Graubard's (1998), groups as one piece of evidence. Where two
readers are wrong alike about a right answer, it counts as confirmed: then `false` is somewhat too small, and `verdict` too large.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation import group_intervals
from models.evaluation.estimate import Estimate, NotEnoughEvidence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Figure = Estimate | NotEnoughEvidence

FEWEST = 30  # cases read blind; below it nothing is said


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleReadings:
    """`once`, `verdict`, `false`: as above, in [0, 1]. `readings`: what a verdict took on average, 1 or more; None: no case."""

    once: Figure
    verdict: Figure
    false: Figure
    readings: float | None


def of(cases: pl.DataFrame, alpha: float) -> SingleReadings:
    """Of cases sampled blind, a row each; alpha / 2 on each side.

    propensity (Float64, in (0, 1]), member (what the case belongs with), and agree, second, third (Boolean: whether that reading
    agrees with the model; null: not in yet). Raises ValueError if alpha is not in (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha}: give a probability between 0 and 1")
    read = cases.filter(pl.col("agree").is_not_null())
    weight = 1 / read["propensity"].to_numpy()
    group = np.unique(read["member"].to_numpy(), return_inverse=True)[1]
    against = ~read["agree"].to_numpy().astype(bool)
    second, third = pl.col("second"), pl.col("third")
    is_wrong = pl.when(second.not_()).then(pl.lit(value=True)).otherwise(third.not_())
    # Of those in which the first agrees, whatever the overlap shows is another question (`capture_recapture`).
    decided = read.select(decided=is_wrong)["decided"]
    known = against & decided.is_not_null().to_numpy()
    confirmed = known & decided.fill_null(value=False).to_numpy()
    if len(read) < FEWEST:
        reason = f"{len(read)} of at least {FEWEST} cases are read blind so far"
        unknown = NotEnoughEvidence(reason=reason, n=len(read), errors=int(against.sum()))
        return SingleReadings(once=unknown, verdict=unknown, false=unknown, readings=None)
    pending = against & ~known
    share = float(weight[confirmed].sum() / weight[known].sum()) if known.any() else 0.0
    total, disagreed = float(weight.sum()), float(weight[against].sum())

    def estimate(value: float, least: Bools, most: Bools, of_least: Bools, of_most: Bools) -> Estimate:
        low = _limits(least[of_least], group[of_least], weight[of_least], alpha)[0]
        high = _limits(most[of_most], group[of_most], weight[of_most], alpha)[1]
        n, errors = int(of_most.sum()), int(most[of_most].sum())
        return Estimate(
            value=value,
            low=min(low, value),
            high=max(high, value),
            alpha=alpha,
            n=n,
            errors=errors,
            method="Korn-Graubard",
        )

    everywhere = np.ones(len(read), bool)
    once = estimate(disagreed / total, against, against, everywhere, everywhere)
    if against.any() and not known.any():
        reason = "no reading against the model is decided by another person yet"
        unknown = NotEnoughEvidence(reason=reason, n=len(read), errors=int(against.sum()))
        return SingleReadings(once=once, verdict=unknown, false=unknown, readings=None)
    overturned = known & ~confirmed
    right = total - disagreed * share
    return SingleReadings(
        once=once,
        verdict=estimate(disagreed * share / total, confirmed, confirmed | pending, everywhere, everywhere),
        false=estimate(
            disagreed * (1 - share) / right, overturned, overturned | pending, ~(confirmed | pending), ~confirmed
        )
        if right > 0
        else NotEnoughEvidence(reason="no case is right by verdicts", n=len(read), errors=int(against.sum())),
        readings=_readings(read, against, known, weight),
    )


def _limits(wrong: Bools, group: NDArray[np.int64], weight: Floats, alpha: float) -> tuple[float, float]:
    if not len(wrong):
        return 0.0, 1.0
    of = np.zeros(len(wrong))
    _, low, high = group_intervals.above(of, wrong.astype(np.float64), group, weight, np.zeros(1), alpha)
    return float(low[0]), float(high[0])


def _readings(read: pl.DataFrame, against: Bools, known: Bools, weight: Floats) -> float:
    """Readings of a verdict: one where the first agrees, else two or three, as often as among those decided."""
    third = known & read["second"].fill_null(value=False).to_numpy()
    more = 1 + (float(weight[third].sum() / weight[known].sum()) if known.any() else 0.0)
    return 1 + more * float(weight[against].sum() / weight.sum())
