"""Spans and boxes as models write them."""

import json
from typing import Any

import polars as pl
import pytest

from models.config.field_table import FieldTable
from models.outputs import field_values

NAME = {"start": 0, "end": 3, "label": "name"}
BOX = {"x": 10, "y": 20, "width": 30, "height": 40, "label": "car"}


def read(value: Any, kind: str, **keys: Any) -> tuple[Any, str | None]:
    field = FieldTable.model_validate({"name": "x", "kind": kind, "labels": ["name", "car"]} | keys)
    text = value if isinstance(value, str) else json.dumps(value)
    ((read_value, why),) = field_values.read(pl.Series("x", [text]), field).rows()
    return json.loads(read_value), why


@pytest.mark.parametrize(
    "written",
    [
        [NAME],
        [[0, 3, "name"]],
        [{"start": 0, "end": 3, "entity_group": "name", "score": 0.9, "word": "Ada"}],
        [{"start": 0, "end": 3, "labels": ["name"], "text": "Ada"}],
    ],
)
def test_spans_are_read_in_the_spellings_of_the_field(written: Any) -> None:
    assert read(written, "spans") == ([NAME], None)


def test_boxes_are_in_percent_of_the_picture() -> None:
    assert read([BOX], "boxes") == ([BOX], None)
    shares = [{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4, "category": "car"}]
    assert read(shares, "boxes", unit="share") == ([BOX], None)


def test_regions_stand_in_the_order_of_where_they_begin() -> None:
    late = NAME | {"start": 5, "end": 9}
    assert read([late, NAME], "spans") == ([NAME, late], None)
    assert read([], "spans") == ([], None)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ([NAME | {"end": 0}], "spans"),
        ([NAME | {"start": 0.5}], "spans"),
        ([NAME | {"label": "place"}], "spans"),
        ([{"start": 0, "end": 3}], "spans"),
        (NAME, "spans"),
        ("Ada", "spans"),
        ([BOX | {"width": 0}], "boxes"),
        ([{"x": 1, "y": 2, "label": "car"}], "boxes"),
        ([BOX | {"x": True}], "boxes"),
        ([NAME], "boxes"),
        ([BOX | {"x": 450, "width": 300}], "boxes"),
        ([BOX | {"x": -20}], "boxes"),
    ],
)
def test_what_is_no_region_says_so(written: Any, kind: str) -> None:
    value, why = read(written, kind)
    assert value is None
    assert why is not None
    assert "is no list of " in why
