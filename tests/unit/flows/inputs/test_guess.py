"""`guess` tells each format by its signs, and writes a stream file that scores what the format's case says."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import datasets, linear_model
from typer.testing import CliRunner

from flows.commands.main import app
from flows.inputs import first_stream
from flows.runtime import settings
from models.errors import InputInvalid, Misuse
from models.outputs import row_paths
from models.outputs.known_format import Known
from tests.unit.flows.inputs.format_cases import CASES
from tests.unit.flows.inputs.format_runs import cases, wrote

# Of these a person must say more: what a reviewer sees, or which column holds the answer.
ASKING = {
    *("openai-batch", "openai-batch-responses", "anthropic-batch", "sagemaker-csv"),
    *("azure-text-classification", "doccano", "labelbox", "mturk"),
}
KNOWN = Known(target=0.02, error=10.0, minute=0.5)


@pytest.fixture
def config(tmp_path: Path) -> settings.Settings:
    return settings.Settings(streams=tmp_path / "streams", data=tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_each_format_is_known_by_its_signs_and_the_reason_is_said(config: settings.Settings, name: str) -> None:
    written = first_stream.write("mail", wrote(CASES[name], config.data), config, KNOWN)
    assert written.sentences[1].startswith(f"  the file: taken for {name} (")
    assert "of its first" in written.sentences[1] or "for it is a .csv.out file" in written.sentences[1]


@pytest.mark.parametrize("name", [name for name in CASES if name not in ASKING])
def test_the_stream_file_scores_what_the_case_says(config: settings.Settings, name: str) -> None:
    case = CASES[name]
    inbox = wrote(case, config.data)
    written = first_stream.write("mail", inbox, config, KNOWN)
    path = config.streams / "mail.toml"
    if not written.complete:  # too few rows in the case for all labels: what it lacks is reported, and filled in
        text = path.read_text(encoding="utf-8")
        assert "labels: every answer there may be" in " ".join(written.sentences)
        path.write_text(text.replace('# labels = ["", ""]', f"labels = {json.dumps(case.labels)}"), encoding="utf-8")
    result = cases(inbox, settings.read_stream("mail", config))
    scored = {
        row[0]: row[1:]
        for row in result.filter(pl.col("doubt").is_null()).select("case_id", "prediction", "raw_score").rows()
    }
    assert {one: value for one, value in case.scored.items() if one in scored} == scored
    assert set(case.scored) == set(scored)


def test_a_batch_without_its_requests_asks_for_what_a_reviewer_sees(config: settings.Settings) -> None:
    written = first_stream.write("mail", wrote(CASES["openai-batch"], config.data), config, KNOWN)
    asked = next(line for line in written.sentences if line.startswith("  input.payload: "))
    assert 'give the file of the requests, [input.join] source = "..." and id = "custom_id"' in asked
    assert 'payload = ["request.body.messages[-1].content"]' in asked
    assert not written.complete


TOKEN = {"token": "bug", "logprob": -0.2, "top_logprobs": [{"token": "bug", "logprob": -0.2}]}
CHAT = {"choices": [{"message": {"content": "bug"}, "logprobs": {"content": [TOKEN]}}]}
TEXT = {"type": "output_text", "text": "bug", "logprobs": [TOKEN]}
ANSWERED = {"object": "response", "output": [{"type": "message", "content": [TEXT]}]}


@pytest.mark.parametrize(("name", "body"), [("openai-batch", CHAT), ("openai-batch-responses", ANSWERED)])
def test_where_answers_have_log_probabilities_it_says_how_they_become_a_confidence(
    config: settings.Settings, name: str, body: dict[str, object]
) -> None:
    row = {"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None}
    (config.data / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    written = first_stream.write("mail", config.data / "rows.jsonl", config, KNOWN)
    assert f"taken for {name} (" in written.sentences[1]
    asked = next(line for line in written.sentences if line.startswith("  input.confidence: the answers have log-prob"))
    paths = [json.loads(f'"{text}"') for text in re.findall(r'logprobs = "([^"]+)"', asked)]
    assert [True, True] == [row_paths.there(row, path) for path in paths]


@pytest.mark.parametrize(
    ("name", "missing", "present"),
    [
        ("azure-text-classification", ["input.payload"], 'prediction: column "of_highest(class[].category'),
        ("doccano", ["input.prediction", "input.confidence"], "payload, what the reviewer sees: 'text'"),
        ("labelbox", ["input.prediction", "input.confidence"], "payload, what the reviewer sees: 'data_row.row_data'"),
        (
            "mturk",
            ["input.prediction", "input.confidence"],
            "payload, what the reviewer sees: 'Input.text', 'Input.label'",
        ),
    ],
)
def test_what_a_format_does_not_hold_is_asked_for(
    config: settings.Settings, name: str, missing: list[str], present: str
) -> None:
    written = first_stream.write("mail", wrote(CASES[name], config.data), config, KNOWN)
    assert not written.complete
    asked = [line.strip().partition(": ")[0] for line in written.sentences]
    assert set(missing) <= set(asked)
    assert any(present.replace('"', "'", 1) in line or present in line for line in written.sentences), written.sentences


def test_nested_json_of_no_known_format_is_read_by_its_paths(config: settings.Settings) -> None:
    rows = [
        {
            "meta": {"uuid": f"u{n}"},
            "input": {"body": f"text {n}"},
            "output": {"team": "x", "label": "ab"[n % 2], "score": n / 20},
        }
        for n in range(20)
    ]
    (config.data / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first_stream.write("mail", config.data / "rows.jsonl", config, KNOWN)
    stream = settings.read_stream("mail", config)
    value = stream.input
    assert ("meta.uuid", "output.label", "output.score") == (value.id, value.prediction, value.confidence)
    assert "input.body" in value.payload
    result = cases(config.data / "rows.jsonl", stream)
    assert ([f"u{n}" for n in range(20)], 20) == (result["case_id"].to_list(), result["doubt"].null_count())


def test_a_table_of_probabilities_is_known_by_its_sums(config: settings.Settings) -> None:
    pl.DataFrame(
        {
            "key": ["a", "b", "c"],
            "text": ["x", "y", "z"],
            "p_ham": [0.9, 0.2, 0.25],
            "p_spam": [0.1, 0.8, 0.75],
            "size": [3, 4, 5],
        }
    ).write_csv(config.data / "proba.csv")
    first_stream.write("mail", config.data / "proba.csv", config, KNOWN)
    stream = settings.read_stream("mail", config)
    assert (["ham", "spam"], ["p_ham", "p_spam"]) == (stream.labels, stream.input.probabilities)
    assert ["ham", "spam", "spam"] == cases(config.data / "proba.csv", stream)["prediction"].to_list()


@pytest.mark.parametrize("start", ["", "p_", "proba "])
def test_what_scikit_learn_gives_for_each_class_is_read_by_the_names_of_its_classes(
    config: settings.Settings, start: str
) -> None:
    items, classes = datasets.make_classification(200, 6, n_informative=4, n_classes=3, random_state=0)
    names = np.array(["bug", "billing", "other"])[classes]
    model = linear_model.LogisticRegression(max_iter=500).fit(items, names)
    table = pl.DataFrame(model.predict_proba(items), schema=[f"{start}{name}" for name in model.classes_])
    table = table.insert_column(0, pl.Series("id", [f"c{n}" for n in range(200)]))
    table.with_columns(pl.format("mail {}", "id").alias("text")).write_csv(config.data / "proba.csv")
    written = first_stream.write("mail", config.data / "proba.csv", config, KNOWN)
    stream = settings.read_stream("mail", config)
    assert (True, ["billing", "bug", "other"]) == (written.complete, stream.labels)
    result = cases(config.data / "proba.csv", stream)
    assert model.predict(items).tolist() == result["prediction"].to_list()
    np.testing.assert_allclose(model.predict_proba(items).max(axis=1), result["raw_score"], rtol=1e-12)


def test_what_was_said_stands_in_the_file_and_what_was_not_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SECOND_READER_STREAMS", raising=False)
    wrote(CASES["comprehend"], tmp_path)
    result = CliRunner().invoke(app, ["guess", "inbox/output.tar.gz", "--target", "0.02", "--error-cost", "7"])
    assert 0 == result.exit_code, result.output
    text = (tmp_path / "deploy" / "streams" / "output.toml").read_text(encoding="utf-8")
    assert ("error = 0.02\n" in text, "error = 7.0\n" in text) == (True, True)
    assert "review_minute = 0.5   # FILL IN" in text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["inbox/a.jsonl", "other/b.jsonl"], "inbox/a.jsonl: there is no such file"),
        (["inbox/output.tar.gz", "streams.txt"], "the files lie in several folders"),
        (["inbox", "--target", "2"], "--target 2: give a share above 0"),
        (["inbox", "--error-cost", "-1"], "--error-cost -1: give an amount of 0 or more"),
    ],
)
def test_a_command_that_cannot_be_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    wrote(CASES["comprehend"], tmp_path)
    (tmp_path / "streams.txt").write_text("x")
    error = CliRunner().invoke(app, ["guess", *words]).exception
    assert isinstance(error, Misuse)
    assert text in str(error)


def test_names_and_texts_that_a_path_cannot_hold_as_they_stand_are_read_all_the_same(config: settings.Settings) -> None:
    rows = [
        {
            "the id": f"c{n}",
            "out": {'a "label"': {"label": "ab"[n % 2]}, "p.q": n / 20, "\ud800": 1},
            "in": {"t": "x\ud800\0y"},
        }
        for n in range(20)
    ]
    (config.data / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first_stream.write("mail", config.data / "rows.jsonl", config, KNOWN)
    text = (config.streams / "mail.toml").read_text(encoding="utf-8")
    assert 'id = "the id"' in text
    assert r'prediction = "out.\"a \\\"label\\\"\".label"' in text


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.jsonl", b"[1]\n[2]\n", "not JSONL; none of its first 1000 lines is a JSON object on one line"),
        ("a.json", b"[1, 2]", "not JSON of objects; none of its first 1000 items is one"),
        ("a.json", b"<html>", "not JSON at item 1"),
        ("a.jsonl", b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"\n", "none of its first 1000 lines is a JSON object"),
        ("a", b"hello", "cannot tell what it is"),
        ("a.tar.gz", b"\x1f\x8b", "not a tar archive, or cut off"),
    ],
)
def test_what_holds_no_outputs_is_one_line_and_nothing_is_written(
    config: settings.Settings, name: str, content: bytes, text: str
) -> None:
    (config.data / name).write_bytes(content)
    with pytest.raises(InputInvalid, match=text) as refused:
        first_stream.write("mail", config.data / name, config, KNOWN)
    assert "\n" not in str(refused.value)
    assert not config.streams.exists()
