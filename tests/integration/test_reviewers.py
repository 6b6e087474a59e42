"""The replayed reviewers of the demo, against Label Studio and against servers that misbehave."""

import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from deploy.demo import label_stream, reviewers
from models import errors
from tests.conftest import LabelStudio

CONFIG = """<View><Text name="subject" value="$text"/>
<Choices name="answer" toName="subject" choice="single" required="true">
<Choice value="yes"/><Choice value="no"/></Choices>
<Choices name="unsure" toName="subject" choice="multiple"><Choice value="Not sure"/></Choices>
<TextArea name="comment" toName="subject"/></View>"""


@pytest.fixture(scope="module")
def team(label_studio: LabelStudio) -> list[reviewers.Reviewer]:
    password = secrets.token_urlsafe(12)
    emails = [f"{name}-{secrets.token_hex(4)}@example.com" for name in ("ada", "ben", "cleo", "dan")]
    return [reviewers.Reviewer(email=one, token=label_studio.add_reviewer(one, password)) for one in emails]


@pytest.fixture
def owner(label_studio: LabelStudio) -> Iterator[httpx.Client]:
    with label_stream.connect(label_studio.url, label_studio.token) as client:
        yield client


@pytest.fixture
def project(owner: httpx.Client) -> Iterator[int]:
    """A project with twelve tasks, k0 to k11, where no one has answered yet."""
    number = _project(owner, CONFIG)
    tasks = [{"data": {"text": f"case {one}", "case_key": f"k{one}"}} for one in range(12)]
    owner.post(f"/api/projects/{number}/import", json=tasks).raise_for_status()
    yield number
    owner.delete(f"/api/projects/{number}/")


def test_a_team_answers_each_task_once_and_leaves_the_wanted_number_open(
    label_studio: LabelStudio, owner: httpx.Client, team: list[reviewers.Reviewer], project: int
) -> None:
    seen: list[int] = []
    worked = reviewers.work(
        label_studio.url,
        team,
        project,
        answer=lambda key, _who: "yes" if int(key[1:]) % 2 else "no",
        leave_open=4,
        on_progress=seen.append,
    )
    annotations = _annotations(owner, project)
    assert worked == reviewers.Worked(answered=8, skipped=0)
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8]
    assert Counter(key for key, _ in annotations) == Counter(f"k{one}" for one in range(8))
    assert {key: one["result"][0]["value"]["choices"] for key, one in annotations} == {
        f"k{one}": ["yes" if one % 2 else "no"] for one in range(8)
    }


def test_answers_carry_the_account_and_the_measured_seconds(
    label_studio: LabelStudio, owner: httpx.Client, team: list[reviewers.Reviewer], project: int
) -> None:
    by_name: dict[str, str] = {}
    pause = threading.Event()

    def answer(key: str, who: str) -> str:
        by_name[key] = who
        pause.wait(0.2)
        return "yes"

    reviewers.work(label_studio.url, team, project, answer=answer, leave_open=0)
    accounts = {one["id"]: one["email"] for one in owner.get("/api/users/").json()}
    annotations = _annotations(owner, project)
    assert {key: accounts[one["completed_by"]] for key, one in annotations} == by_name
    assert all(0.2 <= one["lead_time"] < 30 for _, one in annotations)


def test_no_answer_is_a_skip_and_the_task_stays_open(
    label_studio: LabelStudio, owner: httpx.Client, team: list[reviewers.Reviewer], project: int
) -> None:
    worked = reviewers.work(
        label_studio.url, team[:1], project, answer=lambda key, _who: None if key == "k2" else "yes", leave_open=0
    )
    skipped = [key for key, one in _annotations(owner, project) if one["was_cancelled"]]
    assert worked == reviewers.Worked(answered=11, skipped=1)
    assert skipped == ["k2"]
    again = reviewers.work(label_studio.url, team[1:], project, answer=lambda _key, _who: "no", leave_open=0)
    assert again == reviewers.Worked(answered=1, skipped=0)


def test_a_limit_is_kept_and_the_next_call_goes_on(
    label_studio: LabelStudio, team: list[reviewers.Reviewer], project: int
) -> None:
    answers = [
        reviewers.work(
            label_studio.url, team, project, answer=lambda _key, _who: "yes", leave_open=2, limit=limit
        ).answered
        for limit in (0, 7, 7, 7)
    ]
    assert answers == [0, 7, 3, 0]


@pytest.mark.parametrize(
    "fault", ["504 after it was stored", "504 before it was stored", "cut off after it was stored"]
)
def test_an_answer_is_given_once_whatever_happens_to_the_reply(
    label_studio: LabelStudio, owner: httpx.Client, team: list[reviewers.Reviewer], project: int, fault: str
) -> None:
    with_fault = _Relay(label_studio.url, fault, faults=3)
    try:
        worked = reviewers.work(with_fault.url, team, project, answer=lambda _key, _who: "yes", leave_open=0)
    finally:
        with_fault.close()
    assert with_fault.faults == 0
    assert worked == reviewers.Worked(answered=12, skipped=0)
    assert Counter(key for key, _ in _annotations(owner, project)) == Counter(f"k{one}" for one in range(12))


def test_a_wrong_token_is_refused_without_showing_it(
    label_studio: LabelStudio, team: list[reviewers.Reviewer], project: int
) -> None:
    stranger = reviewers.Reviewer(email="eve@example.com", token="f" * 40)
    with pytest.raises(errors.Refused, match="refused a reviewer's token") as caught:
        reviewers.work(label_studio.url, [*team, stranger], project, answer=lambda _key, _who: "yes", leave_open=0)
    assert "ffff" not in str(caught.value) + repr(stranger)


def test_a_project_that_is_gone_is_named(label_studio: LabelStudio, team: list[reviewers.Reviewer]) -> None:
    with pytest.raises(errors.Refused, match="no project 999999"):
        reviewers.work(label_studio.url, team, 999999, answer=lambda _key, _who: "yes", leave_open=0)


def test_a_project_deleted_during_the_work_is_not_taken_for_an_empty_queue(
    label_studio: LabelStudio, owner: httpx.Client, team: list[reviewers.Reviewer]
) -> None:
    number = _project(owner, CONFIG)
    tasks = [{"data": {"text": f"case {one}", "case_key": f"k{one}"}} for one in range(3)]
    owner.post(f"/api/projects/{number}/import", json=tasks).raise_for_status()

    def answer(_key: str, _who: str) -> str:
        owner.delete(f"/api/projects/{number}/")
        return "yes"

    with pytest.raises(errors.Refused):
        reviewers.work(label_studio.url, team[:1], number, answer=answer, leave_open=0)


def test_a_label_the_form_does_not_offer_is_refused(
    label_studio: LabelStudio, owner: httpx.Client, team: list[reviewers.Reviewer], project: int
) -> None:
    with pytest.raises(errors.Refused, match="does not offer 'maybe', only yes, no"):
        reviewers.work(label_studio.url, team, project, answer=lambda _key, _who: "maybe", leave_open=0)
    assert _annotations(owner, project) == []


def test_a_form_with_two_choices_is_refused(
    label_studio: LabelStudio, owner: httpx.Client, team: list[reviewers.Reviewer]
) -> None:
    second = '<Choices name="other" toName="subject"><Choice value="a"/><Choice value="b"/></Choices></View>'
    number = _project(owner, CONFIG.replace("</View>", second))
    with pytest.raises(errors.Refused, match="asks 2 choices"):
        reviewers.work(label_studio.url, team, number, answer=lambda _key, _who: "yes", leave_open=0)
    owner.delete(f"/api/projects/{number}/")


def test_an_account_works_at_one_desk_only() -> None:
    ada = reviewers.Reviewer(email="ada@example.com", token="f" * 40)
    for team in ([], [ada, ada]):
        with pytest.raises(ValueError, match="at least one reviewer, and each once"):
            reviewers.work("http://127.0.0.1:9", team, 1, answer=lambda _key, _who: "yes", leave_open=0)


def test_a_server_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_stream, "PAUSE", 0.01)
    nobody = [reviewers.Reviewer(email="ada@example.com", token="f" * 40)]
    with pytest.raises(errors.Unavailable, match=r"does not answer \(ConnectError, 4 tries\)"):
        reviewers.work("http://127.0.0.1:9", nobody, 1, answer=lambda _key, _who: "yes", leave_open=0)


def _project(owner: httpx.Client, config: str) -> int:
    response = owner.post("/api/projects/", json={"title": "replayed reviewers", "label_config": config})
    response.raise_for_status()
    return int(response.json()["id"])


def _annotations(owner: httpx.Client, project: int) -> list[tuple[str, dict[str, Any]]]:
    """Each annotation of the project with the key of its task."""
    answer = owner.get(f"/api/projects/{project}/export", params={"exportType": "JSON", "download_all_tasks": "true"})
    answer.raise_for_status()
    return [(task["data"]["case_key"], one) for task in answer.json() for one in task["annotations"]]


class _Relay:
    """Stands before the real server and spoils the replies to the first annotations posted."""

    def __init__(self, target: str, fault: str, *, faults: int) -> None:
        self.faults = faults
        lock = threading.Lock()
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                self._answer(self._forward())

            def do_POST(self) -> None:
                with lock:
                    spoiled = relay.faults > 0
                    relay.faults -= spoiled
                if not spoiled:
                    self._answer(self._forward())
                    return
                if "after" in fault:
                    self._forward()
                if "504" in fault:
                    self._answer(httpx.Response(504, content=b"<html>gateway time-out</html>"))
                self.close_connection = True

            def _forward(self) -> httpx.Response:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
                return httpx.request(
                    self.command, target + self.path, content=body, headers=kept, trust_env=False, timeout=60
                )

            def _answer(self, response: httpx.Response) -> None:
                self.send_response(response.status_code)
                self.send_header("Content-Length", str(len(response.content)))
                self.end_headers()
                self.wfile.write(response.content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
