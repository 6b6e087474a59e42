"""A box that a reader cannot be shown is a fault of its row; the box is part of what is shown, and of what a row says."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import box_values, contract, reserved

FIELD = Path(__file__).resolve().parents[3] / "field" / "boxes" / "a.jsonl"
COLUMNS = ("x", "y", "width", "height")
AT = "https://example.org/"


def stream(unit: str = "percent") -> Stream:
    return Stream.model_validate(
        {
            "name": "boxes",
            "title": "Boxes",
            "labels": ["person", "car"],
            "input": {"source": "inbox", "prediction": "label", "confidence": "score", "payload": ["image"]},
            "model": {"id": "m-1"},
            "review": {
                "kind": "image",
                "question": "What is it?",
                "project": "Boxes",
                "box": {column: column for column in COLUMNS} | {"unit": unit},
            },
            "target": {"error": 0.05},
            "costs": {"error": 1.0, "review_minute": 1.0},
        }
    )


def frame(*boxes: tuple[Any, ...]) -> pl.DataFrame:
    rows: dict[str, Any] = {"id": [f"c-{n}" for n in range(len(boxes))], "image": f"{AT}a.jpg", "label": "car"}
    sides = {column: pl.Series([box[place] for box in boxes], dtype=pl.Object) for place, column in enumerate(COLUMNS)}
    return pl.DataFrame(rows | {"score": 0.9}).with_columns(**sides)


def validated(*boxes: tuple[Any, ...], unit: str = "percent") -> contract.Validated:
    return contract.validate(frame(*boxes), stream(unit), source="a.jsonl")


@pytest.mark.parametrize(
    ("unit", "box"),
    [
        ("percent", (53, 54, 20, 20)),
        ("percent", ("53.5", " 54", "20", "20")),
        ("percent", (-0.3, 0, 100.4, 100)),
        ("share", (0.5, 0.5, 0.5, 0.5)),
        ("share", (-0.001, 0, 1, 1)),
        ("pixels", (640, 480, 90.5, 30)),
        ("pixels", (-3, -2, 20, 20)),
    ],
)
def test_a_box_within_its_picture_is_a_case(unit: str, box: tuple[Any, ...]) -> None:
    result = validated(box, unit=unit)
    assert (len(result.cases), len(result.faults)) == (1, 0)


@pytest.mark.parametrize(
    ("unit", "box"),
    [
        ("percent", (None, 54, 20, 20)),
        ("percent", ("left", 54, 20, 20)),
        ("percent", (53, 54, 0, 20)),
        ("percent", (53, 54, 20, -20)),
        ("percent", (90, 54, 20, 20)),
        ("percent", (-20, 54, 20, 20)),
        ("percent", (53, 54, 20, "NaN")),
        ("percent", (53, 54, "inf", 20)),
        ("share", (0.9, 0.1, 0.2, 0.2)),
        ("pixels", (-50, 0, 20, 20)),
        ("pixels", (1e300, 0, 20, 20)),
    ],
)
def test_a_box_that_nobody_can_see_is_a_fault_of_its_row(unit: str, box: tuple[Any, ...]) -> None:
    good = (0.2, 0.2, 0.3, 0.3) if unit == "share" else (20, 20, 30, 30)
    result = validated(good, box, unit=unit)
    assert result.cases["case_id"].to_list() == ["c-0"]
    assert result.faults["line"].to_list() == [2]


def test_the_fault_says_what_stands_there_and_what_to_give() -> None:
    assert validated((20, 20, 30, 30), (None, 54, "b", 20)).faults["reason"].to_list() == [
        "x = missing, y = 54, width = b, height = 20: no box that can be shown; give numbers in percent of the picture and "
        "within it, width and height above 0"
    ]


def test_boxes_that_are_all_in_another_unit_are_refused_in_one_line() -> None:
    with pytest.raises(InputInvalid) as refusal:
        validated(*[(300 + n, 200, 80, 90) for n in range(4)])
    assert str(refusal.value) == (
        "a.jsonl: none of 4 rows has a box in percent of the picture and within it; the first has x = 300, y = 200, "
        "width = 80, height = 90: correct review.box and its unit"
    )
    with pytest.raises(InputInvalid) as refusal:
        validated(*[(0.1 * n, 0.2, 0.3, 0.4) for n in range(4)])
    assert str(refusal.value) == (
        "a.jsonl: all 4 boxes end within 1 of the corner, as shares of the picture do; set review.box.unit = "
        '"share", which is "percent"'
    )


def test_two_boxes_on_one_picture_are_two_payloads_and_two_groups() -> None:
    cases = validated((10, 10, 20, 20), (50.0, 10, 20, 20), ("10.0", "10", 20, 20)).cases
    assert json.loads(cases["payload"][1]) == {
        "image": f"{AT}a.jpg", "x": "50.0", "y": "10", "width": "20", "height": "20"
    }  # fmt: skip
    assert cases["group_id"][0] == cases["group_id"][2] != cases["group_id"][1]


def test_another_box_is_another_content_and_another_spelling_of_it_is_not() -> None:
    contents = [validated((side, 10, 20, 20)).cases["content"].item() for side in (10, 10.0, "10.0", 11)]
    assert contents[0] == contents[1] == contents[2] != contents[3]


def test_a_row_read_again_has_the_payload_and_the_content_that_it_was_decided_by() -> None:
    rows = frame((10, 10, 20, 20), (50.5, "10", 20, 20))
    cases = contract.validate(rows, stream(), source="a.jsonl").cases
    lines = pl.Series("__line", [1, 2], dtype=pl.Int64)
    again = contract.reread(rows.with_columns(lines.alias(reserved.LINE)), stream())
    assert again.select("content", "payload").equals(cases.select("content", "payload"))


def test_of_people_s_files_each_box_is_shown_on_its_picture() -> None:
    rows = pl.read_ndjson(FIELD).with_columns((pl.lit(AT) + pl.col("image")).alias("image"))
    rows = rows.with_columns(id=pl.int_range(len(rows)).cast(pl.String))
    cases = contract.validate(rows, stream(), source="a.jsonl").cases
    assert len(cases) == len(rows)
    assert cases["payload"].n_unique() == cases["group_id"].n_unique() == rows.select("image", *COLUMNS).n_unique()
    assert all(set(json.loads(payload)) == {"image", *COLUMNS} for payload in cases["payload"])


@pytest.mark.parametrize("sides", [[None] * 4, ["1", "2", "3", None], ["1", "2", "3", "x"], ["1", "2", "3", "nan"]])
def test_a_payload_without_a_box_shows_none(sides: list[Any]) -> None:
    assert box_values.shown(sides, "percent") is None
