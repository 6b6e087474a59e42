"""Flow `score`: read the model's outputs, decide each case once, record the decisions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import polars_hash as plh
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import files, runs, settings
from flows.ahead import ahead
from models import outputs, policy
from models.errors import ModelInvalid
from models.stream import Stream
from review import ledger, states

CHUNK_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a chunk comes to under one policy: ready for the ledger."""

    policy_id: str
    decided_at: str
    faults: int
    ready: ledger.Ready


@flow(name="score", flow_run_name="score-{stream}")
def score(stream: str, source: str | None = None) -> runs.Counts | State[Any]:
    """Score a stream's inbox, release the confident cases, mark the others for review.

    Args:
        stream: the stream's name.
        source: a file or folder to read instead of the one the stream names.
    """
    return runs.ended(lambda: _score(stream, source))


def _score(stream_name: str, source: str | None) -> runs.Counts:
    with runs.running("score", stream_name) as run:
        runs.policy_in_force(run.ledger, run.stream)  # before the first file is opened
        inbox = Path(source) if source else run.settings.data / run.stream.input.source
        total = record_all(run, inbox, record)
        run.finish(total)
        return total


def record_all(run: runs.Run, inbox: Path, write: Callable[..., dict[str, int]]) -> dict[str, int]:
    """Record every chunk of the inbox by `write` (`record`, as a task or as a function), and count."""
    total = dict.fromkeys(("read", "decided", "automated", "audits", "to_review", "faults"), 0)
    chunks = files.chunks(inbox, run.stream, rows=CHUNK_ROWS)
    for chunk, facts in ahead(_prepared(run, chunks, total)):
        for name, count in write(run.stream, run.run_id, chunk, facts).items():
            total[name] += count
        runs.log.info("score %s: %s", run.stream.name, runs.line(total))
    return total


def _prepared(
    run: runs.Run, chunks: Iterator[files.Chunk], total: Mapping[str, int]
) -> Iterator[tuple[files.Chunk, Facts]]:
    """Each chunk with its facts under the policy in force now, made while the chunk before it is written."""
    with runs.open_ledger(run.settings) as book:
        for chunk in chunks:
            again = total["read"] > 0 and total["decided"] == 0  # an inbox that was read before: nothing to hash
            in_force = runs.policy_in_force(book, run.stream)
            yield chunk, prepare(run.stream, run.run_id, chunk, in_force, hashed=not again)


@task(name="record", cache_policy=NO_CACHE, **runs.RETRY)
def record(stream: Stream, run_id: str, chunk: files.Chunk, facts: Facts | None = None) -> dict[str, int]:
    """Append one chunk's decisions, whole or not at all. Doing it again adds nothing.

    `facts` may have been prepared before; they are made anew if another policy is in force by now: a halt stops the next
    chunk, not the next run.
    """
    with runs.open_ledger() as book:
        in_force = runs.policy_in_force(book, stream)
        if facts is None or facts.policy_id != in_force.policy_id:
            facts = prepare(stream, run_id, chunk, in_force)
        appended = book.append(facts.ready, now=facts.decided_at)
        clashes = outputs.clashes(appended.conflicts["decision"])
        book.append({"fault": _fault_rows(clashes, stream, run_id, facts.decided_at)}, now=facts.decided_at)
    written = appended.written["decision"]
    automated = written["route"] == policy.AUTOMATE
    return {
        "read": len(chunk.frame) + len(chunk.faults),
        "decided": len(written),
        "automated": int(automated.sum()),
        "audits": int((automated & written["blind"]).sum()),
        "to_review": int((~automated).sum()),
        "faults": facts.faults + len(clashes),
    }


def prepare(
    stream: Stream, run_id: str, chunk: files.Chunk, in_force: states.PolicyInForce, *, hashed: bool = True
) -> Facts:
    """Check a chunk and decide its cases under a policy: all that can be done without the ledger.

    `hashed` as in `ledger.ready`.
    """
    answered = chunk.frame
    if stream.model.file is not None:
        answered = _answered(settings.read().data / stream.model.file, chunk.frame, stream)
    checked = outputs.validate(answered, stream, source=chunk.source)
    now = runs.clock()
    decisions = _decide(checked.cases, in_force, stream).with_columns(run_id=pl.lit(run_id), decided_at=pl.lit(now))
    faults = pl.concat([chunk.faults, checked.faults])
    ready = ledger.ready({"decision": decisions, "fault": _fault_rows(faults, stream, run_id, now)}, hashed=hashed)
    return Facts(policy_id=in_force.policy_id, decided_at=now, faults=len(faults), ready=ready)


def _decide(cases: pl.DataFrame, in_force: states.PolicyInForce, stream: Stream) -> pl.DataFrame:
    """Cases with their route, draw and propensity. A case with a doubt has no confidence, so it goes to a person."""
    # The epoch's calibrator is the identity: the confidence is the score as given.
    confidence = cases.select(pl.when(pl.col("doubt").is_null()).then("raw_score")).to_series()
    routed = policy.route(
        confidence, cases["case_id"], policy=in_force.policy, salt=in_force.salt, predictions=cases["prediction"]
    )
    return cases.hstack(routed).with_columns(
        confidence=confidence,
        stream=pl.lit(stream.name),
        policy_id=pl.lit(in_force.policy_id),
        epoch_id=pl.lit(in_force.epoch_id),
    )


def _fault_rows(faults: pl.DataFrame, stream: Stream, run_id: str, now: str) -> pl.DataFrame:
    """Rows that could not be read, as the ledger keeps them: whole, and once however often they are met."""
    return faults.with_columns(
        stream=pl.lit(stream.name),
        content=plh.col("raw").chash.sha2_256(),
        run_id=pl.lit(run_id),
        found_at=pl.lit(now),
    ).unique(["source", "line", "content"], keep="first", maintain_order=True)


def _answered(path: Path, items: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """The items with the answers of the stream's own model."""
    from models import classifier  # scikit-learn takes seconds to import, and most streams come with answers

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelInvalid(
            f"{path}: the model cannot be read ({error.strerror}); check model.file of the stream"
        ) from None
    try:
        return classifier.apply(classifier.load(data), items, stream)
    except ModelInvalid as error:
        raise ModelInvalid(f"{path}: {error}") from None
