"""Tasks are put before people once each, also behind a proxy that spoils imports."""

from typing import Any

import pytest

from models.config.stream import Stream
from models.errors import Refused, Unavailable
from review.label_studio import (
    access,
    import_tasks,
    listing,
    results,
    search,
)
from tests.integration import proxy
from tests.integration.adapter.hands import Api, answer, changed, stored, tasks

# Push


def test_a_task_holds_what_the_reviewer_sees_its_key_and_for_assisted_cases_the_answer(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    blind, assisted = tasks(mail, 1, prediction=None) + tasks(mail, 1, prediction="no", start=1)
    ids = import_tasks.push(connection, project, [blind, assisted], mail)
    first, second = stored(api, project)
    assert ids == {blind.key: first["id"], assisted.key: second["id"]}
    assert first["data"] == {"text": "mail 0", "case_key": blind.key}
    assert first["predictions"] == []
    (prediction,) = second["predictions"]
    assert (prediction["score"], prediction["model_version"]) == (None, "second-reader")
    assert results.read(mail, prediction["result"], "c-1") == "no"


def test_assisted_cases_come_prefilled_also_after_a_batch_that_was_all_blind(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    (first,) = import_tasks.push(connection, project, tasks(mail, 1, prediction=None), mail).values()
    import_tasks.push(connection, project, tasks(mail, 1, prediction="no", start=1), mail)
    answer(api, first, "yes")
    served = api("GET", f"/api/projects/{project}/next")
    assert served["data"]["text"] == "mail 1"
    assert [results.read(mail, prediction["result"], "c-1") for prediction in served["predictions"]] == ["no"]
    assert changed(connection, project, mail) == []


def test_tasks_are_served_in_the_order_of_the_push(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    import_tasks.push(connection, project, list(reversed(tasks(mail, 3))), mail)
    served = []
    for _ in range(3):
        task = api("GET", f"/api/projects/{project}/next")
        served.append(task["data"]["text"])
        answer(api, task["id"], "yes")
    assert served == ["mail 2", "mail 1", "mail 0"]


def test_pushing_again_adds_only_what_is_missing_over_any_number_of_batches(
    connection: access.Connection, mail: Stream, project: int, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_tasks, "_TASKS_PER_PUSH", 40)
    every = tasks(mail, 90)
    some = import_tasks.push(connection, project, every[10:20], mail)
    ids = import_tasks.push(connection, project, every, mail)
    assert list(ids) == [task.key for task in every]
    assert {key: ids[key] for key in some} == some
    assert import_tasks.push(connection, project, every, mail) == ids
    assert sorted(task["id"] for task in stored(api, project)) == sorted(ids.values())
    assert search.find(connection, project, [*ids, "nobody"]) == {key: [task] for key, task in ids.items()}


def test_of_two_tasks_with_one_key_the_lowest_counts(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    (task,) = tasks(mail, 1)
    import_tasks.push(connection, project, [task], mail)
    api("POST", f"/api/projects/{project}/import", json=[{"data": task.data | {"case_key": task.key}}])
    low, high = sorted(item["id"] for item in stored(api, project))
    assert search.find(connection, project, [task.key]) == {task.key: [low, high]}
    assert import_tasks.push(connection, project, [task], mail) == {task.key: low}


def test_large_tasks_are_pushed_in_batches_the_server_takes(mail: Stream, project: int, server: Any, api: Api) -> None:
    large = [
        import_tasks.Task(key=task.key, case_id=task.case_id, data={"text": "x" * 7_000_000}, prediction=None)
        for task in tasks(mail, 3)
    ]
    with proxy.before(server.url) as between:
        import_tasks.push(access.connect(between.url, server.token), project, large, mail)
        assert between.seen == 2
    assert len(api("GET", "/api/tasks", params={"project": project, "include": "id"})["tasks"]) == 3


@pytest.mark.parametrize("above", [None, 0])
@pytest.mark.parametrize(
    ("trouble", "sent"),
    [
        ("late", 1),  # it was there: found, not sent again
        ("lost", 1),
        ("silent", 1),
        ("cut", 2),  # it was not there: sent again
        ("down", 2),
    ],
)
def test_an_import_of_unknown_outcome_leaves_no_task_twice_and_none_lost(
    trouble: str, sent: int, above: int | None, mail: Stream, project: int, server: Any, api: Api
) -> None:
    every = tasks(mail, 40)
    with proxy.before(server.url) as between:
        connection = access.connect(between.url, server.token, timeout=5.0, patience=1.0)
        between.plan = [trouble]
        ids = import_tasks.push(connection, project, every, mail, above=above, fresh=above is not None)
        assert between.seen == sent
    assert sorted(task["data"]["case_key"] for task in stored(api, project)) == sorted(task.key for task in every)
    assert {task["data"]["case_key"]: task["id"] for task in stored(api, project)} == ids


def test_an_import_that_never_gets_through_is_given_up_after_three_tries_and_heals_with_the_next(
    mail: Stream, project: int, server: Any, api: Api
) -> None:
    every = tasks(mail, 5)
    with proxy.before(server.url) as between:
        connection = access.connect(between.url, server.token, timeout=5.0, patience=0.3)
        between.plan = ["down", "cut", "down"]
        with pytest.raises(Unavailable, match=rf"5 of 5 tasks did not reach project {project} in 3 tries"):
            import_tasks.push(connection, project, every, mail)
        assert between.seen == 3
        assert stored(api, project) == []
        import_tasks.push(connection, project, every, mail)
    assert len(stored(api, project)) == 5


def test_a_task_the_server_will_not_have_is_refused_and_nothing_is_written(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    good, bad = tasks(mail, 2)
    with pytest.raises(Refused, match="refused putting 2 tasks") as caught:
        import_tasks.push(
            connection,
            project,
            [good, import_tasks.Task(key=bad.key, case_id=bad.case_id, data={}, prediction=None)],
            mail,
        )
    assert "mail 0" not in str(caught.value)
    assert stored(api, project) == []


def test_the_tasks_above_an_id_are_listed_over_any_number_of_pages(
    connection: access.Connection, mail: Stream, project: int, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    ids = import_tasks.push(connection, project, tasks(mail, 5), mail)
    (by_hand,) = api("POST", f"/api/projects/{project}/import?return_task_ids=true", json=[{"data": {"text": "x"}}])[
        "task_ids"
    ]
    numbers = list(ids.values())
    assert search.task_ids(connection, project, start=0) == [*numbers, by_hand]
    assert search.task_ids(connection, project, start=numbers[3]) == [*numbers[3:], by_hand]
    assert search.task_ids(connection, project, start=by_hand + 1) == []
    assert search.keys(connection, project, above=numbers[1]) == {key: [task] for key, task in list(ids.items())[2:]}
