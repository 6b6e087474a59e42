"""What a collection of answers needs to know: from where to read, whose task it is, what was known of it."""

from collections.abc import Sequence

import polars as pl

from review.ledger.ledger import Ledger
from review.queries import pending_cases


def cursor(ledger: Ledger, stream: str) -> str | None:
    """Up to where the stream's Label Studio project was read (`label_studio.answers.cursor`); None if nothing was yet.

    A project made anew is read from its beginning: only collections since then count.
    """
    rows = ledger.read(
        """
        SELECT max(cursor) AS cursor FROM run
        WHERE stream = :stream AND flow = 'collect'
            AND started_at >= (SELECT max(created_at) FROM project WHERE stream = :stream)
        """,
        stream=stream,
    )
    newest: str | None = rows["cursor"].item()
    return newest


def known_annotations(ledger: Ledger, project_id: int, task_ids: Sequence[int]) -> pl.DataFrame:
    """The latest revision of each annotation of these tasks.

    task_id, case_id, slot, annotation_id, revision, outcome, reviewer.
    """
    return ledger.read(
        """
        SELECT task_id, case_id, slot, annotation_id, revision, outcome, reviewer FROM (
            SELECT r.*, row_number() OVER (PARTITION BY annotation_id, case_id, slot ORDER BY revision DESC) AS newest
            FROM review r WHERE project_id = :project AND task_id IN :tasks
        ) AS revisions WHERE newest = 1
        """,
        project=project_id,
        tasks=list(task_ids),
    )


def dispatches_by_key(ledger: Ledger, stream: str, keys: Sequence[str], *, predictions: bool = False) -> pl.DataFrame:
    """Which case the task of each of these keys is: task_key, stream, case_id, slot, blind, and with `predictions` what the
    model said of it: `prediction`.

    By key, not by task id: a Label Studio restored from a backup gives the ids it had given since to other tasks.
    """
    sent = ledger.read(
        "SELECT task_key, stream, case_id, slot, blind FROM dispatch WHERE stream = :stream AND task_key IN :keys",
        stream=stream,
        keys=list(keys),
    )
    if not predictions:
        return sent
    known = pending_cases.kept(ledger, stream, sent["case_id"].unique().to_list()).select("case_id", "prediction")
    return sent.join(known, on="case_id", how="left", maintain_order="left")
