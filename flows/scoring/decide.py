"""What a piece of the input comes to: decided in memory, then recorded in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.inputs import files
from flows.runtime import flow_states, runs, settings
from flows.scoring import group_caps, other_rows, rescored
from models import timestamps
from models.config.stream import Stream
from models.errors import ModelInvalid, Superseded
from models.outputs import contract
from models.routing import policy
from review import formats
from review.ledger import appends, ledger, records, sealing
from review.queries import policy_history

_AHEAD = timedelta(days=1)  # a time that names no zone is taken for UTC, and may be hours ahead
WITH_PEOPLE = "with_people"  # counted where there are any
COUNTS = ("read", "decided", "automated", "audits", "to_review", "unscored", "faults", "repeats")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a chunk comes to under one policy: ready for the ledger."""

    policy_id: str
    epoch_id: str
    decided_at: str
    read: int  # rows of the file
    faults: int
    unscored: int  # cases of which the model's answer, or how sure it was, cannot be used
    example: str  # the first of these, and what is the matter with it; empty if there is none
    held: pl.Series | None  # ids of cases that are held (`flows.scoring.group_caps`); None: nobody has looked
    others: pl.DataFrame | None  # what other models said of cases for measuring; None: the stream names none
    anew: pl.DataFrame  # case_id and item_id of what is decided anew (`flows.scoring.rescored`)
    stays: pl.DataFrame  # what is not, since people have it
    alike: int  # rows of items of which another model said the same
    ready: sealing.Ready


@task(name="record", cache_policy=NO_CACHE, **flow_states.RETRY)
def record(stream: Stream, run_id: str, chunk: files.Chunk, facts: Facts | None = None) -> dict[str, int]:
    """Append one chunk's decisions, whole or not at all. Doing it again adds nothing. `facts` as in `append`."""
    with runs.open_ledger() as book:
        return append(book, stream, run_id, facts, lambda: chunk)


def append(
    book: ledger.Ledger, stream: Stream, run_id: str, facts: Facts | None, chunk: Callable[[], files.Chunk]
) -> dict[str, int]:
    """Append what `chunk` comes to, whole or not at all, and count.

    `facts` may have been prepared before; they are made anew from the chunk if another policy is in force by now, or if people
    got an item meanwhile that was to be decided anew. Nothing is recorded under a policy that is no longer in force: once a
    halt has returned, nothing more is released.
    """
    while True:
        in_force = runs.policy_in_force(book, stream)
        if facts is None or facts.policy_id != in_force.policy_id:
            held = facts.held if facts is not None and facts.epoch_id == in_force.epoch_id else None
            facts = _prepared_here(book, stream, run_id, chunk(), in_force, held)
        if facts.held is None:  # prepared where nobody could know what came before
            held = look_back(book, stream, in_force).held(facts.ready.facts["decision"])
            facts = replace(facts, held=held)
            if not held.is_empty():
                facts = _prepared_here(book, stream, run_id, chunk(), in_force, held)
        try:
            appended = book.append(
                facts.ready,
                now=facts.decided_at,
                in_force={stream.name: facts.policy_id},
                of_new={"shadow": "decision"},  # an earlier decision may not be blind: `catch_up` knows
                check=None if facts.anew.is_empty() else _still(book, stream.name, facts.anew),
            )
            break
        except rescored.Moved:
            facts = None
        except Superseded:  # between the look and the append; a person may halt at any moment
            continue
    conflicts = appended.conflicts["decision"]
    clashes = contract.clashes(conflicts.with_columns(case_id=pl.coalesce("item_id", "case_id")))
    written, other = appended.written["decision"], contract.FAULT_SCHEMA.to_frame()
    if facts.others is not None and appended.known["decision"]:
        again = _again(facts.ready.facts["decision"], appended)
        other = other_rows.catch_up(book, stream, facts.others, again, run_id=run_id, now=facts.decided_at)
    faulty = pl.concat([clashes, other])
    beside = {"fault": records.faults(faulty, stream=stream.name, run_id=run_id, now=facts.decided_at)}
    if len(facts.stays):
        beside["shadow"] = rescored.shadows_of(book, stream, facts.stays, run_id=run_id, now=facts.decided_at)
    book.append(beside, now=facts.decided_at)
    automated = written["route"] == policy.Route.AUTOMATE
    faults = facts.faults + len(clashes) + other["line"].n_unique()  # a row may hold several models
    if facts.alike and len(written) > written["item_id"].null_count():
        _tell_alike(stream, written["source"][0], facts.alike)
    counts = {
        "read": facts.read,
        "decided": len(written),
        "automated": int(automated.sum()),
        "audits": int((automated & written["blind"]).sum()),
        "to_review": int((~automated).sum()),
        "unscored": facts.unscored,
        "faults": faults,
        # Rows that say again what was decided, now or before.
        "repeats": facts.read - len(written) - faults - len(facts.stays),
    }
    return counts | ({WITH_PEOPLE: len(facts.stays)} if len(facts.stays) else {})


def _again(decided: pl.DataFrame, done: appends.Appended) -> pl.DataFrame:
    """Those of the decisions that were recorded before, with the same content."""
    for other in (done.written["decision"], done.conflicts["decision"]):
        decided = decided.join(other, on="case_id", how="anti", maintain_order="left")
    return decided


def add(total: dict[str, int], counts: Mapping[str, int]) -> None:
    """Add the counts of a chunk to those before it."""
    for name, count in counts.items():
        total[name] = total.get(name, 0) + count


def _still(book: ledger.Ledger, stream: str, anew: pl.DataFrame) -> Callable[[object], None]:
    return lambda _: rescored.still(book, stream, anew)


def _tell_alike(stream: Stream, source: str, alike: int) -> None:
    runs.log.warning(
        "score %s: %s: of %s %s says word for word what the model before it said, so these stay as they were decided; what "
        "people say of the others speaks of items on which the two differ; where rows name their model (input.model), each item "
        "is decided anew",
        *(stream.name, source, formats.plain(formats.count(alike, "item")), stream.model.id),
    )


def _prepared_here(
    book: ledger.Ledger,
    stream: Stream,
    run_id: str,
    chunk: files.Chunk,
    in_force: policy_history.PolicyInForce,
    held: pl.Series | None,
) -> Facts:
    look = rescored.look(book, stream, in_force)
    return prepare(stream, run_id, chunk, in_force, held=held, identity=book.identity, look=look)


def look_back(book: ledger.Ledger, stream: Stream, in_force: policy_history.PolicyInForce) -> group_caps.Repeats:
    """How often each group of the stream has come so far."""
    grouped = stream.input.group is not None
    return group_caps.Repeats(book, stream.name, in_force, grouped=grouped, group_size=stream.policy.group_size)


def prepare(
    stream: Stream,
    run_id: str,
    chunk: files.Chunk,
    in_force: policy_history.PolicyInForce,
    *,
    hashed: bool = True,
    held: pl.Series | None = None,
    before: group_caps.Repeats | None = None,
    identity: str,
    look: rescored.Look | None = None,
) -> Facts:
    """Check a chunk and decide its cases under a policy: all that can be done before the ledger is written, whose `identity`
    that is.

    `hashed` as in `sealing.ready`. `held`: ids of the cases that are held; else those that `before` finds, if it is given.
    `look`: at what another model decided before (`rescored.look`).
    """
    answered = chunk.frame
    if stream.model.file is not None:
        answered = _answered(settings.read().data / stream.model.file, chunk.frame, stream)
    now = runs.clock()
    latest = timestamps.text(timestamps.parse(now) + _AHEAD)
    checked = contract.validate(answered, stream, source=chunk.source, latest=latest)
    known = rescored.ordinary(checked.cases) if look is None else look.sort(checked.cases)
    cases = known.cases
    if held is None and before is not None:
        held = before.held(cases)
    decided = _decide(cases, _scores(cases, stream), in_force, stream, held)
    decided = decided.with_columns(run_id=pl.lit(run_id), decided_at=pl.lit(now))
    faults = pl.concat([chunk.faults, checked.faults, known.faults])
    unscored = checked.cases.filter(pl.col("doubt").is_not_null())
    facts = {"decision": decided, "fault": records.faults(faults, stream=stream.name, run_id=run_id, now=now)}
    others = other_rows.measuring(checked, stream, chunk.source, identity)
    if others is not None:
        others = rescored.of_cases(others, known.anew)
        asked = other_rows.of_decisions(others, decided)
        facts["shadow"] = other_rows.facts(asked, stream, run_id=run_id, now=now)
    stays = known.stays
    scored = pl.when(pl.col("doubt").is_null()).then(pl.lit(_scores(stays, stream)))
    return Facts(
        policy_id=in_force.policy_id,
        epoch_id=in_force.epoch_id,
        decided_at=now,
        read=len(chunk.frame) + len(chunk.faults),
        faults=len(faults),
        unscored=len(unscored),
        example="" if unscored.is_empty() else "{source}, line {line}: {doubt}".format(**unscored.row(0, named=True)),
        held=held,
        others=others,
        anew=known.anew,
        stays=stays.with_columns(raw_score=scored),
        alike=known.alike,
        ready=sealing.ready(facts, hashed=hashed),
    )


def _scores(cases: pl.DataFrame, stream: Stream) -> pl.Series:
    """The score of each case that thresholds are held against: the model's, or that of the stream's second stage."""
    stage = stream.ranked.second_stage
    if stage is None or cases.is_empty():
        return cases["raw_score"]
    return _ranked(settings.read().data / stage, cases, stream)


def _decide(
    cases: pl.DataFrame,
    ranked: pl.Series,
    in_force: policy_history.PolicyInForce,
    stream: Stream,
    held: pl.Series | None,
) -> pl.DataFrame:
    """Cases with their route, audit and propensity. `ranked`: the score of each that thresholds are held against. A case that
    could not be scored has no confidence, so it goes to a person, as does one that is held or that a rule holds of."""
    # The scale that the epoch registered as its calibrator was applied when the row was read.
    # What a rule keeps with people no threshold can release: it has a score, and no confidence that one could be held against.
    scored = pl.col("doubt").is_null() & pl.col("ruled").is_null()
    confidence = cases.select(pl.when(scored).then(pl.lit(ranked))).to_series().rename("confidence")
    none = pl.Series("case_id", [], dtype=pl.String)
    is_held = pl.col("case_id").is_in((none if held is None else held).implode())
    reason = cases.select(held=pl.coalesce("ruled", pl.when(is_held).then(pl.lit(group_caps.REASON)))).to_series()
    routed = policy.route(
        confidence,
        cases["group_id"],
        policy=in_force.policy,
        salt=in_force.salt,
        predictions=cases["prediction"],
        held=reason,
        audited=cases["audited"],
    )
    decided = cases.drop("ruled", "audited").hstack(routed)
    if stream.input.payload_by == "reference":
        read_by_people = (pl.col("route") == policy.Route.REVIEW) | pl.col("blind")
        decided = decided.with_columns(payload=pl.when(read_by_people).then("payload"))
    return decided.with_columns(
        confidence=confidence,
        stream=pl.lit(stream.name),
        policy_id=pl.lit(in_force.policy_id),
        epoch_id=pl.lit(in_force.epoch_id),
        held=reason,
    )


def _ranked(path: Path, cases: pl.DataFrame, stream: Stream) -> pl.Series:
    """The scores of the stream's second stage or calibrator."""
    from models.classifiers import ranking  # as below

    try:
        return ranking.scores(ranking.read(_bytes(path, "score.second_stage")), cases, stream)
    except ModelInvalid as error:
        raise ModelInvalid(f"{path}: {error}") from None


def _bytes(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelInvalid(f"the model cannot be read ({error.strerror}); check {key} of the stream") from None


def _answered(path: Path, items: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """The items with the answers of the stream's own model."""
    from models.classifiers import inference  # scikit-learn takes seconds to import, and most streams come with answers

    try:
        return inference.apply(inference.load(_bytes(path, "model.file")), items, stream)
    except ModelInvalid as error:
        raise ModelInvalid(f"{path}: {error}") from None
