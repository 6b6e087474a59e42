"""Put tasks into a project, each exactly once, whatever becomes of the answers."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.config.stream import Stream
from models.errors import Unavailable
from review.label_studio import access, labeling_config, readback, search, task_data

_TASKS_PER_PUSH = 2000  # about two seconds of work for the server, in one transaction: all or nothing
_BYTES_PER_PUSH = 16_000_000  # images travel inside the task; the server takes up to 250 MB
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task to push. `data` is what the reviewer is shown; `prediction` None: blind, or nothing to pre-fill.

    `closed_to`: user ids of those who must not be served it, since they have read the case before.
    """

    key: str
    case_id: str
    data: dict[str, object]
    prediction: str | None
    closed_to: tuple[int, ...] = ()


def push(
    connection: access.Connection,
    project_id: int,
    tasks: Sequence[Task],
    stream: Stream,
    *,
    above: int | None = None,
    fresh: bool = False,
) -> dict[str, int]:
    """Put every task into the project exactly once, in this order: key -> task id.

    What is there already is not sent again. What an import answered is looked up, and what it did not keep is sent
    again. An import whose outcome is unknown (time-out, lost answer, 5xx) is looked
    for before what is really missing is sent again, at most three times. Of several tasks with one key the lowest id
    counts. Raises Unavailable when it remains unknown (the next push looks again), Refused if a task is refused.

    `above`: any of the tasks that is there has a higher id than this, so only the newer ones are looked at; None: they
    are looked for by their keys, 80 at a time, which is slow. `fresh`: none of them is there, by the caller's word.
    """
    by_key = {task.key: task for task in tasks}

    def look(wanted: Iterable[str]) -> dict[str, int]:
        """Those that are there."""
        if above is None:
            return {key: ids[0] for key, ids in search.find(connection, project_id, wanted).items()}
        there = search.keys(connection, project_id, above=above)
        return {key: there[key][0] for key in wanted if key in there}

    here = {} if fresh else look(by_key)
    lost: Unavailable | None = None
    for _ in range(_ROUNDS):
        lost = None
        for batch in _batches([task for task in by_key.values() if task.key not in here]):
            try:
                task_ids = _import(connection, project_id, batch, stream)
                there = readback.present(connection, project_id, task_ids.values())
                here |= {key: task_id for key, task_id in task_ids.items() if task_id in there}
            except Unavailable as failure:
                lost = failure
                here |= _settle(connection, [task.key for task in batch], look)
        if len(here) == len(by_key):
            for task in by_key.values():
                if task.closed_to:
                    offer(connection, here[task.key])
            return {key: here[key] for key in by_key}
    raise Unavailable(
        f"{len(by_key) - len(here)} of {len(by_key)} tasks did not reach project {project_id} in {_ROUNDS} tries"
        + (f": {lost}" if lost else "; run it again")
    )


def offer(connection: access.Connection, task_id: int) -> None:
    """Have Label Studio serve a task to everybody it is not closed to: saving a mark again makes it count anew.

    Doing it again changes nothing.
    """
    with access.asking(connection.url, f"offering task {task_id} to another person"):
        task = connection.client.tasks.get(str(task_id), request_options=access.READ).model_dump()
        marks = [mark for mark in task.get("annotations") or () if mark.get("was_cancelled")]
        if marks:
            connection.client.annotations.update(int(marks[0]["id"]), was_cancelled=True, request_options=access.READ)


def _batches(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """The tasks in order, in batches the server can take in one go."""
    batch: list[Task] = []
    size = 0
    for task in tasks:
        weight = len(json.dumps(task.data))
        if batch and (len(batch) == _TASKS_PER_PUSH or size + weight > _BYTES_PER_PUSH):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += weight
    if batch:
        yield batch


def _import(connection: access.Connection, project_id: int, batch: Sequence[Task], stream: Stream) -> dict[str, int]:
    """One import, sent once. Raises Unavailable if its outcome is unknown."""
    request = []
    for task in batch:
        body: dict[str, Any] = {"data": task.data | {labeling_config.KEY: task.key}}
        result = task_data.prefill(stream, task.prediction, task.case_id)
        if result:
            body["predictions"] = [{"model_version": labeling_config.MODEL_VERSION, "result": result}]
        if task.closed_to:
            # As if these people had skipped it. Imported with annotations, a task counts as done and is served to nobody,
            # until `offer`: so there is no moment at which an earlier reader could get it.
            mark = {"result": [], "was_cancelled": True, "ground_truth": False}
            body["annotations"] = [mark | {"completed_by": person} for person in task.closed_to]
        request.append(body)
    with access.asking(connection.url, f"putting {len(batch)} tasks into project {project_id}"):
        response = access.post(connection, f"api/projects/{project_id}/import", request, return_task_ids=True)
    ids = response.get("task_ids") if isinstance(response, dict) else None
    if not isinstance(ids, list) or len(ids) != len(batch) or not all(isinstance(number, int) for number in ids):
        raise Unavailable(f"Label Studio at {connection.url} did not say which tasks it made of {len(batch)}")
    return {task.key: int(task_id) for task, task_id in zip(batch, ids, strict=True)}


def _settle(
    connection: access.Connection, wanted: list[str], look: Callable[[Iterable[str]], dict[str, int]]
) -> dict[str, int]:
    """What became of an import of unknown outcome: the server may still be at it, so it gets time to show up."""
    deadline = time.monotonic() + connection.patience
    pause = 0.25
    while True:
        there = look(wanted)
        if there or time.monotonic() + pause > deadline:
            return there
        time.sleep(pause)
        pause *= 2
