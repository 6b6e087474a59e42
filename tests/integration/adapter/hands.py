"""What the tests of the adapter do to a project: make it, fill it, answer in it, read it."""

import itertools
from collections.abc import Callable
from typing import Any

from models.config.stream import Stream
from review.label_studio import (
    access,
    annotations,
    changes,
    import_tasks,
    labeling_config,
    project_mark,
    projects,
    task_data,
)

Api = Callable[..., Any]


def stream(name: str) -> Stream:
    return Stream.model_validate(
        {
            "name": name,
            "title": "Mail",
            "labels": ["no", "yes"],
            "input": {"source": "inbox", "prediction": "label", "payload": ["body"]},
            "model": {"id": "m1"},
            "review": {"kind": "text", "question": "Is it?", "project": "Mail", "instructions": "Look <b>twice</b>."},
            "target": {"error": 0.05},
            "costs": {"error": 1.0, "review_minute": 1.0},
        }
    )


OURS, OTHERS = "0123456789abcdef" * 2, "fedcba9876543210" * 2  # two ledgers


def mark(mail: Stream, ledger: str = OURS) -> project_mark.Mark:
    return project_mark.Mark(stream=mail.name, ledger=ledger)


def make(
    connection: access.Connection,
    mail: Stream,
    ledger: str = OURS,
    *,
    title: str = "Mail",
    recorded: tuple[int, ...] = (),
) -> int:
    return projects.ensure(
        connection,
        title=title,
        config=labeling_config.config(mail),
        instructions=mail.review.instructions,
        mark=mark(mail, ledger),
        recorded=recorded,
    )


def tasks(mail: Stream, count: int, *, prediction: str | None = "yes", start: int = 0) -> list[import_tasks.Task]:
    return [
        import_tasks.Task(
            key=task_data.task_key(mail.name, str(number), 0),
            case_id=str(number),
            data=task_data.data(mail, {"body": f"mail {number}"}, str(number)),
            prediction=prediction,
        )
        for number in range(start, start + count)
    ]


def stored(api: Api, project: int) -> list[dict[str, Any]]:
    answer = api("GET", "/api/tasks", params={"project": project, "fields": "all", "page_size": 2000})
    by_names: list[dict[str, Any]] = answer["tasks"]
    return by_names


def answer(api: Api, task: int, label: str, **rest: Any) -> int:
    result = task_data.prefill(stream("mail"), label, "c-1")
    return int(api("POST", f"/api/tasks/{task}/annotations/", json={"result": result, "lead_time": 2.5} | rest)["id"])


def read(connection: access.Connection, project: int, since: str | None = None) -> list[annotations.ChangedTask]:
    return list(itertools.chain.from_iterable(changes.changed(connection, project, since)))


def changed(connection: access.Connection, project: int, mail: Stream) -> list[str]:
    """What somebody changed in the project."""
    return labeling_config.drift(projects.fields(connection, project) or {}, labeling_config.config(mail))
