"""A copy of the ledger: consistent while others write, checked, and never half there."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from models import errors
from review.integrity import verify
from review.ledger import ledger
from review.retention import backups
from tests.integration import ledger_facts as facts


@pytest.fixture
def url(tmp_path: Path) -> str:
    text = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger.migrate(text)
    with ledger.open(text) as book:
        book.append(facts.all_tables(), now=facts.NOW)
    return text


def test_a_copy_holds_every_record_and_the_head_it_names(url: str, tmp_path: Path) -> None:
    copied = backups.make(url, tmp_path / "copy.db")
    with ledger.open(f"sqlite:///{tmp_path / 'copy.db'}") as book, ledger.open(url) as original:
        assert verify.ledger(book, known=(copied.seals, copied.digest)) == []
        assert book.head() == original.head() == (copied.seals, copied.digest)
        assert book.read("PRAGMA journal_mode").item() == "wal"
        for table in ("decision", "review", "redispatch"):
            assert book.read(f"SELECT * FROM {table}").equals(original.read(f"SELECT * FROM {table}"))
        book.append({"fault": facts.faults({"line": 77})}, now=facts.NOW)  # a ledger like any other
        assert verify.ledger(book) == []
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.db"]


def test_a_copy_taken_while_another_writes_is_whole(url: str, tmp_path: Path) -> None:
    stop = threading.Event()
    written = threading.Event()

    def write() -> None:
        with ledger.open(url) as book:
            line = 1000
            while not stop.is_set():
                rows = [{"line": line + n} for n in range(50)]
                book.append({"fault": facts.faults(*rows)}, now=facts.NOW)  # type: ignore[arg-type]
                line += 50
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(30)
        heads = [backups.make(url, tmp_path / f"copy-{n}.db") for n in range(3)]
    finally:
        stop.set()
        writer.join()
    assert len({head.seals for head in heads}) > 1  # it did write meanwhile
    for n, head in enumerate(heads):
        with ledger.open(f"sqlite:///{tmp_path / f'copy-{n}.db'}") as book:
            assert verify.ledger(book, known=(head.seals, head.digest)) == []
            assert book.read("SELECT count(*) AS n FROM fault WHERE line >= 1000").item() % 50 == 0


def test_an_older_copy_is_known_from_the_ledger_by_its_head(url: str, tmp_path: Path) -> None:
    backups.make(url, tmp_path / "copy.db")
    with ledger.open(url) as book:
        book.append({"fault": facts.faults({"line": 77})}, now=facts.NOW)
        newer = book.head()
    with ledger.open(f"sqlite:///{tmp_path / 'copy.db'}") as book:
        assert [str(finding) for finding in verify.ledger(book, known=newer)] == [f"removed: seal seq={newer[0]}"]


def test_a_backup_replaces_nothing(url: str, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(errors.Misuse, match="is there already"):
        backups.make(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_where_nothing_can_be_written_nothing_is_left_and_it_says_so(url: str, tmp_path: Path) -> None:
    with pytest.raises(errors.Misuse, match="copies: no such folder, nor the one above it; make it first"):
        backups.make(url, tmp_path / "nowhere" / "copies" / "copy.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_ledger_that_was_tampered_with_is_not_copied_in_silence(url: str, tmp_path: Path) -> None:
    facts.execute(url, *facts.unguard(url, "fault"), "UPDATE fault SET reason = 'nicer'")
    with pytest.raises(errors.Tampered, match="second-reader verify"):
        backups.make(url, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == []


def test_a_ledger_on_postgresql_is_copied_by_its_own_means(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(errors.Misuse, match="pg_dump"):
        backups.make(postgres_url, tmp_path / "copy.db")


def test_a_ledger_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(errors.LedgerInvalid, match="there is no ledger"):
        backups.make(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(errors.SecondReaderError) as caught:
        backups.make(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "copy.db")
    assert "\n" not in str(caught.value)


def test_sqlite_copies_text_and_order_of_rows(url: str, tmp_path: Path) -> None:
    """`verify` reads rows by their place; VACUUM numbers them anew but keeps their order."""
    backups.make(url, tmp_path / "copy.db")
    with (
        closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
        closing(sqlite3.connect(tmp_path / "ledger.db")) as old,
    ):
        query = "SELECT case_id, seal FROM decision ORDER BY rowid"
        assert copy.execute(query).fetchall() == old.execute(query).fetchall()
