"""A retirement that is killed, crossed or not allowed leaves nothing half done."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import psycopg
import pytest

from models import errors
from review.ledger import archive, ledger
from review.retention.retirement import Done
from tests.integration import ledger_facts as facts
from tests.integration.test_retention import LATER, STAYS, cases, checked, filled, retire


@pytest.fixture
def full(ledger_url: str) -> str:
    return filled(ledger_url)


# Runs `retire` in a process of its own that kills itself when a function is called (before) or has returned (after).
_KILLED = """
import os, pathlib, signal, sys
from review import private_files
from review.ledger import archive, ledger, removal
from review.retention import retirement
url, folder, module, function, when = sys.argv[1:]
owner = {"archive": archive, "files": private_files, "removal": removal}[module]
original = getattr(owner, function)
def instead(*args, **named):
    if when == "after":
        original(*args, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, function, instead)
with ledger.open(url) as book:
    who = retirement.Who(by="ann", because="old", now="2026-03-01T00:00:00.000000Z")
    retirement.retire(book, "mail", before="2026-02-01T00:00:00.000000Z", folder=pathlib.Path(folder), who=who)
"""


@pytest.mark.parametrize(
    ("module", "function", "when"),
    [
        ("files", "sync", "before"),
        ("archive", "write", "after"),
        ("archive", "check", "after"),
        ("removal", "_lift", "after"),
        ("removal", "take_out", "after"),
    ],
)
def test_killed_anywhere_and_run_again_nothing_is_lost(
    full: str, tmp_path: Path, module: str, function: str, when: str
) -> None:
    everything = cases(full)
    arguments = [sys.executable, "-c", _KILLED, full, str(tmp_path), module, function, when]
    killed = subprocess.run(arguments, env=os.environ | {"PYTHONPATH": "."}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert cases(full) == everything
    assert checked(full, tmp_path) == []
    assert retire(full, tmp_path) == Done(rows=7, files=1)
    assert cases(full) == STAYS
    assert checked(full, tmp_path) == []


def test_a_case_that_went_to_a_person_meanwhile_is_not_taken_out(
    full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = archive.write

    def slow(folder: Path, name: str, rows: pl.DataFrame) -> str:
        with ledger.open(full) as other:
            other.append({"recall": facts.recalls({"case_id": "b-3"})}, now=LATER)
        return write(folder, name, rows)

    monkeypatch.setattr(archive, "write", slow)
    with pytest.raises(errors.LedgerInvalid, match="0 are gone and 1 went to people meanwhile"):
        retire(full, tmp_path)
    monkeypatch.setattr(archive, "write", write)
    assert retire(full, tmp_path).rows == 6
    assert "b-3" in cases(full)
    assert checked(full, tmp_path) == []


def test_the_triggers_stand_again_afterwards(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path)
    for table in ("decision", "retired", "retirement"):
        with pytest.raises(Exception, match="facts are append-only"):
            facts.execute(full, f"DELETE FROM {table}")


def test_who_does_not_own_the_tables_is_refused_before_a_file_is_written(postgres_url: str, tmp_path: Path) -> None:
    ledger.migrate(postgres_url)
    name = "flows_" + postgres_url.rpartition("_")[2]
    facts.execute(
        postgres_url,
        f"CREATE ROLE {name} LOGIN PASSWORD 'test'",
        f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {name}",
    )
    try:
        reported = psycopg.conninfo.conninfo_to_dict(postgres_url)
        url = f"postgresql://{name}:test@{reported['host']}:{reported['port']}/{reported['dbname']}"
        with pytest.raises(errors.Refused, match="only the role that owns the tables may"):
            retire(url, tmp_path)
    finally:
        facts.execute(postgres_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
