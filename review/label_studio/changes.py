"""What people did since the last reading, and where the next one starts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from label_studio_sdk.core.pagination import SyncPager

from models import timestamps
from review.label_studio import access, annotations, labeling_config, listing

_OVERLAP = timedelta(seconds=30)  # changes may be committed in another order than their time stamps say


def changed(
    connection: access.Connection, project_id: int, since: str | None
) -> Iterator[list[annotations.ChangedTask]]:
    """The tasks that changed since the cursor, oldest change first, in pages. None: from the beginning.

    `since` is the `cursor` of the reading before, a time by Label Studio's clock; the 30 s before it are read
    again. Each page starts at the last change of the page before, not at a page number: a task edited while we read
    moves to the end of the list, and counting pages would skip the one that takes its place.
    Raises Refused if the project is gone.
    """
    floor = timestamps.text(timestamps.parse(since) - _OVERLAP) if since else "1970-01-01T00:00:00.000000Z"
    seen: dict[int, str] = {}
    after = listing.condition("updated_at", "greater_or_equal", "Datetime", floor)
    while True:
        tasks, total = _changes(connection, project_id, [after], ordering="updated_at")
        yield from _fresh(tasks, seen)
        if total <= listing.PAGE:
            return
        last = tasks[-1].updated_at
        if last != floor:
            after = listing.condition("updated_at", "greater_or_equal", "Datetime", last)
        else:
            # More changes of one moment (a bulk action) than a page holds. The server lists them in any order, so
            # they are distinguished by their ids.
            same = [
                listing.condition("updated_at", "greater_or_equal", "Datetime", last),
                listing.condition("updated_at", "less_or_equal", "Datetime", last),
            ]
            highest = 0
            while total > listing.PAGE:
                ids = listing.condition("id", "greater", "Number", highest)
                tasks, total = _changes(connection, project_id, [*same, ids], ordering="id")
                yield from _fresh(tasks, seen)
                highest = max((task.task_id for task in tasks), default=highest)
            after = listing.condition("updated_at", "greater", "Datetime", last)
        floor = last


def earliest_change(connection: access.Connection, project_id: int, ids: tuple[int, int], before: str) -> str | None:
    """When the first of the tasks with ids from `ids[0]` to `ids[1]` changed that `changed` since `before` leaves out.

    None: it leaves none of them out.
    """
    conditions = [
        listing.condition("id", "greater_or_equal", "Number", ids[0]),
        listing.condition("id", "less_or_equal", "Number", ids[1]),
        listing.condition("updated_at", "less", "Datetime", timestamps.text(timestamps.parse(before) - _OVERLAP)),
    ]
    tasks, _ = _changes(connection, project_id, conditions, ordering="updated_at")
    return tasks[0].updated_at if tasks else None


def cursor(connection: access.Connection, newest: str) -> str:
    """Where the next reading starts, after one that was begun with this connection and saw no change after `newest`.

    A change may be committed in another order than the stamps say, up to 30 s late: so what is stamped less than 30 s
    before the reading began is read again. What is older is not: the answers of a busy half minute are not read over
    and over until somebody gives another one.
    """
    if connection.met_at is None:
        return newest
    quiet = timestamps.text(
        timestamps.parse(newest) + _OVERLAP + timedelta(microseconds=1)
    )  # nothing up to `newest`, then
    return min(connection.met_at, quiet)


def _changes(
    connection: access.Connection, project_id: int, conditions: list[dict[str, object]], *, ordering: str
) -> tuple[list[annotations.ChangedTask], int]:
    """The first page of the tasks that meet the conditions, and how many meet them."""
    with access.asking(connection.url, f"reading the answers of project {project_id}"):
        answer: SyncPager[Any, Any] = connection.client.tasks.list(
            project=project_id,
            query=listing.query(conditions, ordering=ordering),
            # Applied to nested objects too: the fields of the annotations must be named here as well.
            include=f"id,data,{labeling_config.KEY},updated_at,total_predictions,annotations,result,was_cancelled,completed_by,updated_by,"
            "lead_time,created_at,parent_prediction",
            fields="all",
            page=1,
            page_size=listing.PAGE,
            request_options=access.READ,
        )
        items, total = listing.page(answer, "total")
        return [annotations.changed_task(project_id, item.model_dump()) for item in items], total


def _fresh(tasks: list[annotations.ChangedTask], seen: dict[int, str]) -> Iterator[list[annotations.ChangedTask]]:
    """The tasks not seen in this state yet, as one page; no page if there are none. Notes them in `seen`."""
    fresh = [task for task in tasks if seen.get(task.task_id) != task.updated_at]
    seen |= {task.task_id: task.updated_at for task in fresh}
    if fresh:
        yield fresh
