"""A million outputs come to the same decisions on both databases, in one process and on two Dask workers."""

import hashlib
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from flows.runtime import runs
from review.integrity import verify
from review.ledger import layout, ledger
from tests.bench import once, outputs
from tests.bench.test_score import emptied
from tests.bench.test_spread import FLOW
from tests.e2e import clusters

ROWS = 1_000_000
OURS = ("run_id", "decided_at")  # what differs from run to run


@pytest.mark.timeout(1200)
def test_a_million_decisions_are_the_same_everywhere(
    tmp_path: Path, postgres_url: str, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs.write(tmp_path, ROWS)
    first = f"sqlite:///{tmp_path / 'threads.db'}"
    for name, value in {"LEDGER": first, "STREAMS": tmp_path, "DATA": tmp_path}.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", str(value))
    once.opened(first)
    with ledger.open(first) as book:  # one epoch, one salt: so the samples must be the same
        read = {name: book.read(f'SELECT * FROM "{name}"').drop("seal") for name in layout.names()}
    opened = {name: rows for name, rows in read.items() if len(rows)}
    digests = {"SQLite, threads": scored(tmp_path, first, workers=0)}
    for database, workers in (("SQLite", 2), ("PostgreSQL", 0), ("PostgreSQL", 2)):
        url = f"sqlite:///{tmp_path / 'dask.db'}" if database == "SQLite" else postgres_url
        if database == "PostgreSQL":
            emptied(tmp_path, url)
        ledger.migrate(url)
        with ledger.open(url) as book:
            book.append(opened, now=runs.clock())
        digests[f"{database}, {f'{workers} Dask workers' if workers else 'threads'}"] = scored(tmp_path, url, workers)
    print(digests)
    assert len(set(digests.values())) == 1


def scored(folder: Path, url: str, workers: int) -> str:
    """Score the file by the flow, and hash every decision, column after column."""
    environment = os.environ | {"SECOND_READER_LEDGER": url}
    with ExitStack() as block:
        if workers and url.startswith("sqlite"):
            environment |= {"SECOND_READER_RUNNER": "dask"}  # workers of its own, on this machine
        elif workers:
            cluster = block.enter_context(clusters.dask(folder, environment, workers=workers))
            environment |= {"SECOND_READER_RUNNER": "dask", "SECOND_READER_RUNNER_ADDRESS": cluster.address}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FLOW],
            cwd=once.ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    columns = ", ".join(name for name in layout.columns("decision") if name not in OURS)
    with ledger.open(url) as book:
        rows = book.read(f"SELECT {columns} FROM decision").sort(layout.key("decision"))
        assert len(rows) == ROWS
        assert verify.ledger(book) == []
    return hashlib.sha256(rows.hash_rows(seed=1).to_numpy().tobytes()).hexdigest()
