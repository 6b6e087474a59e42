"""The volume from which a model pays: none is claimed that the limits do not hold."""

import pytest

from models.evaluation import break_even
from models.evaluation.estimate import Estimate, NotEnoughEvidence


def saved(low: float, value: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, alpha=0.05, n=200, errors=40, method="a test")


def test_dearer_keep_and_cheaper_cases_pay_from_a_volume_on() -> None:
    at = break_even.volume(40.0, saved(0.4, 0.5, 0.8))
    assert isinstance(at, Estimate)
    assert (at.low, at.value, at.high, at.method) == (50.0, 80.0, 100.0, break_even.METHOD)
    assert break_even.better(40.0, saved(0.4, 0.5, 0.8)) == "above"


def test_cheaper_keep_and_dearer_cases_pay_up_to_a_volume() -> None:
    at = break_even.volume(-40.0, saved(-0.8, -0.5, -0.4))
    assert isinstance(at, Estimate)
    assert (at.low, at.value, at.high) == (50.0, 80.0, 100.0)
    assert break_even.better(-40.0, saved(-0.8, -0.5, -0.4)) == "below"


@pytest.mark.parametrize(
    ("outlay", "of", "reason", "better"),
    [
        (40.0, saved(-0.1, 0.5, 0.8), "the limits of what a case saves hold zero", None),
        (40.0, saved(0.0, 0.5, 0.8), "the limits of what a case saves hold zero", None),
        (0.0, saved(0.4, 0.5, 0.8), "the outlays of both are the same", "always"),
        (-1.0, saved(0.4, 0.5, 0.8), "one model is cheaper at any number of cases", "always"),
        (1.0, saved(-0.8, -0.5, -0.4), "one model is cheaper at any number of cases", "never"),
    ],
)
def test_no_break_even_is_claimed(outlay: float, of: Estimate, reason: str, better: str | None) -> None:
    assert break_even.volume(outlay, of) == NotEnoughEvidence(reason=reason, n=200, errors=40)
    assert break_even.better(outlay, of) == better
