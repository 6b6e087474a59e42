"""What a reviewer filled in is read back, whatever else stands beside it."""

from typing import Any

import pytest

from models.config.stream import Stream
from review.label_studio import results, task_data, unreadable
from tests.unit.review.label_studio.test_labeling_config import MANY, stream


def lines_of(*lines: str) -> list[dict[str, Any]]:
    return [{"from_name": "comment", "to_name": "subject", "type": "textarea", "value": {"text": list(lines)}}]


def chosen(*labels: str, control: str = "answer") -> list[dict[str, Any]]:
    return [{"from_name": control, "to_name": "subject", "type": "choices", "value": {"choices": list(labels)}}]


def test_the_prefilled_answer_reads_back_as_the_prediction() -> None:
    labels = ("$5", "a,b", "<b>", "日本語", "0")
    for label in labels:
        assert results.read(stream(labels), task_data.prefill(stream(labels), label, "c-1"), "c-1") == label


@pytest.mark.parametrize("prediction", [None, "maybe"])
def test_without_a_prediction_among_the_labels_there_is_nothing_to_start_from(prediction: str | None) -> None:
    assert task_data.prefill(stream(), prediction, "c-1") == []


def test_what_label_studio_adds_to_an_answer_is_ignored() -> None:
    item = chosen("yes")[0] | {"id": "x", "origin": "manual", "original_width": 8, "meta": {}}
    extra = {"from_name": "comment", "to_name": "subject", "type": "textarea", "value": {"text": ["hm"]}}
    assert results.read(stream(), [extra, item], "c-1") == "yes"


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ([], "nothing was chosen in 'answer'"),
        (None, "the result is not a list of items"),
        (["yes"], "the result is not a list of items"),
        (chosen("yes", control="verdict"), "nothing was chosen in 'answer'; the result speaks of ['verdict']"),
        (chosen("no", "yes"), "'answer' holds ['no', 'yes'] instead of one choice"),
        (chosen("no") + chosen("yes"), "'answer' was answered 2 times"),
        (chosen(), "'answer' holds [] instead of one choice"),
        (chosen("maybe"), "'maybe' is not one of the stream's labels: no, yes"),
        ([chosen("yes")[0] | {"type": "taxonomy"}], "'answer' holds None instead of one choice"),
        ([chosen("yes")[0] | {"value": "yes"}], "'answer' holds None instead of one choice"),
        ([chosen("yes")[0] | {"value": {"choices": [["yes"]]}}], "'answer' holds [['yes']] instead of one choice"),
    ],
)
def test_an_answer_that_is_not_one_label_is_unreadable_and_says_why(result: object, reason: str) -> None:
    with pytest.raises(unreadable.Unreadable) as caught:
        results.read(stream(), result, "c-1")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("result", "unsure", "comment"),
    [
        (chosen("yes"), False, None),
        (chosen("yes") + chosen("Not sure", control="unsure"), True, None),
        (chosen("yes") + lines_of("a", " b "), False, "a\n b"),
        ([*chosen("yes"), lines_of("a")[0] | {"value": {"text": "a\x00"}}], False, "a"),
        (lines_of("  "), False, None),
        (chosen("Not sure"), False, None),  # a label may be called so
        (
            [
                chosen("x", control="unsure")[0] | {"value": None},
                "no item",
                lines_of("a")[0] | {"value": {"text": [1]}},
            ],
            False,
            None,
        ),
        (None, False, None),
    ],
)
def test_the_mark_and_the_comment_are_read_whatever_stands_there(
    result: Any, unsure: bool, comment: str | None
) -> None:
    assert (results.unsure(result), results.comment(result)) == (unsure, comment)


def test_an_answer_that_is_none_of_very_many_labels_is_a_short_line() -> None:
    with pytest.raises(unreadable.Unreadable) as caught:
        results.read(stream(MANY), chosen("Away"), "c-1")
    assert len(caught.value.reason) < 300


def test_an_answer_is_read_by_the_streams_rule() -> None:
    """Where somebody has changed the form's choices, a spelling that the stream knows is the label."""
    mail = Stream.model_validate(
        stream().model_dump(exclude={"spellings", "ranked"})
        | {"labels": {"names": ["no", "yes"], "fold": True, "also": {"no": ["nay"]}}}
    )
    assert [results.read(mail, chosen(text), "c-1") for text in ("Yes", "NAY", "no")] == ["yes", "no", "no"]
