"""What the first look found stands in the report until it is mended."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import measure
from flows.governance import evidence
from flows.inputs import first_look
from flows.runtime import runs, settings
from review.ledger import ledger
from review.report import html_page, terminal
from tests.integration.test_first_look import FIELD, Field


@pytest.fixture
def field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    ledger.migrate(url)
    with ledger.open(url) as book:
        yield Field(tmp_path, book)


def test_what_is_to_be_mended_of_a_column_stands_in_the_report(field: Field) -> None:
    described = field.describe("epoch")
    (field.folder / "inbox").mkdir()
    (field.folder / "inbox" / "a.jsonl").write_bytes((FIELD / "epoch" / "a.jsonl").read_bytes())
    field.score("epoch", described)
    in_force = runs.policy_in_force(field.book, described)
    run = runs.Run(
        run_id="run",
        flow="measure",
        started_at=runs.clock(),
        stream=described,
        settings=settings.read(),
        ledger=field.book,
    )
    cases = evidence.cases(run, runs.clock())
    labels = evidence.labels(described, in_force, cases, runs.clock())
    report = measure.gather(run, in_force, cases, {}, labels, runs.clock())
    assert [line.partition(" values")[0] for line in report.columns] == ["a.jsonl: none of 40"] * 2
    assert html_page.html(report).count("none of 40 values") == 2
    assert terminal.lines(report).count("Columns: a.jsonl: none of 40 values") == 2


def test_the_report_looks_at_the_newest_file_and_what_cannot_be_read_is_no_matter_of_it(field: Field) -> None:
    described, inbox = field.describe("epoch"), field.folder / "inbox"
    assert first_look.noted(inbox, described) == []
    inbox.mkdir()
    row = '{"id": "1", "label": "%s", "p": 0.8, "created": "", "price": "", "text": "?"}\n'
    for name, label, at in (("z.jsonl", "no", 1), ("a.jsonl", "No\x1b[31m", 2)):
        (inbox / name).write_text(row % label.replace("\x1b", "\\u001b") * 3, encoding="utf-8")
        os.utime(inbox / name, (at, at))
    noted = first_look.noted(inbox, described)
    (line,) = [line for line in noted if "are none of the labels" in line]
    assert line.startswith("a.jsonl: 3 of 3 answers in column 'label' (input.prediction) are none of the labels: 'No")
    assert "\x1b" not in line
    (inbox / "b.jsonl").write_text("{", encoding="utf-8")
    assert first_look.noted(inbox, described) == []


def test_an_inbox_that_may_not_be_entered_is_said_in_one_line(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    described, inbox = field.describe("epoch"), field.folder / "inbox"

    def refused(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refused)
    assert first_look.sentences(inbox, described) == [
        f"{inbox}: cannot be read (Permission denied); give the right to read it"
    ]
    assert first_look.noted(inbox, described) == []
