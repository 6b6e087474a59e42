"""What became of a write, by what Label Studio holds and not by what it answered.

An import can answer 201 and keep no prediction, with a count of 0 in its answer: the server drops all predictions of an
import if one of them fails, and says nothing (seen with 1.23.2 on SQLite while people answered in another project). The
reader is then shown an empty form, and the ledger says that the model's answer was filled in.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from label_studio_sdk.core.pagination import SyncPager

from models.errors import Refused, Unavailable
from review.label_studio import access, labeling_config, listing

Results = Mapping[int, list[dict[str, object]]]  # task id -> the result a reader should start from

# By the predictions themselves: a task's own count of them is written before they are.
_NO_PREDICTION = listing.condition("predictions_model_versions", "empty", "List", True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Of some predictions: how many were sent a second time, and which tasks are without one all the same."""

    sent_again: int
    missing: frozenset[int]


def present(connection: access.Connection, project_id: int, task_ids: Collection[int]) -> set[int]:
    """Which of these tasks the project holds."""
    return set(_between(connection, project_id, task_ids, []))


def without_prediction(connection: access.Connection, project_id: int, task_ids: Collection[int]) -> set[int]:
    """Which of these tasks are there and carry no prediction."""
    return set(_between(connection, project_id, task_ids, [_NO_PREDICTION]))


def fill(connection: access.Connection, project_id: int, results: Results) -> Filled:
    """See that each of these tasks that is there carries a prediction: those that carry none are sent it once more.

    What is still missing then is for the caller to tell, and for the next run to try: nothing is raised for it. Raises
    what reading raises.
    """
    lacking = without_prediction(connection, project_id, results)
    missing = lacking
    if lacking:
        body = [
            {"task": number, "model_version": labeling_config.MODEL_VERSION, "result": results[number]}
            for number in sorted(lacking)
        ]
        try:
            with access.asking(connection.url, f"sending {len(body)} predictions again to project {project_id}"):
                access.post(connection, f"api/projects/{project_id}/import/predictions", body)
        except (Refused, Unavailable):
            pass  # what came of it is looked up
        missing = without_prediction(connection, project_id, results)
    if len(missing) < len(results):
        _show(connection, project_id)
    return Filled(sent_again=len(lacking), missing=frozenset(missing))


def _show(connection: access.Connection, project_id: int) -> None:
    """Have the project show our predictions, which it does only of the version that it names: the first import that keeps
    a prediction names it, later sending does not."""
    with access.asking(connection.url, f"naming the predictions of project {project_id}"):
        project = connection.client.projects.get(project_id, request_options=access.READ)
        if not project.model_version:
            # Sent once more, it says the same.
            connection.client.projects.update(
                project_id, model_version=labeling_config.MODEL_VERSION, request_options=access.READ
            )


def _between(
    connection: access.Connection, project_id: int, task_ids: Collection[int], more: list[dict[str, object]]
) -> Iterator[int]:
    """Those of the tasks that meet the conditions: one request for each page of what lies between the lowest and the
    highest of them."""
    if not task_ids:
        return
    first, last, wanted = min(task_ids), max(task_ids), set(task_ids)
    while True:
        range_ = [
            listing.condition("id", "greater_or_equal", "Number", first),
            listing.condition("id", "less_or_equal", "Number", last),
        ]
        with access.asking(connection.url, f"looking for tasks in project {project_id}"):
            answer: SyncPager[Any, Any] = connection.client.tasks.list(
                project=project_id,
                query=listing.query([*range_, *more]),
                include="id",
                fields="task_only",
                page=1,
                page_size=listing.PAGE,
                request_options=access.READ,
            )
            items, total = listing.page(answer, "total")
            ids = [int(item.id) for item in items]
        yield from (task_id for task_id in ids if task_id in wanted)
        if not ids or len(ids) >= total:
            return
        first = ids[-1] + 1
