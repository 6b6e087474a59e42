"""Folders as platforms write them, from `guess` to the ledger: failed rows go to people with the platform's words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import score
from flows.commands.main import app
from flows.governance import epochs
from flows.runtime import runs, settings
from flows.scoring import decide
from review.ledger import ledger
from tests.integration.desk import ANN
from tests.unit.flows.inputs import format_cases
from tests.unit.flows.inputs.format_runs import STREAM

FIELD = Path(__file__).resolve().parents[1] / "field"
COSTS = ["--target", "0.05", "--error-cost", "10", "--minute-cost", "0.5"]


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ledger.Ledger]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path / "streams"))
    monkeypatch.setenv("SECOND_READER_DATA", str(FIELD))
    ledger.migrate(url)
    with ledger.open(url) as opened:
        yield opened


def scored(book: ledger.Ledger, name: str) -> dict[str, int]:
    stream = settings.read_stream(name, settings.read())
    epochs.begin_epoch(book, stream, ANN)
    run = runs.Run(
        run_id="run", flow="score", started_at=runs.clock(), stream=stream, settings=settings.read(), ledger=book
    )
    return score.record_all(run, FIELD / name, decide.record.fn)


def test_bedrock_passes_its_manifest_over_and_gives_error_rows_to_people_with_their_reason(book: ledger.Ledger) -> None:
    guessed = CliRunner().invoke(app, ["guess", str(FIELD / "bedrock"), *COSTS])
    assert (0, True) == (guessed.exit_code, "taken for bedrock-batch" in guessed.output)
    counts = scored(book, "bedrock")
    assert (20, 20, 1, 0) == (counts["read"], counts["decided"], counts["unscored"], counts["faults"])
    rows = book.read("SELECT case_id, prediction, raw_score, doubt, payload, route FROM decision ORDER BY case_id")
    first, failed = rows.row(0, named=True), rows.row(7, named=True)
    assert ("R0000", "yes", 0.56, None) == (first["case_id"], first["prediction"], first["raw_score"], first["doubt"])
    assert "late refund login crash crash parcel" in first["payload"]
    assert ("the platform answered with an error: 400 too long", None) == (failed["doubt"], failed["raw_score"])
    assert {"REVIEW"} == set(rows["route"])
    again = scored(book, "bedrock")
    assert (0, 20) == (again["decided"], again["repeats"])


def test_comprehend_takes_the_highest_of_its_classes_and_an_id_of_file_and_line(book: ledger.Ledger) -> None:
    guessed = CliRunner().invoke(app, ["guess", str(FIELD / "comprehend"), *COSTS])
    assert (0, True) == (guessed.exit_code, "taken for comprehend" in guessed.output)
    counts = scored(book, "comprehend")
    assert (30, 30, 0, 0) == (counts["read"], counts["decided"], counts["unscored"], counts["faults"])
    rows = book.read("SELECT case_id, prediction, raw_score FROM decision ORDER BY case_id")
    assert ("part0.txt:0", "DOCUMENTARY", 0.5636) == rows.row(0)
    assert ("part0.txt:2", "OTHER", 0.7034) in rows.rows()


def test_a_batch_of_openai_shows_what_its_requests_asked(
    book: ledger.Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    case = format_cases.CASES["openai-batch"]
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name, content in case.files.items():
        (inbox / name).write_bytes(content)
    asked = [
        {
            "custom_id": one,
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"messages": [{"content": f"Mail {one}"}]},
        }
        for one in reversed([*case.scored, *case.people])
    ]
    (tmp_path / "requests.jsonl").write_bytes(format_cases.lines(*asked))
    keys = case.keys.replace('payload = ["custom_id"]', 'payload = ["request.body.messages[-1].content"]')
    keys += '\njoin = { source = "requests.jsonl", id = "custom_id" }'
    text = STREAM.format(name="openai-batch", labels=list(case.labels), keys=keys, kind="text")
    (tmp_path / "streams").mkdir()
    (tmp_path / "streams" / "mail.toml").write_text(text, encoding="utf-8")
    stream = settings.read_stream("mail", settings.read())
    epochs.begin_epoch(book, stream, ANN)
    run = runs.Run(
        run_id="run", flow="score", started_at=runs.clock(), stream=stream, settings=settings.read(), ledger=book
    )
    counts = score.record_all(run, inbox, decide.record.fn)
    assert (7, 5, 0) == (counts["decided"], counts["unscored"], counts["faults"])
    rows = book.read("SELECT case_id, payload, doubt FROM decision ORDER BY case_id")
    assert all(f"Mail {row[0]}" in row[1] for row in rows.rows())
    assert case.people == dict(rows.filter(rows["doubt"].is_not_null()).select("case_id", "doubt").rows())
