"""Audits by band keep the promise: labels choose the bands, and bands choose the later labels.

Seeded. A threshold is in force whose true error is a hair above the target, so that whoever certifies it is wrong. A person
adopts it again every ten days, by which the product chooses bands anew from all labels so far. In one world the errors stay where
the labels showed them; in the other they have moved to the sure cases, which are audited least, before the evidence began.
Tolerances are three binomial standard errors of the number of runs.
"""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from models.certification import audit_bands, case_counts, e_values
from models.evaluation import intervals, risk
from models.evaluation.estimate import Estimate
from models.evaluation.outcome import Outcome
from models.routing.policy import Policy
from tests.simulations import later_certificate
from tests.simulations.shapes import MODELS

Floats = NDArray[np.float64]

TARGET, DELTA, RATE = 0.02, 0.05, 0.1
AT = 0.8  # the threshold in force
SCORES = AT + (np.arange(100) + 0.5) / 500  # of the released, as many cases of each
SURE = np.arange(100) / 99  # from the least sure to the surest
SHOWN = (1 - SURE) ** 4
SHOWN = SHOWN / SHOWN.mean() * TARGET * 1.01
WORLDS = {"the same": SHOWN, "moved": SHOWN[::-1]}
TURNS, DAYS, PER_DAY = 6, 10, 20  # cases of each score a day

Ratio = Callable[[Policy, Floats], Floats]


def bound(runs: int, share: float = DELTA) -> float:
    """The share of runs that may be wrong."""
    return share + 3 * math.sqrt(share * (1 - share) / runs)


def chosen(labels: Floats, wrong: Floats, weight: Floats) -> audit_bands.Bands | None:
    """The bands by labels of each score, so many of them wrong, each in the place of `weight` cases on average."""
    both = zip((Outcome.RIGHT, Outcome.WRONG), (labels - wrong, wrong), strict=True)
    frames = [
        pl.DataFrame({"confidence": SCORES, "propensity": 1 / weight, "n": n}).with_columns(
            outcome=pl.lit(outcome), blind=pl.lit(True), n=pl.col("n").cast(pl.Int64)
        )
        for outcome, n in both
    ]
    return audit_bands.choose(pl.concat(frames), AT, audit_rate=RATE, target=TARGET)


def rates(rule: Policy) -> Floats:
    """The propensity of each score."""
    begins, values = np.array(rule.by_band or ((AT, RATE),)).T
    return np.asarray(values[np.searchsorted(begins, SCORES, side="right") - 1], np.float64)


def logged(rule: Policy, propensity: Floats) -> Floats:
    """The product's: pm over the propensity logged."""
    return np.asarray(case_counts.smallest({0: rule}, np.array([AT]))[0, 0] / propensity, np.float64)


def not_logged(rule: Policy, propensity: Floats) -> Floats:
    """As if all released cases had been audited at one rate."""
    return np.ones_like(propensity)


def too_large(rule: Policy, propensity: Floats) -> Floats:
    """The mean rate in the place of the smallest, cut where a bet could lose more than there is."""
    return np.minimum(rule.audit_rate / propensity, 1.0)


def ever(ratio: Ratio, error: Floats, runs: int, seed: int) -> tuple[float, float]:
    """Share of runs that ever certify the threshold, looking every day, and share of the policies that had bands."""
    stakes = e_values.stakes()[0]
    certified = banded = 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        labels = np.full(100, 60.0)
        wrong = rng.binomial(60, SHOWN).astype(float)  # of the era before, all read
        stands = labels.copy()  # cases that the labels stand for
        logs: Floats = np.zeros(len(stakes))
        reached = False
        for _ in range(TURNS):
            bands = chosen(labels, wrong, stands / labels)
            banded += bands is not None
            rule = Policy(threshold=AT, audit_rate=RATE, blind_rate=0.2, by_band=bands)
            propensity = rates(rule)
            step = ratio(rule, propensity)[:, None] * stakes
            won, lost = np.log1p(step * TARGET / (1 - TARGET)), np.log1p(-step)
            read = rng.binomial(PER_DAY, propensity, (DAYS, 100))
            bad = rng.binomial(read, error)
            days = logs + ((read - bad) @ won + bad @ lost).cumsum(axis=0)
            peak = days.max(axis=1, keepdims=True)
            value = peak[:, 0] + np.log(np.exp(days - peak) @ e_values.stakes()[1])
            reached |= bool((value >= -math.log(DELTA)).any())
            logs = days[-1]
            labels, wrong, stands = labels + read.sum(0), wrong + bad.sum(0), stands + DAYS * PER_DAY
        certified += reached
    return certified / runs, banded / runs / TURNS


@pytest.mark.family(1)
@pytest.mark.parametrize("world", WORLDS)
def test_bands_chosen_from_earlier_labels_again_and_again_rarely_break_the_promise(world: str) -> None:
    runs = 150
    share, banded = ever(logged, WORLDS[world], runs, 1)
    assert share <= bound(runs)
    assert banded > 0.5, "there are bands whose promise could be broken"


@pytest.mark.family(1)
@pytest.mark.parametrize("planted", [not_logged, too_large])
def test_evidence_that_takes_all_audits_for_alike_breaks_it_where_the_errors_have_moved(planted: Ratio) -> None:
    runs = 100
    share, _ = ever(planted, WORLDS["moved"], runs, 2)
    assert share > bound(runs)


def test_a_case_sampled_at_less_than_its_policy_says_is_no_evidence() -> None:
    """Of what is above the threshold nothing may have been sampled at less than pm: the bands' smallest, not their mean."""
    bands = chosen(np.full(100, 600.0), 600 * SHOWN, np.ones(100))
    rule = Policy(threshold=AT, audit_rate=RATE, blind_rate=0.2, by_band=bands)
    assert float(logged(rule, rates(rule)).max()) == pytest.approx(1)
    assert float((rule.audit_rate / rates(rule)).max()) > 1.2, "the mean rate is no bound"


@pytest.mark.parametrize("world", WORLDS)
def test_limits_of_the_released_cover_and_are_no_wider_than_those_of_the_uniform_part(world: str) -> None:
    """Fay-Feuer over all audits, which the report shows, beside exact limits over audits thinned to the least rate."""
    runs, cases = 200, 150
    bands = chosen(np.full(100, 600.0), 600 * SHOWN, np.ones(100))
    rule = Policy(threshold=AT, audit_rate=RATE, blind_rate=0.2, by_band=bands)
    propensity, truth = rates(rule), float(WORLDS[world].mean())
    held = thinned = narrower = 0
    for run in range(runs):
        rng = np.random.default_rng([3, run])
        read = rng.binomial(cases, propensity)
        bad = rng.binomial(read, WORLDS[world])
        shown = risk.error_among_automated(counts(propensity, cases, read, bad), DELTA)
        assert isinstance(shown, Estimate)
        assert shown.method == risk.WEIGHTED
        kept = propensity.min() / propensity
        part = rng.binomial(read - bad, kept).sum(), rng.binomial(bad, kept).sum()
        low, high = (float(limit) for limit in intervals.clopper_pearson(part[1], sum(part), DELTA))
        held += shown.low <= truth <= shown.high
        thinned += low <= truth <= high
        narrower += shown.high - shown.low <= high - low
    assert held / runs >= 1 - bound(runs)
    assert thinned / runs >= 1 - bound(runs)
    assert narrower / runs > 0.5


def counts(propensity: Floats, cases: int, read: NDArray[np.int64], bad: NDArray[np.int64]) -> pl.DataFrame:
    """Released cases and their audits, as `risk` takes them."""
    kinds = ((True, Outcome.RIGHT, read - bad), (True, Outcome.WRONG, bad), (False, Outcome.UNSAMPLED, cases - read))
    frames = [
        pl.DataFrame({"confidence": SCORES, "propensity": propensity, "n": n}).with_columns(
            route=pl.lit("AUTOMATE"), blind=pl.lit(blind), outcome=pl.lit(outcome), late=pl.lit(False)
        )
        for blind, outcome, n in kinds
    ]
    return pl.concat(frames).filter(pl.col("n") > 0)


def test_where_the_errors_are_at_the_end_of_the_released_a_later_certificate_takes_fewer_audits() -> None:
    """A small part of `make bands`: the smaller half of the runs, by bands and at one rate, on the same cases."""
    model, ranks = MODELS["weak, few sure"], (np.arange(1000) + 0.5) / 1000
    population = later_certificate.Population(
        confidence=model.confidence(ranks), error=model.error(ranks), target=model.target
    )
    audits = []
    for run in range(24):
        rng = np.random.default_rng([4, run])
        taken = later_certificate.adopted(population, 10_000, rng)
        assert taken is not None
        audits.append(later_certificate.audits(population, taken, [None, taken.bands(population)], 60_000, rng))
    one, bands = np.quantile(np.array(audits), 0.5, axis=0, method="lower")
    assert bands < one
