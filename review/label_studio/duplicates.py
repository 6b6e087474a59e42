"""Tasks of which there are two, where one was sent."""

from collections.abc import Callable, Container, Mapping, Sequence

from review.label_studio import access, annotations


def remove(
    connection: access.Connection,
    there: Mapping[str, Sequence[int]],
    ours: Container[int],
    answered: Callable[[str], Container[int]],
) -> tuple[int, int]:
    """Leave one task of each key: how many were taken away, and how many keys must be looked at again.

    `there`: of the whole project (`search.keys`). `ours`: the ids the ledger knows; `answered`: of a key, the ids of tasks on
    which it holds somebody's work.
    A gateway may deliver an import twice, and an import may be carried out long after everybody gave it up: no look
    before the push can prevent that. What a person has worked on stays, and nothing else of its key; of untouched tasks
    stays the one the ledger knows, or the lowest id. Where work that the ledger holds is gone, all stay until that is
    collected, which takes the task.
    """
    removed = again = 0
    for key, ids in there.items():
        if len(ids) > 1:
            touched = {task_id for task_id in ids if _touched(connection, task_id)}
            worked_on = answered(key)  # after that look: whatever was collected before it is known here
            if any(task_id in worked_on for task_id in set(ids) - touched):
                again += 1
                continue
            keep = touched or {min(ids, key=lambda task_id: (task_id not in ours, task_id))}
            for task_id in set(ids) - keep:
                # Asked again, right before: somebody may have begun with it meanwhile.
                removed += take_away(connection, task_id)
    return removed, again


def take_away(connection: access.Connection, task_id: int) -> bool:
    """Remove a task that nobody has worked on, and say whether it was one."""
    if _touched(connection, task_id):
        return False
    with access.asking(connection.url, f"removing the double task {task_id}"):
        connection.client.tasks.delete(str(task_id))
    return True


def _touched(connection: access.Connection, task_id: int) -> bool:
    """Whether a person has answered, skipped or begun a task; our own marks are no work of theirs."""
    with access.asking(connection.url, f"looking at task {task_id}"):
        task = connection.client.tasks.get(str(task_id), request_options=access.READ).model_dump()
        # `drafts` holds those of our own account alone.
        return bool(task.get("draft_exists") or task.get("drafts")) or any(
            not annotations.is_mark(item) for item in task["annotations"]
        )
