"""Quantiles of a waiting time while some cases are still open: by hand, against scipy, and where nothing can be said."""

import warnings

import numpy as np
import pytest
from scipy import stats

from models.evaluation import waiting_times
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.waiting_times import Floats

NONE = np.zeros(30, bool)


def test_without_an_open_case_it_is_the_share_of_those_that_are_over() -> None:
    hours: Floats = np.arange(1, 301).astype(np.float64)
    for share, wanted in ((0.5, 150.0), (0.9, 270.0)):
        known = waiting_times.quantile(hours, np.zeros(300, bool), share, 0.05)
        assert isinstance(known, Estimate)
        assert (known.value, known.n, known.errors) == (wanted, 300, 0)
        assert known.low < wanted < known.high


def test_an_open_case_counts_with_what_it_has_waited_so_far() -> None:
    """By hand, S after 1, 3, 4: 3/4, 3/4 * 1/2, 0, for the one that is open at 2 leaves those at risk."""
    times = np.array([1.0, 2.0, 3.0, 4.0])
    still = np.array([False, True, False, False])
    assert waiting_times.reached(times, still, 0.25) == 1.0
    assert waiting_times.reached(times, still, 0.5) == 3.0
    assert waiting_times.reached(times, still, 0.8) == 4.0
    assert waiting_times.reached(times, ~np.array([True, False, False, False]), 0.5) is None
    assert waiting_times.reached(np.zeros(0), np.zeros(0, bool), 0.5) is None


def test_to_leave_open_cases_out_would_shorten_the_wait() -> None:
    rng = np.random.default_rng(1)
    waited, now = rng.exponential(10, 2000), rng.uniform(0, 15, 2000)
    still = waited > now
    known = waiting_times.quantile(np.minimum(waited, now), still, 0.5, 0.05)
    assert isinstance(known, Estimate)
    assert known.low <= 10 * np.log(2) <= known.high
    assert np.median(waited[~still]) < known.low


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_curve_and_limits_are_those_of_scipy(share: float) -> None:
    rng = np.random.default_rng(2)
    waited, now = rng.exponential(5, 300).round(1), rng.uniform(0, 20, 300)
    still = now < waited
    seen = np.minimum(waited, now)
    theirs = stats.ecdf(stats.CensoredData.right_censored(seen, still)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # undefined where nobody is left, and where nobody is over
        limits = theirs.confidence_interval(0.95, method="log-log")
    known = waiting_times.quantile(seen, still, share, 0.05)
    assert isinstance(known, Estimate)
    for curve, ours in ((limits.low, known.low), (theirs, known.value), (limits.high, known.high)):
        below = np.flatnonzero(curve.probabilities <= 1 - share + 1e-12)
        assert theirs.quantiles[below[0]] == ours


def test_cases_of_one_day_that_wait_together_tell_less() -> None:
    day = np.repeat(np.arange(12), 50)
    hours = 1.0 + day + np.linspace(0, 0.5, 600)
    alone, together = (
        waiting_times.quantile(hours, np.zeros(600, bool), 0.5, 0.05, groups=groups) for groups in (None, day)
    )
    assert isinstance(alone, Estimate)
    assert isinstance(together, Estimate)
    assert alone.value == together.value
    assert together.high - together.low > 3 * (alone.high - alone.low)
    assert together.method.endswith("by day")


def test_where_each_is_a_group_of_its_own_the_limits_are_nearly_the_same() -> None:
    hours = np.random.default_rng(3).exponential(4, 400)
    alone, each = (
        waiting_times.quantile(hours, np.zeros(400, bool), 0.5, 0.05, groups=groups)
        for groups in (None, np.arange(400))
    )
    assert isinstance(alone, Estimate)
    assert isinstance(each, Estimate)
    assert (each.low, each.high) == pytest.approx((alone.low, alone.high), rel=0.05)


def test_what_cannot_be_known_says_why() -> None:
    nothing = waiting_times.quantile(np.zeros(0), np.zeros(0, bool), 0.5, 0.05)
    waiting = waiting_times.quantile(np.ones(5), np.ones(5, bool), 0.5, 0.05)
    hours: Floats = np.arange(30).astype(np.float64)
    few = waiting_times.quantile(hours[:3], NONE[:3], 0.5, 0.05)
    one_day = waiting_times.quantile(hours, NONE, 0.5, 0.05, groups=np.zeros(30, np.int64))
    reasons = []
    for one in (nothing, waiting, few, one_day):
        assert isinstance(one, NotEnoughEvidence)
        reasons.append(one.reason)
    assert reasons == [
        "there is no case",
        "no case is over yet",
        "too few cases are over to say",
        "too few days are over to say",
    ]


def test_of_cases_that_all_waited_alike_the_limits_are_that_wait() -> None:
    """Nobody of 30 waited longer: surely fewer than half do; that fewer than one in ten do, 30 cannot show."""
    alike: Floats = np.asarray([2.0] * 30, np.float64)
    known = waiting_times.quantile(alike, NONE, 0.5, 0.05)
    assert isinstance(known, Estimate)
    assert (known.low, known.value, known.high) == (2.0, 2.0, 2.0)
    assert isinstance(waiting_times.quantile(alike, NONE, 0.9, 0.05), NotEnoughEvidence)


def test_what_is_no_waiting_time_is_refused() -> None:
    for waited, still, groups in (
        (np.array([-1.0]), np.zeros(1, bool), None),
        (np.array([np.nan]), np.zeros(1, bool), None),
        (np.ones(2), np.zeros(1, bool), None),
        (np.ones(2), np.zeros(2, bool), np.zeros(1, np.int64)),
    ):
        with pytest.raises(ValueError, match=r"a waiting time is|one time, one state"):
            waiting_times.quantile(waited, still, 0.5, 0.05, groups=groups)
