"""The answers to the owner's questions hold what they say, with the truth known.

Limits of a wait cover it while cases are open and cases of a day wait together; a number of labels is enough as often as it says;
what readers get wrong alone is within its limits. Seeded. A share may differ by three binomial standard errors of the runs.
"""

import math

import numpy as np
import polars as pl
import pytest
from scipy import special

from models.certification import e_values
from models.evaluation import waiting_times
from models.evaluation.estimate import Estimate
from models.planning import labels_to_target
from models.reviewers import single_readings

RUNS = 300
ALPHA = 0.05


def tolerance(share: float) -> float:
    return 3 * math.sqrt(share * (1 - share) / RUNS)


FLOOR = 1 - ALPHA - tolerance(ALPHA)


def covered(share: float, of_day: float, *, by_day: bool, seed: int = 11) -> float:
    """How often the limits of a quantile hold the truth, among the runs that say anything.

    Hours are exp(1 + a day's own + a case's own), normal both; a case has waited a time of its own when it is looked at.
    """
    rng = np.random.default_rng(seed)
    truth = math.exp(1 + math.sqrt(1 + of_day**2) * float(special.ndtri(share)))
    day = np.repeat(np.arange(14), 15)
    hits, runs = 0, 0
    for _ in range(RUNS):
        hours = np.exp(1 + rng.normal(0, 1, len(day)) + rng.normal(0, of_day, 14)[day])
        now = rng.uniform(0, 40, len(day))
        still = now < hours
        known = waiting_times.quantile(np.minimum(hours, now), still, share, ALPHA, groups=day if by_day else None)
        if isinstance(known, Estimate):
            runs += 1
            hits += known.low <= truth <= known.high
    assert runs > 0.7 * RUNS
    return hits / runs


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_limits_of_a_wait_cover_it_while_cases_are_open(share: float) -> None:
    assert covered(share, 0.0, by_day=False) >= FLOOR
    assert covered(share, 0.0, by_day=True) >= FLOOR


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_they_cover_it_where_cases_of_a_day_wait_together(share: float) -> None:
    assert covered(share, 0.6, by_day=True) >= FLOOR


def test_the_harness_can_fail_limits_that_take_each_case_for_itself_do_not_cover() -> None:
    assert covered(0.5, 0.6, by_day=False) < 0.85


@pytest.mark.parametrize(("rate", "target"), [(0.0, 0.02), (0.004, 0.02), (0.01, 0.02), (0.01, 0.05)])
def test_a_number_of_labels_is_enough_as_often_as_it_says(rate: float, target: float) -> None:
    """Against the certificate's own evidence, looked at after every label."""
    labels = labels_to_target.needed(rate, target, ALPHA)
    assert labels is not None
    assert labels.chance >= labels_to_target.CHANCE
    rng = np.random.default_rng(12)
    n = np.arange(1, labels.n + 1)
    granted = [
        bool((e_values.constant((rng.random(labels.n) < rate).cumsum(), n, target) >= -math.log(ALPHA)).any())
        for _ in range(RUNS)
    ]
    assert abs(np.mean(granted) - labels.chance) <= tolerance(labels.chance)


def test_where_no_number_of_labels_is_said_to_be_enough_hardly_any_run_has_enough() -> None:
    """Readers' own false complaints of 3 % above a target of 2 %: at most alpha of the runs are ever granted, by luck."""
    assert labels_to_target.needed(0.03, 0.02, ALPHA) is None
    rng, n = np.random.default_rng(13), np.arange(1, 3001)
    lucky = [
        bool((e_values.constant((rng.random(3000) < 0.03).cumsum(), n, 0.02) >= -math.log(ALPHA)).any())
        for _ in range(RUNS)
    ]
    assert np.mean(lucky) <= ALPHA + tolerance(ALPHA)


def test_what_readers_get_wrong_alone_lies_within_its_limits_and_takes_more_labels() -> None:
    """The model wrong in 1 %, readers deny 2 % of right answers and miss a tenth of the wrong ones; a target of 5 %."""
    rng = np.random.default_rng(14)
    wrong_share, denied, missed, n = 0.01, 0.02, 0.1, 1200
    seen = wrong_share * (1 - missed) + (1 - wrong_share) * denied
    confirmed = wrong_share * (1 - missed) ** 2 * (1 + missed) + (1 - wrong_share) * denied**2 * (2 - denied)
    once, verdicts = (labels_to_target.needed(rate, 0.05, ALPHA) for rate in (seen, confirmed))
    assert once is not None
    assert verdicts is not None
    assert once.n > 1.5 * verdicts.n
    truth = (seen, confirmed, (seen - confirmed) / (1 - confirmed))
    hits = np.zeros(3)
    for _ in range(RUNS):
        wrong = rng.random(n) < wrong_share
        agree, second, third = (np.where(wrong, rng.random(n) < missed, rng.random(n) >= denied) for _ in range(3))
        decided = rng.random(n) < 0.95  # of the disputes; the others are pending
        frame = pl.DataFrame({"member": np.arange(n), "agree": agree, "second": second, "third": third}).with_columns(
            propensity=pl.lit(1.0),
            second=pl.when(pl.Series(~agree & decided)).then("second"),
            third=pl.when(pl.Series(~agree & decided & second)).then("third"),
        )
        known = single_readings.of(frame, ALPHA)
        for place, (figure, real) in enumerate(zip((known.once, known.verdict, known.false), truth, strict=True)):
            assert isinstance(figure, Estimate)
            hits[place] += figure.low <= real <= figure.high
    assert (hits / RUNS >= FLOOR).all(), hits / RUNS
