"""Which of two texts is better: side by side in the form, each as often on the left, and the way back."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from models.answers import record_text
from models.config.stream import Stream
from review.label_studio import forms, pair_fields, record_form, record_results, task_data
from review.label_studio.unreadable import Unreadable

BETTER = {"name": "better", "kind": "pair", "of": ["reply_a", "reply_b"]}
OF = ("reply_a", "reply_b")
PAYLOAD = {"question": "Why?", "reply_a": "Because.", "reply_b": "No reason."}
CASES = [f"c-{number}" for number in range(400)]


def stream(*fields: dict[str, Any], payload: tuple[str, ...] = tuple(PAYLOAD)) -> Stream:
    return Stream.model_validate(
        {
            "name": "arena",
            "title": "Arena",
            "field": list(fields) or [BETTER],
            "input": {"source": "inbox", "payload": list(payload)},
            "model": {"id": "m1"},
            "review": {"kind": "record", "question": "Which is better?", "project": "Arena"},
            "target": {"error": 0.05},
            "costs": {"error": 1.0, "review_minute": 1.0},
        }
    )


def chosen(asked: Stream, *choices: str) -> list[dict[str, Any]]:
    control = record_form.control(asked.field[0])
    return [{"from_name": control, "type": "choices", "value": {"choices": list(choices)}}]


def test_each_text_stands_on_the_left_of_about_half_of_the_cases() -> None:
    left = sum(pair_fields.sides(OF, case)[0] == "reply_a" for case in CASES)
    assert abs(left - 200) < 4 * 10  # four standard deviations of 400 fair coins
    assert all(set(pair_fields.sides(OF, case)) == set(OF) for case in CASES)


def test_which_text_stands_on_the_left_is_the_same_for_ever_and_in_whatever_order_they_are_named() -> None:
    assert "".join(pair_fields.sides(OF, case)[0][-1] for case in CASES[:12]) == "babbabbabbba"
    assert [pair_fields.sides(OF, case) for case in CASES] == [pair_fields.sides(OF[::-1], case) for case in CASES]
    assert pair_fields.sides(OF, "\ud800") in (OF, OF[::-1])


def test_every_value_comes_back_whichever_text_stands_on_the_left() -> None:
    asked = stream()
    for case in CASES[:20]:
        for value in (*OF, "tie"):
            prediction = record_text.text({"better": value})
            result = task_data.prefill(asked, prediction, case)
            assert record_results.read(asked, result, case, prediction) == prediction
        left = record_text.values(record_results.read(asked, chosen(asked, "The left one"), case, None))
        data = task_data.data(asked, PAYLOAD, case)
        (text,) = [data[key] for key in data if key.startswith("left")]
        assert PAYLOAD[left["better"]] == text  # what was on the left is what was chosen


def test_a_task_has_the_two_texts_by_their_side_alone_and_is_the_same_blind_or_assisted() -> None:
    prediction = record_text.text({"better": "reply_b"})
    for case in CASES[:20]:
        blind, assisted = (task_data.data(stream(), PAYLOAD, case, prediction, blind=one) for one in (True, False))
        assert blind == assisted
        assert list(blind) == list(task_data.data(stream(), PAYLOAD, "another"))
        assert sorted(str(text) for text in blind.values() if text) == sorted(PAYLOAD.values())
        assert not any("reply" in key for key in blind)


def test_the_form_shows_the_texts_side_by_side_under_a_question_with_the_first_keys() -> None:
    config = forms.config(stream({"name": "note"}, BETTER))
    tree = ElementTree.fromstring(config)  # noqa: S314 - ours
    texts = [(node.get("name"), re.sub("[0-9a-f]{8}$", "", str(node.get("value")))) for node in tree.iter("Text")]
    assert texts == [("subject", "$field1"), ("left0", "$left"), ("right0", "$right")]
    (question,) = [node for node in tree.iter("Choices") if node.get("requiredMessage", "").startswith("better")]
    assert [(one.get("value"), one.get("hotkey")) for one in question] == [
        ("The left one", "1"),
        ("The right one", "2"),
        ("Neither is better", "3"),
    ]
    assert "reply_a" not in config  # a name may say who wrote it


def test_two_questions_about_one_pair_stand_above_the_same_texts() -> None:
    asked = stream(BETTER, BETTER | {"name": "safer", "of": ["reply_b", "reply_a"]}, payload=OF)
    tree = ElementTree.fromstring(forms.config(asked))  # noqa: S314 - ours
    assert [node.get("name") for node in tree.iter("Text")] == ["subject", "right0"]
    assert [node.get("hotkey") for node in tree.iter("Choice")][1:] == list("123456")
    assert len([text for text in task_data.data(asked, PAYLOAD, "c-1").values() if text]) == 2


def test_a_draft_beside_a_pair_leaves_it_the_first_keys() -> None:
    tree = ElementTree.fromstring(forms.config(stream({"name": "reply", "kind": "draft"}, BETTER)))  # noqa: S314 - ours
    assert [node.get("hotkey") for node in tree.iter("Choice") if node.get("hotkey")] == ["m", "1", "2", "3"]


@pytest.mark.parametrize("choices", [(), ("reply_a",), ("The left one", "The right one"), ("Not there",)])
def test_what_is_no_side_is_refused_by_name(choices: tuple[str, ...]) -> None:
    with pytest.raises(Unreadable, match="field 'better' holds"):
        record_results.read(stream(), chosen(stream(), *choices), "c-1", None)


def test_a_pair_that_nobody_answered_is_refused() -> None:
    other = {"from_name": "f0", "type": "choices", "value": {"choices": ["The left one"]}}
    with pytest.raises(Unreadable, match="nothing was filled in"):
        record_results.read(stream(), [other], "c-1", None)
