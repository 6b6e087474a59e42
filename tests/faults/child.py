"""One run of one flow, in a process made for it, reported what shall go wrong.

The flow is the product's own, without Prefect around it: its tasks are called as functions, and what `measure` would
leave in Prefect's pages is left out, as are the charts of its own. (All of that is there in `test_with_prefect.py`.)
"""

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import psycopg

from flows import collect, dispatch, measure, release, score
from flows.governance import actions, opening, recall
from flows.handover import outbox, signature, webhook
from flows.queueing import push
from flows.runtime import artifacts, runs, settings
from flows.scoring import decide, group_caps
from models import timestamps
from models.errors import SecondReaderError
from review.integrity import verify
from review.label_studio import access, changes, import_tasks, listing, search
from review.ledger import appends, database, lock
from review.ledger.drivers import dbapi
from review.ledger.ledger import Ledger
from review.queries import handouts
from review.report.charts import drawing, risk_coverage
from tests.faults import points

Job = dict[str, Any]
Say = Callable[[dict[str, Any]], None]

CALLS: dict[str, Callable[..., Any]] = {
    "score": score._score,
    "dispatch": dispatch._dispatch,
    "collect": collect._collect,
    "measure": measure._measure,
    "release": release._release,
    "init": opening.begin,
    "adopt": actions.adopt,
    "halt": actions.halt,
    "resume": actions.resume,
    "rollback": actions.rollback,
    "recall": recall.recall,
}


def run(job: Job, say: Say) -> None:
    """Do a job and say how it ended: {"counts"} or {"error", "message", "expected"}; nothing if it does not live so long."""
    os.environ.update(job["environment"])
    _prepare(job)
    spots = points.Points(tell=lambda name: say({"point": name}), nth=job.get("nth", 1))
    for name, what in job.get("at", {}).items():
        spots.at[name] = partial(_happen, what, job, say)
    points.install(spots)
    if "lines" in job:
        points.trace(spots, job["lines"])
    for plant in job.get("planted", ()):
        PLANTED[plant]()
    if "file_bytes" in job:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_bytes"], job["file_bytes"]))
    say({"started": job["flow"]})
    spots.reach("started")
    try:
        message = _verify() if job["flow"] == "verify" else CALLS[job["flow"]](*job["words"], **job.get("named", {}))
        say({"counts": message if isinstance(message, dict | list) else str(message)})
    except SecondReaderError as error:
        say({"error": type(error).__name__, "message": str(error), "expected": True})
    except BaseException as error:  # what no user should ever see
        say({"error": type(error).__name__, "message": str(error), "expected": False})
        raise


def _verify() -> list[str]:
    with runs.open_ledger() as book:
        return [str(finding) for finding in verify.ledger(book)]


def _prepare(job: Job) -> None:
    """Small steps, so that a run of a few cases has all the boundaries a run of a million has; short waits; no Prefect."""
    decide.record = decide.record.fn  # type: ignore[assignment]
    dispatch.send = dispatch.send.fn  # type: ignore[assignment]
    collect.record_answers = collect.record_answers.fn  # type: ignore[assignment]
    # To sample the charts takes a third of the time of all runs, and nothing can be lost there.
    drawing.svg = lambda *_: "<svg/>"
    risk_coverage._framed = lambda sampled, *_: sampled
    artifacts.artifacts = lambda *_: None
    artifacts.events = lambda *_: None
    score.CHUNK_ROWS = 4
    outbox.BATCH_ROWS = 2
    webhook.WAITS = (0.0,)
    push.BATCH = 6
    import_tasks._TASKS_PER_PUSH = 4
    listing.PAGE = 30
    changes._OVERLAP = timedelta(seconds=job.get("overlap", 2))  # a life here is shorter than the real one
    database.WAIT_SECONDS = job.get("database_seconds", 30)
    if job.get("many"):
        appends._MANY = 2  # appends as many rows are appended: in the hope that none is known
    seconds = job.get("label_studio_seconds", (60.0, 15.0))
    access.connect = partial(access.connect, timeout=seconds[0], patience=seconds[1])
    if "clock" in job:
        real, jump = runs.clock, timedelta(seconds=job["clock"])
        runs.clock = lambda: timestamps.text(timestamps.parse(real()) + jump)


def _happen(what: str, job: Job, say: Say) -> None:
    """What a point is for."""
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "pause":
        say({"paused": True})
        os.kill(os.getpid(), signal.SIGSTOP)
    elif what == "sleep":
        time.sleep(job["sleep"])
    elif what == "cut":
        cut(job["environment"]["SECOND_READER_LEDGER"])


def cut(url: str) -> None:
    """End every connection to the ledger's database, as an administrator or a failover does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _no_reconcile() -> None:
    """A push that does not look for what is there already."""
    search.find = lambda *_: {}
    search.keys = lambda *_, above: {}  # noqa: ARG005


def _no_transaction() -> None:
    """Each statement of an append commits by itself."""
    execute = dbapi.Cursor.execute

    def loose(self: Any, operation: Any, *rest: Any, **named: Any) -> Any:
        alone = isinstance(operation, str) and operation.split()[0] in ("BEGIN", "COMMIT", "ROLLBACK")
        return execute(self, "SELECT 1" if alone else operation, *rest, **named)

    setattr(dbapi.Cursor, "execute", loose)  # noqa: B010


def _no_hold() -> None:
    """A run that does not care whether another holds the stream."""
    lock.hold = lambda *_: nullcontext()  # type: ignore[assignment]


def _cursor_first() -> None:
    """A collection that remembers how far it has read before what it read is recorded."""
    record = collect.record_answers

    def early(stream: Any, run_id: str, project_id: int, page: Any, people: Any) -> Any:
        with runs.open_ledger() as book:
            config = settings.read()
            run = runs.Run(
                run_id=run_id + "-early",
                flow="collect",
                started_at=runs.clock(),
                stream=stream,
                settings=config,
                ledger=book,
            )
            run.finish({}, cursor="2999-01-01T00:00:00.000000Z")
        return record(stream, run_id, project_id, page, people)

    collect.record_answers = early  # type: ignore[assignment]


def _no_look() -> None:
    """An append of many rows that leaves it to the table's key to refuse what is known."""
    appends._is_recorded = lambda *_: False


def _no_wait() -> None:
    """A cursor that passes an answer whose dispatch is not recorded yet."""
    collect._since = lambda run, connection, project_id, cursor: cursor  # noqa: ARG005


def _no_second_look() -> None:
    """A chunk recorded under the policy that was in force when it was decided."""
    appends._check_in_force = lambda *_: None


def _own_cursor() -> None:
    """A handout that begins where the ledger was when the run began, not where the one before ended."""
    newest = handouts.newest

    def late(ledger: Ledger, stream: str) -> handouts.Handout | None:
        last = newest(ledger, stream)
        return last and replace(last, until_seal=ledger.head()[0] - 1)

    handouts.newest = late


def _no_ids() -> None:
    """A webhook whose messages have another id each time they are sent."""
    signed = signature.headers
    signature.headers = lambda number, body, **named: signed(f"{number}-{time.time_ns()}", body, **named)


def _no_repeats() -> None:
    """A score that does not care whether a case of the group was decided before."""
    group_caps.Repeats.held = lambda *_: pl.Series("case_id", [], dtype=pl.String)  # type: ignore[method-assign]


PLANTED: dict[str, Callable[[], None]] = {
    "no reconcile": _no_reconcile,
    "no transaction": _no_transaction,
    "no hold": _no_hold,
    "cursor first": _cursor_first,
    "no look": _no_look,
    "no wait": _no_wait,
    "no second look": _no_second_look,
    "no repeats": _no_repeats,
    "own cursor": _own_cursor,
    "no ids": _no_ids,
}
