"""Files as people have them, scored: what their columns are is said before anything is recorded, and each row is counted.

The inputs in tests/field were made for this project after troubles people report; nothing in them is anybody's data.
"""

import gzip
import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from flows import score
from flows.commands.main import app
from flows.governance import epochs
from flows.health import doctor
from flows.inputs import first_look
from flows.runtime import runs, settings
from flows.scoring import decide
from models.config import stream
from models.errors import InputInvalid, Unavailable
from review.ledger import ledger
from tests.integration.desk import ANN

FIELD = Path(__file__).resolve().parents[1] / "field"
STREAM = """
name = "{name}"
title = "Field"
labels = {labels}
[input]
source = "inbox"
{columns}
[model]
id = "m-1"
[review]
kind = "text"
question = "What is it?"
project = "Field"
[target]
error = 0.05
[costs]
error = 10.0
review_minute = 0.5
"""
CASES: dict[str, tuple[str, str, str]] = {
    "constant": (
        "a.jsonl.gz",
        '["w2", "form", "other"]',
        'id = "doc"\nprediction = "class"\nconfidence = "confidence"',
    ),
    "epoch": (
        "a.jsonl",
        '["yes", "no"]',
        'prediction = "label"\nconfidence = "p"\nproduced_at = "created"\ncost = "price"',
    ),
    "logprobs": ("a.jsonl.gz", '["tech", "sport", "art"]', 'prediction = "label"\nconfidence = "logprob"'),
    "onesided": ("a.csv.gz", '["ok", "toxic"]', 'prediction = "label"\nconfidence = "toxicity"'),
    "percent": ("a.jsonl.gz", '["invoice", "letter"]', 'id = "doc"\nprediction = "type"\nconfidence = "score"'),
    "rounded": (
        "a.csv.gz",
        str([f"c{n}" for n in range(12)]),
        f"probabilities = {[f'c{n}' for n in range(12)]}",
    ),
    "samples": ("a.jsonl.gz", '["yes", "no"]', 'id = "item"\nprediction = "answer"'),
}


class Field:
    """One of the cases, with an open ledger."""

    def __init__(self, folder: Path, book: ledger.Ledger) -> None:
        self.folder, self.book = folder, book

    def describe(self, name: str, more: str = "") -> stream.Stream:
        _, labels, columns = CASES[name]
        shown = "text" if name in ("epoch", "samples") else "doc" if "doc" in columns else "id"
        columns = f'{columns}\npayload = ["{shown}"]\n{more}'
        text = STREAM.format(name=name, labels=labels, columns=columns)
        (self.folder / f"{name}.toml").write_text(text, encoding="utf-8")
        return settings.read_stream(name, settings.read())

    def score(self, name: str, described: stream.Stream, data: Path | None = None) -> dict[str, int]:
        epochs.begin_epoch(self.book, described, ANN)
        run = runs.Run(
            run_id="run",
            flow="score",
            started_at=runs.clock(),
            stream=described,
            settings=settings.read(),
            ledger=self.book,
        )
        return score.record_all(run, data or FIELD / name / CASES[name][0], decide.record.fn)

    def decided(self) -> int:
        return int(self.book.read("SELECT count(*) AS n FROM decision")["n"].item())


class Heard(logging.Handler):
    """Warnings, each with how many cases were decided when it was given."""

    def __init__(self, field: Field) -> None:
        super().__init__(logging.WARNING)
        self.field = field
        self.lines: list[tuple[str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), self.field.decided()))


@pytest.fixture
def field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    ledger.migrate(url)
    with ledger.open(url) as book:
        yield Field(tmp_path, book)


SENTENCES = {
    "constant": [
        "a.jsonl.gz: column 'confidence' (input.confidence) is one number in all 3000 rows: it cannot tell sure answers from"
    ],
    "epoch": [
        "a.jsonl: none of 40 values in column 'created' (input.produced_at) can be read, and '1764000000' is not a time: give",
        "a.jsonl: none of 40 values in column 'price' (input.cost) can be read, and '$0.0021' is not a number of 0 or more",
    ],
    "onesided": [
        "a.csv.gz: column 'toxicity' (input.confidence) looks like the probability of 'toxic', not of the answer given"
    ],
    "rounded": ["a.csv.gz: the probabilities of 1013 of 2000 rows sum to 0.98 to 1.02, as rounding to so few decimals"],
}


@pytest.mark.parametrize("name", SENTENCES)
def test_what_is_odd_about_a_column_is_said_once_with_the_way_out_before_anything_is_recorded(
    field: Field, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = field.describe(name)
    sentences = first_look.sentences(FIELD / name / CASES[name][0], described)
    assert [line[: len(start)] for line, start in zip(sentences, SENTENCES[name], strict=True)] == SENTENCES[name]
    heard = Heard(field)
    monkeypatch.setattr(runs.log, "handlers", [heard])
    counts = field.score(name, described)
    assert heard.lines[: len(sentences)] == [(f"score {name}: {line}", 0) for line in sentences]
    assert counts["read"] == counts["decided"] + counts["faults"] + counts["repeats"]


def test_several_answers_to_an_item_are_refused_with_the_way_out_before_anything_is_recorded(field: Field) -> None:
    described = field.describe("samples")
    (line,) = first_look.sentences(FIELD / "samples" / CASES["samples"][0], described)
    assert line.startswith("a.jsonl.gz: 1500 rows have 300 values")
    assert line.endswith("until then score takes nothing")
    with pytest.raises(InputInvalid, match="which makes one case of them"):
        field.score("samples", described)
    assert field.decided() == 0


@pytest.mark.parametrize(
    ("name", "scale", "refused", "read"),
    [
        (
            "percent",
            "percent",
            r'a\.jsonl\.gz, line 1: score 60 is not from 0 to 1, .* input\.scale = "percent"',
            {"d0": 0.6, "d2": 1.0},
        ),
        (
            "logprobs",
            "logprob",
            r'a\.jsonl\.gz, line 2: logprob -0\.356675 .* input\.scale = "logprob"',
            {"h0": 1.0, "h1": 0.7},
        ),
    ],
)
def test_a_column_of_another_scale_is_refused_whole_and_read_whole_once_it_is_named(
    field: Field, name: str, scale: str, refused: str, read: dict[str, float]
) -> None:
    described = field.describe(name)
    (reported,) = first_look.sentences(FIELD / name / CASES[name][0], described)
    assert reported.endswith("until then score takes nothing")
    with pytest.raises(InputInvalid, match=refused):
        field.score(name, described)
    assert field.decided() == 0
    counts = field.score(name, field.describe(name, f'scale = "{scale}"'))
    assert (counts["decided"], counts["unscored"]) == (counts["read"], 0)
    by_name = dict(field.book.read("SELECT case_id, confidence FROM decision").iter_rows())
    assert {case: round(by_name[case], 6) for case in read} == read


def test_every_row_of_five_to_an_item_is_counted_as_what_it_became(field: Field) -> None:
    """Five texts of an item with one answer: of several answers nothing would be taken."""
    described = field.describe("samples")
    rows = pl.read_ndjson(gzip.decompress((FIELD / "samples" / CASES["samples"][0]).read_bytes()))
    data = field.folder / "a.jsonl"
    rows.with_columns(text=pl.col("text") + pl.col("answer"), answer=pl.lit("yes")).write_ndjson(data)
    first = {"read": 1500, "decided": 300, "to_review": 300, "faults": 425, "repeats": 775}
    (line,) = first_look.sentences(data, described)
    assert line.startswith(
        "a.jsonl: 1500 rows have 300 values in column 'item' (input.id), up to 5 of one, and 210 of these with"
    )
    assert field.score("samples", described, data).items() >= first.items()
    assert field.score("samples", described, data).items() >= {"decided": 0, "faults": 425, "repeats": 1075}.items()


def test_the_probability_of_one_class_is_read_as_that_once_it_is_named(field: Field) -> None:
    by = field.describe("onesided")
    named = stream.parse(
        (field.folder / "onesided.toml").read_text().replace('"toxicity"', '{ of = "toxic", column = "toxicity" }'),
        origin="onesided.toml",
    )
    assert first_look.sentences(FIELD / "onesided" / "a.csv.gz", by)
    assert first_look.sentences(FIELD / "onesided" / "a.csv.gz", named) == []
    field.score("onesided", named)
    rows = field.book.read("SELECT avg(confidence) AS mean, count(*) AS n FROM decision WHERE prediction = 'ok'")
    assert (rows["n"].item(), round(rows["mean"].item(), 2)) == (2669, 0.93)


def test_init_says_it_before_anything_is_made(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_READER_LABEL_STUDIO_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SECOND_READER_LABEL_STUDIO_TOKEN", "none")
    (field.folder / "inbox").mkdir()
    for name in ("percent", "epoch"):
        field.describe(name)
        file = CASES[name][0]
        (field.folder / "inbox" / file).write_bytes((FIELD / name / file).read_bytes())
        ended = CliRunner().invoke(app, ["init", name])
        (field.folder / "inbox" / file).unlink()
        assert isinstance(ended.exception, Unavailable), "there is no Label Studio"
        assert ("until then score takes nothing" if name == "percent" else SENTENCES[name][1]) in ended.stderr
    assert field.book.read("SELECT count(*) AS n FROM epoch")["n"].item() == 0


def test_doctor_says_what_is_to_be_mended_and_not_what_may_be_meant(field: Field) -> None:
    for name in ("epoch", "rounded"):
        field.describe(name)
        (field.folder / "inbox").mkdir(exist_ok=True)
        file = field.folder / "inbox" / CASES[name][0]
        file.write_bytes((FIELD / name / file.name).read_bytes())
        findings = itertools.takewhile(lambda one: one.subject != "ledger", doctor.examine(name, deep=False))
        warned = [str(one) for one in findings if one.where == f"stream {name}"]
        file.unlink()
        assert len(warned) == (2 if name == "epoch" else 0)
        assert all(line.startswith("warn: settings, stream epoch: a.jsonl: none of 40 values") for line in warned)


def test_init_says_that_an_inbox_is_not_there_yet_and_nothing_of_an_empty_one(field: Field) -> None:
    inbox = field.folder / "inbox"
    assert first_look.sentences(inbox, field.describe("samples")) == [
        f"{inbox}: there is no such file or folder yet; deliver to it, or correct input.source"
    ]
    assert (
        first_look.sentences(inbox, field.describe("samples"), harmless=False) == []
    )  # doctor has a finding of its own
    inbox.mkdir()
    assert first_look.sentences(field.folder / "inbox", field.describe("samples")) == []


SPELT = [
    '{"id": "1", "label": "Yes", "p": 0.9, "pic": "a.png"}',
    '{"id": "2", "label": "no", "p": 0.8, "pic": "b.png"}',
    '{"id": "3", "label": "[\\"yes\\", \\"no\\"]", "p": 0.7, "pic": "c.png"}',
    '{"id": "4", "label": "[\\"no\\"]", "p": 0.6, "pic": "d.png"}',
    '{"id": "5", "label": "[]", "p": 0.5, "pic": "e.png"}',
]


def test_what_score_would_refuse_whole_is_said_before(field: Field) -> None:
    """Lists for answers, and paths for pictures."""
    inbox = field.folder / "inbox"
    inbox.mkdir()
    (inbox / "a.jsonl").write_text("".join(line + "\n" for line in SPELT), encoding="utf-8")
    described = field.describe("epoch").model_copy(deep=True)
    plain = described.input.model_copy(update={"produced_at": None, "cost": None, "payload": ["pic"]})
    described = described.model_copy(update={"input": plain})
    (lists,) = first_look.sentences(inbox, described)
    assert "is a list, and not the only one" in lists
    assert lists.endswith("until then score takes nothing")
    (inbox / "a.jsonl").write_text("".join(line.replace('"[', '"no [') + "\n" for line in SPELT), encoding="utf-8")
    pictures = described.model_copy(update={"review": described.review.model_copy(update={"kind": "image"})})
    (paths,) = first_look.sentences(inbox, pictures)
    assert "holds paths, such as 'a.png'" in paths


def test_folders_that_are_not_read_are_said_before_and_once(field: Field, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = field.folder / "inbox"
    (inbox / "january").mkdir(parents=True)
    for name in ("b.jsonl", "january/a.jsonl"):
        (inbox / name).write_text(
            '{"id": "1", "label": "no", "p": 0.8, "created": "", "price": ""}\n', encoding="utf-8"
        )
    sentences = first_look.sentences(inbox, field.describe("epoch"))
    assert sentences[0] == f"{inbox}: not read are its folders 'january'; of folders only those named key=value are"
    assert "column 'text' is missing" in sentences[1]
    assert "january" not in capsys.readouterr().err, "nor is it logged"
