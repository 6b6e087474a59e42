"""A first stream file from what people have: it says what it guessed, leaves out what it cannot know, and overwrites nothing."""

import gzip
import json
import tomllib
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from flows.commands.main import app
from flows.inputs import first_stream
from flows.runtime import settings
from models.config import stream as streams
from models.errors import InputInvalid, Misuse, SecondReaderError, StreamInvalid

FIELD = Path(__file__).resolve().parents[3] / "field"


@pytest.fixture
def config(tmp_path: Path) -> settings.Settings:
    return settings.Settings(streams=tmp_path / "streams", data=tmp_path)


def begun(config: settings.Settings, data: Path, name: str = "mail") -> tuple[streams.Stream, list[str]]:
    sentences = first_stream.write(name, data, config).sentences
    return settings.read_stream(name, config), sentences


def test_a_first_stream_file_passes_as_it_is_where_nothing_is_missing(config: settings.Settings) -> None:
    built, message = begun(config, FIELD / "rerun" / "v1.jsonl")
    assert ("id", "label", "p", ["text"]) == (
        built.input.id,
        built.input.prediction,
        built.input.confidence,
        built.input.payload,
    )
    assert (["billing", "bug", "other"], "text") == (built.labels, built.review.kind)
    assert "Then run: second-reader init mail" == message[-1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("percent", {"id": "doc", "prediction": "type", "confidence": "score", "scale": "percent"}),
        ("logprobs", {"id": "id", "prediction": "label", "confidence": "logprob", "scale": "logprob"}),
    ],
)
def test_scales_are_reported_and_a_payload_that_is_not_there_is_missing(
    config: settings.Settings, data: str, expected: dict[str, str]
) -> None:
    source = FIELD / data / "a.jsonl.gz"
    sentences = first_stream.write("mail", source, config).sentences
    written = tomllib.loads((config.streams / "mail.toml").read_text(encoding="utf-8"))
    assert {"source": str(source)} | expected == written["input"]
    place = sentences.index("What is missing, and `init` will ask for:")
    assert sentences[place + 1].startswith("  input.payload: no column of text is left")
    assert "  not used: 'truth'" in sentences


def test_what_the_file_says_is_said_and_what_no_data_says_is_to_be_filled_in(config: settings.Settings) -> None:
    rows = pl.DataFrame(
        {
            "Message ID": ["a", "b", "c", "d"],
            "p_bug": [0.9, 0.2, 0.3, 0.8],
            "p_other": [0.1, 0.8, 0.7, 0.2],
            "predicted": ["bug", "other", "other", "bug"],
            "truth": ["bug", "bug", "other", "bug"],
            "editor": ["bug", "other", None, "bug"],
            "body": ["It broke", "Hello", "Thanks", "Broken"],
            "subject": ["Help", "Hi", "Re", "Bug"],
            "model_version": ["m-7"] * 4,
            "created_at": ["2026-02-01T10:00:00Z"] * 4,
            "cost_usd": [0.01, 0.02, 0.01, 0.01],
            "weight": [3, 4, 5, 6],
        }
    )
    rows.write_parquet(config.data / "a.parquet")
    built, message = begun(config, config.data / "a.parquet")
    value = built.input
    assert ("a.parquet", "Message ID", "predicted") == (value.source, value.id, value.prediction)
    assert (["p_bug", "p_other"], ["bug", "other"]) == (value.probabilities, built.labels)
    assert ["body", "subject"] == value.payload  # not the truth, nor what an editor answered
    assert ("model_version", "created_at", "cost_usd", "m-7") == (
        value.model,
        value.produced_at,
        value.cost,
        built.model.id,
    )
    assert ("record", "Second Reader: mail") == (built.review.kind, built.review.project)
    assert "  not used: 'truth', 'editor', 'weight'" in message
    text = (config.streams / "mail.toml").read_text(encoding="utf-8")
    assert text.count("# FILL IN") == 4
    assert text.count("MISSING:") == 0
    assert [line.strip().partition(":")[0] for line in message[-4:-1]] == [
        "review.question",
        "target.error",
        "costs.error, costs.review_minute",
    ]


def test_what_is_missing_is_named_and_init_names_it_too(config: settings.Settings) -> None:
    (config.data / "a.csv").write_text("text,score\nhello,0.5\nhello,0.25\n", encoding="utf-8")
    sentences = first_stream.write("mail", config.data / "a.csv", config).sentences
    missing = sentences[sentences.index("What is missing, and `init` will ask for:") + 1 :][:3]
    assert ["input.id", "input.prediction", "labels"] == [line.strip().partition(":")[0] for line in missing]
    with pytest.raises(StreamInvalid, match="labels: missing; add this key"):
        settings.read_stream("mail", config)


def test_a_stream_file_that_is_there_stays_as_it_is(config: settings.Settings) -> None:
    config.streams.mkdir()
    (config.streams / "mail.toml").write_text("mine")
    with pytest.raises(Misuse, match=r"mail\.toml: is there already, and is never overwritten"):
        first_stream.write("mail", FIELD / "rerun" / "v1.jsonl", config)
    assert (config.streams / "mail.toml").read_text() == "mine"


def test_what_is_no_file_of_outputs_is_one_line_and_nothing_is_written(config: settings.Settings) -> None:
    (config.data / "a.txt").write_text("hello")
    (config.data / "empty").mkdir()
    for name, reason in [("a.txt", "cannot tell what it is"), ("empty", "no file in it"), ("nosuch", "no such file")]:
        with pytest.raises(InputInvalid, match=reason):
            first_stream.write("mail", config.data / name, config)
    with pytest.raises(Misuse, match="small letters, digits and hyphens"):
        first_stream.write("My Stream", FIELD / "rerun" / "v1.jsonl", config)
    assert not config.streams.exists()


def test_labels_and_names_that_toml_must_escape_come_back_as_they_were(config: settings.Settings) -> None:
    labels = ['say "no"', "C:\\yes", "zoë"]
    lines = [json.dumps({"i\\d": f"c-{n}", "label": labels[n % 3], "score": 0.5, 'te"xt': "x"}) for n in range(9)]
    with gzip.open(config.data / "a.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    built, _ = begun(config, config.data / "a.jsonl.gz")
    assert (sorted(labels), "i\\d", ['te"xt']) == (built.labels, built.input.id, built.input.payload)


def test_the_command_writes_it_and_needs_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SECOND_READER_STREAMS", raising=False)
    result = CliRunner().invoke(app, ["init", "mail", "--from", str(FIELD / "rerun" / "v1.jsonl")])
    assert (0, True) == (result.exit_code, (tmp_path / "deploy" / "streams" / "mail.toml").exists())
    assert "id: column 'id'" in result.output


def test_init_says_that_it_goes_on_where_target_and_costs_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECOND_READER_LABEL_STUDIO_TOKEN", "")
    known = ["--target", "0.02", "--error-cost", "10", "--minute-cost", "0.5"]
    result = CliRunner().invoke(app, ["init", "mail", "--from", str(FIELD / "rerun" / "v1.jsonl"), *known])
    assert isinstance(result.exception, SecondReaderError), "went on, to Label Studio, which it cannot enter"
    assert ("Going on with this file as it is." in result.output, "Then run" in result.output) == (True, False)


def test_a_table_that_has_the_signs_of_a_format_but_not_its_id_is_a_table(tmp_path: Path) -> None:
    config = settings.Settings(streams=tmp_path / "streams", data=tmp_path)
    (tmp_path / "work.csv").write_text(
        "HITId,WorkerId,AssignmentStatus,Input.text\nh1,w1,Approved,x\nh2,w1,Approved,y\n"
    )
    written = first_stream.write("mail", tmp_path / "work.csv", config)
    assert "  the file: taken for a table of 4 columns" in written.sentences


def test_a_stream_that_is_named_like_a_way_out_of_the_folder_is_refused(
    config: settings.Settings, tmp_path: Path
) -> None:
    (tmp_path / "work.csv").write_text("id,label\n1,a\n2,b\n")
    with pytest.raises(Misuse, match=r"'\.\./mail': call a stream by small letters"):
        first_stream.write("../mail", tmp_path / "work.csv", config)
    assert not (tmp_path / "mail.toml").exists()
