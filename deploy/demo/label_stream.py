"""Label Studio's label stream, as a browser speaks it: the next task, and an annotation for it. One account each.

A GET is repeated after any failure. A POST is repeated only if nothing was sent, or if a look shows it was not stored.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from models import errors
from review.label_studio import labeling_config

TRIES = 4
PAUSE = 0.5  # seconds before the second try, doubled each time
PATIENCE = httpx.Timeout(60, connect=5)  # seconds; a server that commits only after that would be asked twice
NOT_NOW = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The one choice of a project: its name, the name of what it is about, and the labels it offers."""

    name: str
    subject: str
    labels: tuple[str, ...]


def connect(base_url: str, token: str) -> httpx.Client:
    """A client for one account; close it. Nothing is sent yet."""
    # The server is on this machine: a proxy meant for the world outside must not get its token.
    headers = {"Authorization": f"Token {token}"}
    return httpx.Client(base_url=base_url, headers=headers, timeout=PATIENCE, trust_env=False)


def account(client: httpx.Client) -> int:
    """The account's own id. Raises Refused or Unavailable, as everything below does."""
    return int(_read(client, "/api/current-user/whoami").json()["id"])


def chosen(control: Control, label: str) -> list[dict[str, object]]:
    """The result of a reader who chooses a label."""
    value = {"choices": [label]}
    return [{"from_name": control.name, "to_name": control.subject, "type": "choices", "value": value}]


def annotation(result: list[dict[str, object]] | None) -> dict[str, object]:
    """What is submitted: a result, or a skip."""
    return {"result": result or [], "was_cancelled": result is None}


def project(client: httpx.Client, project_id: int) -> dict[str, Any]:
    """The project as Label Studio describes it. Raises Refused if it is gone."""
    body = _read(client, f"/api/projects/{project_id}/", missing_is_fine=True)
    if body.status_code == httpx.codes.NOT_FOUND:
        raise errors.Refused(f"Label Studio has no project {project_id}; was it deleted?")
    described: dict[str, Any] = body.json()
    return described


def control(project: Mapping[str, Any], project_id: int) -> Control:
    """The project's only choice of an answer, as Label Studio reads the labelling config. Raises Refused if there is not one."""
    tags = project.get("parsed_label_config")
    choices = [
        Control(name=name, subject=tag["to_name"][0], labels=tuple(tag["labels"]))
        for name, tag in (tags.items() if isinstance(tags, dict) else ())
        if tag["type"] == "Choices" and name != labeling_config.UNSURE
    ]
    if len(choices) != 1:
        raise errors.Refused(
            f"project {project_id} asks {len(choices)} choices where a replayed reviewer can answer one; "
            "restore its labelling form"
        )
    return choices[0]


def next_task(client: httpx.Client, project_id: int) -> dict[str, Any] | None:
    """The task Label Studio hands this reviewer; None if there is none for them. It is theirs until they submit it."""
    path = f"/api/projects/{project_id}/next"
    body = _read(client, path, missing_is_fine=True)
    if body.status_code == httpx.codes.NOT_FOUND:
        project(client, project_id)  # an empty queue and a project that is gone answer alike
        return None
    task: dict[str, Any] = body.json()
    return task


def _read(client: httpx.Client, path: str, *, missing_is_fine: bool = False) -> httpx.Response:
    """GET, which may be repeated after any failure to answer."""
    for tries in range(TRIES):
        _pause(tries)
        try:
            response = client.get(path)
        except httpx.TransportError as error:
            problem = type(error).__name__
            continue
        if response.status_code in NOT_NOW:
            problem = f"HTTP {response.status_code}"
            continue
        if missing_is_fine and response.status_code == httpx.codes.NOT_FOUND:
            return response
        _check(response)
        return response
    raise _unavailable(client, path, problem)


def submit(client: httpx.Client, task_id: int, me: int, answer: Mapping[str, object], asked: float) -> None:
    """POST once. Where its outcome is unknown, look for the annotation and post again only if it is not there.

    `me`: the account's id. `asked`: `time.monotonic()` when the task was asked for; the annotation's lead time, in
    seconds, starts there.
    """
    path = f"/api/tasks/{task_id}/annotations/"
    content = {**answer, "lead_time": time.monotonic() - asked}
    for tries in range(TRIES):
        _pause(tries)
        try:
            response = client.post(path, json=content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # nothing was sent
            problem = type(error).__name__
            continue
        except httpx.TransportError as error:
            problem = type(error).__name__
        else:
            if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR and response.status_code not in NOT_NOW:
                _check(response)
                return
            problem = f"HTTP {response.status_code}"
        stored = _read(client, path).json()
        if any(one["completed_by"] == me for one in stored):
            return
    raise _unavailable(client, path, problem)


def _pause(tries: int) -> None:
    if tries:
        time.sleep(PAUSE * 2 ** (tries - 1))


def _check(response: httpx.Response) -> None:
    """Raise Refused unless the answer is a success. The body is not shown: it may hold a task."""
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise errors.Refused("Label Studio refused a reviewer's token; make the account again")
    if not response.is_success:
        raise errors.Refused(f"Label Studio answered HTTP {response.status_code} to {response.request.url.path}")


def _unavailable(client: httpx.Client, path: str, problem: str) -> errors.Unavailable:
    return errors.Unavailable(f"Label Studio at {client.base_url}{path} does not answer ({problem}, {TRIES} tries)")
