"""What happens to databases: held by another, out of room, connections cut, the server gone in the middle."""

import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.local import postgres
from tests.faults.process import Ended
from tests.faults.strikes import Score, life, share
from tests.faults.world import FLOWS, World

TIMES = share(50)
POINTS = {
    "score": ("before BEGIN", "after BEGIN", "after rows of decision", "before COMMIT", "after COMMIT"),
    "dispatch": ("before POST /api/projects/#/import", "after POST /api/projects/#/import", "before COMMIT", "after COMMIT"),
    "collect": ("before BEGIN", "after rows of review", "before COMMIT", "after COMMIT"),
    "measure": ("before BEGIN", "before COMMIT", "after COMMIT", "before file .html"),
}  # fmt: skip


def _struck(make: Any, score: str, database: str, seed: int, strike: Callable[[World, str], Ended | None]) -> None:
    """A life in which each flow gets a quarter of the strikes."""
    scores = {flow: Score(score) for flow in FLOWS}
    assert life(make(seed, database), strike, scores, -(-TIMES // len(FLOWS))) == []


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_ledger_that_another_program_holds_too_long_stops_a_run_and_loses_nothing(database: str, make: Any) -> None:
    def strike(world: World, flow: str) -> Ended | None:
        held, done = threading.Event(), threading.Event()
        holder = threading.Thread(target=_hold, args=(world.url, held, done))
        holder.start()
        held.wait(10)
        try:
            ended = world.flow(flow, database_seconds=1)
        finally:
            done.set()
            holder.join()
        return ended if ended.error == "Unavailable" else None

    _struck(make, f"{_name(database)}: locked by another writer", database, 20, strike)


def _hold(url: str, held: threading.Event, done: threading.Event) -> None:
    """Write, and do not come to an end."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            held.set()
            done.wait(60)
            other.execute("ROLLBACK")
    else:
        with psycopg.connect(url) as server:
            server.execute("LOCK TABLE seal IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait(60)


@pytest.mark.timeout(1200)
def test_a_disk_without_room_stops_a_run_and_leaves_nothing_half_done(make: Any) -> None:
    chance = random.Random(21)

    def strike(world: World, flow: str) -> Ended | None:
        # No file may be written beyond so many bytes, which SQLite hears as it hears of a full disk: its log meets it.
        ended = world.flow(flow, file_bytes=chance.randrange(1, 60_000))
        return None if ended.done else ended

    _struck(make, "SQLite: disk full", "sqlite", 21, strike)


@pytest.mark.timeout(1200)
def test_a_connection_that_is_cut_anywhere_loses_nothing(make: Any) -> None:
    chance = random.Random(22)

    def strike(world: World, flow: str) -> Ended | None:
        at = chance.choice(POINTS[flow])
        ended = world.flow(flow, at={at: "cut"}, nth=chance.randint(1, 2))
        return ended if at in ended.points else None

    _struck(make, "PostgreSQL: every connection cut at a named point", "postgresql", 22, strike)


@pytest.fixture
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL of the test's own, which may be killed.

    Not in `tmp_path`: another test run that begins takes the right to pass through the folders above it away again.
    """
    with tempfile.TemporaryDirectory() as folder:
        start = postgres.start(Path(folder), password="a-Pass-word-9", log=Path(folder, "postgres.log"))
        yield start
        start.server.stop()


@pytest.mark.timeout(1200)
def test_a_database_server_that_is_killed_and_comes_back_has_everything_that_was_recorded(
    cluster: postgres.Cluster, make: Any
) -> None:
    chance = random.Random(23)
    postgres.create(cluster, "ledger")

    def strike(world: World, flow: str) -> Ended | None:
        run = world.start(flow, at={chance.choice(POINTS[flow]): "pause"}, nth=chance.randint(1, 2))
        if not run.hear("paused"):
            run.end()
            return None
        cluster.server.kill()
        run.go_on()
        ended = run.end()
        (cluster.server.command.folder / _data(cluster) / "postmaster.pid").unlink(missing_ok=True)
        cluster.server.start()
        cluster.server.wait(lambda: _answers(cluster))
        return ended

    world_of = lambda seed, _: make(seed, cluster.url("ledger"))  # noqa: E731
    _struck(world_of, "PostgreSQL: server killed and started again", "", 23, strike)


def _data(cluster: postgres.Cluster) -> Path:
    words = cluster.server.command.words
    return Path(words[words.index("-D") + 1])


def _answers(cluster: postgres.Cluster) -> bool:
    try:
        with psycopg.connect(cluster.url("postgres"), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        time.sleep(0.05)
        return False


def _name(database: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database]
