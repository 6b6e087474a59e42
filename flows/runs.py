"""What every flow and command does around its work: open the ledger, hold the stream, record what it did.

A flow holds its stream by a lock that the kernel (SQLite) or the server (PostgreSQL) gives back when the holder dies.
A concurrency limit of Prefect is not used for this: a worker killed together with its flow keeps the limit's slot, and
every later run would be turned away (2026-11, Prefect 3.8.8). Nothing of Prefect is loaded here, for half of the
commands need nothing of it, and it takes a second of every start.
"""

import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from flows import settings as settings_
from models import moment
from models.errors import Misuse
from models.stream import Stream
from review import certified, ledger
from review.states import governed, queued

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


def policy_in_force(book: ledger.Ledger, stream: Stream) -> governed.PolicyInForce:
    """The policy in force. Raises Misuse if there is none, or if the stream file has moved on to another model."""
    policy = governed.policy_in_force(book, stream.name)
    if policy is None:
        raise Misuse(f"stream {stream.name!r} has no policy yet; run: second-reader init {stream.name}")
    differs = changed(book, policy, stream)
    if differs:
        raise Misuse(
            f"stream {stream.name!r}: {differs}; to start a new epoch (evidence from zero, everything to review) run: "
            f"second-reader init {stream.name}"
        )
    return policy


def changed(book: ledger.Ledger, in_force: governed.PolicyInForce, stream: Stream) -> str | None:
    """How the stream file differs from the epoch in force in model, labels or target; None: not at all.

    Evidence about one model says nothing of another, and a target that is changed after a look is another certificate.
    """
    plans = certified.plans(book, in_force.epoch_id)
    plan = next(iter(plans.values()), None)
    target = stream.target
    # What is not asked of all cases together is asked of each class; jointly, each class has its share of the doubt.
    per_class = stream.policy.per_class
    each = target.delta / len(stream.labels) if per_class == "joint" else target.delta
    of = "all cases" if per_class == "no" else "each class"
    asked = f"error {target.error:g} with delta {each:g} of {of}"
    registered = None
    if plan is not None:
        of = "all cases" if "" in plans else "each class"
        registered = f"error {plan.alpha:g} with delta {plan.delta:g} of {of}"
    for name, now, then in (
        ("model", repr(stream.model.id), repr(in_force.model_id)),
        ("labels", ", ".join(stream.labels), ", ".join(in_force.labels)),
        ("target", asked, registered),
    ):
        if now != then:
            return f"the file's {name} is {now}, that of the epoch in force {then}"
    return None


def project(book: ledger.Ledger, stream: Stream) -> queued.ProjectRow:
    """The stream's Label Studio project. Raises Misuse if it has none yet."""
    found = queued.project(book, stream.name)
    if found is None:
        raise Misuse(f"stream {stream.name!r} has no Label Studio project; run: second-reader init {stream.name}")
    return found


def clock() -> str:
    """Now, as the ledger writes it."""
    return moment.text(datetime.now(UTC))


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
    """Counts as one line: `decided 1797, automated 0`."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in counts.items() if value is not None)
