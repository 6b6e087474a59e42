"""What a dispatch mends: tasks that are there twice, and answers of the model that a task lost."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows import collect, dispatch
from flows.queueing import push
from flows.runtime import runs
from review.queries import sent_tasks
from tests.integration import proxy
from tests.integration.test_dispatch import Place, placed


@pytest.fixture
def policy() -> str:
    """More of the stream file; a test may ask for some."""
    return ""


@pytest.fixture
def place(label_studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str) -> Iterator[Place]:
    with placed(label_studio, tmp_path, monkeypatch, policy) as built:
        yield built


def ended(place: Place, flow: str) -> dict[str, Any]:
    """Run dispatch or collect to its end."""
    with runs.open_ledger() as book:
        run = replace(place.run(book, secrets.token_hex(4)), flow=flow)
        if flow == "dispatch":
            counts, cursor = dispatch.send_all(run, dispatch.send.fn), None
        else:
            counts, cursor = collect.collect_all(run, collect.record_answers.fn)
        run.finish(counts, cursor=cursor)
        return dict(counts)


def doubled(place: Place) -> tuple[int, int]:
    """A task of the queue, and another of the same key, as a gateway makes it that delivers an import twice."""
    number = min(place.tasks())
    data = place.api.get(f"/api/tasks/{number}/").raise_for_status().json()["data"]
    path = f"/api/projects/{place.project_id}/import?return_task_ids=true"
    (double,) = place.api.post(path, json=[{"data": data}]).raise_for_status().json()["task_ids"]
    return number, double


def answered(place: Place, task: int) -> int:
    """The id of an answer given on a task."""
    chosen = [{"from_name": "answer", "to_name": "subject", "type": "choices", "value": {"choices": ["yes"]}}]
    answer = place.api.post(f"/api/tasks/{task}/annotations/", json={"result": chosen, "lead_time": 1.0})
    return int(answer.raise_for_status().json()["id"])


def test_a_double_that_people_had_answered_goes_when_its_answer_is_taken_back(place: Place) -> None:
    ended(place, "dispatch")
    number, double = doubled(place)
    answers = [answered(place, task) for task in (number, double)]
    assert ended(place, "collect")["answers"] == 2
    assert (ended(place, "dispatch")["doubles_removed"], len(place.tasks())) == (None, 13)
    place.api.delete(f"/api/annotations/{answers[1]}/").raise_for_status()
    assert ended(place, "collect")["deleted"] == 1
    assert (ended(place, "dispatch")["doubles_removed"], len(place.tasks())) == (1, 12)
    assert double not in place.tasks()


def test_a_double_whose_answer_was_taken_back_stays_until_that_is_collected(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which of two flows was first is not for clocks to say: theirs may differ, and collect may have waited to write.
    monkeypatch.setattr(sent_tasks, "deleted_since", lambda *_: 0)
    ended(place, "dispatch")
    number, double = doubled(place)
    answer = answered(place, double)
    assert ended(place, "collect")["answers"] == 1
    place.api.delete(f"/api/annotations/{answer}/").raise_for_status()
    left = ended(place, "dispatch")
    assert (left["doubles_removed"], left["doubles_left"], len(place.tasks())) == (None, 1, 13)
    assert ended(place, "collect")["deleted"] == 1  # with the task gone nobody would ever know
    assert (ended(place, "dispatch")["doubles_removed"], place.tasks().keys() & {number, double}) == (1, {number})


@pytest.mark.parametrize("policy", ["[policy]\ncold_blind_rate = 0.05\n"])
def test_predictions_that_an_import_did_not_keep_are_sent_once_more_and_it_is_reported(
    place: Place, label_studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first import of the project: it does not even know whose predictions to show."""
    monkeypatch.setattr(
        push, "BATCH", 6
    )  # blind cases go first; six of twelve are blind once in 100,000 runs at this rate
    with proxy.before(label_studio.url) as between:
        between.plan = ["bare", "fine"]
        with monkeypatch.context() as patch:
            patch.setenv("SECOND_READER_LABEL_STUDIO_URL", between.url)
            counts = place.dispatch()
    assert 0 < counts["predictions_sent_again"] < 12
    assert counts["predictions_missing"] is None
    assert place.bare() == place.blind_tasks()
    project = place.api.get(f"/api/projects/{place.project_id}/").json()
    assert project["model_version"] == "second-reader"
    assert place.dispatch()["predictions_sent_again"] is None
    # Somebody takes one away: doctor says so, and the next dispatch puts it back.
    task = min(place.tasks().keys() - place.bare())
    (lost,) = place.api.get("/api/predictions/", params={"task": task}).json()
    place.api.delete(f"/api/predictions/{lost['id']}/").raise_for_status()
    assert any(f"carry none of it (task {task})" in message for message in place.doctor())
    assert place.dispatch()["predictions_sent_again"] == 1
    assert not any("carry none of it" in text for text in place.doctor())


@pytest.mark.parametrize("policy", ["[policy]\ncold_blind_rate = 0.05\n"])
def test_predictions_that_label_studio_will_not_keep_are_counted_and_tried_again_by_the_next_run(
    place: Place, label_studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy.before(label_studio.url) as between:
        between.plan, between.spoils = ["bare", "down"], ("/import", "/import/predictions")
        with monkeypatch.context() as patch:
            patch.setenv("SECOND_READER_LABEL_STUDIO_URL", between.url)
            counts = ended(place, "dispatch")
    assert (
        counts["predictions_missing"]
        == counts["predictions_sent_again"]
        == len(place.tasks()) - len(place.blind_tasks())
    )
    with runs.open_ledger() as book:
        (message,) = book.read("SELECT counts FROM run WHERE flow = 'dispatch'")["counts"]
    assert json.loads(message)["predictions_missing"] == counts["predictions_missing"]
    counts = ended(place, "dispatch")
    assert (counts["predictions_sent_again"], counts["predictions_missing"]) == (
        json.loads(message)["predictions_missing"],
        None,
    )
    assert place.bare() == place.blind_tasks()
