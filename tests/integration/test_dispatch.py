"""A batch against a real Label Studio: what an earlier run left there is recorded, and nothing goes out twice."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from flows import dispatch, score
from flows.governance import opening
from flows.health import doctor
from flows.queueing import push, recovery
from flows.runtime import runs, settings
from flows.scoring import decide
from review.label_studio import access
from review.ledger import appends, ledger
from review.queries import pending_cases
from tests.integration import ledger_facts as facts

STREAM = """
name = "{name}"
title = "Mail"
labels = ["no", "yes"]

[input]
source = "mail.jsonl"
id = "id"
prediction = "label"
confidence = "score"
payload = ["text"]

[model]
id = "m-1"

[review]
kind = "text"
question = "Is it?"
project = "Mail"
queue_depth = {depth}
overlap = 0.0

[target]
error = 0.05

[costs]
error = 1.0
review_minute = 1.0
"""


class Place:
    """A stream with 12 decided cases, its ledger, its project."""

    def __init__(self, home: Path, api: httpx.Client, policy: str = "") -> None:
        self.home, self.api, self.policy = home, api, policy
        self.name = f"mail-{secrets.token_hex(4)}"
        self.describe(12)
        lines = [json.dumps({"id": f"c-{n}", "label": "yes", "score": 0.5, "text": f"mail {n}"}) for n in range(12)]
        (home / "mail.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.project_id, _ = opening.begin(self.name, by="ann@example.org")
        with runs.open_ledger() as book:
            score.record_all(self.run(book, "score"), home / "mail.jsonl", decide.record.fn)

    def describe(self, depth: int) -> None:
        (self.home / f"{self.name}.toml").write_text(
            STREAM.format(name=self.name, depth=depth) + self.policy, encoding="utf-8"
        )

    def run(self, book: ledger.Ledger, run_id: str = "r-1") -> runs.Run:
        config = settings.read()
        stream = settings.read_stream(self.name, config)
        return runs.Run(
            run_id=run_id, flow="dispatch", started_at=runs.clock(), stream=stream, settings=config, ledger=book
        )

    def dispatch(self) -> dict[str, Any]:
        with runs.open_ledger() as book:
            return dispatch.send_all(self.run(book), dispatch.send.fn)

    def push_without_a_receipt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A batch that ends between Label Studio's answer and the ledger."""
        append = ledger.Ledger.append

        def cut(self: ledger.Ledger, facts: Any, *, now: str) -> appends.Appended:
            if "dispatch" in facts:
                raise KeyboardInterrupt
            return append(self, facts, now=now)

        with monkeypatch.context() as patch:
            patch.setattr(ledger.Ledger, "append", cut)
            with pytest.raises(KeyboardInterrupt):
                self.dispatch()

    def denied(self, count: int) -> None:
        """Ann's answer to some cases, against the model, as `collect` records it."""
        with runs.open_ledger() as book:
            sent = book.read("SELECT case_id, task_id FROM dispatch ORDER BY task_id").head(count)
            by_name: dict[str, facts.Value] = {
                "stream": self.name,
                "project_id": self.project_id,
                "answer": "no",
                "blind": True,
            }
            rows = [by_name | {"annotation_id": n, "case_id": case, "task_id": n} for case, n in sent.rows()]
            book.append({"review": facts.reviews(*rows)}, now=facts.NOW)

    def tasks(self) -> dict[int, str]:
        """Label Studio's tasks: id -> text."""
        query: dict[str, str | int] = {"project": self.project_id, "fields": "task_only", "page_size": 1000}
        result = self.api.get("/api/tasks", params=query).raise_for_status().json()["tasks"]
        return {task["id"]: task["data"]["text"] for task in result}

    def bare(self) -> set[int]:
        """Label Studio's tasks without a prediction."""
        query: dict[str, str | int] = {"project": self.project_id, "fields": "all", "page_size": 1000}
        got = self.api.get("/api/tasks", params=query).raise_for_status().json()["tasks"]
        return {task["id"] for task in got if not task["predictions"]}

    def blind_tasks(self) -> set[int]:
        with runs.open_ledger() as book:
            return set(book.read("SELECT task_id FROM dispatch WHERE blind")["task_id"])

    def doctor(self) -> list[str]:
        """What is wrong with the stream, by `doctor`."""
        return [entry.what for entry in doctor.examine(self.name, deep=False) if entry.subject == "Label Studio"]

    def recorded(self) -> dict[int, str]:
        """The ledger's receipts: task id -> the case's text."""
        with runs.open_ledger() as book:
            outcome = book.read("SELECT task_id, case_id FROM dispatch")
        return {task_id: case_id.replace("c-", "mail ") for task_id, case_id in outcome.rows()}


@pytest.fixture
def policy() -> str:
    """More of the stream file; a test may ask for some."""
    return ""


@contextmanager
def placed(label_studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str) -> Iterator[Place]:
    """A stream with a project of its own, which is gone after the block."""
    names = {"LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}", "STREAMS": str(tmp_path), "DATA": str(tmp_path)}
    names |= {"LABEL_STUDIO_URL": label_studio.url, "LABEL_STUDIO_TOKEN": label_studio.token}
    for name, value in names.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    headers = {"Authorization": f"Token {label_studio.token}"}
    with httpx.Client(base_url=label_studio.url, headers=headers, trust_env=False, timeout=60) as api:
        built = Place(tmp_path, api, policy)
        yield built
        api.delete(f"/api/projects/{built.project_id}/")


@pytest.fixture
def place(label_studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str) -> Iterator[Place]:
    with placed(label_studio, tmp_path, monkeypatch, policy) as built:
        yield built


def test_a_batch_reads_the_newest_ids_once_and_looks_for_no_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "BATCH", 5)
    asked: list[str] = []
    real = httpx.HTTPTransport.handle_request

    def handle(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}".rstrip("/"))
        return real(self, request)

    with monkeypatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", handle)
        assert place.dispatch()["sent"] == 12
    counts = Counter(asked)
    assert counts["GET /api/tasks"] == 1 + 3  # and once after each import, for what it kept
    assert counts[f"POST /api/projects/{place.project_id}/import"] == 3
    assert place.tasks() == place.recorded()


def test_what_a_run_pushed_and_did_not_record_is_recorded_by_the_next_even_where_the_queue_is_smaller_now(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.push_without_a_receipt(monkeypatch)
    assert (len(place.tasks()), place.recorded()) == (12, {})
    place.describe(3)
    assert place.dispatch()["sent"] == 12
    assert place.tasks() == place.recorded()
    place.describe(12)
    assert place.dispatch()["sent"] == 0
    assert place.tasks() == place.recorded()


def test_a_batch_tried_again_after_its_receipt_was_lost_is_found(place: Place) -> None:
    with runs.open_ledger() as book:
        run = place.run(book)
        batch = pending_cases.pending(book, place.name, 12).with_columns(slot=pl.lit(0, pl.Int64))
        connection = access.connect(run.settings.label_studio_url, settings.label_studio_token(run.settings))
        above = recovery.adopt(run, connection, place.project_id).above
    first = dispatch.send.fn(run.stream, "r-1", place.project_id, batch[:6], above)
    # Another machine, that lost hold of the stream and does not know of the six.
    assert dispatch.send.fn(run.stream, "r-2", place.project_id, batch, above) > first
    assert place.tasks() == place.recorded()
    assert len(place.tasks()) == 12


def test_where_the_newest_task_is_gone_the_others_are_looked_for_by_their_keys(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.describe(4)
    place.dispatch()
    place.describe(8)
    place.push_without_a_receipt(monkeypatch)
    newest = max(place.recorded())
    place.api.delete(f"/api/tasks/{newest}/").raise_for_status()
    place.dispatch()
    assert len(place.tasks()) == 7
    assert {task: text for task, text in place.recorded().items() if task != newest} == place.tasks()


def test_tasks_that_somebody_added_by_hand_are_left_alone(place: Place) -> None:
    body = [{"data": {"text": "by hand"}}, {"data": {"text": "by hand", "case_key": "nobody's"}}]
    place.api.post(f"/api/projects/{place.project_id}/import", json=body).raise_for_status()
    assert place.dispatch()["sent"] == 12
    assert Counter(place.tasks().values()) == Counter(place.recorded().values()) + Counter({"by hand": 2})


def test_the_queue_is_never_deeper_than_the_stream_says_whoever_must_read_again(place: Place) -> None:
    place.describe(8)
    assert (8, 8) == (place.dispatch()["sent"], len(place.tasks()))
    place.denied(6)  # blind, against the model: another person reads each of them again
    result = place.dispatch()
    # Of the six places that are free four may go to other readings: half of the queue is for cases nobody has read.
    assert (6, 4, 8) == (result["sent"], result["again"], result["open"])
    assert (0, 0, 8) == tuple(place.dispatch()[name] for name in ("sent", "again", "open"))


def test_other_readings_may_fill_the_queue_where_no_case_waits_for_its_first(place: Place) -> None:
    place.describe(12)
    assert 12 == place.dispatch()["open"]
    place.denied(12)
    result = place.dispatch()
    assert (12, 12, 12) == (result["sent"], result["again"], result["open"])
