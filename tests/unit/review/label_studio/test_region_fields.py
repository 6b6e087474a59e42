"""Spans and boxes in the form, and the way back."""

from typing import Any

import pytest

from models.answers import record_text
from review.label_studio import record_form, record_results, record_tasks
from review.label_studio.unreadable import Unreadable
from tests.unit.review.label_studio.test_record_form import stream

SPANS = {"name": "Names", "kind": "spans", "labels": ["name", "$5"]}
BOXES = {"name": "Cars", "kind": "boxes", "labels": ["car", "bus"]}
NAME = {"start": 0, "end": 3, "label": "$5"}
BOX = {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0, "label": "car"}


@pytest.mark.parametrize(
    ("field", "region", "kind"),
    [(SPANS, NAME, "text"), (BOXES, BOX, "image"), (SPANS | {"same": "overlap"}, NAME, "text")],
)
def test_regions_that_are_left_as_they_were_come_back_to_the_letter(
    field: dict[str, Any], region: dict[str, Any], kind: str
) -> None:
    asked = stream([field, {"name": "n", "required": False}], kind=kind)
    prediction = record_text.text({field["name"]: [region], "n": None})
    result = record_tasks.prefill(asked, prediction, "c-1")
    assert record_results.read(asked, result, "c-1", prediction) == prediction
    control, absence = record_form.control(asked.field[0]), record_form.absence(asked.field[0])
    away = [item for item in result if item["from_name"] != control]
    with pytest.raises(Unreadable, match="does not say whether all of its parts are marked"):
        record_results.read(asked, away, "c-1", prediction)  # said to be all, and none is there
    silent = [item for item in result if item["from_name"] != absence]
    with pytest.raises(Unreadable, match="does not say whether all of its parts are marked"):
        record_results.read(asked, silent, "c-1", prediction)  # overlooked is not "none"
    none = {"from_name": absence, "type": "choices", "value": {"choices": ["None of them"]}}
    answer = record_results.read(
        asked, [none, *(item for item in away if item["from_name"] != absence)], "c-1", prediction
    )
    assert record_text.values(answer)[field["name"]] == []


def test_a_box_that_is_a_little_off_is_the_same_and_one_that_is_far_off_is_not() -> None:
    asked = stream([BOXES], kind="image")
    prediction = record_text.text({"Cars": [BOX]})
    for x, same in ((12.0, True), (35.0, False)):
        moved = record_text.text({"Cars": [BOX | {"x": x}]})
        items = record_tasks.prefill(asked, moved, "c-1")
        assert (record_results.read(asked, items, "c-1", prediction) == prediction) is same


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"start": 0, "end": 3},
        {"start": 0, "end": 3, "labels": ["other"]},
        {"labels": ["name"]},
        {"start": 0.9, "end": 3, "labels": ["name"]},
        {"start": float("nan"), "end": 3, "labels": ["name"]},
        {"start": 0, "end": 10**400, "labels": ["name"]},
        {"start": 0, "end": 3, "labels": ["name"], "rotation": 90},
    ],
)
def test_what_is_no_region_is_refused(value: dict[str, Any]) -> None:
    asked = stream([SPANS])
    items = [
        {"from_name": record_form.control(asked.field[0]), "value": value},
        {"from_name": record_form.absence(asked.field[0]), "value": {"choices": ["All are marked"]}},
    ]
    with pytest.raises(Unreadable, match="instead of a region with one of its labels"):
        record_results.read(asked, items, "c-1", None)
