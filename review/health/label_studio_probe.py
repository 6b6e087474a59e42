"""Look at Label Studio, for `doctor`: reads only."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import polars as pl

from models import timestamps
from models.config.stream import Stream
from review.health import label_studio_findings
from review.label_studio import access, labeling_config, listing, project_mark, projects, task_data
from review.ledger.ledger import Ledger
from review.queries import collected, pending_cases, readings, sent_tasks

_KEYS = 80  # per query, which is part of the URL
_WEEK = timedelta(days=7)


def server(connection: access.Connection) -> tuple[label_studio_findings.Server, float]:
    """The server, and by how many seconds its clock is ahead of ours. Raises Refused or Unavailable."""
    with access.asking(connection.url, "looking at the server"):
        before = time.time()
        answer = access.get(connection, "api/version")
        ours = (before + time.time()) / 2
        there = parsedate_to_datetime(answer.headers["Date"]).timestamp() + 0.5 if "Date" in answer.headers else ours
        login = access.get(connection, "user/login/", public=True)
        organization = access.get(connection, "api/current-user/whoami").json()["active_organization"]
        people = access.get(connection, "api/users").json()
        seen = label_studio_findings.Server(
            url=connection.url,
            version=str(answer.json()["release"]),
            token=connection.token,
            signup_open="/user/signup" in login.text,  # the link is there only where anybody may follow it
            members={
                one["email"]: one.get("active_organization") == organization for one in people if one.get("email")
            },
        )
    return seen, there - ours


def queue(
    connection: access.Connection, ledger: Ledger, stream: Stream, *, now: str
) -> label_studio_findings.Queue | None:
    """A stream's project; None if the ledger knows of none. Raises Refused or Unavailable."""
    row = pending_cases.project(ledger, stream.name)
    if row is None:
        return None
    number = row.project_id
    project = projects.fields(connection, number)
    unanswered = sent_tasks.unanswered(ledger, stream.name)
    keys = unanswered["task_key"].to_list()
    shown = unanswered.filter(~pl.col("blind")).select("task_key", "case_id", "prediction").rows()
    assisted = frozenset(key for key, case_id, prediction in shown if task_data.prefill(stream, prediction, case_id))
    week = timestamps.text(timestamps.parse(now) - _WEEK)
    return label_studio_findings.Queue(
        project_id=number,
        mark=project_mark.Mark(stream=stream.name, ledger=ledger.identity),
        config=row.config,
        project=project,
        open_keys=keys,
        tasks=dict(_tasks(connection, number, keys)) if project else {},
        sent=len(sent_tasks.recorded_tasks(ledger, number)),
        answers=sent_tasks.live_annotations(ledger, stream.name, number),
        cursor=collected.cursor(ledger, stream.name),
        answered=sent_tasks.newest_change(ledger, number),
        newest=_newest(connection, number) if project else None,
        reviewers=sent_tasks.last_answers(ledger, stream.name),
        skips=readings.open_cases(readings.read(ledger, stream.name))["skips"].to_list(),
        deleted=sent_tasks.deleted_since(ledger, stream.name, week),
        written=sent_tasks.written_by_others(ledger, stream.name).rows(),
        assisted=assisted,
        bare=_bare(connection, number, keys) if project else frozenset(),
    )


def _tasks(
    connection: access.Connection, project: int, keys: Sequence[str]
) -> Iterator[tuple[str, label_studio_findings.Task]]:
    """The tasks of these keys; of several with one key the last."""
    for key, task in _of_keys(connection, project, keys):
        answers = int(task.get("total_annotations") or 0)
        yield (
            key,
            label_studio_findings.Task(
                task_id=int(task["id"]), answers=answers, updated_at=_moment(task["updated_at"])
            ),
        )


def _bare(connection: access.Connection, project: int, keys: Sequence[str]) -> frozenset[str]:
    """Of these keys, those of tasks that carry no prediction, by the predictions themselves."""
    none = listing.condition("predictions_model_versions", "empty", "List", True)
    return frozenset(key for key, _ in _of_keys(connection, project, keys, none))


def _of_keys(
    connection: access.Connection, project: int, keys: Sequence[str], *more: dict[str, object]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tasks of these keys that meet the other conditions."""
    for start in range(0, len(keys), _KEYS):
        wanted = listing.condition(f"data.{labeling_config.KEY}", "in_list", "List", list(keys[start : start + _KEYS]))
        for task in _page(connection, project, [wanted, *more], "id", 4 * _KEYS):
            yield str(task["data"][labeling_config.KEY]), task


def _newest(connection: access.Connection, project: int) -> str | None:
    """The newest change of any task there."""
    newest = _page(connection, project, [], "-updated_at", 1)
    return _moment(newest[0]["updated_at"]) if newest else None


def _page(
    connection: access.Connection, project: int, conditions: list[dict[str, object]], ordering: str, size: int
) -> list[dict[str, Any]]:
    with access.asking(connection.url, f"listing the tasks of project {project}"):
        answer = access.get(
            connection,
            "api/tasks",
            project=project,
            query=listing.query(conditions, ordering=ordering),
            include=f"id,data,{labeling_config.KEY},total_annotations,updated_at",
            fields="task_only",
            page=1,
            page_size=size,
        )
        tasks: list[dict[str, Any]] = answer.json()["tasks"]
    return tasks


def _moment(text: object) -> str:
    return timestamps.text(timestamps.parse(str(text)))
