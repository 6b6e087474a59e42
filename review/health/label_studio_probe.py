"""Look at Label Studio, for `doctor`: reads only, past the SDK, which hides headers and counts."""

import base64
import binascii
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from models import timestamps
from models.config.stream import Stream
from models.errors import Refused, Unavailable
from review.health import label_studio_findings
from review.label_studio import labeling_config, listing, project_mark
from review.ledger.ledger import Ledger
from review.queries import collected, pending_cases, readings, sent_tasks

_KEYS = 80  # per query, which is part of the URL
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A server that took the token."""

    client: httpx.Client = field(repr=False)  # its headers hold the token
    token: str  # personal | legacy


@contextmanager
def connected(url: str, token: str) -> Iterator[Api]:
    """A client with the right to ask. Raises Refused or Unavailable."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Refused("the token holds characters no token has; copy it again from Account & Settings")
    with httpx.Client(base_url=url.rstrip("/"), timeout=30.0, follow_redirects=False) as client:
        kind = "personal" if _is_jwt(token) else "legacy"
        if kind == "legacy":
            client.headers["Authorization"] = f"Token {token}"
        else:
            access = _object(_ask(client, "POST", "/api/token/refresh", json={"refresh": token}), "access")["access"]
            client.headers["Authorization"] = f"Bearer {access}"
        yield Api(client=client, token=kind)


def server(api: Api) -> tuple[label_studio_findings.Server, float]:
    """The server, and by how many seconds its clock is ahead of ours."""
    before = time.time()
    answer = _ask(api.client, "GET", "/api/version")
    ours = (before + time.time()) / 2
    ahead = parsedate_to_datetime(answer.headers["Date"]).timestamp() + 0.5 - ours if "Date" in answer.headers else 0.0
    login = _ask(api.client, "GET", "/user/login/", headers={"Authorization": ""})
    me = _object(_ask(api.client, "GET", "/api/current-user/whoami"), "active_organization")
    people = _body(_ask(api.client, "GET", "/api/users"))
    seen = label_studio_findings.Server(
        url=_shown(api.client),
        version=str(_object(answer, "release")["release"]),
        token=api.token,
        signup_open="/user/signup" in login.text,  # the link is there only where anybody may follow it
        members={
            one["email"]: one.get("active_organization") == me["active_organization"]
            for one in people
            if one.get("email")
        },
    )
    return seen, ahead


def queue(api: Api, ledger: Ledger, stream: Stream, *, now: str) -> label_studio_findings.Queue | None:
    """A stream's project; None if the ledger knows of none."""
    row = pending_cases.project(ledger, stream.name)
    if row is None:
        return None
    number = row.project_id
    project = _project(api.client, number)
    unanswered = sent_tasks.unanswered(ledger, stream.name)
    keys = unanswered["task_key"].to_list()
    shown = ~unanswered["blind"] & unanswered["prediction"].is_in(stream.labels)
    assisted = frozenset(unanswered.filter(shown)["task_key"])
    week = timestamps.text(timestamps.parse(now) - _WEEK)
    return label_studio_findings.Queue(
        project_id=number,
        mark=project_mark.Mark(stream=stream.name, ledger=ledger.identity),
        config=row.config,
        project=project,
        open_keys=keys,
        tasks=dict(_tasks(api.client, number, keys)) if project else {},
        sent=len(sent_tasks.recorded_tasks(ledger, number)),
        answers=sent_tasks.live_annotations(ledger, stream.name, number),
        cursor=collected.cursor(ledger, stream.name),
        answered=sent_tasks.newest_change(ledger, number),
        newest=_newest(api.client, number) if project else None,
        reviewers=sent_tasks.last_answers(ledger, stream.name),
        skips=readings.open_cases(readings.read(ledger, stream.name))["skips"].to_list(),
        deleted=sent_tasks.deleted_since(ledger, stream.name, week),
        written=sent_tasks.written_by_others(ledger, stream.name).rows(),
        assisted=assisted,
        bare=_bare(api.client, number, keys) if project else frozenset(),
    )


def _project(client: httpx.Client, number: int) -> Mapping[str, Any] | None:
    answer = _send(client, "GET", f"/api/projects/{number}/")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    return _object(_accepted(answer), "label_config", "task_number", "total_annotations_number")


def _tasks(client: httpx.Client, project: int, keys: Sequence[str]) -> Iterator[tuple[str, label_studio_findings.Task]]:
    """The tasks of these keys; of several with one key the last."""
    for key, task in _of_keys(client, project, keys):
        answers = int(task.get("total_annotations") or 0)
        yield (
            key,
            label_studio_findings.Task(
                task_id=int(task["id"]), answers=answers, updated_at=_moment(task["updated_at"])
            ),
        )


def _bare(client: httpx.Client, project: int, keys: Sequence[str]) -> frozenset[str]:
    """Of these keys, those of tasks that carry no prediction, by the predictions themselves."""
    none = listing.condition("predictions_model_versions", "empty", "List", True)
    return frozenset(key for key, _ in _of_keys(client, project, keys, none))


def _of_keys(
    client: httpx.Client, project: int, keys: Sequence[str], *more: dict[str, object]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tasks of these keys that meet the other conditions."""
    for start in range(0, len(keys), _KEYS):
        wanted = listing.condition(f"data.{labeling_config.KEY}", "in_list", "List", list(keys[start : start + _KEYS]))
        for task in _page(client, project, [wanted, *more], "id", 4 * _KEYS):
            yield str(task["data"][labeling_config.KEY]), task


def _newest(client: httpx.Client, project: int) -> str | None:
    """The newest change of any task there."""
    newest = _page(client, project, [], "-updated_at", 1)
    return _moment(newest[0]["updated_at"]) if newest else None


def _page(
    client: httpx.Client, project: int, conditions: list[dict[str, object]], ordering: str, size: int
) -> list[dict[str, Any]]:
    order = f"-tasks:{ordering[1:]}" if ordering.startswith("-") else f"tasks:{ordering}"
    query = {"filters": {"conjunction": "and", "items": conditions}, "ordering": [order]}
    answer = _ask(
        client,
        "GET",
        "/api/tasks",
        params={
            "project": project,
            "query": json.dumps(query, separators=(",", ":")),
            "include": f"id,data,{labeling_config.KEY},total_annotations,updated_at",
            "fields": "task_only",
            "page": 1,
            "page_size": size,
        },
    )
    tasks: list[dict[str, Any]] = _object(answer, "tasks")["tasks"]
    return tasks


def _moment(text: object) -> str:
    return timestamps.text(timestamps.parse(str(text)))


def _object(answer: httpx.Response, *names: str) -> dict[str, Any]:
    """What a good answer holds: an object with these names."""
    body = _body(answer)
    if not isinstance(body, dict) or not body.keys() >= set(names):
        raise _stranger(answer)
    return body


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise _stranger(answer) from None


def _stranger(answer: httpx.Response) -> Refused:
    where = answer.url.copy_with(query=None)
    return Refused(f"{where} does not answer as Label Studio does; is it Label Studio {label_studio_findings.TESTED}?")


def _ask(client: httpx.Client, method: str, path: str, **rest: Any) -> httpx.Response:
    return _accepted(_send(client, method, path, **rest))


def _send(client: httpx.Client, method: str, path: str, **rest: Any) -> httpx.Response:
    try:
        return client.request(method, path, **rest)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(
            f"Label Studio at {_shown(client)} could not be reached ({reason}); start it, or correct its URL"
        ) from None


def _accepted(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a good one. What the server says otherwise is not repeated: it may hold anything."""
    where, status = f"Label Studio at {answer.url.copy_with(path='/', query=None)}", answer.status_code
    if status in (401, 403):
        raise Refused(f"{where} refused the token ({status}); copy a valid one from Account & Settings")
    if status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS:
        raise Unavailable(f"{where} failed at {answer.url.path} ({status}); try again, and look at its log")
    if not answer.is_success:
        raise Refused(
            f"{where} refused {answer.url.path} ({status}); is it Label Studio {label_studio_findings.TESTED}?"
        )
    return answer


def _shown(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def _is_jwt(token: str) -> bool:
    """Whether it is a personal access token, as the SDK tells it from a legacy one."""
    parts = token.split(".")
    if len(parts) != 3:
        return False
    try:
        head: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (binascii.Error, ValueError):
        return False
    return isinstance(head, dict) and "alg" in head
