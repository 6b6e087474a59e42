"""What every flow and command does around its work: open the ledger, hold the stream, record what it did.

A flow holds its stream by a lock that the kernel (SQLite) or the server (PostgreSQL) gives back when the holder dies.
A concurrency limit of Prefect is not used for this: a worker killed together with its flow keeps the limit's place, and
every later run would be turned away (2026-11, Prefect 3.8.8). Nothing of Prefect is loaded here, for half of the
commands need nothing of it, and it takes a second of every start.
"""

import functools
import hashlib
import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from flows.runtime import settings as settings_
from models import timestamps
from models.config import terms
from models.config.stream import Stream
from models.errors import Misuse
from review.label_studio import project_mark
from review.ledger import ledger
from review.queries import pending_cases, policy_history, registered

log = logging.getLogger("second_reader")

Counts = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one flow on one stream, the stream held and the ledger open. Never an input of a task."""

    run_id: str
    flow: str
    started_at: str
    stream: Stream
    settings: settings_.Settings
    ledger: ledger.Ledger

    def finish(self, counts: Counts, *, cursor: str | None = None) -> None:
        """Record what this run did."""
        now = clock()
        row = {
            "run_id": self.run_id,
            "stream": self.stream.name,
            "flow": self.flow,
            "counts": json.dumps(counts, sort_keys=True),
            "cursor": cursor,
            "started_at": self.started_at,
            "finished_at": now,
        }
        self.ledger.append({"run": pl.DataFrame([row], schema_overrides={"cursor": pl.String})}, now=now)


def policy_in_force(book: ledger.Ledger, stream: Stream) -> policy_history.PolicyInForce:
    """The policy in force. Raises Misuse if there is none, or if the stream has moved on to other terms."""
    policy = policy_history.policy_in_force(book, stream.name)
    if policy is None:
        raise Misuse(f"stream {stream.name!r} has no policy yet; run: second-reader init {stream.name}")
    differs = changed(book, policy, stream)
    if differs:
        raise Misuse(
            f"stream {stream.name!r}: {differs}; to start a new epoch (evidence from zero, everything to review) run: "
            f"second-reader init {stream.name}"
        )
    return policy


def changed(book: ledger.Ledger, in_force: policy_history.PolicyInForce, stream: Stream) -> str | None:
    """How the stream file and the model it names differ from what the epoch in force was opened under; None: not at all.

    Evidence gathered under some terms says nothing of others, and a target that is changed after a look is another
    certificate. The bytes of a model file are compared where they can be read: what cannot be is not scored with either.
    """
    then = registered.terms(book, in_force.epoch_id)
    return terms.differs(terms_now(stream, then), then)


def terms_now(stream: Stream, then: terms.Terms | None) -> terms.Terms:
    """The terms of the stream file, with the digests of its model files; one that cannot be read is taken to be as `then`."""
    files = {"model.file": stream.model.file, "score.second_stage": stream.ranked.second_stage}
    digests = {
        key: None if name is None else file_digest(settings_.read().data / name) or (then or {}).get(key)
        for key, name in files.items()
    }
    return terms.of(stream, digests["model.file"], digests["score.second_stage"])


def file_digest(path: Path) -> str | None:
    """SHA-256 of a file's bytes in hex; None if it cannot be read. Read once in a process, unless it is written anew."""
    try:
        stat = path.stat()
        return _hashed(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    except OSError:
        return None


@functools.lru_cache(maxsize=8)
def _hashed(path: Path, *_: int) -> str:
    """The digest of a file as it is while the numbers behind its path, by which it is known, stay the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def project(book: ledger.Ledger, stream: Stream) -> pending_cases.ProjectRow:
    """The stream's Label Studio project. Raises Misuse if it has none yet."""
    row = pending_cases.project(book, stream.name)
    if row is None:
        raise Misuse(f"stream {stream.name!r} has no Label Studio project; run: second-reader init {stream.name}")
    return row


def mark(book: ledger.Ledger, stream: Stream) -> project_mark.Mark:
    """What the description of the stream's Label Studio project says."""
    return project_mark.Mark(stream=stream.name, ledger=book.identity)


def clock() -> str:
    """Now, as the ledger writes it."""
    return timestamps.text(datetime.now(UTC))


def open_ledger(settings: settings_.Settings | None = None) -> ledger.Ledger:
    """The ledger that the settings name. A task opens its own: connections do not travel."""
    return ledger.open((settings or settings_.read()).ledger.get_secret_value())


@contextmanager
def running(flow: str, stream_name: str) -> Iterator[Run]:
    """Hold the stream for `flow` and open the ledger. Raises Busy if another run holds it."""
    log.setLevel(logging.INFO)  # what a run says of itself reaches Prefect, under `serve` and a worker too
    settings = settings_.read()
    stream = settings_.read_stream(stream_name, settings)
    with open_ledger(settings) as book, book.exclusive(flow, stream.name):
        yield Run(
            run_id=str(uuid.uuid4()), flow=flow, started_at=clock(), stream=stream, settings=settings, ledger=book
        )


def line(counts: Mapping[str, Any]) -> str:
    """Counts as one line: `decided 1797, automated 0`. What is a table or an object is not in it."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in counts.items()
        if value is not None and not isinstance(value, dict | list)
    )
