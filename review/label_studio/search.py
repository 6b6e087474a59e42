"""Which tasks are there: by key, by id."""

from collections.abc import Iterable, Iterator
from typing import Any

from label_studio_sdk.core.pagination import SyncPager

from review.label_studio import access, labeling_config, listing, task_data

_KEYS_PER_QUERY = 80  # the query is part of the URL, and 4 094 bytes is where gunicorn cuts a request line off


def find(connection: access.Connection, project_id: int, keys: Iterable[str]) -> dict[str, list[int]]:
    """The tasks of these keys: key -> task ids, lowest first. A key without a task is left out."""
    ids_by_key: dict[str, list[int]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), _KEYS_PER_QUERY):
        keys_asked = wanted[start : start + _KEYS_PER_QUERY]
        query = listing.query([listing.condition(f"data.{labeling_config.KEY}", "in_list", "List", keys_asked)])
        seen, page = 0, 1
        while True:
            with access.asking(connection.url, f"looking for tasks in project {project_id}"):
                answer: SyncPager[Any, Any] = connection.client.tasks.list(
                    project=project_id,
                    query=query,
                    include=f"id,data,{labeling_config.KEY}",
                    fields="task_only",
                    page=page,
                    page_size=listing.PAGE,
                    request_options=access.READ,
                )
                items, total = listing.page(answer, "total")
                for task in items:
                    ids_by_key.setdefault(str(task.data[labeling_config.KEY]), []).append(int(task.id))
            seen += len(items)
            if not items or seen >= total:
                break
            page += 1
    return {key: sorted(ids) for key, ids in ids_by_key.items()}


def task_ids(connection: access.Connection, project_id: int, *, start: int) -> list[int]:
    """The ids of the project's tasks from `start` on, rising."""
    return [int(task.id or 0) for task in _listed(connection, project_id, start, "id")]


def keys(connection: access.Connection, project_id: int, *, above: int) -> dict[str, list[int]]:
    """Our key of each task with an id above `above`: key -> task ids, lowest first. A task without one is not ours."""
    ids_by_key: dict[str, list[int]] = {}
    for task in _listed(connection, project_id, above + 1, f"id,data,{labeling_config.KEY}"):
        key = task_data.key(task.data)
        if key is not None:
            ids_by_key.setdefault(key, []).append(int(task.id or 0))
    return ids_by_key


def _listed(connection: access.Connection, project_id: int, start: int, include: str) -> Iterator[Any]:
    """The tasks with ids from `start` on, rising, with the fields of `include`. Each page starts behind the last id of
    the one before, so that no task is skipped if one is deleted meanwhile."""
    while True:
        with access.asking(connection.url, f"looking for tasks in project {project_id}"):
            answer: SyncPager[Any, Any] = connection.client.tasks.list(
                project=project_id,
                query=listing.query([listing.condition("id", "greater_or_equal", "Number", start)]),
                include=include,
                fields="task_only",
                page=1,
                page_size=listing.PAGE,
                request_options=access.READ,
            )
            items, total = listing.page(answer, "total")
            last = int(items[-1].id) if items else start
        yield from items
        if len(items) == total:
            return
        start = last + 1
