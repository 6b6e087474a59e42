"""Flow `dispatch`: put waiting cases before people, as many as the queue has room for."""

from collections.abc import Callable
from functools import cache

import polars as pl
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import task_run

from flows.governance import eras
from flows.queueing import prefilled_answers, push, recovery
from flows.runtime import flow_states, runs, settings
from flows.scoring import payloads
from models.config.stream import Stream
from review.label_studio import access, duplicates, projects, search, storages
from review.ledger import records
from review.queries import adjudication, items, pending_cases, readings, sent_tasks, totals


@flow(name="dispatch", flow_run_name="dispatch-{stream}")
def dispatch(stream: str) -> flow_states.Ended:
    """Send the cases that wait for a person to Label Studio, up to the stream's queue depth, other readings among them.

    Args:
        stream: the stream's name.
    """
    return flow_states.ended(lambda: _dispatch(stream))


def _dispatch(stream_name: str) -> runs.Counts:
    with runs.running("dispatch", stream_name) as run:
        counts = send_all(run, send)
        run.finish(counts)
        return counts


def send_all(run: runs.Run, put: Callable[..., int]) -> runs.Counts:
    """Send every case there is room for, in batches, by `put` (`send`, as a task or as a function), and count."""
    project_id = runs.project(run.ledger, run.stream).project_id
    connection = access.connect(run.settings.label_studio_url, settings.label_studio_token(run.settings))
    projects.check_owner(connection, project_id, runs.mark(run.ledger, run.stream))
    in_force = runs.policy_in_force(run.ledger, run.stream)
    # Before anybody can answer: a plan is laid on scores whose labels nobody has seen.
    era = eras.under_way(run.ledger, run.stream, in_force, runs.clock())
    adopted = recovery.adopt(run, connection, project_id)
    looked: set[int] = set()
    filled = [prefilled_answers.fill(run, connection, project_id, looked)]
    open_before = readings.open_cases(readings.read(run.ledger, run.stream.name))
    again = _again(run, open_before)
    room = max(0, run.stream.review.queue_depth - len(open_before) - len(again))
    since = eras.read_first(run.ledger, run.stream, era)
    stored = cache(lambda: storages.connected(connection, project_id))
    waiting, left_out = payloads.pending(
        run, room, blind_first=not in_force.policy.releases, since=since, connected=stored
    )
    first = waiting.with_columns(slot=pl.lit(push.FIRST_READING, pl.Int64)).select(again.columns)
    tell_earlier(run, first["case_id"].to_list(), in_force.epoch_id)
    sent, total, above = 0, len(again) + len(first), adopted.above
    for batch in again.iter_slices(push.size(run.stream)):  # few, and looked for by their keys
        newest = put(run.stream, run.run_id, project_id, batch, None)
        above = None if above is None else max(above, newest)
        sent += len(batch)
    for batch in first.iter_slices(push.size(run.stream)):
        newest = put(run.stream, run.run_id, project_id, batch, above)
        above = None if above is None else max(above, newest)
        filled.append(prefilled_answers.fill(run, connection, project_id, looked))
        sent += len(batch)
        runs.log.info("dispatch %s: %d of %d sent", run.stream.name, sent, total)
    late, doubles = _doubles(run, connection, project_id, adopted.removed)
    return {
        "sent": adopted.cases + late.cases + total,
        "blind": adopted.blind + late.blind + int(again["blind"].sum()) + int(first["blind"].sum()),
        "again": len(again),
        "open": len(open_before) + late.cases + total,
        "waiting": totals.waiting(run.ledger, run.stream.name),
        **({"faults": left_out} if left_out else {}),
        **prefilled_answers.counts(*filled),
        **doubles,
    }


def tell_earlier(run: runs.Run, case_ids: list[str], epoch_id: str) -> None:
    """Say, before anything is sent, which of the cases are no evidence about the model that answers now."""
    name, model = run.stream.name, run.stream.model.id
    earlier = pending_cases.of_earlier_epochs(run.ledger, run.stream.name, case_ids, epoch_id)
    if earlier:
        runs.log.warning(
            "dispatch %s: %d of %d cases that go to people were decided in an earlier epoch: what people say of them is no "
            "evidence about %s; where another model answered them, score what it says of them now, under the same ids",
            name, earlier, len(case_ids), model,
        )  # fmt: skip
    chosen = items.chosen_by_release(run.ledger, run.stream.name).is_in(case_ids).sum() if case_ids else 0
    if chosen:
        runs.log.warning(
            "dispatch %s: %d of %d cases that go to people were decided anew after answers to their items or to others of their "
            "time had been released: what people say of them certifies no threshold of %s; new items do",
            name, chosen, len(case_ids), model,
        )  # fmt: skip


@task(name="send", cache_policy=NO_CACHE, **flow_states.RETRY)
def send(stream: Stream, run_id: str, project_id: int, batch: pl.DataFrame, above: int | None) -> int:
    """Push one batch and record where each case went: the highest task id. `above` as in `push.batch`."""
    first_try = task_run.run_count <= 1  # an earlier one may have put them there; 0: not run by Prefect
    sent, now = push.batch(stream, project_id, batch, above=above, first_try=first_try), runs.clock()
    rows = records.dispatches(sent, stream=stream.name, run_id=run_id, now=now)
    with runs.open_ledger() as book:
        book.append({"dispatch": rows}, now=now)
    return int(sent["task_id"].max())  # type: ignore[arg-type] # a batch is never empty


def _doubles(
    run: runs.Run, connection: access.Connection, project_id: int, before: int
) -> tuple[recovery.Adopted, dict[str, int | None]]:
    """Take double tasks away, and record those of items decided anew that somebody has begun with.

    The project is only listed if its size is not what the last run left behind. `before`: how many this run has taken away
    already. `beside`: by how many tasks it differs from the ledger, such as those somebody put there by hand; None: by none.
    `doubles_left`: cases whose doubles wait for a collection, to be looked at again by the next run.
    """
    beside = projects.size(connection, project_id) - pending_cases.dispatched(run.ledger, project_id)
    removed, again, late = before, 0, recovery.Adopted(above=None)
    began, counts = totals.last_run(run.ledger, run.stream.name, "dispatch")
    # Of doubles that people had worked on both stay; an answer that is taken back leaves one of them open.
    taken_back = beside > 0 and sent_tasks.deleted_since(run.ledger, run.stream.name, began)
    if taken_back or counts.get("doubles_left") or beside != (counts.get("beside") or 0):
        there = search.keys(connection, project_id, above=0)
        late = recovery.adopt_overtaken(run, connection, project_id, there)
        doubles, again = duplicates.remove(
            connection,
            there,
            sent_tasks.recorded_tasks(run.ledger, project_id),
            lambda key: sent_tasks.answered_tasks(run.ledger, project_id, key),
        )
        removed += late.removed + doubles
        beside -= late.cases + late.removed + doubles
    return late, {"doubles_removed": removed or None, "doubles_left": again or None, "beside": beside or None}


def _again(run: runs.Run, open_before: pl.DataFrame) -> pl.DataFrame:
    """Cases to put before another person, as many as there is room for.

    Another reading waits for certain people, and must not keep the others from their work: half of the queue is for first
    readings, unless no case waits for one.
    """
    rule = run.stream.review
    depth = rule.queue_depth
    first = int((open_before["slot"] == push.FIRST_READING).sum())
    kept = min(depth // 2, first + totals.waiting(run.ledger, run.stream.name))  # of the queue, for first readings
    return adjudication.waiting(
        run.ledger,
        run.stream.name,
        max(0, depth - max(first, kept) - (len(open_before) - first)),
        second_opinion=rule.second_opinion,
        overlap=rule.overlap,
    )
