"""What a run of `dispatch` that did not live to its end left behind: tasks in Label Studio that the ledger has no receipt
of. Recording them first is what lets the rest of a batch go out without a look at what is there.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from flows.runtime import runs
from models import timestamps
from review.label_studio import access, duplicates, import_tasks, search, task_data
from review.ledger import records
from review.queries import items, pending_cases, sent_tasks

# An import cut off from us may be committed by the server after a later one of ours, with lower ids: receipts younger
# than this say nothing of the tasks before them.
SETTLED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was there. `above`: no waiting case has a task up to this id; None: that cannot be said, so look by key.

    `cases` were found and recorded, `blind` of them blind; `removed`: tasks taken away, for people are asked about their item as
    another case.
    """

    above: int | None
    cases: int = 0
    blind: int = 0
    removed: int = 0


def adopt(run: runs.Run, connection: access.Connection, project_id: int) -> Adopted:
    """Record the tasks of ours that are in Label Studio and have no receipt. Reads the ids of the last ten minutes' tasks."""
    now = runs.clock()
    newest = sent_tasks.newest_task(run.ledger, project_id)
    settled = sent_tasks.newest_task(run.ledger, project_id, before=timestamps.text(timestamps.parse(now) - SETTLED))
    there = search.task_ids(connection, project_id, start=settled)
    if newest and newest not in there:
        # Somebody deleted it, or the server was restored from an older backup and deals the same ids again. What waits is
        # looked for by its key when it is sent; what will not be sent, for its item was decided anew, is looked for here.
        return adopt_overtaken(run, connection, project_id)
    strangers = set(there).difference(sent_tasks.recorded_tasks(run.ledger, project_id, start=settled))
    highest = max(there, default=0)
    if not strangers:
        return Adopted(above=highest)
    keys = search.keys(connection, project_id, above=min(strangers) - 1)
    unsent = _with_keys(pending_cases.unsent(run.ledger, run.stream.name), run.stream.name)
    return _record(run, unsent, keys, project_id, connection, above=highest)


def adopt_overtaken(
    run: runs.Run, connection: access.Connection, project_id: int, there: dict[str, list[int]] | None = None
) -> Adopted:
    """The same for cases that will not be sent, wherever their tasks are: an import may be carried out long after its case was
    decided anew. `there`: of the whole project (`search.keys`); None: they are looked for."""
    left = items.overtaken(run.ledger, run.stream.name).with_columns(slot=pl.lit(0, pl.Int64))
    left = _with_keys(left, run.stream.name)
    known = search.find(connection, project_id, left["task_key"]) if there is None else there
    return _record(run, left, known, project_id, connection, above=None)


def _with_keys(cases: pl.DataFrame, stream: str) -> pl.DataFrame:
    keys = [task_data.task_key(stream, case_id, slot) for case_id, slot in cases.select("case_id", "slot").rows()]
    return cases.with_columns(task_key=pl.Series(keys, dtype=pl.String))


def _record(
    run: runs.Run,
    unsent: pl.DataFrame,
    there: dict[str, list[int]],
    project_id: int,
    connection: access.Connection,
    *,
    above: int | None,
) -> Adopted:
    """Record those of some readings (case_id, slot, blind, task_key) that are there: key -> task ids.

    Where people are asked about an item as another case, a task that nobody has begun is taken away instead.
    """
    landed = unsent.filter(pl.col("task_key").is_in(list(there)))
    first = dict(landed.filter(pl.col("slot") == 0).select("case_id", "task_key").rows())
    cases, begun, removed = pl.Series(list(first), dtype=pl.String), set[str](), 0
    while twins := items.twins(run.ledger, run.stream.name, cases, begun=begun).to_list():
        for key in map(first.__getitem__, twins):
            left = [task_id for task_id in there[key] if not duplicates.take_away(connection, task_id)]
            removed += len(there[key]) - len(left)
            there[key] = left
        begun |= {case for case in twins if there[first[case]]}
        cases = cases.filter(~cases.is_in([case for case in twins if case not in begun]))
    landed = landed.filter(pl.col("task_key").is_in([key for key, ids in there.items() if ids]))
    tasks = landed.with_columns(
        project_id=pl.lit(project_id, pl.Int64),
        task_id=pl.Series([there[key][0] for key in landed["task_key"]], dtype=pl.Int64),
    )
    now = runs.clock()
    rows = records.dispatches(tasks, stream=run.stream.name, run_id=run.run_id, now=now)
    for task_id in rows.filter(pl.col("slot") > 0)["task_id"]:
        import_tasks.offer(connection, task_id)  # it may have been killed before that, too
    run.ledger.append({"dispatch": rows}, now=now)
    if len(rows):
        runs.log.info("dispatch %s: %d found that an earlier run had sent", run.stream.name, len(rows))
    return Adopted(above=above, cases=len(rows), blind=int(rows["blind"].sum()), removed=removed)
