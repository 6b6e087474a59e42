"""How many audits a later certificate takes: a threshold is adopted on an era's labels, and the next era certifies it anew.

Today's build in the place of a double: grid, walk, evidence, bands and smallest propensities are the product's. Cases are sampled
from a population with replacement; the certificate is looked for every 250 to some thousand cases.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.certification import audit_bands, case_counts, certificate, e_values, era_plan, group_e_values
from models.evaluation.outcome import Outcome
from models.routing.policy import Policy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DELTA = 0.05
FIRST_BATCH = 500  # cases on whose scores the first plan is laid
LOOKS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Cases that may come: how sure the model is of each, and how often it is wrong in such a case (0 or 1 of a real one)."""

    confidence: Floats
    error: Floats
    target: float
    audit_rate: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The threshold adopted after an era in which all was read, what it was read for, and the true error at or above it."""

    threshold: float
    scores: Floats
    counts: pl.DataFrame  # as in `models.evaluation.risk`
    error: float

    def bands(self, population: Population) -> audit_bands.Bands | None:
        """Those that the product chooses."""
        return audit_bands.choose(
            self.counts, self.threshold, audit_rate=population.audit_rate, target=population.target
        )


def adopted(population: Population, labels: int, rng: np.random.Generator) -> Adopted | None:
    """The least strict threshold that so many labels certify; None: they certify none."""
    at = rng.integers(len(population.confidence), size=labels)
    scores, wrong = population.confidence[at], rng.random(labels) < population.error[at]
    thresholds, starts, weights = era_plan.ranks(pl.Series(scores[:FIRST_BATCH]))
    size = len(thresholds)
    step = era_plan.bins(pl.Series(scores), thresholds).fill_null(size).to_numpy()
    n, k = (np.bincount(step, by, size + 1)[:-1].cumsum() for by in (None, wrong))
    passed = certificate.walk(e_values.constant(k, n, population.target), starts, weights, delta=DELTA).passed
    if not passed:
        return None
    return Adopted(
        threshold=thresholds[passed[-1]],
        scores=scores,
        counts=counted(scores, wrong),
        error=float(population.error[population.confidence >= thresholds[passed[-1]]].mean()),
    )


def counted(scores: Floats, wrong: NDArray[np.bool_], propensity: Floats | float = 1.0) -> pl.DataFrame:
    """Labels as counts."""
    outcome = np.where(wrong, Outcome.WRONG, Outcome.RIGHT)
    return pl.DataFrame({"confidence": scores, "outcome": outcome, "propensity": propensity}).with_columns(
        route=pl.lit("AUTOMATE"), blind=pl.lit(True), late=pl.lit(False), n=pl.lit(1, pl.Int64)
    )


def audits(
    population: Population, taken: Adopted, bands: list[audit_bands.Bands | None], cases: int, rng: np.random.Generator
) -> list[float]:
    """For each way to audit, how many audits of the released the next era's certificate of the same threshold takes.

    The same cases and the same permanent numbers for all. `cases`: routed at most; infinity: it takes more than these bring.
    """
    thresholds, starts, weights = _grid(taken)
    at = rng.integers(len(population.confidence), size=cases)
    number = rng.random(cases)
    wrong = rng.random(cases) < population.error[at]
    released = np.flatnonzero(population.confidence[at] >= taken.threshold)
    score, wrong, number = population.confidence[at][released], wrong[released], number[released]
    step = era_plan.bins(pl.Series(score), thresholds).to_numpy()
    ends = np.unique(np.concatenate([np.arange(250, 10_001, 250), np.geomspace(10_000, cases, LOOKS)]).astype(np.int64))
    look = np.searchsorted(ends, released, side="right")  # at which each case counts first
    return [
        _first(
            population, taken.threshold, one, thresholds, starts, weights, (score, wrong, number, step, look), len(ends)
        )
        for one in bands
    ]


def _grid(taken: Adopted) -> tuple[tuple[float, ...], tuple[int, ...], tuple[float, ...]]:
    """The plan of the next era down to the threshold in force, which is one of its thresholds."""
    thresholds, starts, weights = era_plan.ranks(pl.Series(taken.scores))
    falling = sorted({at for at in thresholds if at > taken.threshold} | {taken.threshold}, reverse=True)
    begins = {
        falling.index(thresholds[start]): share
        for start, share in zip(starts, weights, strict=True)
        if thresholds[start] in falling
    }
    if 0 not in begins:  # stricter than where the first chain starts
        begins = {0: weights[0]}
    return tuple(falling), tuple(begins), tuple(begins.values())


def _first(
    population: Population,
    threshold: float,
    bands: audit_bands.Bands | None,
    thresholds: tuple[float, ...],
    starts: tuple[int, ...],
    weights: tuple[float, ...],
    cases: tuple[Floats, NDArray[np.bool_], Floats, Ints, Ints],
    looks: int,
) -> float:
    score, wrong, number, step, look = cases
    rule = Policy(threshold=threshold, audit_rate=population.audit_rate, blind_rate=0.2, by_band=bands)
    begins, rates = np.array(bands or ((threshold, population.audit_rate),)).T
    band = np.searchsorted(begins, score, side="right") - 1
    read = (number < rates[band]) & (look < looks)
    lowest = case_counts.smallest({0: rule}, np.array(thresholds))[0]
    stakes, size, width = e_values.stakes()[0], len(thresholds), len(rates)
    ratio = np.minimum(lowest[:, None] / rates, 1.0)[:, :, None]  # of what never reaches the threshold it is not used
    odds = population.target / (1 - population.target)
    bets: Floats = np.zeros((size, looks, len(stakes)))
    for kind, logs in ((~wrong, np.log1p(ratio * stakes * odds)), (wrong, np.log1p(-ratio * stakes))):
        mine = read & kind
        cell = (step[mine] * looks + look[mine]) * width + band[mine]
        known = np.bincount(cell, minlength=size * looks * width).reshape(size, looks, width).cumsum(0).cumsum(1)
        bets += known.astype(np.float64) @ logs
    grown = np.maximum.accumulate(group_e_values.mixed(bets), axis=1)
    reads = np.bincount(look[read], minlength=looks).cumsum()
    for place in np.flatnonzero(grown[-1] >= -math.log(DELTA)):
        if size - 1 in certificate.walk(grown[:, place], starts, weights, delta=DELTA).passed:
            return float(reads[place])
    return math.inf
