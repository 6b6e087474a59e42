"""Whoever waits for another writer longer than is reasonable hears so, on both databases, and can try again."""

import subprocess
import sys

import pytest

from models.errors import Unavailable
from review.ledger import database, ledger
from tests.integration import ledger_facts as facts

# Of a process of its own: two SQLite libraries in one process do not see each other's locks.
WRITER = """
import sqlite3, sys
import psycopg
from review.ledger import ledger
url = sys.argv[1]
if url.startswith("sqlite"):
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
else:
    connection = psycopg.connect(url)
    connection.execute(f"SELECT pg_advisory_xact_lock({ledger._WRITERS})")
print("writing", flush=True)
sys.stdin.read()
connection.close()
"""


def test_a_writer_that_does_not_end_is_named(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.migrate(ledger_url)
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    rows = {"run": facts.runs({})}
    command = [sys.executable, "-c", WRITER, ledger_url]
    with (
        ledger.open(ledger_url) as book,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer,
    ):
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        with pytest.raises(Unavailable, match="another program has been writing"):
            book.append(rows, now=facts.NOW)
        writer.communicate(timeout=30)
        assert len(book.append(rows, now=facts.NOW).written["run"]) == 1
