"""Cumulative cost of two models: the lines cross where both have cost the same."""

import pytest

from models.evaluation import crossing
from models.evaluation.estimate import Estimate, NotEnoughEvidence

SAVED = Estimate(value=0.5, low=0.4, high=0.8, alpha=0.05, n=200, errors=40, method="a test")


def test_at_the_crossing_both_have_cost_the_same() -> None:
    """Walked day by day: outlays of 600 until day 20, then 3 a day more, and 0.5 saved with each of 50 cases a day."""
    lines = crossing.of(SAVED, cases=1000, outlay=600.0, outlay_a_day=3.0, cases_a_day=50.0)
    assert isinstance(lines.cross, Estimate)
    days = (lines.cross.value - 1000) / 50
    assert 600 + 3 * days - 0.5 * lines.cross.value == pytest.approx(0)
    assert lines.cheaper.value == -100
    assert lines.ahead == 0


def test_so_far_is_what_cases_saved_less_what_outlays_were() -> None:
    lines = crossing.of(SAVED, cases=2000, outlay=600.0, outlay_a_day=0.0, cases_a_day=50.0)
    assert (lines.cheaper.low, lines.cheaper.value, lines.cheaper.high, lines.ahead) == (200, 400, 1000, 1)
    dear = crossing.of(SAVED, cases=100, outlay=600.0, outlay_a_day=0.0, cases_a_day=50.0)
    assert dear.ahead == -1


def test_outlays_that_may_eat_the_saving_claim_no_crossing() -> None:
    lines = crossing.of(SAVED, cases=0, outlay=600.0, outlay_a_day=22.0, cases_a_day=50.0)
    assert isinstance(lines.cross, NotEnoughEvidence), "22 a day are 0.44 a case, within the limits of what it saves"


def test_an_estimate_is_moved_with_its_limits() -> None:
    moved = crossing.moved(SAVED, factor=2.0, by=-1.0)
    assert (moved.low, moved.value, moved.high, moved.n) == pytest.approx((-0.2, 0.0, 0.6, 200))
