"""The form of a record, what a reader starts from, and the way back: nothing of the model shows in a blind task."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from models.answers import record_text
from models.config.stream import Stream
from models.errors import StreamInvalid
from review.label_studio import forms, labeling_config, record_form, record_results, record_tasks, task_data
from review.label_studio.unreadable import Unreadable

FIELDS: list[dict[str, Any]] = [
    {"name": "Vendor", "same": "folded"},
    {"name": "Total", "kind": "number", "within": 0.01},
    {"name": "Day", "kind": "date"},
    {"name": "Paid", "kind": "yesno"},
    {"name": "Quality", "kind": "rating"},
    {"name": "Sort", "kind": "choice", "labels": ["goods", "$5 <b>"]},
    {"name": "Flags", "kind": "set", "labels": ["late", "copy"]},
    {"name": "Order", "required": False},
]
VALUES = {
    "Day": "2026-01-31",
    "Flags": ["late"],
    "Order": None,
    "Paid": True,
    "Quality": 4,
    "Sort": "$5 <b>",
    "Total": 12.5,
    "Vendor": "ACME Ltd",
}
PREDICTION = record_text.text(VALUES)


def stream(fields: list[dict[str, Any]] = FIELDS, **review: Any) -> Stream:
    return Stream.model_validate(
        {
            "name": "invoices",
            "title": "Invoices",
            "field": fields,
            "input": {"source": "inbox", "payload": ["page"]},
            "model": {"id": "m1"},
            "review": {"kind": "text", "question": "What does it say?", "project": "Invoices"} | review,
            "target": {"error": 0.05},
            "costs": {"error": 1.0, "review_minute": 1.0},
        }
    )


def name(place: int, part: str = "f") -> str:
    """The control of a field of FIELDS (f), of its absence (n), where a text starts from (v) and where it is marked (h)."""
    field = stream().field[place]
    names = {"f": record_form.control, "n": record_form.absence, "v": record_form.start, "h": record_form.mark}
    return names[part](field)


def filled(values: dict[str, Any], given: Stream) -> list[dict[str, Any]]:
    """The result of a reader who fills in these values."""
    result = record_tasks.prefill(given, record_text.text(values), "c-1")
    for field in given.field:
        if field.kind in ("text", "number") and values.get(field.name) is not None:
            item = {"from_name": record_form.control(field), "to_name": "subject", "type": "textarea"}
            result.append(item | {"value": {"text": [str(values[field.name])]}})
    return result


def read(result: object, prediction: str | None = PREDICTION) -> dict[str, Any]:
    return record_text.values(record_results.read(stream(), result, "c-1", prediction))


def test_the_form_names_controls_by_their_place_and_shows_the_fields_in_order() -> None:
    tree = ElementTree.fromstring(forms.config(stream()))  # noqa: S314 - ours
    headers = [header.get("value") for header in tree.iter("Header")]
    marks = [f"${name(place, 'h')}" for place in range(len(FIELDS))]
    named = [one for field, mark in zip(FIELDS, marks, strict=True) for one in (field["name"], mark)]
    assert headers == ["What does it say?", *named]
    names = [node.get("name") for node in tree.iter() if re.fullmatch(r"[fn][0-9a-f]{8}", node.get("name") or "")]
    assert names == [name(place, part) for place in range(len(FIELDS)) for part in "fn"]
    assert {node.get("toName") for node in tree.iter() if node.get("toName")} == {"subject"}


def test_every_field_is_filled_in_or_said_to_be_not_there_and_a_set_to_be_empty() -> None:
    tree = ElementTree.fromstring(forms.config(stream()))  # noqa: S314 - ours
    needed = [node.get("name") for node in tree.iter() if node.get("required") == "true"]
    assert needed == [name(place) for place in range(len(FIELDS))]
    hiders = [(node.get("whenTagName"), node.get("whenChoiceValue")) for node in tree.iter() if node.get("visibleWhen")]
    assert hiders == [
        (name(place, "n"), "None of them" if FIELDS[place]["name"] == "Flags" else "Not there")
        for place in range(len(FIELDS))
    ]


def test_markup_and_dollar_signs_in_names_and_labels_stay_text() -> None:
    config = forms.config(stream([{"name": "<Style/> $text", "kind": "choice", "labels": ["a", "$5 <b>"]}]))
    tree = ElementTree.fromstring(config)  # noqa: S314 - ours
    assert len(tree.findall(".//Style")) == 1
    assert config.count("$text") == 1  # the subject's


def test_two_fields_that_look_the_same_are_refused() -> None:
    with pytest.raises(StreamInvalid, match="look the same to a reviewer"):
        forms.config(stream([{"name": "a b"}, {"name": "a  b"}]))


def test_a_blind_task_has_the_keys_of_an_assisted_one_and_nothing_in_them() -> None:
    blind = task_data.data(stream(), {"page": "p"}, "c-1", PREDICTION, blind=True)
    assisted = task_data.data(stream(), {"page": "p"}, "c-1", PREDICTION, blind=False)
    marks = {name(place, "h"): "" for place in range(len(FIELDS))}
    total = str(VALUES["Total"])
    assert blind == {"text": "p", name(0, "v"): "", name(1, "v"): "", name(7, "v"): ""} | marks
    assert assisted == {"text": "p", name(0, "v"): "ACME Ltd", name(1, "v"): total, name(7, "v"): ""} | marks
    assert task_data.prefill(stream(), None, "c-1") == []


def test_fields_that_the_model_is_not_sure_of_are_marked_in_an_assisted_task_and_in_no_blind_one() -> None:
    unsure = {"Total", "Order", "a field of another epoch"}
    blind, plain, marked = (
        task_data.data(stream(), {"page": "p"}, "c-1", PREDICTION, blind=one, unsure=which)
        for one, which in ((True, unsure), (False, set[str]()), (False, unsure))
    )
    assert blind == task_data.data(stream(), {"page": "p"}, "c-1", PREDICTION, blind=True)
    assert marked == plain | {name(place, "h"): "Check: the model is not sure" for place in (1, 7)}
    assert marked.keys() == blind.keys()


def test_a_reader_starts_from_every_value_of_the_model_and_what_it_had_to_give_is_asked_for() -> None:
    names = [item["from_name"] for item in task_data.prefill(stream(), PREDICTION, "c-1")]
    assert names == [*(name(place) for place in range(2, 7)), name(7, "n")]
    lacking = record_text.text(VALUES | {"Total": None})
    assert name(1, "n") not in [item["from_name"] for item in task_data.prefill(stream(), lacking, "c-1")]


def test_an_empty_set_is_an_answer_that_is_filled_in() -> None:
    none = record_text.text(VALUES | {"Flags": []})
    (item,) = [item for item in task_data.prefill(stream(), none, "c-1") if item["from_name"] == name(6, "n")]
    assert item["value"] == {"choices": ["None of them"]}
    assert record_results.read(stream(), filled(VALUES | {"Flags": []}, stream()), "c-1", none) == none


def test_what_is_submitted_unchanged_is_the_models_record_to_the_letter() -> None:
    assert record_results.read(stream(), filled(VALUES, stream()), "c-1", PREDICTION) == PREDICTION


def test_what_is_the_same_by_the_fields_rule_keeps_the_models_value() -> None:
    near = VALUES | {"Vendor": "acme  ltd.", "Total": 12.505}
    assert record_results.read(stream(), filled(near, stream()), "c-1", PREDICTION) == PREDICTION


def test_a_set_of_which_the_model_gave_nothing_is_the_same_as_one_that_is_said_to_be_empty() -> None:
    nothing = record_text.text(VALUES | {"Flags": None})
    assert read(filled(VALUES | {"Flags": []}, stream()), nothing) == VALUES | {"Flags": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Vendor", "ACME GmbH"),
        ("Total", 13),
        ("Day", "2026-02-01"),
        ("Paid", False),
        ("Quality", 1),
        ("Sort", "goods"),
        ("Flags", ["late", "copy"]),
        ("Flags", []),
        ("Order", "A-7"),
    ],
)
def test_a_correction_comes_back_as_the_value_it_is(field: str, value: Any) -> None:
    assert read(filled(VALUES | {field: value}, stream())) == VALUES | {field: value}


def test_a_value_that_is_not_there_is_none_whatever_stands_in_its_control() -> None:
    absent = {"from_name": name(1, "n"), "to_name": "subject", "type": "choices"}
    result = [*filled(VALUES, stream()), absent | {"value": {"choices": [record_form.ABSENT]}}]
    assert read(result)["Total"] is None


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ("no list", "the result is not a list of items"),
        ([], "nothing was filled in"),
        ([{"from_name": "answer", "value": {}}], "nothing was filled in; the result speaks of ['answer']"),
        ([{"from_name": name(1), "value": {"number": "12"}}], "field 'Total' holds"),
        ([{"from_name": name(1), "value": {"number": 10**400}}], "field 'Total' holds"),
        ([{"from_name": name(1), "value": {"number": float("nan")}}], "field 'Total' holds"),
        ([{"from_name": name(1), "value": {"text": ["about 12"]}}], "field 'Total' holds"),
        ([{"from_name": name(1), "value": {"text": ["1,250"]}}], "field 'Total' holds"),
        ([{"from_name": name(1), "value": {"text": [""]}}], "field 'Total' holds"),
        ([{"from_name": name(3), "value": {"choices": ["Yes", "No"]}}], "field 'Paid' holds"),
        ([{"from_name": name(4), "value": {"rating": 4.9}}], "field 'Quality' holds"),
        ([{"from_name": name(5), "value": {"taxonomy": [["goods"], ["$5 <b>"]]}}], "field 'Sort' holds"),
        ([{"from_name": name(6), "value": {"choices": []}}], "field 'Flags' holds"),
        ([{"from_name": name(1, "n"), "value": {"choices": []}}], "field 'Total' was neither filled in"),
        ([{"from_name": name(1), "value": {"number": True}}], "field 'Total' holds"),
        ([{"from_name": name(2), "value": {"datetime": "31.01.2026"}}], "field 'Day' holds"),
        ([{"from_name": name(3), "value": {"choices": ["Perhaps"]}}], "field 'Paid' holds"),
        ([{"from_name": name(4), "value": {"rating": 9}}], "field 'Quality' holds"),
        ([{"from_name": name(5), "value": {"choices": ["other"]}}], "field 'Sort' holds"),
        ([{"from_name": name(6), "value": None}], "field 'Flags' holds"),
        ([{"from_name": name(0), "value": {"text": 7}}], "field 'Vendor' holds"),
        ([{"from_name": name(1), "value": {"number": 1}}] * 2, "field 'Total' was answered 2 times"),
    ],
)
def test_what_is_no_value_of_its_field_is_refused_by_name(result: object, why: str) -> None:
    if isinstance(result, list) and result and result[0]["from_name"] != "answer":
        known = {item["from_name"] for item in result} | {"n" + item["from_name"][1:] for item in result}
        known |= {"f" + item["from_name"][1:] for item in result}
        result = [item for item in filled(VALUES, stream()) if item["from_name"] not in known] + result
    with pytest.raises(Unreadable) as caught:
        record_results.read(stream(), result, "c-1", PREDICTION)
    assert why in caught.value.reason


def test_a_prediction_of_an_earlier_epoch_fills_in_what_still_fits() -> None:
    earlier = record_text.text({"Vendor": 7, "Total": 12.5, "Paid": "yes", "Gone": "x", "Sort": "other"})
    data = task_data.data(stream(), {"page": "p"}, "c-1", earlier, blind=False)
    assert (data[name(0, "v")], data[name(1, "v")]) == ("", "12.5")
    assert task_data.prefill(stream(), earlier, "c-1") == []
    assert task_data.prefill(stream(), "a label of an earlier epoch", "c-1") == []
    assert read(filled(VALUES, stream()), "a label of an earlier epoch") == VALUES
    assert read(filled(VALUES, stream()), earlier) == VALUES


def test_what_was_filled_in_in_another_form_is_not_taken_for_a_field() -> None:
    other = stream([{"name": "Someone else"}, *FIELDS[1:]])
    result = filled(VALUES | {"Someone else": "ACME"}, other)
    with pytest.raises(Unreadable, match="field 'Vendor' was neither filled in nor said to be not there"):
        read(result)
    with pytest.raises(Unreadable, match="nothing was filled in"):
        record_results.read(stream(FIELDS[:1]), result, "c-1", None)
    moved = stream([{"name": "New"}, *FIELDS])  # others keep their controls
    assert record_form.control(moved.field[1]) == name(0)


DRAFT = record_text.text({"Reply": "Dear Ann,\nit is on its way."})


def verdict(choice: str, edited: str | None = None) -> list[dict[str, Any]]:
    (reply,) = stream([{"name": "Reply", "kind": "draft"}]).field
    result: list[dict[str, Any]] = [
        {"from_name": record_form.control(reply), "type": "choices", "value": {"choices": [choice]}}
    ]
    editor = {"from_name": record_form.edit(reply), "type": "textarea", "value": {"text": [edited]}}
    return [*result, editor] if edited else result


def test_a_draft_is_the_same_in_every_task_and_no_answer_to_it_is_filled_in() -> None:
    replies = stream([{"name": "Reply", "kind": "draft"}])
    blind, assisted = (task_data.data(replies, {"page": "p"}, "c-1", DRAFT, blind=one) for one in (True, False))
    assert blind == assisted
    assert list(blind.values()) == ["p", "", "Dear Ann,\nit is on its way."]
    assert task_data.prefill(replies, DRAFT, "c-1") == []


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (verdict(record_form.AS_IT_STANDS), "Dear Ann,\nit is on its way."),
        (verdict(record_form.AS_IT_STANDS, "Left in the editor"), "Dear Ann,\nit is on its way."),
        (verdict(record_form.EDITED, "Dear Ann,\nit came."), "Dear Ann,\nit came."),
        (verdict(record_form.EDITED, "Dear Ann,\r\nit is on its way. "), None),  # it needs an edit, and has none
        (verdict(record_form.EDITED), None),
        (verdict(record_form.HELD_BACK, "Dear Ann,\nit is on its way."), None),
    ],
)
def test_a_draft_goes_out_as_it_stands_edited_or_not_at_all(result: list[dict[str, Any]], expected: str | None) -> None:
    answer = record_results.read(stream([{"name": "Reply", "kind": "draft"}]), result, "c-1", DRAFT)
    assert record_text.values(answer) == {"Reply": expected}
    assert (answer == DRAFT) == (result[0]["value"]["choices"] == [record_form.AS_IT_STANDS])


def test_a_draft_that_nobody_decided_on_is_refused() -> None:
    with pytest.raises(Unreadable, match="does not say whether the draft may go out"):
        record_results.read(stream([{"name": "Reply", "kind": "draft"}]), verdict("Maybe"), "c-1", DRAFT)


def test_controls_that_are_not_fields_are_passed_over() -> None:
    result = [*json.loads(json.dumps(filled(VALUES, stream()))), {"from_name": labeling_config.COMMENT, "value": {}}]
    assert read(result) == VALUES
