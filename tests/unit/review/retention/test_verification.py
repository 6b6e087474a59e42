"""What `verify` is asked and what it says: a head that is none, a ledger that was cut short, an archive that was not read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from models.errors import Misuse, Tampered
from review.ledger import ledger
from review.retention import verification
from tests.integration import ledger_facts as facts


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A ledger with a seal or more."""
    text = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger.migrate(text)
    with ledger.open(text) as book:
        book.append({"epoch": facts.epochs()}, now=facts.NOW)
    return text


@pytest.mark.parametrize("head", ["1", "1:abc", "one:" + "a" * 64, "1:" + "A" * 64])
def test_a_head_that_is_none_is_refused(url: str, head: str) -> None:
    with pytest.raises(Misuse, match="give NUMBER:DIGEST as a report prints it"):
        verification.of(url, head=head, archive=None)


def test_a_whole_ledger_says_its_head_and_takes_it_for_known(url: str) -> None:
    whole = verification.of(url, head="", archive=None)
    whole.check()
    (line,) = whole.lines()
    head = line.partition("Head: ")[2]
    assert line == f"1 seals, every record as it was sealed. Head: {head}"
    verification.of(url, head=head, archive=None).check()


def test_a_ledger_without_the_seal_that_was_printed_is_tampered_with(url: str) -> None:
    short = verification.of(url, head="9:" + "a" * 64, archive=None)
    assert short.lines() != []
    with pytest.raises(Tampered, match=r"1 record is not as sealed; restore the ledger from a backup"):
        short.check()


def test_an_edited_record_is_named(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
        connection.execute("DROP TRIGGER epoch_no_update")
        connection.execute("UPDATE epoch SET model_id = 'another'")
    assert any(
        line.startswith("edited: epoch epoch_id=e-1") for line in verification.of(url, head="", archive=None).lines()
    )


def test_an_archive_of_nothing_was_not_read_and_one_that_is_not_there_is_refused(url: str, tmp_path: Path) -> None:
    assert (
        verification.of(url, head="", archive=tmp_path).lines()[1] == f"Nothing was retired: {tmp_path} was not read."
    )
    with pytest.raises(Misuse, match="no such folder"):
        verification.of(url, head="", archive=tmp_path / "none")
