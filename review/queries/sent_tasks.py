"""Where each case of a stream is: its task in Label Studio, by the ledger's word. Queries, as in `states`."""

import polars as pl

from review.ledger.ledger import Ledger
from review.ledger.review_outcome import ReviewOutcome
from review.queries import pending_cases, readings


def sent_since_collected(ledger: Ledger, stream: str, project_id: int) -> tuple[int, int] | None:
    """The lowest and highest task id that were recorded since the last finished collection began; None: none were.

    A task may be older than its record: dispatch was killed in between, or the ledger was restored from a backup.
    Collections since may have passed over its answer, which was then nobody's.
    """
    row = ledger.read(
        """
        SELECT min(task_id) AS lowest, max(task_id) AS highest FROM (
            SELECT stream, project_id, task_id, sent_at, seal FROM dispatch
            UNION ALL SELECT stream, project_id, task_id, sent_at, seal FROM redispatch
        ) AS sent
        WHERE stream = :stream AND project_id = :project AND (
            sent_at >= (SELECT coalesce(max(started_at), '') FROM run WHERE stream = :stream AND flow = 'collect')
            OR seal > (SELECT coalesce(max(seal), 0) FROM run WHERE stream = :stream AND flow = 'collect')
        )
        """,
        stream=stream,
        project=project_id,
    ).row(0)
    return None if row[0] is None else (int(row[0]), int(row[1]))


def unanswered(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Open cases with all it takes to send them again.

    case_id, slot, payload (null: by reference), source, line, content, prediction, blind, task_key, sent_at.
    """
    still = readings.open_cases(readings.read(ledger, stream))
    kept = pending_cases.kept(ledger, stream, still["case_id"].unique().to_list()).drop("blind")
    return still.join(kept, on="case_id", maintain_order="left").select(
        "case_id", "slot", "payload", "source", "line", "content", "prediction", "blind", "task_key", "sent_at"
    )


def open_tasks(ledger: Ledger, stream: str, project_id: int) -> pl.DataFrame:
    """The tasks of open cases in a project: case_id, slot, blind, prediction, task_key, task_id (the last one sent)."""
    still = readings.open_cases(readings.read(ledger, stream)).select("case_id", "slot", "blind", "task_key")
    sent = ledger.read(
        """
        SELECT case_id, slot, task_id, sent_at FROM dispatch WHERE stream = :stream AND project_id = :project
        UNION ALL
        SELECT case_id, slot, task_id, sent_at FROM redispatch WHERE stream = :stream AND project_id = :project
        """,
        stream=stream,
        project=project_id,
    )
    newest = sent.sort("sent_at").unique(["case_id", "slot"], keep="last").select("case_id", "slot", "task_id")
    predictions = pending_cases.kept(ledger, stream, still["case_id"].unique().to_list()).select(
        "case_id", "prediction"
    )
    return still.join(newest, on=["case_id", "slot"]).join(predictions, on="case_id")


_TASKS = """(
    SELECT project_id, task_id, sent_at FROM dispatch UNION ALL SELECT project_id, task_id, sent_at FROM redispatch
) AS sent"""


def recorded_tasks(ledger: Ledger, project_id: int, *, start: int = 0) -> set[int]:
    """The ids of all tasks that were ever put into the project, from `start` on."""
    rows = ledger.read(
        f"SELECT DISTINCT task_id FROM {_TASKS} WHERE project_id = :project AND task_id >= :start",
        project=project_id,
        start=start,
    )
    return set(rows["task_id"])


def newest_task(ledger: Ledger, project_id: int, *, before: str = "~") -> int:
    """The highest id of the project's tasks recorded as sent before a moment, or at all; 0 if there is none."""
    rows = ledger.read(
        f"SELECT max(task_id) AS task_id FROM {_TASKS} WHERE project_id = :project AND sent_at < :before",
        project=project_id,
        before=before,
    )
    return int(rows["task_id"].item() or 0)


def live_annotations(ledger: Ledger, stream: str, project_id: int) -> int:
    """How many annotations of a project the ledger holds that nobody has deleted; skips are none."""
    live = readings.read(ledger, stream).live
    return len(
        live.filter(
            pl.col("project_id") == project_id,
            pl.col("outcome").is_in([ReviewOutcome.ANSWER, ReviewOutcome.REPEAT, ReviewOutcome.BULK]),
        )
    )


def answered_tasks(ledger: Ledger, project_id: int, key: str) -> set[int]:
    """The tasks of a key on which somebody has answered or skipped and, as far as was collected, not deleted it."""
    rows = ledger.read(
        """
        SELECT DISTINCT r.task_id FROM dispatch s
        JOIN review r ON r.stream = s.stream AND r.case_id = s.case_id AND r.slot = s.slot
        WHERE s.task_key = :key AND r.project_id = :project AND r.outcome <> 'deleted' AND NOT EXISTS (
            SELECT 1 FROM review gone WHERE gone.project_id = r.project_id AND gone.annotation_id = r.annotation_id
                AND gone.case_id = r.case_id AND gone.slot = r.slot AND gone.outcome = 'deleted'
                AND gone.revision > r.revision
        )
        """,
        project=project_id,
        key=key,
    )
    return set(rows["task_id"])


def written_by_others(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Answers and skips that stand in Label Studio as another account than their reader wrote them last: task_id, reviewer,
    written_by."""
    rows = ledger.read(
        """
        SELECT project_id, annotation_id, case_id, slot, revision, task_id, reviewer, outcome, written_by FROM review r
        WHERE stream = :stream AND EXISTS (
            SELECT 1 FROM review w WHERE w.project_id = r.project_id AND w.annotation_id = r.annotation_id
                AND w.written_by IS NOT NULL
        )
        """,
        stream=stream,
    )
    one = ["project_id", "annotation_id", "case_id", "slot"]
    return (
        rows.sort("revision")
        .unique(one, keep="last")
        .filter(
            pl.col("written_by").is_not_null(), ~pl.col("outcome").is_in([ReviewOutcome.DELETED, ReviewOutcome.BULK])
        )
        .sort("task_id")
        .select("task_id", "reviewer", "written_by")
    )


def newest_change(ledger: Ledger, project_id: int) -> str | None:
    """The newest change of an annotation of the project that was collected, by Label Studio's clock; None: none was."""
    rows = ledger.read(
        "SELECT max(revision) AS revision FROM review WHERE project_id = :project AND outcome <> 'deleted'",
        project=project_id,
    )
    newest: str | None = rows["revision"].item()
    return newest


def last_answers(ledger: Ledger, stream: str) -> dict[str, str]:
    """Who has answered: e-mail address -> when last."""
    rows = ledger.read(
        "SELECT reviewer, max(submitted_at) AS last FROM review "
        "WHERE stream = :stream AND outcome IN ('answer', 'repeat') GROUP BY reviewer",
        stream=stream,
    )
    return dict(rows.iter_rows())


def deleted_since(ledger: Ledger, stream: str, since: str) -> int:
    """How many annotations were found deleted since a moment."""
    rows = ledger.read(
        "SELECT count(*) AS n FROM review WHERE stream = :stream AND outcome = 'deleted' AND collected_at >= :since",
        stream=stream,
        since=since,
    )
    return int(rows.item())
