"""What one reading is worth: by hand, with disputes that are pending, weights, and too little to go by."""

import polars as pl
import pytest

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.reviewers import single_readings
from models.reviewers.single_readings import SingleReadings

Row = tuple[bool | None, bool | None, bool | None, int]
AGREES: Row = (True, None, None, 180)
CONFIRMED: Row = (False, False, None, 6)
OVERTURNED: Row = (False, True, True, 8)
BY_A_THIRD: Row = (False, True, False, 2)
PENDING: Row = (False, None, None, 4)
TIE: Row = (False, True, None, 4)


def of(*rows: Row, propensity: float = 1.0) -> SingleReadings:
    flat = [row[:3] for row in rows for _ in range(row[3])]
    frame = pl.DataFrame(flat, schema=dict.fromkeys(("agree", "second", "third"), pl.Boolean), orient="row")
    frame = frame.with_columns(member=pl.int_range(pl.len()), propensity=pl.lit(propensity))
    return single_readings.of(frame, 0.05)


def test_by_hand() -> None:
    known = of(AGREES, CONFIRMED, OVERTURNED, BY_A_THIRD)
    once, verdict, false = known.once, known.verdict, known.false
    assert isinstance(once, Estimate)
    assert isinstance(verdict, Estimate)
    assert isinstance(false, Estimate)
    assert once.value == pytest.approx(16 / 196)
    assert verdict.value == pytest.approx(8 / 196)
    assert false.value == pytest.approx(8 / 188)
    assert (false.n, false.errors) == (188, 8)
    assert known.readings == pytest.approx((180 + 2 * 6 + 3 * 10) / 196)
    for one in (once, verdict, false):
        assert one.low < one.value < one.high


def test_a_pending_dispute_is_like_those_decided_and_widens_the_limits() -> None:
    settled, waiting = of(AGREES, CONFIRMED, OVERTURNED), of(AGREES, CONFIRMED, OVERTURNED, PENDING, TIE)
    assert isinstance(settled.false, Estimate)
    assert isinstance(waiting.false, Estimate)
    assert isinstance(waiting.verdict, Estimate)
    assert waiting.verdict.value == pytest.approx(22 * 6 / 14 / 202)
    assert waiting.false.low <= settled.false.low
    assert waiting.false.high > settled.false.high


def test_the_same_propensity_everywhere_changes_nothing() -> None:
    assert of(AGREES, CONFIRMED, OVERTURNED, propensity=0.25).false == of(AGREES, CONFIRMED, OVERTURNED).false


def test_too_little_says_what_is_missing() -> None:
    few, undecided = of((True, None, None, 29)), of(AGREES, PENDING)
    assert few.once == NotEnoughEvidence(reason="29 of at least 30 cases are read blind so far", n=29, errors=0)
    assert isinstance(undecided.once, Estimate)
    assert isinstance(undecided.false, NotEnoughEvidence)
    assert undecided.false.reason == "no reading against the model is decided by another person yet"


def test_where_nobody_disagrees_the_limit_says_how_little_that_is() -> None:
    known = of(AGREES)
    assert isinstance(known.false, Estimate)
    assert (known.false.value, known.false.low) == (0.0, 0.0)
    assert 0.01 < known.false.high < 0.03
    assert known.readings == 1.0


def test_where_no_case_is_right_nothing_is_known_of_false_complaints() -> None:
    assert isinstance(of((False, False, None, 40)).false, NotEnoughEvidence)


def test_alpha_must_be_a_chance() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        single_readings.of(pl.DataFrame(), 1.0)
