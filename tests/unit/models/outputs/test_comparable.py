"""One value has one spelling, whichever file brought it; what is no number, truth value or time stays as it is."""

import polars as pl
import pytest

from models.outputs import comparable


def one(text: str) -> str:
    spelled: str = comparable.texts(pl.DataFrame({"x": [text]})).item()
    return spelled


@pytest.mark.parametrize(
    "spellings",
    [
        ["7", "7.0", "7.00", "7e0"],
        ["12.5", "12.50", "1.25e1"],
        ["true", "True", "TRUE"],
        ["2026-01-31T23:59:00.000000Z", "2026-01-31 23:59", "2026-02-01T00:59+01:00"],
    ],
)
def test_spellings_of_one_value_are_one(spellings: list[str]) -> None:
    assert {one(text) for text in spellings} == {one(spellings[0])}
    assert len({one(text) for text in [*spellings, "8.5"]}) == 2


@pytest.mark.parametrize(
    "text", ["007", "1.2.3", "7.0 kg", "Truest", "0012.50", "1" * 16 + ".0", "7.0" + " " * 40, "7٣.0", "7.٣0", "1e٣"]
)
def test_a_text_that_only_looks_like_a_number_stays(text: str) -> None:
    assert one(text) == text


def test_what_is_missing_stays_missing() -> None:
    assert comparable.texts(pl.DataFrame({"x": [None, "7.0"]})).to_series().to_list() == [None, "7"]


def test_a_text_is_spelled_alike_however_often_it_stands_there() -> None:
    texts = ["7.0", "2026-01-31", "1e-07", "True", "Truest", "2026-13-31", "0012.50", "-5", "a"]
    frame = pl.DataFrame({"x": [text for text in texts for _ in range(7)] + [None]})
    assert comparable.texts(frame).to_series().to_list() == [one(text) for text in texts for _ in range(7)] + [None]
    assert frame["x"].to_list() == [text for text in texts for _ in range(7)] + [None], "what was given stays"
