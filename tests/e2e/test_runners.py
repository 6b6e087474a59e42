"""The same file comes to the same decisions, whoever works on it and whoever dies meanwhile."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from deploy.local import postgres
from deploy.local import stack as stacks
from flows import score
from flows.governance import actions, epochs
from flows.runtime import runs, settings
from flows.scoring import decide
from review.integrity import verify
from review.ledger import layout, ledger
from tests.e2e import clusters
from tests.e2e.place import Result, started

ROWS = 420_000  # two pieces
BAD = (3, 400_001)  # rows without an id
FAULTS = (
    "502 rows could not be read: kept in the ledger, shown in the report and by `second-reader show faults mail`.\n"
)
STREAM = """
name = "mail"
title = "Customer mail"
labels = ["billing", "bug"]

[input]
source = "outputs.parquet"
id = "id"
prediction = "label"
confidence = "score"
payload = ["text"]

[model]
id = "mail-1"

[review]
kind = "text"
question = "What is this mail about?"
project = "mail"

[target]
error = 0.05

[costs]
error = 10.0
review_minute = 0.5

[policy]
audit_rate = 0.05
blind_rate = 0.1
"""
OURS = ("run_id", "decided_at")  # what differs from run to run


@dataclass(frozen=True)
class Field:
    """Outputs, a stream, and ledgers in which one epoch with one salt is open: what is decided there must be the same."""

    home: Path
    cluster: postgres.Cluster = field(repr=False)
    opened: dict[str, pl.DataFrame]
    created: list[str] = field(default_factory=list)

    def postgres(self) -> str:
        """A ledger of its own on PostgreSQL."""
        name = f"test_runners_{os.getpid()}_{len(self.created)}"
        postgres.create(self.cluster, name)
        self.created.append(name)
        return self._open(self.cluster.url(name))

    def sqlite(self, name: str) -> str:
        return self._open(f"sqlite:///{self.home / name}.db")

    def _open(self, url: str) -> str:
        ledger.migrate(url)
        with ledger.open(url) as book:
            book.append(self.opened, now=runs.clock())
        return url

    def environment(self, url: str, **more: str) -> dict[str, str]:
        names = {"LEDGER": url, "STREAMS": str(self.home), "DATA": str(self.home), "REPORTS": str(self.home)}
        return os.environ | {f"SECOND_READER_{name}": value for name, value in (names | more).items()}

    def start(self, url: str, **more: str) -> subprocess.Popen[str]:
        return started(self.home, self.environment(url, **more), "score", "mail")

    def score(self, url: str, **more: str) -> Result:
        return ended(self.start(url, **more))


def ended(process: subprocess.Popen[str]) -> Result:
    out, err = process.communicate(timeout=150)
    return Result(process.returncode, out, err)


@pytest.fixture(scope="module")
def mail(servers: stacks.Stack, prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    home = tmp_path_factory.mktemp("mail")
    (home / "mail.toml").write_text(STREAM, encoding="utf-8")
    numbers = pl.int_range(ROWS, eager=True)
    # Every hundredth id of the last hundred thousand rows stands a second time, in another piece: the same row, or, with
    # another score, one that must not become the decision.
    again = (numbers >= ROWS - 100_000) & (numbers % 100 == 0)
    ids = pl.select(pl.when(again).then(numbers - 300_000).otherwise(numbers)).to_series()
    outputs = pl.DataFrame(
        {
            "id": pl.select(pl.when(~numbers.is_in(BAD)).then(pl.format("case-{}", ids))).to_series(),
            "label": pl.select(pl.when(ids % 3 == 0).then(pl.lit("bug")).otherwise(pl.lit("billing"))).to_series(),
            "score": pl.select(
                pl.when(again & (ids % 200 == 0)).then(0.9995).otherwise((ids * 7919 % 1000) / 1000)
            ).to_series(),
            "text": pl.select(pl.format("Mail {}: the parcel never came.", ids)).to_series(),
        }
    )
    outputs.write_parquet(home / "outputs.parquet", row_group_size=170_000)  # of no length that is ours
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECOND_READER_LEDGER", url := f"sqlite:///{home / 'opened.db'}")
        patch.setenv("SECOND_READER_STREAMS", str(home))
        ledger.migrate(url)
        with ledger.open(url) as book:
            epochs.begin_epoch(book, settings.read_stream("mail", settings.read()), "test")
            actions.adopt("mail", 0.5, by="A. Owner", because="a trial", uncertified=True)
            opened = {name: book.read(f'SELECT * FROM "{name}"').drop("seal") for name in layout.names()}
    built = Field(home, servers.cluster, {name: rows for name, rows in opened.items() if len(rows)})
    yield built
    for name in built.created:
        postgres.drop(servers.cluster, name)


def facts(url: str, table: str) -> pl.DataFrame:
    key = layout.key(table)
    columns = [name for name in layout.columns(table) if name not in (*OURS, "found_at")]
    with ledger.open(url) as book:
        return book.read(f"SELECT {', '.join(columns)} FROM {table}").sort(key)


@pytest.fixture(scope="module")
def expected(mail: Field) -> dict[str, Any]:
    """What one process makes of the file, without any runner."""
    url = mail.postgres()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in mail.environment(url).items():
            patch.setenv(name, value)
        config = settings.read()
        stream = settings.read_stream("mail", config)
        with ledger.open(url) as book:
            alone = runs.Run(
                run_id="alone", flow="score", started_at=runs.clock(), stream=stream, settings=config, ledger=book
            )
            counts = score.record_all(alone, mail.home / "outputs.parquet", decide.record.fn)
    assert counts["decided"] == ROWS - len(BAD) - 1000
    assert counts["faults"] == len(BAD) + 500
    return {"decision": facts(url, "decision"), "fault": facts(url, "fault"), "line": f"score: {runs.line(counts)}\n"}


def assert_as_expected(url: str, expected: dict[str, Any]) -> None:
    for table in ("decision", "fault"):
        assert facts(url, table).equals(expected[table]), table
    with ledger.open(url) as book:
        assert verify.ledger(book) == []


def test_a_cluster_of_this_machine_decides_as_one_process_does(mail: Field, expected: dict[str, Any]) -> None:
    url = mail.sqlite("dask")
    done = mail.score(url, RUNNER="dask")
    assert (done.code, done.out, done.err) == (3, expected["line"], FAULTS)
    assert_as_expected(url, expected)


@pytest.fixture(scope="module")
def dask_ledger(mail: Field) -> str:
    return mail.postgres()


@pytest.fixture(scope="module")
def dask(mail: Field, dask_ledger: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Cluster]:
    with clusters.dask(tmp_path_factory.mktemp("dask"), mail.environment(dask_ledger), workers=2) as started:
        yield started


@pytest.mark.family(0)
def test_workers_with_another_ledger_than_the_flow_record_nothing(mail: Field, dask: clusters.Cluster) -> None:
    other = mail.postgres()
    refused = mail.score(other, RUNNER="dask", RUNNER_ADDRESS=dask.address)
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert re.search(r"a worker's ledger is PostgreSQL 127\.0\.0\.1:\d+/test_runners_", refused.err)
    assert "start workers with the flow's SECOND_READER_* settings" in refused.err
    assert facts(other, "decision").is_empty()


@pytest.mark.family(0)
def test_the_worker_that_records_is_killed_the_decisions_are_the_same_and_a_second_run_adds_nothing(
    mail: Field, expected: dict[str, Any], dask: clusters.Cluster, dask_ledger: str
) -> None:
    reported = {"RUNNER": "dask", "RUNNER_ADDRESS": dask.address}
    assert_killed_and_as_expected(mail, expected, dask, dask_ledger, reported)
    second = mail.score(dask_ledger, **reported)
    counts = f"read {ROWS}, decided 0, automated 0, audits 0, to review 0, unscored 0, faults 502, repeats {ROWS - 502}"
    assert second.out == f"score: {counts}\n"
    assert_as_expected(dask_ledger, expected)


def assert_killed_and_as_expected(
    mail: Field, expected: dict[str, Any], cluster: clusters.Cluster, url: str, reported: dict[str, str]
) -> None:
    run = mail.start(url, **reported)
    with psycopg.connect(url, autocommit=True) as server:
        pid = kill_who_records(server, cluster)
    done = ended(run)
    assert (done.code, done.out, done.err) == (3, expected["line"], FAULTS)
    assert pid not in cluster.processes() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    assert_as_expected(url, expected)


def kill_who_records(server: psycopg.Connection[Any], cluster: clusters.Cluster) -> int:
    """Kill the worker that is writing decisions, once some have been recorded: its number."""
    for _ in range(12_000):
        time.sleep(0.005)
        (recorded,) = server.execute("SELECT count(*) FROM seal WHERE table_name = 'decision'").fetchone() or (0,)
        writing = server.execute(
            "SELECT client_port FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%decision%'"
            " AND state = 'active'"
        ).fetchone()
        if recorded and writing:
            pid = clusters.of_client(writing[0], cluster.processes())
            os.kill(pid, signal.SIGKILL)
            return pid
    raise TimeoutError(cluster.log.read_text(encoding="utf-8"))
