"""Formats by name: each reads the lines its platform documents, and hands what failed to people with the platform's reason."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files
from flows.runtime import presets
from models.errors import InputInvalid, StreamInvalid
from models.outputs import contract
from tests.unit.flows.inputs import formats_page
from tests.unit.flows.inputs.format_cases import (
    _CHAT,
    CASES,
    Case,
    _azure,
    _chat,
    _completion,
    _document,
    _lending,
    _output,
    _span,
    _spans,
    _task,
    _trace,
    answer,
    lines,
)
from tests.unit.flows.inputs.format_runs import cases, described, wrote


def test_every_format_has_a_case_of_its_own() -> None:
    assert presets.names() == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_what_was_answered_is_scored_and_what_failed_is_a_case_for_people_with_the_reason(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    result = cases(wrote(case, tmp_path), described(name, case, tmp_path))
    scored = {
        row[0]: row[1:]
        for row in result.filter(pl.col("doubt").is_null()).select("case_id", "prediction", "raw_score").rows()
    }
    assert case.scored == scored
    people = result.filter(pl.col("doubt").is_not_null())
    assert case.people == dict(people.select("case_id", "doubt").rows())
    assert people["raw_score"].null_count() == len(people)
    assert 0 == result["payload"].null_count()


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_something_else_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    content, message = case.junk
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / case.junk_name).write_bytes(content)
    with pytest.raises(InputInvalid, match=message) as refused:
        list(files.chunks(tmp_path / "inbox", described(name, case, tmp_path)))
    assert "\n" not in str(refused.value)
    assert re.search(re.escape(case.junk_name), str(refused.value))


def test_the_page_says_what_the_formats_came_to() -> None:
    text = formats_page.PAGE.read_text(encoding="utf-8")
    assert text == formats_page.page(text), "run: python -m tests.unit.flows.inputs.formats_page"


def test_every_format_has_been_walked_to_finished_answers() -> None:
    text = (formats_page.PAGE.parents[1] / "results" / "formats.md").read_text(encoding="utf-8")
    walked = re.findall(r"^\| `(.+?)` \|", text, re.MULTILINE)
    assert list(CASES) == walked, "run: make formats"


@pytest.mark.parametrize(
    "output",
    [
        {
            "content": [{"type": "thinking", "thinking": "..."}, {"type": "text", "text": "bug"}],
            "stop_reason": "end_turn",
        },
        {"output": {"message": {"content": [{"text": "bug"}]}}, "stopReason": "end_turn"},
        {"results": [{"outputText": "bug", "completionReason": "FINISH"}]},
        {"generation": "bug", "stop_reason": "stop"},
        {"choices": [{"message": {"content": "bug"}}]},
    ],
)
def test_an_answer_of_bedrock_stands_where_its_model_puts_it(output: dict[str, object], tmp_path: Path) -> None:
    row = {"recordId": "a", "modelInput": {"prompt": "It broke"}, "modelOutput": output}
    case = Case(files={"a.jsonl.out": lines(row)}, scored={})
    result = cases(wrote(case, tmp_path), described("bedrock-batch", case, tmp_path))
    assert [("bug", "the stream gives no confidence")] == result.select("prediction", "doubt").rows()


@pytest.mark.parametrize(("finish", "why"), [("length", "cut off"), ("content_filter", "refused or filtered")])
def test_what_bedrock_cut_off_or_filtered_is_for_people_also_of_a_model_that_follows_openai(
    finish: str, why: str, tmp_path: Path
) -> None:
    output = {"choices": [{"message": {"content": "bug"}, "finish_reason": finish}]}
    row = {"recordId": "a", "modelInput": {"prompt": "It broke"}, "modelOutput": output}
    case = Case(files={"a.jsonl.out": lines(row)}, scored={})
    (doubt,) = cases(wrote(case, tmp_path), described("bedrock-batch", case, tmp_path))["doubt"]
    assert f"the answer was {why}: {finish}" == doubt


@pytest.mark.parametrize(
    ("finish", "why"), [("max_tokens", "cut off"), ("refusal", "filtered"), ("SAFETY", "filtered")]
)
def test_what_opentelemetry_says_in_the_words_of_a_provider_is_for_people(
    finish: str, why: str, tmp_path: Path
) -> None:
    shipped = CASES["opentelemetry-genai"]
    rows = [_spans(_span("a", _output(answer("bug", 0.9)))), _spans(_span("b", _output(answer("bug", 0.9)), finish))]
    case = Case(files={"a.jsonl": lines(*rows)}, scored={}, keys=shipped.keys)
    first, second = cases(wrote(case, tmp_path), described("opentelemetry-genai", case, tmp_path))["doubt"]
    assert first is None
    assert second.endswith(f"{why}: {finish}") or second.endswith(f"{why} the answer: {finish}")


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ({"choices": [{"message": {"content": "bug"}, "finish_reason": "content_filter"}]}, "content_filter"),
        ({"choices": [{"message": {"content": "bug", "refusal": "No."}, "finish_reason": "stop"}]}, "No."),
        ({"content": [{"type": "text", "text": "bug"}], "stop_reason": "max_tokens"}, "max_tokens"),
    ],
)
def test_what_mlflow_traced_and_was_no_answer_is_for_people(output: object, why: str, tmp_path: Path) -> None:
    case = Case(files={"a.jsonl": lines(_trace("a", output))}, scored={})
    (doubt,) = cases(wrote(case, tmp_path), described("mlflow-traces", case, tmp_path))["doubt"]
    assert doubt.endswith(f": {why}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("google-document-classifier", _document("?")),
        ("azure-document-classifier", _azure([])),
        ("textract-lending", _lending("SUCCEEDED")),
    ],
)
def test_a_document_of_which_nothing_was_recognised_is_a_case_for_people_and_stops_no_other(
    name: str, content: object, tmp_path: Path
) -> None:
    case = Case(files=CASES[name].files | {"z.json": lines(content)}, scored={}, kind=CASES[name].kind)
    result = cases(wrote(case, tmp_path), described(name, case, tmp_path))
    assert "no confidence" == result.filter(pl.col("case_id") == "z.json")["doubt"].item()
    assert len(CASES[name].files) + 1 == len(result)


def test_a_table_of_scores_stands_in_the_place_of_what_the_format_says(tmp_path: Path) -> None:
    samples = '[score.samples]\nanswers = "response.body.choices[*].message.content"'
    case = Case(files={}, scored={}, keys=f'payload = ["custom_id"]\n{samples}')
    assert described("openai-batch", case, tmp_path).input.prediction is None
    judge = Case(files={}, scored={}, keys='[score.judge]\nmodel = "j"\nscore = "j"')
    value = described("spacy", judge, tmp_path).input
    assert (None, "of_highest(keys(cats), values(cats))") == (value.confidence, value.prediction)
    case = Case(files={}, scored={}, kind="record", keys='[score]\nscale = "percent"\ncolumns = ["a"]')
    assert "unit" == described("textract-id", case, tmp_path).input.scale


@pytest.mark.parametrize("name", ["label-studio-tasks", "label-studio-export"])
def test_a_task_without_an_id_has_none(name: str, tmp_path: Path) -> None:
    tasks = [_task(n, "bug", 0.9) for n in (1, 2)]
    del tasks[1]["id"]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    case = Case(files={}, scored={})
    (chunk,) = files.chunks(tmp_path / "a.json", described(name, case, tmp_path))
    checked = contract.validate(chunk.frame, described(name, case, tmp_path), source="a.json")
    assert (["1"], ["no id"]) == (checked.cases["case_id"].to_list(), checked.faults["reason"].to_list())


def test_a_stream_file_goes_before_its_format_and_takes_one_way_of_giving_a_confidence(tmp_path: Path) -> None:
    case = Case(
        files={}, scored={}, keys='id = "text"\nprobabilities = ["cats.bug", "cats.billing"]\nprediction = "mine"'
    )
    value = described("spacy", case, tmp_path).input
    assert ("text", "mine", None) == (value.id, value.prediction, value.confidence)
    assert ["cats.bug", "cats.billing"] == value.probabilities


def test_a_preset_of_a_users_own_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN)
    case = Case(files={"rows.jsonl": lines({"n": "1", "out": {"l": "bug", "p": 0.5}, "in": "x"})}, scored={})
    result = cases(wrote(case, tmp_path), described("mine.toml", case, tmp_path))
    assert [("1", "bug", 0.5)] == result.select("case_id", "prediction", "raw_score").rows()


OWN = """
[about]
title = "Ours"
source = "our own"
version = "1"
read = "2026-11-29"
[input]
id = "n"
prediction = "out.l"
confidence = "out.p"
payload = ["in"]
"""


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("openai-bach", "", "mail.toml: input.format = 'openai-bach': no such format; there are auto, "),
        ("gone.toml", "", "gone.toml: no such preset; name the file of a preset"),
        ("mine.toml", "[about", "mine.toml:1: not TOML"),
        ("mine.toml", "[about]\ntitle = 1", "mine.toml:2: about.title = 1: must be a text in quotes"),
        ("mine.toml", OWN + 'nosuch = "x"', "mine.toml: input.nosuch: no such key; allowed here: asked_at, "),
        ("mine.toml", OWN + 'format = "spacy"', "mine.toml: input.format = 'spacy': a preset names a kind of file"),
        ("mine.toml", OWN + "x = " + "[" * 2000, "mine.toml: not TOML that can be read: nested too deep"),
    ],
)
def test_a_format_that_cannot_be_is_known_by_its_file_and_line(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    if text:
        (tmp_path / name).write_text(text)
    with pytest.raises(StreamInvalid) as refused:
        described(name, Case(files={}, scored={}), tmp_path)
    assert message in str(refused.value)


def test_rules_say_which_rows_failed_and_a_wrong_rule_is_reported(tmp_path: Path) -> None:
    keys = 'failed = [{ when = "x", equals = ["a"], other_than = ["b"], says = "no" }]'
    with pytest.raises(StreamInvalid, match="must have equals or other_than, not both"):
        described("spacy", Case(files={}, scored={}, keys=keys), tmp_path)


def test_files_that_the_format_does_not_name_are_reported_and_those_beside_it_are_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = CASES["bedrock-batch"]
    inbox = wrote(case, tmp_path)
    (inbox / "requests.jsonl").write_bytes(b"{}\n")
    assert 4 == len(cases(inbox, described("bedrock-batch", case, tmp_path)))
    assert "not read are 'requests.jsonl', as input.files names others" in caplog.text
    assert "manifest" not in caplog.text
    (inbox / "records.jsonl.out").unlink()
    with pytest.raises(InputInvalid, match=r"no file in it is called \*\.jsonl\.out \(it has 'requests\.jsonl'\)"):
        list(files.chunks(inbox, described("bedrock-batch", case, tmp_path)))


@pytest.mark.parametrize(
    ("inner", "prediction", "score"),
    [
        ('{"label": "bug", "confidence": 0.1}', "bug", 0.1),
        ('{"label": "bug", "confidence": 1e-07}', "bug", 1e-07),
        ('{"label": "bug", "confidence": 1}', "bug", 1.0),
        ('{"label": "bug", "confidence": "0.5"}', "bug", 0.5),
        ('{"label": "\\ud800", "confidence": 0.5}', None, None),
        ('{"label": "bug", "why": "\\ud83d\\ude00", "confidence": 0.5}', "bug", 0.5),  # an emoji, escaped
        ('{"label": ["bug"], "confidence": 0.5}', None, None),
        ('["bug"]', None, None),
        ("[" * 50_000, None, None),
        ("bug", None, None),
        ("", None, None),
    ],
)
def test_json_in_an_answer_is_read_as_what_it_says_and_else_a_person_gets_the_case(
    inner: str, prediction: str | None, score: float | None, tmp_path: Path
) -> None:
    rows = [_chat("a", _completion(inner)), _chat("b", _completion('{"label": "bug", "confidence": 0.25}'))]
    case = Case(files={"a.jsonl": lines(*rows)}, scored={}, keys=CASES["openai-batch"].keys)
    result = cases(wrote(case, tmp_path), described("openai-batch", case, tmp_path))
    assert [("a", prediction, score), ("b", "bug", 0.25)] == result.select("case_id", "prediction", "raw_score").rows()


@pytest.mark.parametrize("shown", [_CHAT, "response.body.choices", "response"])
def test_the_text_that_holds_the_answer_is_shown_to_nobody_who_reads_blind(shown: str, tmp_path: Path) -> None:
    keys = CASES["openai-batch"].keys.replace('"custom_id"', json.dumps(shown))
    with pytest.raises(StreamInvalid, match="tells the model's answer"):
        described("openai-batch", Case(files={}, scored={}, keys=keys), tmp_path)
