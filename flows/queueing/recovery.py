"""What a run of `dispatch` that did not live to its end left behind: tasks in Label Studio that the ledger has no receipt
of. Recording them first is what lets the rest of a batch go out without a look at what is there.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from flows.runtime import runs
from models import timestamps
from review.label_studio import access, import_tasks, search, task_data
from review.ledger import records
from review.queries import pending_cases, sent_tasks

# An import cut off from us may be committed by the server after a later one of ours, with lower ids: receipts younger
# than this say nothing of the tasks before them.
SETTLED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was there. `above`: no waiting case has a task up to this id; None: that cannot be said, so look by key.

    `cases` were found and recorded, `blind` of them blind.
    """

    above: int | None
    cases: int = 0
    blind: int = 0


def adopt(run: runs.Run, connection: access.Connection, project_id: int) -> Adopted:
    """Record the tasks of ours that are in Label Studio and have no receipt. Reads the ids of the last ten minutes' tasks."""
    now = runs.clock()
    newest = sent_tasks.newest_task(run.ledger, project_id)
    settled = sent_tasks.newest_task(run.ledger, project_id, before=timestamps.text(timestamps.parse(now) - SETTLED))
    there = search.task_ids(connection, project_id, start=settled)
    if newest and newest not in there:
        # Somebody deleted it, or the server was restored from an older backup and deals the same ids again.
        return Adopted(above=None)
    strangers = set(there).difference(sent_tasks.recorded_tasks(run.ledger, project_id, start=settled))
    highest = max(there, default=0)
    if not strangers:
        return Adopted(above=highest)
    keys = search.keys(connection, project_id, above=min(strangers) - 1)
    name = run.stream.name
    waiting = pending_cases.unsent(run.ledger, name)
    waiting = waiting.with_columns(
        task_key=pl.Series(
            [task_data.task_key(name, case_id, slot) for case_id, slot in waiting.select("case_id", "slot").rows()],
            dtype=pl.String,
        )
    )
    landed = waiting.filter(pl.col("task_key").is_in(list(keys)))
    tasks = landed.with_columns(
        project_id=pl.lit(project_id, pl.Int64),
        task_id=pl.Series([keys[key][0] for key in landed["task_key"]], dtype=pl.Int64),
    )
    rows = records.dispatches(tasks, stream=name, run_id=run.run_id, now=now)
    for task_id in rows.filter(pl.col("slot") > 0)["task_id"]:
        import_tasks.offer(connection, task_id)  # it may have been killed before that, too
    run.ledger.append({"dispatch": rows}, now=now)
    if len(rows):
        runs.log.info("dispatch %s: %d found that an earlier run had sent", name, len(rows))
    return Adopted(above=highest, cases=len(rows), blind=int(rows["blind"].sum()))
