"""One batch of cases put into a Label Studio project, each once."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from flows.runtime import runs, settings
from models.config.stream import Stream
from review.label_studio import access, import_tasks, task_data
from review.queries import adjudication, sent_tasks

BATCH = 2000  # tasks in one import: about two seconds of Label Studio's time
FIRST_READING = 0  # the number of a case's first reading


def batch(
    stream: Stream, project_id: int, cases: pl.DataFrame, *, above: int | None = None, first_try: bool = False
) -> pl.DataFrame:
    """Put a batch into the project, each case once. `cases`: case_id, slot, payload, prediction, blind.

    `above`: an id such that those of the cases that are in Label Studio, if any, have higher ones; None: they may have
    any. They are looked for, except at the first try if nobody has sent anything since `above` was found. Returns the
    cases with task_key, project_id and task_id.
    """
    config = settings.read()
    connection = access.connect(config.label_studio_url, settings.label_studio_token(config), known=True)
    with runs.open_ledger(config) as book:
        again = cases.filter(pl.col("slot") > FIRST_READING)["case_id"].to_list()
        readers = adjudication.readers(book, stream.name, again)
        alone = above is not None and sent_tasks.newest_task(book, project_id) <= above
    ids = {email: number for number, email in access.people(connection).items()} if again else {}
    tasks = [_task(stream, case, readers.get(case["case_id"], {}), ids) for case in cases.iter_rows(named=True)]
    task_ids = import_tasks.push(connection, project_id, tasks, stream, above=above, fresh=alone and first_try)
    return cases.with_columns(
        task_key=pl.Series([task.key for task in tasks], dtype=pl.String),
        project_id=pl.lit(project_id, dtype=pl.Int64),
        task_id=pl.Series([task_ids[task.key] for task in tasks], dtype=pl.Int64),
    )


def _task(
    stream: Stream, case: dict[str, Any], readers: Mapping[str, int], ids: Mapping[str, int]
) -> import_tasks.Task:
    """What Label Studio is given of a case: what a person needs to see, and nothing of what the machine did with it.

    `readers`: e-mail addresses of those who have read it, `ids`: their accounts; one that is gone can read nothing.
    """
    # An answer that is not among the choices cannot be pre-filled; the reviewer starts from nothing.
    shown = None if case["blind"] else task_data.shown(stream, case["prediction"])
    return import_tasks.Task(
        key=task_data.task_key(stream.name, case["case_id"], case["slot"]),
        case_id=case["case_id"],
        data=task_data.data(
            stream, json.loads(case["payload"]), case["case_id"], case["prediction"], blind=case["blind"]
        ),
        prediction=shown,
        closed_to=tuple(sorted(ids[email] for email in readers if email in ids)),
    )
