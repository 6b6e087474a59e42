"""Rows are lines that people change: what they leave as it is comes back to the letter."""

import json
import re
from typing import Any

import pytest

from models.answers import record_text
from models.config.stream import Stream
from models.errors import StreamInvalid
from review.label_studio import forms, record_form, record_results, record_tasks
from review.label_studio.unreadable import Unreadable
from tests.unit.review.label_studio.test_record_form import stream as described

LINES = {"name": "Lines", "kind": "rows", "columns": {"item": "text", "price": "number"}, "within": 0.01}
ROWS = [{"item": "Blue | ink", "price": 2.5}, {"item": "Pen", "price": None}]
PREDICTION = record_text.text({"Lines": ROWS})


def stream() -> Stream:
    return described([LINES])


def start(*, blind: bool, prediction: str = PREDICTION) -> str:
    return str(record_tasks.data(stream(), prediction, blind=blind)[record_form.start(stream().field[0])])


def read(lines: str, *, prediction: str | None = PREDICTION) -> Any:
    field = stream().field[0]
    item = {
        "from_name": record_form.control(field),
        "to_name": "subject",
        "type": "textarea",
        "value": {"text": [lines]},
    }
    return json.loads(record_results.read(stream(), [item], "c-1", prediction))["Lines"]


def test_an_assisted_task_starts_from_a_line_a_row_and_a_blind_one_from_none() -> None:
    assert start(blind=False) == "Blue ink | 2.5\nPen |"
    assert start(blind=True) == ""
    assert record_tasks.prefill(stream(), PREDICTION, "c-1") == []


def test_the_form_says_what_the_cells_of_a_line_are() -> None:
    assert "A line a row: item | price" in forms.config(stream())


def test_lines_that_are_left_as_they_were_are_the_models_rows_to_the_letter() -> None:
    assert read(start(blind=False)) == ROWS


def test_a_row_that_is_changed_added_or_moved_leaves_the_others_as_the_model_wrote_them() -> None:
    assert read("Pen\n\nBLUE INK | 2,50 |\nCap | 3") == [ROWS[1], ROWS[0], {"item": "Cap", "price": 3}]


def test_no_rows_is_an_answer_that_is_chosen() -> None:
    field = stream().field[0]
    none = [{"from_name": record_form.absence(field), "value": {"choices": ["No rows"]}}]
    assert json.loads(record_results.read(stream(), none, "c-1", PREDICTION)) == {"Lines": []}
    assert record_tasks.prefill(stream(), '{"Lines":[]}', "c-1")[0]["value"] == {"choices": ["No rows"]}


@pytest.mark.parametrize("lines", ["", " | ", "Ink | 2 | 3", "Ink | twelve"])
def test_lines_that_are_no_rows_are_refused_by_name(lines: str) -> None:
    with pytest.raises(Unreadable, match="field 'Lines' holds"):
        read(lines)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [(["item", "price | tax"], "where column 'price | tax' ends"), (["unit  price", "unit price"], "look the same")],
)
def test_columns_that_a_reader_could_not_hold_apart_are_refused(columns: list[str], sentence: str) -> None:
    with pytest.raises(StreamInvalid, match=re.escape(sentence)):
        forms.config(described([LINES | {"columns": dict.fromkeys(columns, "text")}]))


def test_columns_in_another_order_are_another_control() -> None:
    turned = described([LINES | {"columns": {"price": "number", "item": "text"}}])
    assert record_form.control(turned.field[0]) != record_form.control(stream().field[0])


def test_rows_are_read_beside_a_record_of_an_earlier_kind() -> None:
    assert read("Pen", prediction='{"Lines":["late"]}') == [{"item": "Pen", "price": None}]
