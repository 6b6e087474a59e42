"""A ledger that is not there, of another version, or none at all is refused in one line and left alone."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from models import errors
from review.ledger import ledger, schema
from tests.integration import ledger_facts as facts


def test_a_ledger_that_is_not_there_names_the_next_step(empty_url: str) -> None:
    with pytest.raises(
        errors.LedgerInvalid, match=r"there is no ledger at .*: make it with `second-reader init STREAM`"
    ):
        ledger.open(empty_url)


def test_opening_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(errors.LedgerInvalid):
        ledger.open(f"sqlite:///{tmp_path / 'typo.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_of_another_version_is_not_touched(ledger_url: str) -> None:
    ledger.migrate(ledger_url)
    facts.execute(ledger_url, "UPDATE alembic_version SET version_num = '9999'")
    for attempt in (ledger.open, ledger.migrate):
        with pytest.raises(errors.LedgerInvalid, match=f"has schema 9999, this second-reader has {schema.VERSION}"):
            attempt(ledger_url)


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        (["CREATE TABLE orders (number INTEGER)"], "holds the tables of something else"),
        (
            ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('c0ffee')"],
            f"has schema c0ffee, this second-reader has {schema.VERSION}",
        ),
    ],
)
def test_a_database_of_something_else_is_refused_and_left_alone(
    tmp_path: Path, statements: list[str], text: str
) -> None:
    path = tmp_path / "shop.db"
    with contextlib.closing(sqlite3.connect(path)) as shop:
        for statement in statements:
            shop.execute(statement)
        shop.commit()
    before = path.read_bytes()
    for attempt in (ledger.open, ledger.migrate):
        with pytest.raises(errors.LedgerInvalid, match=rf"shop\.db {text}"):
            attempt(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look at " * 50)
    for attempt in (ledger.open, ledger.migrate):
        with pytest.raises(errors.LedgerInvalid, match="this is not an SQLite database"):
            attempt(f"sqlite:///{path}")
    assert path.read_text().startswith("not a database")


def test_a_folder_that_is_not_there_is_refused_in_one_line_and_not_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in ("file", "mistyped"):
        with pytest.raises(errors.LedgerInvalid, match=rf"there is no folder .*{folder}; make it, or correct"):
            ledger.migrate(f"sqlite:///{tmp_path / folder / 'ledger.db'}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    for attempt in (ledger.open, ledger.migrate):
        with pytest.raises(errors.LedgerInvalid, match=r"the ledger cannot be looked for there \(File name too long\)"):
            attempt(f"sqlite:///{tmp_path / ('long' * 80) / 'ledger.db'}")
    with pytest.raises(errors.LedgerInvalid, match="the file cannot be opened"):
        ledger.migrate(f"sqlite:///{tmp_path}")


def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_shown() -> None:
    for attempt in (ledger.open, ledger.migrate):
        with pytest.raises(
            errors.Unavailable, match=r"PostgreSQL 127\.0\.0\.1:1/ledger: it cannot be reached"
        ) as caught:
            attempt("postgresql://ann:hush@127.0.0.1:1/ledger")
        assert "hush" not in str(caught.value)
        assert caught.value.__cause__ is None
