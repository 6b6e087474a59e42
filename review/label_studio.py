"""Label Studio: projects, push, pull. The only import of the SDK.

Three things the SDK does that this file does not let it do:
- it sends a POST again after a lost answer, and an import done twice is every task twice: no request here is retried
  by the SDK unless it only reads;
- its pager takes every 404 for the end of the list, also that of a project deleted meanwhile: pages are asked for here;
- the text of its errors holds the session cookie: only status and detail go into ours, and the cause is cut off.

Longer than our files are, because nothing else may import the SDK; what needs no server is in `form` and `reading`.
"""

import json
import ssl
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.core.pagination import SyncPager
from label_studio_sdk.core.parse_error import ParsingError
from label_studio_sdk.core.request_options import RequestOptions

from models import moment
from models.errors import Refused, Unavailable
from models.stream import Stream
from review import form, reading

_READ = RequestOptions(max_retries=2)
_KEYS_PER_QUERY = 80  # the query is part of the URL, and 4 094 bytes is where gunicorn cuts a request line off
_TASKS_PER_PUSH = 2000  # about two seconds of work for the server, in one transaction: all or nothing
_BYTES_PER_PUSH = 16_000_000  # images travel inside the task; the server takes up to 250 MB
_ROUNDS = 3
_PAGE = 500
_OVERLAP = timedelta(seconds=30)  # changes may be committed in another order than their time stamps say


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A server that answered and took the token. `patience`: seconds a push of unknown outcome is given to show up.

    `met_at`: the moment of the first answer by the server's clock, in whole seconds; None if it did not say.
    """

    url: str
    client: LabelStudio = field(repr=False)
    patience: float = 15.0
    met_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task to push. `data` is what the reviewer is shown; `prediction` None: blind, or nothing to pre-fill.

    `closed_to`: user ids of those who must not be served it, since they have read the case before.
    """

    key: str
    data: dict[str, object]
    prediction: str | None
    closed_to: tuple[int, ...] = ()


def connect(url: str, token: str, *, timeout: float = 60.0, patience: float = 15.0, known: bool = False) -> Connection:
    """Open a connection and check server and token. `token`: a legacy or a personal access token.

    `timeout` in seconds per request. `known`: both were checked a moment ago, so nothing is asked. Raises Refused if the
    URL or the token is no good, Unavailable if nobody answers.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise Refused(f"Label Studio URL {url!r}: give one like https://labels.example.com")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Refused(
            "Label Studio token: empty, or with characters no token has; copy it again from Account & Settings"
        )
    # No connection is kept open between requests: a server that closed an idle one would make the next import's outcome
    # unknown. No redirect is followed: the token goes to this server only.
    wire = httpx.Client(
        timeout=timeout,
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0),
        verify=_trusted() if parts.scheme == "https" else False,  # nothing to verify over http
    )
    with _asking(url, "checking the token"):
        # With a path in it, the SDK's token refresh needs the final slash, or it drops the path.
        client: LabelStudio = LabelStudio(  # type: ignore[no-untyped-call] # its __init__ takes *args
            base_url=url.rstrip("/") + "/", api_key=token, timeout=timeout, max_retries=0, httpx_client=wire
        )
        met = {} if known else client.users.with_raw_response.whoami().headers
    return Connection(url=url.rstrip("/"), client=client, patience=patience, met_at=_date(met))


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities we trust. Reading them takes as long as importing a hundred tasks, so it is done once."""
    return httpx.create_ssl_context()


def ensure_project(connection: Connection, *, title: str, config: str, instructions: str, marker: str) -> int:
    """The id of the one project of `marker` (the stream's name); made if there is none.

    The marker stands in the project's description, so that the project is found again after a crash. Of several
    (somebody copied it) the oldest wins. An existing project is left as it is: see `check_project`.
    """
    tag = _tag(marker)
    existing = _marked(connection, tag)
    if existing is not None:
        return existing
    made: int | None = None
    lost: Unavailable | None = None
    try:
        with _asking(connection.url, f"making the project {title!r}"):
            answer = connection.client.projects.create(
                title=title,
                description=f"Filled and read by Second Reader. Keep this line: {tag}",
                label_config=config,
                expert_instruction=form.instructions(instructions),
                show_instruction=bool(instructions.strip()),
                request_options=RequestOptions(additional_body_parameters=dict(form.SETTINGS)),
            )
            made = int(answer.id)  # type: ignore[arg-type] # a TypeError: no project, whatever it is
    except Unavailable as failure:
        lost = failure
    # The answer may be lost and the project made all the same; or a gateway made two of one request.
    existing = _marked(connection, tag)
    if existing is None and lost is not None:
        raise lost
    return existing or made or 0


def check_project(connection: Connection, project_id: int, config: str) -> list[str]:
    """What somebody changed in the project, one sentence each; empty if all is as we made it."""
    where = f"project {project_id} in Label Studio"
    try:
        with _asking(connection.url, f"looking at project {project_id}"):
            project = connection.client.projects.get(project_id, request_options=_READ).model_dump()
    except Refused as refusal:
        return [f"{where} cannot be read: {refusal}"]
    return [f"{where}: {finding}" for finding in form.drift(project, config)]


def find(connection: Connection, project_id: int, keys: Iterable[str]) -> dict[str, list[int]]:
    """The tasks of these keys: key -> task ids, lowest first. A key without a task is left out."""
    found: dict[str, list[int]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), _KEYS_PER_QUERY):
        keys_asked = wanted[start : start + _KEYS_PER_QUERY]
        query = _query([_condition(f"data.{form.KEY}", "in_list", "List", keys_asked)])
        seen, page = 0, 1
        while True:
            with _asking(connection.url, f"looking for tasks in project {project_id}"):
                answer: SyncPager[Any, Any] = connection.client.tasks.list(
                    project=project_id,
                    query=query,
                    include=f"id,data,{form.KEY}",
                    fields="task_only",
                    page=page,
                    page_size=_PAGE,
                    request_options=_READ,
                )
                items, total = _page(answer, "total")
                for task in items:
                    found.setdefault(str(task.data[form.KEY]), []).append(int(task.id))
            seen += len(items)
            if not items or seen >= total:
                break
            page += 1
    return {key: sorted(ids) for key, ids in found.items()}


def task_ids(connection: Connection, project_id: int, *, start: int) -> list[int]:
    """The ids of the project's tasks from `start` on, rising."""
    return [int(task.id or 0) for task in _listed(connection, project_id, start, "id")]


def keys(connection: Connection, project_id: int, *, above: int) -> dict[str, list[int]]:
    """Our key of each task with an id above `above`: key -> task ids, lowest first. A task without one is not ours."""
    found: dict[str, list[int]] = {}
    for task in _listed(connection, project_id, above + 1, f"id,data,{form.KEY}"):
        key = form.key(task.data)
        if key is not None:
            found.setdefault(key, []).append(int(task.id or 0))
    return found


def push(
    connection: Connection,
    project_id: int,
    tasks: Sequence[Task],
    stream: Stream,
    *,
    above: int | None = None,
    fresh: bool = False,
) -> dict[str, int]:
    """Put every task into the project exactly once, in this order: key -> task id.

    What is there already is not sent again. An import whose outcome is unknown (time-out, lost answer, 5xx) is looked
    for before what is really missing is sent again, at most three times. Of several tasks with one key the lowest id
    counts. Raises Unavailable when it remains unknown (the next push looks again), Refused if a task is refused.

    `above`: any of the tasks that is there has a higher id than this, so only the newer ones are looked at; None: they
    are looked for by their keys, 80 at a time, which is slow. `fresh`: none of them is there, by the caller's word.
    """
    by_key = {task.key: task for task in tasks}

    def look(wanted: Iterable[str]) -> dict[str, int]:
        """Those that are there."""
        if above is None:
            return {key: ids[0] for key, ids in find(connection, project_id, wanted).items()}
        there = keys(connection, project_id, above=above)
        return {key: there[key][0] for key in wanted if key in there}

    here = {} if fresh else look(by_key)
    lost: Unavailable | None = None
    for _ in range(_ROUNDS):
        lost = None
        for batch in _batches([task for task in by_key.values() if task.key not in here]):
            try:
                here |= _import(connection, project_id, batch, stream)
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


def changed(connection: Connection, project_id: int, since: str | None) -> Iterator[list[reading.ChangedTask]]:
    """The tasks that changed since the cursor, oldest change first, in pages. None: from the beginning.

    `since` is the `cursor` of the reading before, a moment text by Label Studio's clock; the 30 s before it are read
    again. Each page starts at the last change of the page before, not at a page number: a task edited while we read
    moves to the end of the list, and counting pages would skip the one that takes its place.
    Raises Refused if the project is gone.
    """
    floor = moment.text(moment.parse(since) - _OVERLAP) if since else "1970-01-01T00:00:00.000000Z"
    seen: dict[int, str] = {}
    after = _condition("updated_at", "greater_or_equal", "Datetime", floor)
    while True:
        tasks, total = _changes(connection, project_id, [after], ordering="updated_at")
        yield from _fresh(tasks, seen)
        if total <= _PAGE:
            return
        last = tasks[-1].updated_at
        if last != floor:
            after = _condition("updated_at", "greater_or_equal", "Datetime", last)
        else:
            # More changes of one moment (a bulk action) than a page holds. The server lists them in any order, so
            # they are told apart by their ids.
            same = [
                _condition("updated_at", "greater_or_equal", "Datetime", last),
                _condition("updated_at", "less_or_equal", "Datetime", last),
            ]
            highest = 0
            while total > _PAGE:
                ids = _condition("id", "greater", "Number", highest)
                tasks, total = _changes(connection, project_id, [*same, ids], ordering="id")
                yield from _fresh(tasks, seen)
                highest = max((task.task_id for task in tasks), default=highest)
            after = _condition("updated_at", "greater", "Datetime", last)
        floor = last


def earliest_change(connection: Connection, project_id: int, ids: tuple[int, int], before: str) -> str | None:
    """When the first of the tasks with ids from `ids[0]` to `ids[1]` changed that `changed` since `before` leaves out.

    None: it leaves none of them out.
    """
    conditions = [
        _condition("id", "greater_or_equal", "Number", ids[0]),
        _condition("id", "less_or_equal", "Number", ids[1]),
        _condition("updated_at", "less", "Datetime", moment.text(moment.parse(before) - _OVERLAP)),
    ]
    tasks, _ = _changes(connection, project_id, conditions, ordering="updated_at")
    return tasks[0].updated_at if tasks else None


def check_owner(connection: Connection, project_id: int, marker: str) -> None:
    """Raises Refused if the project is not the one of `marker`: its number may mean another project on another server,
    or on one restored from a backup."""
    with _asking(connection.url, f"looking at project {project_id}"):
        project = connection.client.projects.get(project_id, request_options=_READ)
    if _tag(marker) not in (project.description or ""):
        raise Refused(
            f"project {project_id} in Label Studio at {connection.url} is not that of stream {marker!r} (its description "
            f"does not say {_tag(marker)}): put the line back if it is, or make a project with: second-reader init {marker}"
        )


def size(connection: Connection, project_id: int) -> int:
    """How many tasks the project holds."""
    with _asking(connection.url, f"looking at project {project_id}"):
        return int(connection.client.projects.get(project_id, request_options=_READ).task_number)  # type: ignore[arg-type]


def remove_doubles(connection: Connection, project_id: int, ours: Container[int]) -> int:
    """Leave one task of each key, and return how many were taken away. `ours`: the ids the ledger knows.

    A gateway may deliver an import twice, and an import may be carried out long after everybody gave it up: no look
    before the push can prevent that. What a person has worked on stays, and nothing else of its key; of untouched tasks
    stays the one the ledger knows, or the lowest id. Lists the whole project: for when its size is not as expected.
    """
    removed = 0
    for ids in keys(connection, project_id, above=0).values():
        if len(ids) > 1:
            touched = {task_id for task_id in ids if _touched(connection, task_id)}
            keep = touched or {min(ids, key=lambda task_id: (task_id not in ours, task_id))}
            for task_id in set(ids) - keep:
                # Asked again, right before: somebody may have begun with it meanwhile.
                if not _touched(connection, task_id):
                    with _asking(connection.url, f"removing the double task {task_id}"):
                        connection.client.tasks.delete(str(task_id))
                    removed += 1
    return removed


def _touched(connection: Connection, task_id: int) -> bool:
    """Whether a person has answered, skipped or begun a task; our own marks are no work of theirs."""
    with _asking(connection.url, f"looking at task {task_id}"):
        task = connection.client.tasks.get(str(task_id), request_options=_READ).model_dump()
        drafts = task.get("drafts")
        return bool(drafts) or any(not reading.is_mark(item) for item in task["annotations"])


def cursor(connection: Connection, newest: str) -> str:
    """Where the next reading starts, after one that was begun with this connection and saw no change after `newest`.

    A change may be committed in another order than the stamps say, up to 30 s late: so what is stamped less than 30 s
    before the reading began is read again. What is older is not: the answers of a busy half minute are not read over
    and over until somebody gives another one.
    """
    if connection.met_at is None:
        return newest
    quiet = moment.text(moment.parse(newest) + _OVERLAP + timedelta(microseconds=1))  # nothing up to `newest`, then
    return min(connection.met_at, quiet)


def people(connection: Connection) -> dict[int, str]:
    """Who may have answered: user id -> e-mail address."""
    with _asking(connection.url, "listing the accounts"):
        # The address of a member who was removed reads "Deleted", of every one of them.
        listed = connection.client.users.list(request_options=_READ)
        if not listed:  # we have an account ourselves: without a name, answers would be nobody's
            raise TypeError("no accounts")
        return {user.id: user.email for user in listed if "@" in (user.email or "")}


def _listed(connection: Connection, project_id: int, start: int, include: str) -> Iterator[Any]:
    """The tasks with ids from `start` on, rising, with the fields of `include`. Each page starts behind the last id of
    the one before, so that no task is skipped if one is deleted meanwhile."""
    while True:
        with _asking(connection.url, f"looking for tasks in project {project_id}"):
            answer: SyncPager[Any, Any] = connection.client.tasks.list(
                project=project_id,
                query=_query([_condition("id", "greater_or_equal", "Number", start)]),
                include=include,
                fields="task_only",
                page=1,
                page_size=_PAGE,
                request_options=_READ,
            )
            items, total = _page(answer, "total")
            last = int(items[-1].id) if items else start
        yield from items
        if len(items) == total:
            return
        start = last + 1


def _changes(
    connection: Connection, project_id: int, conditions: list[dict[str, object]], *, ordering: str
) -> tuple[list[reading.ChangedTask], int]:
    """The first page of the tasks that meet the conditions, and how many meet them."""
    with _asking(connection.url, f"reading the answers of project {project_id}"):
        answer: SyncPager[Any, Any] = connection.client.tasks.list(
            project=project_id,
            query=_query(conditions, ordering=ordering),
            # Applied to nested objects too: the fields of the annotations must be named here as well.
            include=f"id,data,{form.KEY},updated_at,annotations,result,was_cancelled,completed_by,lead_time,created_at",
            fields="all",
            page=1,
            page_size=_PAGE,
            request_options=_READ,
        )
        items, total = _page(answer, "total")
        return [reading.changed_task(project_id, item.model_dump()) for item in items], total


def _page(answer: Any, total: str) -> tuple[list[Any], int]:
    """What a page of a list holds, and how many there are in all: the field `total` of the answer.

    An answer that is no page says nothing: taken for an empty one, everything would be made once more. Raises TypeError.
    """
    items, count = answer.items, getattr(answer.response, total)
    if not isinstance(items, list) or not isinstance(count, int):
        raise TypeError("no page of a list")
    return items, count


def _fresh(tasks: list[reading.ChangedTask], seen: dict[int, str]) -> Iterator[list[reading.ChangedTask]]:
    """The tasks not seen in this state yet, as one page; no page if there are none. Notes them in `seen`."""
    fresh = [task for task in tasks if seen.get(task.task_id) != task.updated_at]
    seen |= {task.task_id: task.updated_at for task in fresh}
    if fresh:
        yield fresh


def _tag(marker: str) -> str:
    return f"[second-reader:{marker}]"


def _date(headers: Mapping[str, str]) -> str | None:
    """The moment an answer gives in its `Date`; None if it gives none."""
    try:
        return moment.text(parsedate_to_datetime(headers["date"]))
    except (KeyError, ValueError):
        return None


def _marked(connection: Connection, tag: str) -> int | None:
    """The oldest project whose description holds the tag."""
    found: list[int] = []
    page, seen = 1, 0
    while True:
        with _asking(connection.url, "listing the projects"):
            answer: SyncPager[Any, Any] = connection.client.projects.list(
                page=page, page_size=_PAGE, include="id,description", request_options=_READ
            )
            items, total = _page(answer, "count")
            found += [int(item.id) for item in items if tag in (item.description or "")]
        seen += len(items)
        if not items or seen >= total:
            return min(found, default=None)
        page += 1


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


def _import(connection: Connection, project_id: int, batch: Sequence[Task], stream: Stream) -> dict[str, int]:
    """One import, sent once. Raises Unavailable if its outcome is unknown."""
    request = []
    for task in batch:
        body: dict[str, Any] = {"data": task.data | {form.KEY: task.key}}
        result = form.prefill(stream, task.prediction)
        if result:
            body["predictions"] = [{"model_version": form.MODEL_VERSION, "result": result}]
        if task.closed_to:
            # As if these people had skipped it. Imported with annotations, a task counts as done and is served to nobody,
            # until `offer`: so there is no moment at which an earlier reader could get it.
            mark = {"result": [], "was_cancelled": True, "ground_truth": False}
            body["annotations"] = [mark | {"completed_by": person} for person in task.closed_to]
        request.append(body)
    with _asking(connection.url, f"putting {len(batch)} tasks into project {project_id}"):
        # Below the SDK's `import_tasks`, which looks at every value of every task three times: a sixth of the server's
        # own time, for nothing (its type of a task wants a prediction's task id, which only the import gives).
        answer = connection.client._client_wrapper.httpx_client.request(
            f"api/projects/{project_id}/import",
            method="POST",
            params={"return_task_ids": True},
            content=json.dumps(request, separators=(",", ":")).encode(),
            headers={"content-type": "application/json"},
        )
        if not answer.is_success:
            raise ApiError(status_code=answer.status_code, body=_json(answer))
        said = answer.json()
    ids = said.get("task_ids") if isinstance(said, dict) else None
    if not isinstance(ids, list) or len(ids) != len(batch) or not all(isinstance(number, int) for number in ids):
        raise Unavailable(f"Label Studio at {connection.url} did not say which tasks it made of {len(batch)}")
    return {task.key: int(task_id) for task, task_id in zip(batch, ids, strict=True)}


def _json(answer: httpx.Response) -> object:
    """What the answer says; its text if that is no JSON."""
    try:
        return answer.json()
    except ValueError:
        return answer.text


def offer(connection: Connection, task_id: int) -> None:
    """Have Label Studio serve a task to everybody it is not closed to: saving a mark again makes it count anew.

    Doing it again changes nothing.
    """
    with _asking(connection.url, f"offering task {task_id} to another person"):
        task = connection.client.tasks.get(str(task_id), request_options=_READ).model_dump()
        marks = [mark for mark in task.get("annotations") or () if mark.get("was_cancelled")]
        if marks:
            connection.client.annotations.update(int(marks[0]["id"]), was_cancelled=True, request_options=_READ)


def _settle(
    connection: Connection, wanted: list[str], look: Callable[[Iterable[str]], dict[str, int]]
) -> dict[str, int]:
    """What became of an import of unknown outcome: the server may still be at it, so it gets time to show up."""
    deadline = time.monotonic() + connection.patience
    pause = 0.25
    while True:
        found = look(wanted)
        if found or time.monotonic() + pause > deadline:
            return found
        time.sleep(pause)
        pause *= 2


def _condition(column: str, operator: str, kind: str, value: object) -> dict[str, object]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _query(conditions: list[dict[str, object]], *, ordering: str = "id") -> str:
    """A query of Label Studio's data manager: all conditions, in rising order of a column."""
    filters = {"conjunction": "and", "items": conditions}
    return json.dumps({"filters": filters, "ordering": [f"tasks:{ordering}"]}, separators=(",", ":"))


@contextmanager
def _asking(url: str, doing: str) -> Iterator[None]:
    """Maps what the SDK raises. The cause is cut off: its text holds headers, and they hold a session cookie."""
    try:
        yield
    except ApiError as error:
        raise _judged(error, url, doing) from None
    except (ParsingError, AttributeError, KeyError, TypeError, ValueError):
        # JSON of another shape: the SDK does not look at what it is given, and trips over it, as we do.
        raise Unavailable(
            f"{url} did not answer as Label Studio does while {doing}; is it Label Studio 1.23?"
        ) from None
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(f"Label Studio at {url} could not be reached while {doing}: {reason}") from None


def _judged(error: ApiError, url: str, doing: str) -> Refused | Unavailable:
    status = error.status_code
    detail = error.body.get("detail") if isinstance(error.body, dict) else None
    said = f": {detail}" if isinstance(detail, str) else ""
    if status in (401, 403):
        return Refused(
            f"Label Studio at {url} refused the token while {doing} ({status}{said}); "
            "copy a valid one from Account & Settings"
        )
    if status == 404:
        return Refused(f"Label Studio at {url} knows no such thing while {doing} (404{said}); was the project deleted?")
    if status is not None and 300 <= status < 400:
        return Refused(
            f"{url} sends us elsewhere while {doing} ({status}); give the URL where Label Studio itself answers"
        )
    if status is not None and 400 <= status < 500 and status not in (408, 409, 425, 429):
        return Refused(f"Label Studio at {url} refused {doing} ({status}{said})")
    return Unavailable(f"Label Studio at {url} failed while {doing} ({status}{said})")
