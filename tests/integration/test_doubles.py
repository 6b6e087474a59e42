"""Tasks that are there twice, and answers of another shape, on a real Label Studio."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from models.config.stream import Stream
from models.errors import Unavailable
from review.label_studio import access, duplicates, import_tasks, labeling_config, projects, search, task_data
from tests.faults import wire
from tests.integration.adapter.hands import mark, stream, tasks


@pytest.fixture
def mail() -> Stream:
    return stream(f"mail-{secrets.token_hex(4)}")


@pytest.fixture
def connection(label_studio: Any) -> Any:
    return access.connect(label_studio.url, label_studio.token)


@pytest.fixture
def api(label_studio: Any) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Token {label_studio.token}"}
    with httpx.Client(base_url=label_studio.url, headers=headers, trust_env=False, timeout=60.0) as client:
        yield client


@pytest.fixture
def project(connection: Any, mail: Stream, api: httpx.Client) -> Iterator[int]:
    number = projects.ensure(
        connection, title="Mail", config=labeling_config.config(mail), instructions="", mark=mark(mail)
    )
    yield number
    api.delete(f"/api/projects/{number}/")


def test_of_doubles_stays_what_a_person_touched_else_what_the_ledger_knows(
    connection: Any, mail: Stream, project: int, api: httpx.Client, label_studio: Any
) -> None:
    sent = tasks(mail, 4)
    ours = import_tasks.push(connection, project, sent, mail)
    again = [{"data": task.data | {labeling_config.KEY: task.key}} for task in sent[:3]]
    api.post(f"/api/projects/{project}/import", json=again).raise_for_status()
    stranger = [{"data": {"text": "by hand"}}, {"data": {"text": "by hand"}}]
    api.post(f"/api/projects/{project}/import", json=stranger).raise_for_status()
    ids = search.find(connection, project, ours)
    answered, drafted, untouched, single = (task.key for task in sent)
    chosen = {"result": task_data.prefill(mail, "no", "c-1"), "lead_time": 1.0}
    api.post(f"/api/tasks/{ids[answered][1]}/annotations/", json=chosen).raise_for_status()
    # By another account than ours, which sees no draft but its own.
    reader = {"Authorization": f"Token {label_studio.add_reviewer('dee@example.com', 'a-Pass-word-9')}"}
    draft = chosen | {"draft_id": 0}
    api.post(
        f"/api/tasks/{ids[drafted][1]}/drafts", params={"project": project}, json=draft, headers=reader
    ).raise_for_status()
    assert projects.size(connection, project) == 9
    known = {ids[untouched][1], ids[single][0]}
    assert duplicates.remove(connection, search.keys(connection, project, above=0), known, lambda _: set()) == (3, 0)
    assert search.find(connection, project, ours) == {
        answered: [ids[answered][1]],
        drafted: [ids[drafted][1]],
        untouched: [ids[untouched][1]],
        single: [ids[single][0]],
    }
    assert projects.size(connection, project) == 6


@contextmanager
def garbled(label_studio: Any, doing: str) -> Iterator[access.Connection]:
    """A connection whose next answer is garbage, which the block must meet and say."""
    with wire.before(label_studio.url, 1) as between:
        connection = access.connect(between.url, label_studio.token)
        between.arm("garbage JSON", 1, writes=False)
        with pytest.raises(Unavailable, match=f"did not answer as Label Studio does while {doing}"):
            yield connection


@pytest.mark.parametrize(
    "garbage", [b"null", b"[]", b"{}", b'{"tasks": null, "total": 0}', b'{"tasks": [], "total": "x"}']
)
def test_an_answer_of_another_shape_is_not_taken_for_an_empty_list(
    garbage: bytes, label_studio: Any, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_GARBAGE", (garbage,))
    with garbled(label_studio, "looking for tasks") as connection:
        search.find(connection, project, ["a" * 32])


@pytest.mark.parametrize("garbage", [b"null", b"[]"])
def test_an_answer_of_another_shape_is_not_taken_for_a_project(
    garbage: bytes, label_studio: Any, mail: Stream, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_GARBAGE", (garbage,))
    with garbled(label_studio, "looking at project") as connection:
        projects.check_owner(connection, project, mark(mail))
    with garbled(label_studio, "looking at project") as connection:
        projects.size(connection, project)
