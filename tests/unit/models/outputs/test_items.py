"""Rows of one item: which column names the item, and which rows are one."""

import polars as pl
import pytest

from models.outputs import items


@pytest.mark.parametrize("name", ["id", "Case ID", "doc_no", "qid", "conversation-hash", " uuid "])
def test_a_name_of_an_item_is_known(name: str) -> None:
    assert items.names_item(name)


@pytest.mark.parametrize("name", ["valid", "identity", "paid", "model_id", "text"])
def test_another_name_is_none(name: str) -> None:
    assert not items.names_item(name)


def test_the_item_is_the_column_with_the_most_values_of_those_that_repeat() -> None:
    rows = pl.DataFrame({"row": [1, 2, 3, 4], "doc": ["a", "a", "b", None], "team": ["x", "x", "x", "y"]})
    repeated = items.repeated(rows)
    assert repeated == items.Column(name="doc", values=3, rows=4)
    assert repeated is not None
    assert repeated.repeats == 0.25
    assert items.repeated(rows.select("row")) is None


def test_a_row_without_an_item_is_one_by_itself_and_no_item_can_be_called_like_it() -> None:
    units = items.units(pl.Series(["a", "a", None, None, "row 2"]))
    assert units.n_unique() == 4
    assert units[0] == units[1]
