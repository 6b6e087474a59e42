"""Files that earlier runs took whole are passed over unopened, and nothing that is written later is lost by that."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows import score
from flows.governance import epochs
from flows.inputs import files, one_file, taken_files
from flows.runtime import settings
from flows.scoring import decide
from review.ledger import ledger
from tests.integration.desk import ANN, STREAM

TOP = "id,label,score,text\n"


@dataclass(frozen=True, slots=True)
class Inbox:
    folder: Path
    book: ledger.Ledger

    def write(self, name: str, *ids: str, more: str = "") -> Path:
        path = self.folder / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TOP + "".join(f"{case},ham,0.9,text of {case}\n" for case in ids) + more, encoding="utf-8")
        return path

    def describe(self, at: str = "") -> None:
        text = STREAM.format(model="m-1", target=0.05, per_class="no", at=at)
        (self.folder / "mail.toml").write_text(text, encoding="utf-8")

    def score(self, source: str | None = None) -> tuple[int, int, int]:
        """Rows read, cases decided, files passed over."""
        counts: dict[str, Any] = score._score("mail", source)
        return counts["read"], counts["decided"], counts.get("files_passed_over", 0)


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    ledger_url = f"sqlite:///{tmp_path}/ledger.db"
    for name, value in {"LEDGER": ledger_url, "STREAMS": str(tmp_path), "DATA": str(tmp_path)}.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    monkeypatch.setattr(decide, "record", decide.record.fn)  # without Prefect
    monkeypatch.setattr(taken_files, "_TICK", 0.0)  # a file need not be left alone for seconds first
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        desk = Inbox(tmp_path, book)
        desk.describe()
        epochs.begin_epoch(book, settings.read_stream("mail", settings.read()), ANN)
        yield desk


def test_a_file_that_was_taken_is_passed_over_until_it_changes(inbox: Inbox) -> None:
    inbox.write("a.csv", "a", "b")
    inbox.write("date=1/a.csv", "c")
    assert (3, 3, 0) == inbox.score()
    assert (0, 0, 2) == inbox.score()
    inbox.write("a.csv", "a", "b", "d")  # appended
    inbox.write("date=2/a.csv", "e")
    assert (4, 2, 1) == inbox.score()
    assert (0, 0, 3) == inbox.score()


def test_a_file_that_is_written_anew_with_its_size_and_time_of_writing_is_read(inbox: Inbox) -> None:
    path = inbox.write("a.csv", "a")
    before = path.stat()
    assert (1, 1, 0) == inbox.score()
    inbox.write("a.csv", "b")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert (1, 1, 0) == inbox.score()


def test_a_file_that_may_change_within_a_tick_of_the_clock_is_read_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taken_files, "_TICK", 60.0)  # as on a disk whose clock is that coarse
    inbox.write("a.csv", "a")
    assert (1, 1, 0) == inbox.score()
    assert (1, 0, 0) == inbox.score()


def test_a_file_that_changes_while_it_is_read_is_read_again(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.write("a.csv", "a")
    record = decide.record

    def late(*value: Any) -> dict[str, int]:
        inbox.write("a.csv", "b")
        return record(*value)

    monkeypatch.setattr(decide, "record", late)
    assert (1, 1, 0) == inbox.score()
    assert (1, 1, 0) == inbox.score()


def test_a_file_whose_last_record_waits_is_read_again(inbox: Inbox) -> None:
    path = inbox.write("a.csv", "a", more="b,ham,0.9,half a te")
    assert (1, 1, 0) == inbox.score()
    assert (1, 0, 0) == inbox.score()
    os.utime(path, (0, 0))  # nobody has written for years
    assert [(2, 0, 0)] * 2 == [inbox.score(), inbox.score()]  # a file with a fault is reported of until it is mended
    faults = inbox.book.read("SELECT source, line, raw FROM fault")
    assert [("a.csv", 3, "b,ham,0.9,half a te")] == faults.rows()


def test_a_run_that_ends_early_has_taken_nothing(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.write("a.csv", "a")
    inbox.write("b.csv", "b")
    record, asked = decide.record, iter([True, False])

    def killed(*value: Any) -> dict[str, int]:
        if not next(asked):
            raise KeyboardInterrupt
        return record(*value)

    with monkeypatch.context() as patch:
        patch.setattr(decide, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            inbox.score()
    assert (2, 1, 0) == inbox.score()
    assert (0, 0, 2) == inbox.score()


def test_what_is_named_by_hand_is_read(inbox: Inbox) -> None:
    path = inbox.write("a.csv", "a")
    assert (1, 1, 0) == inbox.score()
    assert (1, 0, 0) == inbox.score(str(path))
    assert (0, 0, 1) == inbox.score()


def test_files_are_read_again_by_a_stream_that_reads_otherwise_and_in_another_epoch(inbox: Inbox) -> None:
    inbox.write("a.csv", "a")
    assert (1, 1, 0) == inbox.score()
    inbox.describe(at='cost = "score"')
    epochs.begin_epoch(inbox.book, settings.read_stream("mail", settings.read()), ANN)
    assert 1 == inbox.score()[0]


def test_two_thousand_files_that_were_taken_are_not_opened(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [inbox.write(f"{number}.csv", f"c-{number}") for number in range(2000)]
    described = settings.read_stream("mail", settings.read())
    first = taken_files.Look(described, "an epoch")
    for path in paths:
        first.opens(path, path.name)
    known = first.kept()
    assert known is not None
    assert len(known) < 2000 * 40
    monkeypatch.delattr(one_file, "checked")  # nothing is opened without it
    again = taken_files.Look(described, "an epoch", taken_files.marks([known]))
    assert [] == list(files.chunks(inbox.folder / "inbox", described, look=again))
    assert {"files_passed_over": 2000} == again.counts()
