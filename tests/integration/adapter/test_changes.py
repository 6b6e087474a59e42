"""What people answered, edited and took back is read, and nothing is missed."""

import dataclasses
import itertools
from datetime import timedelta
from typing import Any

import httpx
import pytest

from models import timestamps
from models.config.stream import Stream
from review.label_studio import (
    access,
    changes,
    import_tasks,
    listing,
    results,
    task_data,
)
from tests.integration.adapter.hands import Api, answer, read, stored, tasks

# Reading back


def test_answers_edits_skips_and_deletions_are_read_and_drafts_are_not(
    connection: access.Connection, mail: Stream, project: int, api: Api, server: Any
) -> None:
    answered, edited, skipped, deleted, drafted = import_tasks.push(connection, project, tasks(mail, 5), mail).values()
    answer(api, answered, "yes")
    changing = answer(api, edited, "yes")
    answer(api, skipped, "yes", was_cancelled=True)
    gone = answer(api, deleted, "no")
    before = {task.task_id: task for task in read(connection, project)}
    assert [len(before[task].annotations) for task in (answered, edited, skipped, deleted)] == [1, 1, 1, 1]
    cursor = max(task.updated_at for task in before.values())

    api(
        "PATCH",
        f"/api/annotations/{changing}/",
        json={"result": task_data.prefill(mail, "no", "c-1"), "lead_time": 4.0},
    )
    api("DELETE", f"/api/annotations/{gone}/")
    draft = {"result": task_data.prefill(mail, "no", "c-1"), "lead_time": 1.0, "draft_id": 0}
    api("POST", f"/api/tasks/{drafted}/drafts", params={"project": project}, json=draft)
    after = {task.task_id: task for task in read(connection, project, cursor)}
    (first,) = before[edited].annotations
    (second,) = after[edited].annotations
    assert (first.annotation_id, results.read(mail, first.result, "c-1"), first.seconds) == (changing, "yes", 2.5)
    assert (second.annotation_id, results.read(mail, second.result, "c-1"), second.created_at) == (
        changing,
        "no",
        first.created_at,
    )
    assert second.updated_at > first.updated_at
    assert after[deleted].annotations == ()
    assert after[deleted].updated_at > cursor
    assert [item.skipped for item in after[skipped].annotations] == [True]
    assert after[drafted].annotations == ()
    assert access.people(connection)[second.person or 0]


def test_what_a_bulk_action_makes_of_a_prediction_carries_no_time_on_the_task(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    (task,) = import_tasks.push(connection, project, tasks(mail, 1), mail).values()
    wish = {"ordering": [], "selectedItems": {"all": False, "included": [task]}, "project": str(project)}
    api("POST", "/api/dm/actions", params={"id": "predictions_to_annotations", "project": project}, json=wish)
    (changed,) = read(connection, project)
    assert [item.seconds for item in changed.annotations] == [None]


def test_several_people_on_one_task_are_kept_apart(
    connection: access.Connection, mail: Stream, project: int, api: Api, server: Any
) -> None:
    (task,) = import_tasks.push(connection, project, tasks(mail, 1), mail).values()
    token = server.add_reviewer("dora@example.com", "a-Pass-word-9")
    answer(api, task, "yes")
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Token {token}"}, trust_env=False) as dora:
        body = {"result": task_data.prefill(mail, "no", "c-1"), "lead_time": 1.0}
        dora.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()
    names = access.people(connection)
    (changed,) = read(connection, project)
    by_name = {names[item.person or 0]: results.read(mail, item.result, "c-1") for item in changed.annotations}
    assert len(by_name) == 2
    assert by_name["dora@example.com"] == "no"


def test_nothing_new_since_the_cursor_reads_only_the_overlap(
    connection: access.Connection, mail: Stream, project: int
) -> None:
    import_tasks.push(connection, project, tasks(mail, 3), mail)
    seen = read(connection, project)
    assert read(connection, project, max(task.updated_at for task in seen)) == seen
    assert read(connection, project, "2999-01-01T00:00:00.000000Z") == []


def test_after_a_quiet_half_minute_nothing_is_read_again_and_the_next_answer_is(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    first, second = import_tasks.push(connection, project, tasks(mail, 2), mail).values()
    answer(api, first, "yes")
    newest = max(task.updated_at for task in read(connection, project))
    late = timestamps.text(timestamps.parse(newest) + timedelta(seconds=31))
    cursor = changes.cursor(dataclasses.replace(connection, met_at=late), newest)
    assert read(connection, project, cursor) == []
    answer(api, second, "yes")
    assert [task.task_id for task in read(connection, project, cursor)] == [second]


def test_a_reading_begun_less_than_half_a_minute_after_a_change_is_done_again_from_there(
    connection: access.Connection, mail: Stream, project: int
) -> None:
    import_tasks.push(connection, project, tasks(mail, 3), mail)
    seen = read(connection, project)
    newest = max(task.updated_at for task in seen)
    assert connection.met_at is not None
    assert abs((timestamps.parse(connection.met_at) - timestamps.parse(newest)).total_seconds()) < 30
    cursor = changes.cursor(connection, newest)
    assert cursor == connection.met_at
    assert read(connection, project, cursor) == seen
    assert changes.cursor(dataclasses.replace(connection, met_at=None), newest) == newest


def test_no_change_is_missed_however_the_pages_fall(
    connection: access.Connection, mail: Stream, project: int, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven tasks of one and the same moment (a bulk action), three more, and one that is edited while we read."""
    ids = list(import_tasks.push(connection, project, tasks(mail, 10), mail).values())
    for task in ids[:7]:
        answer(api, task, "no")
    wish = {"ordering": [], "selectedItems": {"all": False, "included": ids[:7]}, "project": str(project)}
    api("POST", "/api/dm/actions", params={"id": "delete_tasks_annotations", "project": project}, json=wish)
    for task in ids[7:]:
        answer(api, task, "yes")
    monkeypatch.setattr(listing, "PAGE", 2)
    pages = changes.changed(connection, project, None)
    first = next(pages)
    answer(api, first[0].task_id, "yes")
    rest = list(itertools.chain.from_iterable(pages))
    assert {task.task_id for task in first + rest} == set(ids)
    assert [len(task.annotations) for task in rest if task.task_id == first[0].task_id] == [1]


def test_what_changed_before_the_cursor_is_found_among_the_tasks_that_were_recorded_late(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    first, second, third = import_tasks.push(connection, project, tasks(mail, 3), mail).values()
    answer(api, second, "yes")
    changed = {task.task_id: task.updated_at for task in read(connection, project)}
    cursor = timestamps.text(timestamps.parse(max(changed.values())) + timedelta(seconds=31))
    earliest_change = changes.earliest_change
    assert earliest_change(connection, project, (first, third), cursor) == min(changed.values())
    assert earliest_change(connection, project, (second, second), cursor) == changed[second]
    assert earliest_change(connection, project, (third + 1, third + 9), cursor) is None
    assert earliest_change(connection, project, (first, third), min(changed.values())) is None  # read again anyway


def test_an_answer_to_a_task_that_came_with_a_prediction_says_so_and_a_blind_one_does_not(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    ids = import_tasks.push(connection, project, tasks(mail, 1, prediction=None) + tasks(mail, 2, start=1), mail)
    blind, shown, begun = ids.values()
    answer(api, blind, "yes")
    answer(api, shown, "yes")
    (prediction,) = next(task["predictions"] for task in stored(api, project) if task["id"] == begun)
    answer(api, begun, "no", parent_prediction=prediction["id"])
    by_name = {task.task_id: task for task in read(connection, project)}
    assert {task: by_name[task].suggested for task in ids.values()} == {blind: False, shown: True, begun: True}
    by_task = {task: by_name[task].annotations[0].suggested for task in ids.values()}
    assert by_task == {blind: False, shown: False, begun: True}


def test_a_suggestion_that_is_gone_again_is_still_known_by_the_answer_it_became(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    (task,) = import_tasks.push(connection, project, tasks(mail, 1), mail).values()
    (prediction,) = stored(api, project)[0]["predictions"]
    result = [task_data.prefill(mail, "yes", "c-1")[0] | {"id": "r1", "origin": "prediction"}]
    api("POST", f"/api/tasks/{task}/annotations/", json={"result": result, "lead_time": 2.5})
    api("DELETE", f"/api/predictions/{prediction['id']}/")
    assert stored(api, project)[0]["predictions"] == []
    (got,) = read(connection, project)
    assert got.annotations[0].suggested


def test_label_studio_says_who_wrote_an_answer_last_whoever_it_was_given_for(
    connection: access.Connection, server: Any, project: int, mail: Stream, api: Api
) -> None:
    """Its community edition takes an answer in another's name, and a change of another's answer."""
    email = "emma@example.com"
    token = server.add_reviewer(email, "a-Pass-word-9")
    ids = import_tasks.push(connection, project, tasks(mail, 3, prediction=None), mail)
    own, changed, forged = ids.values()
    owner = api("GET", "/api/current-user/whoami")["id"]
    emma = {number: who for number, who in access.people(connection).items() if who == email}
    answer(api, own, "yes")
    number = answer(api, changed, "yes")
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Token {token}"}, trust_env=False) as other:
        other.patch(
            f"/api/annotations/{number}/", json={"result": task_data.prefill(mail, "no", "c-1")}
        ).raise_for_status()
    answer(api, forged, "yes", completed_by=next(iter(emma)))
    data = tasks(mail, 1, start=9)[0].data
    result = {"result": task_data.prefill(mail, "yes", "c-1"), "lead_time": 3.0, "completed_by": owner}
    api("POST", f"/api/projects/{project}/import", json=[{"data": data, "annotations": [result]}])
    pages = list(changes.changed(connection, project, None))
    hands = [
        (annotation.person, annotation.writer) for page in pages for task in page for annotation in task.annotations
    ]
    other_id = next(iter(emma))
    assert sorted(hands, key=str) == sorted(
        [(owner, owner), (owner, other_id), (other_id, owner), (owner, None)], key=str
    )
