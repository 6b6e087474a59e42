"""Which cases a rule holds of, on columns as files bring them."""

import polars as pl
import pytest

from models.config.stream import Rule
from models.outputs import ruled
from tests.unit.models.outputs.test_contract import described

LARGE = Rule(code="large", when="total > 10000")
FAR = Rule(code="far", when="country NOT IN ('DE', 'FR')")


def test_the_first_rule_that_holds_is_named() -> None:
    frame = pl.DataFrame({"total": [5.0, 20000.0, 5.0, 20000.0], "country": ["DE", "DE", "XK", "XK"]})
    assert ruled.first(frame, [LARGE, FAR]).to_list() == [None, "rule large", "rule far", "rule large"]
    assert ruled.first(frame, [FAR, LARGE]).to_list() == [None, "rule large", "rule far", "rule far"]


def test_numbers_of_a_csv_are_compared_as_numbers() -> None:
    frame = pl.DataFrame({"total": ["9999", "10000.01", "1e5", "9"]})
    assert ruled.first(frame, [LARGE]).to_list() == [None, "rule large", "rule large", None]


@pytest.mark.parametrize("total", [None, "", "n/a", "12.000,50", "nan"])
def test_a_rule_that_cannot_be_assessed_holds(total: str | None) -> None:
    frame = pl.DataFrame({"total": [total]}, schema={"total": pl.String})
    assert ruled.first(frame, [LARGE]).to_list() == ["rule large, unreadable"]


def test_what_is_missing_does_not_matter_where_the_rest_decides() -> None:
    rule = Rule(code="both", when="total > 10000 AND country = 'XK'")
    frame = pl.DataFrame(
        {"total": [None, None], "country": ["DE", "XK"]}, schema={"total": pl.Float64, "country": pl.String}
    )
    assert ruled.first(frame, [rule]).to_list() == [None, "rule both, unreadable"]


@pytest.mark.parametrize("values", [[True, False, None], ["True", "FALSE", None]])
def test_a_flag_is_read_from_booleans_and_from_text(values: list[object]) -> None:
    rule = Rule(code="vip", when="vip")
    assert ruled.first(pl.DataFrame({"vip": values}), [rule]).to_list() == ["rule vip", None, "rule vip, unreadable"]


def test_without_a_rule_and_without_a_row_nothing_holds() -> None:
    frame = pl.DataFrame({"total": [1.0, 2.0]})
    assert ruled.first(frame, []).to_list() == [None, None]
    assert ruled.first(frame.clear(), [LARGE]).to_list() == []


@pytest.mark.parametrize(("when", "code"), [("spent > 100", "r"), ("how = 'batch'", "r"), ("country = 'XK'", None)])
def test_what_is_known_of_the_request_is_of_the_model_that_was_asked(when: str, code: str | None) -> None:
    stream = described('prediction = "label"', 'confidence = "score"', 'tokens_in = "spent"', 'channel = "how"')
    assert ruled.by_the_answer(stream.model_copy(update={"never_release": [Rule(code="r", when=when)]})) == code
