"""A small part of `make fuzz`, and one input of each rare kind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import hunt, inputs, once


@pytest.mark.timeout(400)
def test_no_input_breaks_a_promise() -> None:
    outcomes = sorted(hunt.hunt(first=1_000_000, count=60, workers=1), key=lambda result: result["number"])
    assert [(outcome["number"], outcome["broken"]) for outcome in outcomes if outcome["broken"]] == []
    assert [got["number"] for got in outcomes] == list(range(1_000_000, 1_000_060))
    assert {entry["ended"] for entry in outcomes} >= {"scored", "scored with faults", "InputInvalid"}


@pytest.mark.parametrize("kind", [kind for kind in inputs.KINDS if kind not in ("gzip bomb", "Parquet bomb", "wide")])
def test_the_same_number_is_the_same_input(kind: str) -> None:
    assert inputs.of_kind(kind, 5) == inputs.of_kind(kind, 5)


def test_the_oracle_sees_a_row_that_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_READER_LEDGER", "")
    empty = once.template(tmp_path)
    row = b"a,bug,0.9,t,s,de,m1,1,1,2026-01-31\n"
    head = b"id,label,score,text,sender,country,model,cost,ms,at\n"
    value = inputs.Input(kind="two rows", answer="number", files={"a.csv": head + row}, rows=2)
    done = once.run(value, empty, tmp_path / "case", chunk_rows=10)
    assert done.broken == "2 rows were written and 1 were read"


def test_a_read_of_the_ledger_reserves_no_more_memory_than_a_small_machine_has(tmp_path: Path) -> None:
    """SQLite's driver dies where a reservation is refused, as 8 GB a column was on a machine of 4 GB."""
    code = f"""
import resource
from review.integrity import verify
from review.ledger import ledger
url = "sqlite:///{tmp_path}/ledger.db"
ledger.migrate(url)
resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
with ledger.open(url) as book:
    assert book.read("SELECT * FROM decision").is_empty()
    assert verify.ledger(book) == []
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=hunt.ROOT, env=os.environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
