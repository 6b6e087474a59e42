"""That the tasks which the ledger calls assisted carry the model's answer: looked up, and sent once more where they do not."""

import polars as pl

from flows.runtime import runs
from review.label_studio import access, readback, task_data
from review.queries import sent_tasks


def fill(run: runs.Run, connection: access.Connection, project_id: int, looked: set[int]) -> readback.Filled:
    """Compare the open assisted tasks with the ledger, and send what they lack once more. Tells of it in the log.

    Tasks in `looked` were looked at by this run and are left out; those that are looked at now are added.
    """
    tasks = sent_tasks.open_tasks(run.ledger, run.stream.name, project_id)
    tasks = tasks.filter(~pl.col("blind"), ~pl.col("task_id").is_in(list(looked)))
    results = {
        number: result
        for number, case_id, prediction in tasks.select("task_id", "case_id", "prediction").rows()
        if (result := task_data.prefill(run.stream, prediction, case_id))
    }
    looked.update(results)
    filled = readback.fill(connection, project_id, results)
    if filled.sent_again:
        runs.log.warning(
            "%s %s: Label Studio kept no prediction of %d of %d assisted tasks; sent once more, %d are still without one%s",
            run.flow,
            run.stream.name,
            filled.sent_again,
            len(results),
            len(filled.missing),
            f", such as task {min(filled.missing)}: the next dispatch tries again" if filled.missing else "",
        )
    return filled


def counts(*filled: readback.Filled) -> dict[str, int | None]:
    """What goes into a run's counts: predictions sent a second time, and those that are missing all the same."""
    return {
        "predictions_sent_again": sum(one.sent_again for one in filled) or None,
        "predictions_missing": sum(len(one.missing) for one in filled) or None,
    }
