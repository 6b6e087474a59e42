"""What people did in Label Studio, read into facts for the ledger. Pure.

Only an answer by a person counts. An annotation that a bulk action made of a prediction has no time on the task
(`seconds` None): it is recorded as 'bulk', so that nobody takes the model's own answer for a person's.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import polars as pl

from models import timestamps
from models.config.stream import Stream
from models.outputs import contract
from review.label_studio import results, task_data
from review.label_studio.unreadable import Unreadable
from review.ledger import layout, records
from review.ledger.review_outcome import ReviewOutcome

IMPORT = "an import"  # who wrote an annotation that nobody submitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One annotation as Label Studio holds it now. Times are texts of `models.timestamps`."""

    annotation_id: int
    result: object  # JSON as submitted; ours is a list with one item, but anybody may write anything
    skipped: bool  # a skip keeps the pre-filled result: it is no answer
    seconds: float | None  # time on the task; None: no person opened it
    person: int | None  # user id of whom it is given for; None: the account is gone
    writer: int | None  # user id of who wrote it last; None: it came with an import, or the account is gone
    created_at: str
    updated_at: str
    suggested: bool = False  # it was begun from a prediction, or holds a part of one


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTask:
    """One task that changed, with all annotations it has now. Drafts are not among them."""

    project_id: int
    task_id: int
    key: str  # our own key in its data; empty: somebody else's task
    updated_at: str
    annotations: tuple[Annotation, ...]
    suggested: bool = False  # it carries a prediction, for whoever opens it to see


def changed_task(project_id: int, task: Mapping[str, Any]) -> ChangedTask:
    """A task as Label Studio's list gives it: id, data, updated_at, annotations, and how many predictions it carries."""
    return ChangedTask(
        project_id=project_id,
        task_id=int(task["id"]),
        key=task_data.key(task.get("data")) or "",
        updated_at=_moment(task["updated_at"]),
        annotations=tuple(
            Annotation(
                annotation_id=int(item["id"]),
                result=item.get("result"),
                skipped=bool(item.get("was_cancelled")),
                seconds=None if item.get("lead_time") is None else float(item["lead_time"]),
                person=_person(item.get("completed_by")),
                writer=_person(item["updated_by" if "updated_by" in item else "completed_by"]),
                created_at=_moment(item["created_at"]),
                updated_at=_moment(item["updated_at"]),
                suggested=_suggested(item),
            )
            for item in task.get("annotations") or ()
        ),
        suggested=bool(task.get("total_predictions")),
    )


def _suggested(annotation: Mapping[str, Any]) -> bool:
    """Whether an annotation came of a prediction: it names one, or an item of its result says where it is from."""
    result = annotation.get("result")
    items = [item for item in result if isinstance(item, dict)] if isinstance(result, list) else []
    return annotation.get("parent_prediction") is not None or any(
        str(item.get("origin")).startswith("prediction") for item in items
    )


def strangers(changed: Iterable[ChangedTask], dispatches: pl.DataFrame) -> int:
    """How many of the tasks are none of ours: somebody else put them into the project."""
    ours = set(dispatches.get_column("task_key"))
    return sum(task.key not in ours for task in changed)


def facts(
    stream: Stream,
    changed: Iterable[ChangedTask],
    dispatches: pl.DataFrame,
    known: pl.DataFrame,
    people: Mapping[int, str],
    *,
    now: str,
    run_id: str,
    readers: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The reviews and the faults that the changed tasks hold and the ledger does not know yet.

    `dispatches` says which tasks are ours: task_key, stream, case_id, slot, blind and, of records, prediction. `known` is the
    latest revision of each recorded annotation of these tasks: task_id, case_id, slot, annotation_id, revision, outcome, and
    reviewer if it has that column; what it says of another case under a task's id is from before a restore. `people` maps user
    ids to e-mail addresses, `readers` a case to who has answered it and in which `slot`: what they answer in a later one is a
    repeat, and counts for nothing. A reading is blind if it was sent blind, neither the task nor the annotation has to do
    with a prediction, whoever put it there, and the reader wrote it: any account may write in
    another's name. Returns rows of the tables `review` and `fault`. Tasks that are not ours are passed
    over. Reading the same changes again gives the same faults and, once recorded, no reviews.
    """
    ours = {row["task_key"]: row for row in dispatches.filter(pl.col("stream") == stream.name).iter_rows(named=True)}
    recorded: dict[tuple[int, str, int], dict[int, dict[str, object]]] = {}
    for row in known.iter_rows(named=True):
        recorded.setdefault((row["task_id"], row["case_id"], row["slot"]), {})[row["annotation_id"]] = row
    reviews: list[dict[str, object]] = []
    faults: list[dict[str, object]] = []
    for task in changed:
        if task.key not in ours:
            continue
        sent = ours[task.key]
        before = recorded.get((task.task_id, sent["case_id"], sent["slot"]), {})
        case = {name: sent[name] for name in ("stream", "case_id", "slot", "blind")}
        case |= {"project_id": task.project_id, "task_id": task.task_id, "collected_at": now}
        for annotation in task.annotations:
            if annotation.skipped and annotation.seconds is None and annotation.result == []:
                continue  # our own mark that keeps the task from an earlier reader
            seen = before.get(annotation.annotation_id)
            if seen is not None and str(seen["revision"]) >= annotation.updated_at:
                continue
            try:
                outcome, answer = _outcome(stream, annotation, sent["case_id"], sent.get("prediction"))
                reviewer = _reviewer(annotation.person, people)
                writer = _writer(annotation, people)
                if (
                    outcome == ReviewOutcome.ANSWER
                    and readers.get(sent["case_id"], {}).get(reviewer, sent["slot"]) < sent["slot"]
                ):
                    outcome, answer = ReviewOutcome.REPEAT, None
            except Unreadable as finding:
                faults.append(_fault(task, annotation, finding.reason))
                continue
            reviews.append(
                case
                | {
                    # Whatever we meant it to be: who saw a suggestion did not read it blind, and who wrote in another's
                    # name did not read as that person.
                    "blind": sent["blind"] and not (task.suggested or annotation.suggested or writer),
                    "annotation_id": annotation.annotation_id,
                    "revision": annotation.updated_at,
                    "reviewer": reviewer,
                    "outcome": outcome,
                    "answer": answer,
                    "seconds": annotation.seconds,
                    "submitted_at": annotation.created_at,
                    "written_by": writer,
                    "unsure": (outcome == ReviewOutcome.ANSWER and results.unsure(annotation.result)) or None,
                    "comment": results.comment(annotation.result),
                }
            )
        present = {annotation.annotation_id for annotation in task.annotations}
        # A deletion's revision sorts behind all that was known of the annotation, but not behind what comes: a restored
        # Label Studio gives its number out again, often to the case that had it. With the task: one sweep of Label
        # Studio deletes everything at one time, and there may be two cases' answers of one number among it.
        for annotation_id, seen in before.items():
            if annotation_id not in present and seen["outcome"] != ReviewOutcome.DELETED:
                reviews.append(
                    case
                    | {
                        "annotation_id": annotation_id,
                        "revision": f"{max(str(seen['revision']), task.updated_at)} {ReviewOutcome.DELETED} {task.task_id}",
                        "reviewer": seen.get("reviewer") or "unknown",  # Label Studio does not say who deleted it
                        "outcome": ReviewOutcome.DELETED,
                        "answer": None,
                        "seconds": None,
                        "submitted_at": task.updated_at,
                        "written_by": None,
                        "unsure": None,
                        "comment": None,
                    }
                )
    unread = pl.DataFrame(faults, schema=contract.FAULT_SCHEMA)
    kept = records.faults(unread, stream=stream.name, run_id=run_id, now=now)
    return pl.DataFrame(reviews, schema=layout.columns("review")), kept


def is_mark(annotation: Mapping[str, Any]) -> bool:
    """Whether an annotation, as Label Studio gives it, is our own mark that keeps the task from an earlier reader."""
    cancelled, seconds = annotation.get("was_cancelled"), annotation.get("lead_time")
    return bool(cancelled) and seconds is None and not annotation.get("result")


def _moment(value: object) -> str:
    return timestamps.text(value if isinstance(value, datetime) else timestamps.parse(str(value)))


def _person(value: object) -> int | None:
    """The user id: a number in lists, an object with an id where one task is asked for."""
    number = value.get("id") if isinstance(value, dict) else value
    return number if isinstance(number, int) else None


def _outcome(
    stream: Stream, annotation: Annotation, case_id: str, prediction: str | None
) -> tuple[ReviewOutcome, str | None]:
    """What became of it, and the answer if there is one. Raises Unreadable."""
    if annotation.seconds is None:
        return ReviewOutcome.BULK, None
    if annotation.skipped:
        return ReviewOutcome.SKIP, None
    return ReviewOutcome.ANSWER, results.read(stream, annotation.result, case_id, prediction)


def _reviewer(person: int | None, people: Mapping[int, str]) -> str:
    if person is None:
        return "unknown"  # the account was deleted; the answer stays
    return people.get(person) or f"user-{person}"


def _writer(annotation: Annotation, people: Mapping[int, str]) -> str | None:
    """Who wrote the answer last, if that is not whom it is given for."""
    if annotation.person is None or annotation.writer == annotation.person:
        return None
    return IMPORT if annotation.writer is None else _reviewer(annotation.writer, people)


def _fault(task: ChangedTask, annotation: Annotation, reason: str) -> dict[str, object]:
    """The answer kept whole. The revision is part of it: the same bad answer given again is another fault."""
    raw = json.dumps(
        {"result": annotation.result, "updated_at": annotation.updated_at, "person": annotation.person},
        sort_keys=True,
        separators=(",", ":"),
    )
    return {
        "source": f"label-studio/{task.project_id}/{annotation.annotation_id}",
        "line": task.task_id,  # where to find it: an annotation has no line, but stands on a task
        "reason": reason,
        "raw": raw,
    }
