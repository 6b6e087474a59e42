"""The form, the data of a task and the way back: nothing of the model shows, nothing of a label is lost."""

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


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("text", {"name": "subject", "value": "$text"}),
        ("image", {"name": "subject", "value": "$image", "defaultZoom": "auto"}),
        (
            "pdf",
            {"name": "subject", "valueList": "$pages", "defaultZoom": "auto", "maxWidth": "60rem", "maxHeight": "none"},
        ),
        ("html", {"name": "subject", "value": "$html", "valueType": "text"}),
        ("record", {"name": "subject", "value": "$field1"}),
    ],
)
def test_each_kind_has_its_own_tag_and_none_that_carries_markup_out(kind: str, subject: dict[str, str]) -> None:
    tag = {"text": "Text", "image": "Image", "pdf": "Image", "html": "HyperText", "record": "Text"}[kind]
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
    assert results.read(stream(("$5", "free")), task_data.prefill(stream(("$5", "free")), "$5", "c-1"), "c-1") == "$5"


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
    assert shown[0][1].get("name") == task_data.prefill(record, "yes", "c-1")[0]["to_name"]


def test_what_the_database_or_the_wire_cannot_hold_is_taken_out() -> None:
    assert task_data.data(stream(), {"body": "a\x00b\ud800c 👍"}, "c-1") == {"text": "abc 👍"}
    record = task_data.data(stream(kind="record", payload=("k\x00",)), {"k\x00": "\udfff"}, "c-1")
    assert record == {"field1": ""}


def test_instructions_are_paragraphs_without_markup() -> None:
    assert (
        labeling_config.instructions("Look <b>twice</b>.\n\n  Then skip. ")
        == "<p>Look &lt;b&gt;twice&lt;/b&gt;.</p><p>Then skip.</p>"
    )


def as_made(config: str) -> dict[str, object]:
    return {"label_config": config, "model_version": "", **labeling_config.SETTINGS}


def test_a_project_as_we_made_it_has_not_drifted() -> None:
    config = labeling_config.config(stream())
    assert labeling_config.settings(config) == labeling_config.SETTINGS
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
            results.read(
                stream((*MANY, "a / b, $5")), task_data.prefill(stream((*MANY, "a / b, $5")), label, "c-1"), "c-1"
            )
            == label
        )
