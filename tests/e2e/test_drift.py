"""What people do to Label Studio behind our back: found, explained, mended, nothing lost, nothing twice."""

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deploy.local import postgres
from deploy.local.label_studio_server import DATABASE
from tests.e2e import hands
from tests.e2e.place import Place, answer, mail

WHO = ("--by", "A. Owner", "--because", "somebody deleted tasks")


@pytest.fixture
def label_studio(own_label_studio: Any) -> Any:
    """One that others do not use: here it is stopped, and an old database is put in its place."""
    return own_label_studio


@pytest.fixture
def queue(place: Place) -> Place:
    """Ten cases before people."""
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    hands.do(place, "init", "score", "dispatch")
    return place


def done(place: Place, *words: str) -> str:
    """What a command of the console says; it must end well."""
    result = place.cli(*words)
    assert result.code == 0, result
    return result.out


def project(place: Place) -> int:
    number: int = place.rows("SELECT project_id FROM project ORDER BY created_at DESC LIMIT 1")[0][0]
    return number


def keys(place: Place) -> Counter[str]:
    """How many tasks of each key Label Studio holds."""
    return Counter(task["data"]["case_key"] for task in place.tasks(project(place)))


def case_of(place: Place) -> dict[str, str]:
    return dict(place.rows("SELECT task_key, case_id FROM dispatch"))


def answers(place: Place) -> list[tuple[Any, ...]]:
    return place.rows("SELECT case_id, answer FROM review WHERE outcome = 'answer' ORDER BY case_id, answer")


@contextmanager
def restored(label_studio: Any) -> Iterator[None]:
    """At the end of the block Label Studio is again what it was at its start, as after a restore from a backup."""
    backup = "test_label_studio_backup"
    label_studio.stop()
    postgres.drop(label_studio.servers.cluster, backup)
    postgres.create(label_studio.servers.cluster, backup, template=DATABASE)
    label_studio.start()
    yield
    label_studio.stop()
    postgres.drop(label_studio.servers.cluster, DATABASE)
    postgres.rename(label_studio.servers.cluster, backup, DATABASE)
    label_studio.start()


def test_a_deleted_task_comes_back_once_and_an_answered_one_stays_answered(queue: Place) -> None:
    tasks = queue.tasks()
    token = queue.environment["SECOND_READER_LABEL_STUDIO_TOKEN"]
    answer(queue, token, tasks[0], "bug")
    hands.do(queue, "collect")
    before = keys(queue)
    with queue.label_studio() as client:
        for task in tasks[:3]:
            client.delete(f"/api/tasks/{task['id']}/").raise_for_status()
    hands.do(queue, "dispatch")
    assert len(keys(queue)) == 7  # nobody has said that they shall come back
    assert "2 open cases have no task there any more" in hands.examined(queue, "bad")
    with queue.label_studio() as client:  # what a redispatch leaves that was killed before it could say so
        sent = [{"data": tasks[2]["data"]}]
        client.post(f"/api/projects/{project(queue)}/import", json=sent).raise_for_status()
    assert "sent again 1, found 1, open 9" in hands.send_again(queue)
    assert "sent again 0, found 0, open 9" in hands.send_again(queue)
    answered = tasks[0]["data"]["case_key"]
    assert keys(queue) == Counter({key: 1 for key in before if key != answered})
    case = case_of(queue)[tasks[1]["data"]["case_key"]]
    back = next(task for task in queue.tasks() if task["data"]["case_key"] == tasks[1]["data"]["case_key"])
    answer(queue, token, back, "other")
    hands.do(queue, "collect")
    assert (case, "other") in answers(queue)
    assert len(answers(queue)) == 2
    assert "sent again" in queue.cli("show", "case", queue.name, case).out
    assert queue.cli("verify").code == 0


def test_a_deleted_project_is_made_anew_and_filled_with_the_open_cases(queue: Place) -> None:
    first = queue.tasks()[0]
    token = queue.environment["SECOND_READER_LABEL_STUDIO_TOKEN"]
    answer(queue, token, first, "bug")
    hands.do(queue, "collect")
    with queue.label_studio() as client:
        client.delete(f"/api/projects/{project(queue)}/").raise_for_status()
    assert f"second-reader init {queue.name}, then second-reader redispatch" in hands.examined(queue, "bad")
    refused = queue.cli("redispatch", queue.name, *WHO)
    assert refused.code == 1
    assert "was the project deleted?" in refused.err
    hands.do(queue, "init")
    assert "sent again 9" in hands.send_again(queue)
    assert keys(queue) == Counter({key: 1 for key in case_of(queue) if key != first["data"]["case_key"]})
    for task in queue.tasks(project(queue)):
        answer(queue, token, task, "billing")
    hands.do(queue, "collect")
    assert Counter(case for case, _ in answers(queue)) == Counter(dict.fromkeys(case_of(queue).values(), 1))


def test_cases_are_not_put_into_a_project_that_is_not_the_streams(queue: Place) -> None:
    with queue.label_studio() as client:
        client.patch(f"/api/projects/{project(queue)}/", json={"description": "Mine"}).raise_for_status()
    queue.deliver("two.jsonl", [mail(n) for n in range(10, 12)])
    hands.do(queue, "score")
    for refused in (queue.cli("dispatch", queue.name), queue.cli("redispatch", queue.name, *WHO)):
        assert refused.code == 1
        assert f"is not that of stream '{queue.name}'" in refused.err
    assert len(queue.tasks()) == 10


def test_a_form_edited_by_hand_is_said_until_it_is_put_back_and_what_it_spoilt_is_named(queue: Place) -> None:
    token = queue.environment["SECOND_READER_LABEL_STUDIO_TOKEN"]
    url = f"/api/projects/{project(queue)}/"
    renamed = done(queue, "show", "config", queue.name).replace('value="other"', 'value="others"')
    with queue.label_studio() as client:
        client.patch(url, json={"label_config": renamed, "sampling": "Uniform sampling"}).raise_for_status()
    task = queue.tasks()[0]
    answer(queue, token, task, "others")
    assert "faults 1" in hands.do(queue, "collect")
    bad = hands.examined(queue, "bad")
    assert "the form no longer offers 'other' and offers 'others'" in bad
    assert f"nobody is served it again; task {task['id']}" in bad
    assert "sampling is 'Uniform sampling'" in hands.examined(queue, "warn")
    with queue.label_studio() as client:
        back = {"label_config": done(queue, "show", "config", queue.name), "sampling": "Sequential sampling"}
        client.patch(url, json=back).raise_for_status()
        (spoilt,) = queue.tasks()[0]["annotations"]
        client.delete(f"/api/annotations/{spoilt['id']}/").raise_for_status()
    answer(queue, token, task, "other")
    hands.do(queue, "collect")
    assert [value for _, value in answers(queue)] == ["other"]
    assert hands.examined(queue, "bad") == ""


def test_an_answer_and_a_member_removed_are_said_and_the_ledger_keeps_both(queue: Place, label_studio: Any) -> None:
    email = f"{secrets.token_hex(4)}@example.com"
    tasks = queue.tasks()
    token = label_studio.add_reviewer(email, "a-Pass-word-9")
    for task in tasks[:2]:
        answer(queue, token, task, "bug")
    hands.do(queue, "collect")
    answer(queue, token, tasks[2], "bug")
    with queue.label_studio() as client:
        value = queue.tasks()[0]["annotations"][0]["id"]
        client.delete(f"/api/annotations/{value}/").raise_for_status()
        number = next(one["id"] for one in client.get("/api/users").json() if one["email"] == email)
        client.delete(f"/api/organizations/1/memberships/{number}/").raise_for_status()
    assert "deleted 1" in hands.do(queue, "collect")
    warnings = hands.examined(queue, "warn")
    assert "1 answer was deleted in the last seven days" in warnings
    assert f"{email} answered cases" in warnings
    rows = queue.rows("SELECT task_id, outcome, reviewer FROM review ORDER BY task_id, outcome")
    ids = [task["id"] for task in tasks]
    # Who was removed is nobody's namesake: Label Studio calls every one of them "Deleted".
    assert rows == [
        (ids[0], "answer", email),
        (ids[0], "deleted", email),
        (ids[1], "answer", email),
        (ids[2], "answer", f"user-{number}"),
    ]


@pytest.mark.family(0)
@pytest.mark.timeout(400)
def test_label_studio_restored_from_an_older_backup_gets_back_what_it_lost_and_no_answer_goes_astray(
    queue: Place, label_studio: Any
) -> None:
    token = queue.environment["SECOND_READER_LABEL_STUDIO_TOKEN"]
    with restored(label_studio):
        queue.deliver("two.jsonl", [mail(n) for n in range(10, 15)])
        hands.do(queue, "score", "dispatch", "collect")
        late = queue.tasks()[10:]
        answer(queue, token, late[0], "bug")  # as the model said: no dispute, which would be a task more
        hands.do(queue, "collect")
    lost = {task["id"]: task["data"]["case_key"] for task in late}
    assert len(keys(queue)) == 10
    doctor = queue.cli("doctor", queue.name)
    assert "restored from an older backup" in doctor.out
    assert "4 open cases have no task there any more" in doctor.out
    assert doctor.code == 1
    # What is sent now gets the numbers of the tasks that are gone.
    queue.deliver("three.jsonl", [mail(n) for n in range(15, 20)])
    hands.do(queue, "score", "dispatch", "collect")
    new = queue.tasks()[10:]
    assert {task["id"] for task in new} & set(lost)
    for task in new:
        answer(queue, token, task, "other")
    hands.do(queue, "collect")
    by_name = dict(answers(queue))
    assert {by_name[case_of(queue)[task["data"]["case_key"]]] for task in new} == {"other"}
    assert by_name[case_of(queue)[late[0]["data"]["case_key"]]] == "bug"  # nobody else's answer took its place
    assert len(by_name) == 6
    assert "sent again 4" in hands.send_again(queue)
    case = case_of(queue)
    wanted = {key for key in case if case[key] not in by_name} | {task["data"]["case_key"] for task in new}
    assert keys(queue) == Counter(dict.fromkeys(wanted, 1))
    for task in queue.tasks():
        if not task["annotations"]:
            answer(queue, token, task, "billing")
    hands.do(queue, "collect")
    assert Counter(name for name, _ in answers(queue)) == Counter(dict.fromkeys(case.values(), 1))
    assert queue.cli("verify").code == 0
