"""One measured run in a process of its own, so that its time and its peak memory are nobody else's.

python -m tests.bench.once score|nested|unnest|again|floor|profile|estimate|page|sort FOLDER URL
"""

import cProfile
import io
import json
import os
import pstats
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as postgresql
import adbc_driver_sqlite.dbapi as sqlite
import numpy as np
import polars as pl

from flows import measure, score
from flows.governance import actions, epochs, evidence
from flows.runtime import runs, settings
from flows.scoring import decide
from models import timestamps
from review.ledger import database, layout, ledger
from review.report import figures, report
from tests.bench import nested, outputs

ROOT = Path(__file__).parents[2]


def run(work: str, folder: Path, url: str, *, code: Path = ROOT) -> dict[str, float]:
    """Do `work` in a process of its own, by the build in `code`: `seconds`, `peak_mb`, and what it says of itself."""
    names = {"LEDGER": url, "STREAMS": str(folder), "DATA": str(folder), "REPORTS": str(folder / "reports")}
    environment = os.environ | {f"SECOND_READER_{name}": value for name, value in names.items()}
    environment["PYTHONPATH"] = str(code)
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.once", work, str(folder), url]
    done = subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    by_name: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return by_name


def opened(url: str) -> None:
    """A ledger in which the stream's epoch is open and a line in force."""
    ledger.migrate(url)
    stream = settings.read_stream("bench", settings.read())
    with ledger.open(url) as book:
        epochs.begin_epoch(book, stream, "bench")
    actions.adopt("bench", outputs.THRESHOLD, by="bench", because="a stream in operation", uncertified=True)


def started(book: ledger.Ledger, flow: str) -> runs.Run:
    """A run as a flow has it, without Prefect."""
    config = settings.read()
    stream = settings.read_stream("bench", config)
    return runs.Run(run_id=flow, flow=flow, started_at=runs.clock(), stream=stream, settings=config, ledger=book)


def scored(folder: Path, url: str, name: str = "outputs.parquet") -> dict[str, float]:
    """Read, decide, record."""
    with ledger.open(url) as book:
        total = score.record_all(started(book, "score"), folder / name, decide.record.fn)
    return {"decided": total["decided"], "automated": total["automated"]}


def profiled(folder: Path, url: str) -> dict[str, float]:
    """As `scored`, with every call of every thread counted and timed; `profile.txt` in the folder has the costliest."""
    profiles = [cProfile.Profile()]

    def begin(*_: object) -> None:  # the first event of a thread
        profiles.append(cProfile.Profile())
        profiles[-1].enable()

    threading.setprofile(begin)
    result = profiles[0].runcall(scored, folder, url)
    threading.setprofile(None)
    text = io.StringIO()
    stats = pstats.Stats(profiles[0], stream=text)
    for of_thread in profiles[1:]:
        stats.add(of_thread)
    stats.strip_dirs().sort_stats("tottime").print_stats(20)
    table = text.getvalue().partition("   ncalls")
    (folder / "profile.txt").write_text("".join(table[1:]).rstrip() + "\n", encoding="utf-8")
    calls = [count for _, count, *_ in stats.stats.values()]  # type: ignore[attr-defined] # known to no stub
    return {**result, "calls": sum(calls), "most": max(calls)}


def estimated(url: str) -> figures.Report:
    """Look, estimate, compare: all that a report says, from nothing but the ledger.

    A month from now, when every day is mature: samples without an answer are late, and count as wrong.
    """
    with ledger.open(url) as book:
        run, now = started(book, "measure"), timestamps.text(datetime.now(UTC) + timedelta(days=30))
        in_force = runs.policy_in_force(book, run.stream)
        cases = evidence.cases(run, now)
        progress_by_scope = evidence.look(run, in_force, cases, now)
        labels = evidence.labels(run.stream, in_force, cases, now)
        return measure.gather(run, in_force, cases, progress_by_scope, labels, now)


def sorting(folder: Path) -> Callable[[], None]:
    """Sort as many random floats as the file has rows."""
    rows = pl.scan_parquet(folder / "outputs.parquet").select(pl.len()).collect().item()
    numbers = np.random.default_rng(1).random(rows)
    return lambda: numbers.sort()


def floor(folder: Path, url: str) -> Callable[[], None]:
    """Read the same file, write the same columns as they are to a bare table with the same unique index."""
    where = database.address(url)
    listed = database.quoted([*layout.columns("decision"), "seal"])
    with ledger.open(url) as book:
        rows = book.read(f"SELECT {listed} FROM decision").to_arrow()
    kinds = {pl.String: "TEXT", pl.Int64: "BIGINT", pl.Float64: "DOUBLE PRECISION", pl.Boolean: "BOOLEAN"}
    schema = {**layout.columns("decision"), "seal": pl.Int64()}
    columns = ", ".join(f'"{name}" {kinds[type(kind)]}' for name, kind in schema.items())
    bare = folder / "bare.db"
    bare.unlink(missing_ok=True)
    driver = sqlite if where.kind == "sqlite" else postgresql
    target = str(bare) if where.kind == "sqlite" else where.target

    def work() -> None:
        pl.read_parquet(folder / "outputs.parquet")
        with driver.connect(target) as connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bare")
            cursor.execute(f"CREATE TABLE bare ({columns}, PRIMARY KEY (stream, case_id))")
            connection.commit()
            cursor.adbc_ingest("bare", rows, mode="append")
            connection.commit()

    return work


def _main(work: str, folder: Path, url: str) -> dict[str, Any]:
    done: Callable[[], Any]
    if work == "score":
        opened(url)
        done = lambda: scored(folder, url)  # noqa: E731
    elif work == "nested":
        opened(url)
        done = lambda: scored(folder, url, "outputs.jsonl")  # noqa: E731
    elif work == "unnest":
        done = lambda: {"rows": len(nested.unnested(folder))}  # noqa: E731
    elif work == "again":
        done = lambda: scored(folder, url)  # noqa: E731
    elif work == "profile":
        opened(url)
        done = lambda: profiled(folder, url)  # noqa: E731
    elif work == "estimate":
        done = lambda: {"decisions": estimated(url).totals["decisions"]}  # noqa: E731
    elif work == "page":
        built = estimated(url)
        done = lambda: {"page_kb": len(report.page(built).encode()) / 1000}  # noqa: E731
    elif work == "sort":
        done = sorting(folder)
    else:
        done = floor(folder, url)
    start = time.perf_counter()
    by_name = done() or {}
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_mb": peak_mb(), **by_name}


def peak_mb() -> float:
    """The most memory this process has held. (`getrusage` counts that of the parent, too.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
