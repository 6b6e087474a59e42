"""The form, the data of a task and the way back: nothing of the model shows, nothing of a label is lost."""

from typing import Any
from xml.etree import ElementTree

import pytest

from models.config.stream import Stream
from models.errors import StreamInvalid
from review.label_studio import labeling_config, results, task_data


def stream(
    labels: tuple[str, ...] = ("no", "yes"),
    *,
    kind: str = "text",
    payload: tuple[str, ...] = ("body",),
    question: str = "Is it?",
    show_id: bool = False,
) -> Stream:
    return Stream.model_validate(
        {
            "name": "mail",
            "title": "Mail",
            "labels": list(labels),
            "input": {"source": "inbox", "prediction": "label", "payload": list(payload)},
            "model": {"id": "m1"},
            "review": {"kind": kind, "question": question, "project": "Mail", "show_id": show_id},
            "target": {"error": 0.05},
            "costs": {"error": 1.0, "review_minute": 1.0},
        }
    )


def choices(config: str) -> list[dict[str, str]]:
    """Those of the answer, and of no other control."""
    answer = next(item for item in ElementTree.fromstring(config).iter() if item.get("name") == "answer")  # noqa: S314 - ours
    return [dict(choice.attrib) for choice in answer.iter("Choice")]


def lines_of(*lines: str) -> list[dict[str, Any]]:
    return [{"from_name": "comment", "to_name": "subject", "type": "textarea", "value": {"text": list(lines)}}]


def chosen(*labels: str, control: str = "answer") -> list[dict[str, Any]]:
    return [{"from_name": control, "to_name": "subject", "type": "choices", "value": {"choices": list(labels)}}]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("text", {"name": "subject", "value": "$text"}),
        ("image", {"name": "subject", "value": "$image", "defaultZoom": "auto"}),
        ("record", {"name": "subject", "value": "$field1"}),
    ],
)
def test_each_kind_has_its_own_tag_that_shows_markup_as_text(kind: str, subject: dict[str, str]) -> None:
    tag = {"text": "Text", "image": "Image", "record": "Text"}[kind]
    tree = ElementTree.fromstring(labeling_config.config(stream(kind=kind)))  # noqa: S314 - ours
    assert [item.attrib for item in tree.iter(tag)] == [subject]
    assert {item.tag for item in tree.iter()} == {"View", "Style", "Header", "Choices", "Choice", "TextArea", tag}


def test_the_question_is_one_required_single_choice_over_the_labels() -> None:
    tree = ElementTree.fromstring(labeling_config.config(stream(("no", "yes"))))  # noqa: S314 - ours
    control = tree.find(".//Choices")
    assert control is not None
    assert (control.get("choice"), control.get("required")) == ("single", "true")
    assert choices(labeling_config.config(stream(("no", "yes")))) == [
        {"value": "no", "hotkey": "1"},
        {"value": "yes", "hotkey": "2"},
    ]
    others = [item for item in tree.iter() if item.get("name") in (labeling_config.UNSURE, labeling_config.COMMENT)]
    assert [(item.tag, item.get("required")) for item in others] == [("Choices", None), ("TextArea", None)]


def test_markup_in_labels_and_question_stays_text() -> None:
    config = labeling_config.config(stream(('a & <b>"c"', "it's"), question='Is "x" < <Markdown value="$text"/> & y?'))
    tree = ElementTree.fromstring(config)  # noqa: S314 - ours
    assert [choice["value"] for choice in choices(config)] == ['a & <b>"c"', "it's"]
    assert tree.find(".//Markdown") is None


def test_a_dollar_sign_is_never_replaced_by_task_data() -> None:
    config = labeling_config.config(stream(("$5", "free"), question="Is $text a price?"))
    assert "$5" not in config
    assert config.count("$text") == 1  # the subject's
    assert results.read(stream(("$5", "free")), task_data.prefill(stream(("$5", "free")), "$5")) == "$5"


def test_labels_that_look_the_same_to_a_reviewer_are_refused() -> None:
    with pytest.raises(StreamInvalid, match=r"labels: 'a  b' and 'a b' look the same to a reviewer; rename one"):
        labeling_config.config(stream(("a b", "a  b")))


def test_a_label_that_is_a_key_gets_that_key_and_the_others_the_next_free_one() -> None:
    assert labeling_config.hotkeys(["0", "1", "9"]) == ["0", "1", "9"]
    assert labeling_config.hotkeys(["cat", "2", "dog", "1"]) == ["3", "2", "4", "1"]
    assert labeling_config.hotkeys(["a", "A"]) == ["a", "1"]


def test_hotkeys_are_one_to_nine_then_zero_then_letters_then_none() -> None:
    keys = labeling_config.hotkeys([f"label {number}" for number in range(40)])
    assert keys[:12] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "q", "w"]
    assert keys[31:] == [None] * 9
    dealt = keys[:31]
    assert len(set(dealt)) == 31


def test_keys_label_studio_uses_itself_are_not_dealt() -> None:
    assert labeling_config.hotkeys(["h", "r", "u", "v"]) == ["1", "2", "3", "4"]
    assert not set(labeling_config.hotkeys([f"label {number}" for number in range(40)])) & set("hruvm")


def test_the_task_key_is_fixed_for_ever() -> None:
    # printf '["mail","7",0]' | sha256sum
    assert task_data.task_key("mail", "7", 0) == "be7c0230103d85f491216ac78782856f"


def test_no_two_cases_share_a_key_by_where_their_names_are_cut() -> None:
    parts = [
        ("mail", "7", 0),
        ("mail", "7", 1),
        ("mai", "l7", 0),
        ("mail", '7",0', 0),
        ("mail", "é", 0),
        ("mail", "e", 0),
    ]
    assert len({task_data.task_key(*part) for part in parts}) == len(parts)


def test_the_data_is_what_the_reviewer_is_shown_and_nothing_else() -> None:
    payload = {"body": "hello", "score": 0.93, "prediction": "no", "route": "AUTOMATE", "model_id": "m1"}
    assert task_data.data(stream(), payload, "c-1") == {"text": "hello"}


def test_a_record_shows_its_columns_in_the_order_of_the_stream_with_their_lines() -> None:
    payload = {
        "net": 12.5,
        "vendor.name": "ACME",
        "lines": [{"a": 1}],
        "note": None,
        "paid": True,
        "trace": "a\n  b\nc",
    }
    columns = ("vendor.name", "net", "lines", "note", "paid", "absent", "trace", "$net & <b>")
    record = stream(kind="record", payload=columns)
    assert task_data.data(record, payload, "c-1") == {
        "field1": "ACME",
        "field2": "12.5",
        "field3": '[{"a": 1}]',
        "field4": "",
        "field5": "true",
        "field6": "",
        "field7": "a\n  b\nc",
        "field8": "",
    }
    shown = list(ElementTree.fromstring(labeling_config.config(record))[2])  # noqa: S314 - ours
    named = [(str(field[0].get("value")).replace("\u2060", ""), field[1].get("value")) for field in shown]
    assert named == [(column, f"$field{number}") for number, column in enumerate(columns, 1)]
    assert [field[1].tag for field in shown] == ["Text"] * 8
    assert len({field[1].get("name") for field in shown}) == 8
    assert shown[0][1].get("name") == task_data.prefill(record, "yes")[0]["to_name"]


@pytest.mark.parametrize("kind", ["text", "image", "record"])
def test_the_cases_id_is_shown_where_the_stream_says_so(kind: str) -> None:
    shown = stream(kind=kind, show_id=True)
    hidden = stream(kind=kind)
    assert task_data.data(shown, {"body": "x"}, "c-1\x00") == task_data.data(hidden, {"body": "x"}, "c-1") | {
        "case_id": "c-1"
    }
    headers = [node.get("value") for node in ElementTree.fromstring(labeling_config.config(shown)).iter("Header")]  # noqa: S314
    assert "Case $case_id" in headers
    assert "$case_id" not in labeling_config.config(hidden)


def test_what_the_database_or_the_wire_cannot_hold_is_taken_out() -> None:
    assert task_data.data(stream(), {"body": "a\x00b\ud800c 👍"}, "c-1") == {"text": "abc 👍"}
    record = task_data.data(stream(kind="record", payload=("k\x00",)), {"k\x00": "\udfff"}, "c-1")
    assert record == {"field1": ""}


def test_the_prefilled_answer_reads_back_as_the_prediction() -> None:
    labels = ("$5", "a,b", "<b>", "日本語", "0")
    for label in labels:
        assert results.read(stream(labels), task_data.prefill(stream(labels), label)) == label


@pytest.mark.parametrize("prediction", [None, "maybe"])
def test_without_a_prediction_among_the_labels_there_is_nothing_to_start_from(prediction: str | None) -> None:
    assert task_data.prefill(stream(), prediction) == []


def test_what_label_studio_adds_to_an_answer_is_ignored() -> None:
    item = chosen("yes")[0] | {"id": "x", "origin": "manual", "original_width": 8, "meta": {}}
    extra = {"from_name": "comment", "to_name": "subject", "type": "textarea", "value": {"text": ["hm"]}}
    assert results.read(stream(), [extra, item]) == "yes"


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
    with pytest.raises(results.Unreadable) as caught:
        results.read(stream(), result)
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


def test_instructions_are_paragraphs_without_markup() -> None:
    assert (
        labeling_config.instructions("Look <b>twice</b>.\n\n  Then skip. ")
        == "<p>Look &lt;b&gt;twice&lt;/b&gt;.</p><p>Then skip.</p>"
    )


def as_made(config: str) -> dict[str, object]:
    return {"label_config": config, "model_version": "", **labeling_config.SETTINGS}


def test_a_project_as_we_made_it_has_not_drifted() -> None:
    config = labeling_config.config(stream())
    assert labeling_config.drift(as_made(config), config) == []
    reformatted = config.replace("\n", "\n\n").replace(
        ' choice="single" required="true"', " required='true' choice='single'"
    )
    assert labeling_config.drift(as_made(reformatted) | {"model_version": "second-reader"}, config) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (
            {"label_config": "<View/>"},
            "the labelling config is not the stream's; answers that do not fit it become faults",
        ),
        ({"label_config": None}, "the labelling config is not the stream's; answers that do not fit it become faults"),
        ({"sampling": "Uniform sampling"}, "sampling is 'Uniform sampling'; set it back to 'Sequential sampling'"),
        ({"maximum_annotations": 2}, "maximum_annotations is 2; set it back to 1"),
        ({"show_collab_predictions": False}, "show_collab_predictions is False; set it back to True"),
        (
            {"model_version": "gpt"},
            "it shows predictions of 'gpt'; choose 'second-reader', or assisted cases come empty",
        ),
    ],
)
def test_what_somebody_changed_in_the_project_is_named(change: dict[str, object], finding: str) -> None:
    config = labeling_config.config(stream())
    assert labeling_config.drift(as_made(config) | change, config) == [finding]


MANY = tuple(f"Home > Leaf {number}" for number in range(labeling_config.AT_ONCE + 1))


def test_more_labels_than_a_form_shows_at_once_are_searched_and_come_back_as_they_were() -> None:
    tree = ElementTree.fromstring(labeling_config.config(stream((*MANY, "a / b, $5"))))  # noqa: S314 - ours
    (control,) = tree.iter("Taxonomy")
    assert (control.get("name"), control.get("maxUsages"), control.get("required")) == ("answer", "1", "true")
    assert len(choices(labeling_config.config(stream(MANY)))) == len(MANY)
    assert [item.get("name") for item in tree.iter("Choices")] == ["unsure"]
    few = ElementTree.fromstring(labeling_config.config(stream(MANY[1:])))  # noqa: S314 - ours
    assert [item.get("name") for item in few.iter("Choices")] == ["answer", "unsure"]
    for label in ("Home > Leaf 77", "a / b, $5"):
        assert (
            results.read(stream((*MANY, "a / b, $5")), task_data.prefill(stream((*MANY, "a / b, $5")), label)) == label
        )


def test_an_answer_that_is_none_of_very_many_labels_is_a_short_line() -> None:
    with pytest.raises(results.Unreadable) as caught:
        results.read(stream(MANY), chosen("Away"))
    assert len(caught.value.reason) < 300


def test_an_answer_is_read_by_the_streams_rule() -> None:
    """Where somebody has changed the form's choices, a spelling that the stream knows is the label."""
    mail = Stream.model_validate(
        stream().model_dump(exclude={"spellings"})
        | {"labels": {"names": ["no", "yes"], "fold": True, "also": {"no": ["nay"]}}}
    )
    assert [results.read(mail, chosen(text)) for text in ("Yes", "NAY", "no")] == ["yes", "no", "no"]
