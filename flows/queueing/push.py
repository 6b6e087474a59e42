"""One batch of cases put into a Label Studio project, each once."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from flows.runtime import runs, settings
from flows.scoring import payloads
from models.config.stream import Stream
from models.outputs import records
from review.label_studio import access, import_tasks, task_data
from review.ledger import ledger
from review.queries import adjudication, pending_cases, policy_history, sent_tasks

BATCH = 2000  # tasks in one import: about two seconds of Label Studio's time
_BATCH_OF_PAGES = 10  # of PDFs, whose pages are held in memory until they are sent: 10 MB each at most, or little more
FIRST_READING = 0  # the number of a case's first reading


def size(stream: Stream) -> int:
    """How many cases are sent at a time."""
    return _BATCH_OF_PAGES if stream.review.kind == "pdf" else BATCH


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
        marked = unsure(book, stream, cases)
        alone = above is not None and sent_tasks.newest_task(book, project_id) <= above
    ids = {email: number for number, email in access.people(connection).items()} if again else {}
    tasks = [
        _task(stream, case, readers.get(case["case_id"], {}), ids, marked.get(case["case_id"], frozenset()))
        for case in cases.iter_rows(named=True)
    ]
    task_ids = import_tasks.push(connection, project_id, tasks, stream, above=above, fresh=alone and first_try)
    return cases.with_columns(
        task_key=pl.Series([task.key for task in tasks], dtype=pl.String),
        project_id=pl.lit(project_id, dtype=pl.Int64),
        task_id=pl.Series([task_ids[task.key] for task in tasks], dtype=pl.Int64),
    )


def unsure(book: ledger.Ledger, stream: Stream, cases: pl.DataFrame) -> dict[str, frozenset[str]]:
    """Of each of the cases (case_id, prediction, blind) that is not blind, the fields of its record to mark.

    Cases that another epoch decided, whose fields may be others, are left out.
    """
    assisted = cases.filter(~pl.col("blind"))
    in_force = policy_history.policy_in_force(book, stream.name) if stream.field and len(assisted) else None
    if in_force is None:
        return {}
    scores = pending_cases.field_scores(book, stream.name, assisted["case_id"].to_list(), in_force.epoch_id)
    predictions = dict(assisted.select("case_id", "prediction").rows())
    return {
        case_id: records.unsure(field_scores, threshold, predictions[case_id], stream.field)
        for case_id, field_scores, threshold in scores.select("case_id", "field_scores", "threshold").rows()
    }


def _task(
    stream: Stream,
    case: dict[str, Any],
    readers: Mapping[str, int],
    ids: Mapping[str, int],
    marked: frozenset[str],
) -> import_tasks.Task:
    """What Label Studio is given of a case: what a person needs to see, and of what the machine did with it no more than the
    answer and which of its fields are `marked`, and that of no blind case.

    `readers`: e-mail addresses of those who have read it, `ids`: their accounts; one that is gone can read nothing.
    """
    # An answer that is not among the choices cannot be pre-filled; the reviewer starts from nothing.
    shown = None if case["blind"] else task_data.shown(stream, case["prediction"])
    payload = payloads.evidence(stream, json.loads(case["payload"]))
    return import_tasks.Task(
        key=task_data.task_key(stream.name, case["case_id"], case["slot"]),
        case_id=case["case_id"],
        data=task_data.data(stream, payload, case["case_id"], case["prediction"], blind=case["blind"], unsure=marked),
        prediction=shown,
        closed_to=tuple(sorted(ids[email] for email in readers if email in ids)),
    )
