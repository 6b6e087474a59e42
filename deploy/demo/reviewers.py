"""Replayed reviewers: real Label Studio accounts that work the queue through its API, all at the same time.

Each asks for the next task and submits an annotation, as the label stream of the browser does. What they answer is
given from outside; how long they take is measured, not made up: so it is the seconds of a program, not of a person.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass, field

from deploy.demo import label_stream
from models import errors
from review.label_studio import labeling_config

Answer = Callable[[str, str], str | None]
Fill = Callable[[str], list[dict[str, object]]]  # an answer -> what the form submits of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """An account and its API token."""

    email: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """How many tasks were answered and how many were skipped."""

    answered: int
    skipped: int


def work(
    base_url: str,
    team: Sequence[Reviewer],
    project_id: int,
    *,
    answer: Answer,
    fill: Fill | None = None,
    leave_open: int,
    limit: int | None = None,
    on_progress: Callable[[int], None] = lambda _answered: None,
) -> Worked:
    """Let the team answer, each in a thread of their own, until nothing more may or can be answered.

    `answer(case_key, email)` gives the answer, or None to skip the task; it is called from several threads. `fill` makes of an
    answer what the form submits; None: it is a label, and the form asks for one. At least
    `leave_open` of the tasks without an answer now stay without; at most `limit` are answered (None: no limit).
    `on_progress(answered)` is called after each answer, one call at a time. A task without a case key is skipped.

    Raises Refused (bad token, project gone, another form) or Unavailable; all reviewers have stopped by then.
    """
    if leave_open < 0 or (limit is not None and limit < 0):
        raise ValueError(f"leave_open {leave_open} and limit {limit}: neither can be negative")
    if not team or len({one.email for one in team}) < len(team):  # one account at two desks gets the same task twice
        raise ValueError(f"a team needs at least one reviewer, and each once: {[one.email for one in team]}")
    with label_stream.connect(base_url, team[0].token) as client:
        project = label_stream.project(client, project_id)
    fill = fill or _choose(label_stream.control(project, project_id), project_id)
    budget = max(0, project["task_number"] - project["finished_task_number"] - leave_open)
    shift = _Shift(budget if limit is None else min(budget, limit), on_progress)
    with futures.ThreadPoolExecutor(max_workers=len(team), thread_name_prefix="reviewer") as pool:
        jobs = [pool.submit(_work, base_url, one, project_id, fill, answer, shift) for one in team]
        try:
            for job in futures.as_completed(jobs):
                job.result()
        finally:
            shift.close()  # after an error or Ctrl-C everyone finishes the task in hand and stops
    return shift.worked()


class _Shift:
    """What the team shares: how many answers may still be given, and how many were.

    A reviewer reserves an answer before taking a task, so none is taken (and locked for others) in vain. Who finds all
    reserved waits: a colleague for whom the queue has nothing gives theirs back.
    """

    def __init__(self, budget: int, on_progress: Callable[[int], None]) -> None:
        self._changed = threading.Condition()
        self._left = budget
        self._reserved = 0
        self._answered = self._skipped = 0
        self._on_progress = on_progress

    def reserve(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._left != 0 or not self._reserved)
            if self._left < 1:
                return False
            self._left -= 1
            self._reserved += 1
            return True

    def release(self, *, skipped: bool) -> None:
        with self._changed:
            self._reserved -= 1
            if self._left >= 0:
                self._left += 1
            self._skipped += skipped
            self._changed.notify_all()

    def count(self) -> None:
        with self._changed:
            self._reserved -= 1
            self._answered += 1
            self._changed.notify_all()
            self._on_progress(self._answered)

    def close(self) -> None:
        with self._changed:
            self._left = -1
            self._changed.notify_all()

    def worked(self) -> Worked:
        with self._changed:
            return Worked(answered=self._answered, skipped=self._skipped)


def _choose(control: label_stream.Control, project_id: int) -> Fill:
    """Chooses an answer that is a label of the form; raises Refused if the form does not offer it."""

    def chosen(label: str) -> list[dict[str, object]]:
        if label not in control.labels:
            raise errors.Refused(
                f"project {project_id} does not offer {label!r}, only {', '.join(control.labels)}; "
                "restore its labelling form"
            )
        return label_stream.chosen(control, label)

    return chosen


def _work(base_url: str, reviewer: Reviewer, project_id: int, fill: Fill, answer: Answer, shift: _Shift) -> None:
    """One reviewer's shift."""
    with label_stream.connect(base_url, reviewer.token) as client:
        me = label_stream.account(client)
        while shift.reserve():
            asked = time.monotonic()
            task = label_stream.next_task(client, project_id)
            if task is None:
                shift.release(skipped=False)
                return
            key = task["data"].get(labeling_config.KEY)
            label = None if key is None else answer(str(key), reviewer.email)
            result = None if label is None else fill(label)
            label_stream.submit(client, task["id"], me, label_stream.annotation(result), asked)
            if label is None:
                shift.release(skipped=True)
            else:
                shift.count()
