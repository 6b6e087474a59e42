"""The adapter against a real Label Studio, also behind a proxy that spoils imports."""

import dataclasses
import itertools
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from models import timestamps
from models.config.stream import Stream
from models.errors import Refused, Unavailable
from review.label_studio import (
    access,
    annotations,
    changes,
    import_tasks,
    labeling_config,
    listing,
    project_mark,
    projects,
    results,
    search,
    task_data,
)
from tests.integration import proxy

Api = Callable[..., Any]


def stream(name: str) -> Stream:
    return Stream.model_validate(
        {
            "name": name,
            "title": "Mail",
            "labels": ["no", "yes"],
            "input": {"source": "inbox", "prediction": "label", "payload": ["body"]},
            "model": {"id": "m1"},
            "review": {"kind": "text", "question": "Is it?", "project": "Mail", "instructions": "Look <b>twice</b>."},
            "target": {"error": 0.05},
            "costs": {"error": 1.0, "review_minute": 1.0},
        }
    )


@pytest.fixture(scope="module")
def server(label_studio: Any) -> Any:
    return label_studio


@pytest.fixture
def connection(server: Any) -> access.Connection:
    return access.connect(server.url, server.token)


@pytest.fixture
def api(server: Any) -> Iterator[Api]:
    """The server's API past the adapter and the SDK."""
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Token {server.token}"}, trust_env=False
    ) as client:

        def call(method: str, path: str, **rest: Any) -> Any:
            answer = client.request(method, path, timeout=60, **rest).raise_for_status()
            return answer.json() if answer.content else None

        yield call


@pytest.fixture
def mail() -> Stream:
    return stream(f"mail-{secrets.token_hex(4)}")


@pytest.fixture
def project(connection: access.Connection, mail: Stream, api: Api) -> Iterator[int]:
    number = make(connection, mail)
    yield number
    if any(result["id"] == number for result in api("GET", "/api/projects", params={"page_size": 1000})["results"]):
        api("DELETE", f"/api/projects/{number}/")


OURS, OTHERS = "0123456789abcdef" * 2, "fedcba9876543210" * 2  # two ledgers


def mark(mail: Stream, ledger: str = OURS) -> project_mark.Mark:
    return project_mark.Mark(stream=mail.name, ledger=ledger)


def make(
    connection: access.Connection,
    mail: Stream,
    ledger: str = OURS,
    *,
    title: str = "Mail",
    recorded: tuple[int, ...] = (),
) -> int:
    return projects.ensure(
        connection,
        title=title,
        config=labeling_config.config(mail),
        instructions=mail.review.instructions,
        mark=mark(mail, ledger),
        recorded=recorded,
    )


def tasks(mail: Stream, count: int, *, prediction: str | None = "yes", start: int = 0) -> list[import_tasks.Task]:
    return [
        import_tasks.Task(
            key=task_data.task_key(mail.name, str(number), 0),
            data=task_data.data(mail, {"body": f"mail {number}"}, str(number)),
            prediction=prediction,
        )
        for number in range(start, start + count)
    ]


def stored(api: Api, project: int) -> list[dict[str, Any]]:
    answer = api("GET", "/api/tasks", params={"project": project, "fields": "all", "page_size": 2000})
    by_names: list[dict[str, Any]] = answer["tasks"]
    return by_names


def answer(api: Api, task: int, label: str, **rest: Any) -> int:
    result = task_data.prefill(stream("mail"), label)
    return int(api("POST", f"/api/tasks/{task}/annotations/", json={"result": result, "lead_time": 2.5} | rest)["id"])


def read(connection: access.Connection, project: int, since: str | None = None) -> list[annotations.ChangedTask]:
    return list(itertools.chain.from_iterable(changes.changed(connection, project, since)))


# Connecting


def test_a_wrong_token_is_refused_in_one_line_without_the_token_or_a_cookie(server: Any) -> None:
    with pytest.raises(Refused) as caught:
        access.connect(server.url, "0123456789abcdef" * 2)
    text = str(caught.value)
    assert text.startswith(f"Label Studio at {server.url} refused the token while checking the token (401")
    assert "\n" not in text
    assert "0123456789abcdef" not in text
    assert "ookie" not in text
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url", ["labels.example.com", "http://", "ftp://labels.example.com", "http://[::1", "http://a:x"]
)
def test_a_url_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Refused, match=r"give one like https://labels\.example\.com"):
        access.connect(url, "token")


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ü"])
def test_a_token_that_cannot_be_one_is_refused_before_anything_is_sent(token: str) -> None:
    with pytest.raises(Refused, match="copy it again from Account & Settings"):
        access.connect("http://127.0.0.1:9", token)


def test_where_nobody_listens_label_studio_is_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"Label Studio at http://127\.0\.0\.1:9 could not be reached"):
        access.connect("http://127.0.0.1:9", "token")


def test_where_something_else_answers_it_is_not_taken_for_label_studio(server: Any) -> None:
    with pytest.raises(Refused, match="404"):
        access.connect(f"{server.url}/elsewhere", server.token)


def test_a_connection_does_not_show_its_token(connection: access.Connection, server: Any) -> None:
    assert server.token not in repr(connection)


def test_people_are_known_by_their_address(connection: access.Connection, server: Any) -> None:
    server.add_reviewer("carla@example.com", "a-Pass-word-9")
    assert "carla@example.com" in access.people(connection).values()


# The project


def test_a_stream_has_exactly_one_project_whatever_it_is_called(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    api("PATCH", f"/api/projects/{project}/", json={"title": "Renamed"})
    assert make(connection, mail) == project
    longer = make(connection, stream(mail.name + "-b"))
    assert longer != project
    api("DELETE", f"/api/projects/{longer}/")


def test_a_project_whose_making_got_no_answer_is_not_made_again(mail: Stream, server: Any, api: Api) -> None:
    with proxy.before(server.url) as between:
        between.plan = ["late"]
        between.spoils = "/api/projects/"
        number = make(access.connect(between.url, server.token), mail)
        assert between.seen == 1
    result = api("GET", "/api/projects", params={"page_size": 1000, "include": "id,description"})["results"]
    assert [item["id"] for item in result if str(mark(mail)) in item["description"]] == [number]
    api("DELETE", f"/api/projects/{number}/")


def changed(connection: access.Connection, project: int, mail: Stream) -> list[str]:
    """What somebody changed in the project."""
    return labeling_config.drift(projects.fields(connection, project) or {}, labeling_config.config(mail))


def test_a_fresh_project_has_not_drifted_and_shows_its_instructions(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    assert changed(connection, project, mail) == []
    built = api("GET", f"/api/projects/{project}/")
    assert (built["show_instruction"], built["expert_instruction"]) == (True, "<p>Look &lt;b&gt;twice&lt;/b&gt;.</p>")


def test_what_somebody_changed_is_said(connection: access.Connection, mail: Stream, project: int, api: Api) -> None:
    other = labeling_config.config(mail).replace('value="no"', 'value="never"')
    api("PATCH", f"/api/projects/{project}/", json={"label_config": other, "sampling": "Uniform sampling"})
    assert changed(connection, project, mail) == [
        "the labelling config is not the stream's; answers that do not fit it become faults",
        "sampling is 'Uniform sampling'; set it back to 'Sequential sampling'",
    ]


def test_a_project_that_is_gone_is_said_and_refused_everywhere(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    api("DELETE", f"/api/projects/{project}/")
    assert projects.fields(connection, project) is None
    with pytest.raises(Refused, match=r"was the project deleted\?"):
        import_tasks.push(connection, project, tasks(mail, 1), mail)
    with pytest.raises(Refused, match=r"was the project deleted\?"):
        read(connection, project)


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
    assert results.read(mail, prediction["result"]) == "no"


def test_assisted_cases_come_prefilled_also_after_a_batch_that_was_all_blind(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    (first,) = import_tasks.push(connection, project, tasks(mail, 1, prediction=None), mail).values()
    import_tasks.push(connection, project, tasks(mail, 1, prediction="no", start=1), mail)
    answer(api, first, "yes")
    served = api("GET", f"/api/projects/{project}/next")
    assert served["data"]["text"] == "mail 1"
    assert [results.read(mail, prediction["result"]) for prediction in served["predictions"]] == ["no"]
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
        import_tasks.Task(key=task.key, data={"text": "x" * 7_000_000}, prediction=None) for task in tasks(mail, 3)
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
        import_tasks.push(connection, project, [good, import_tasks.Task(key=bad.key, data={}, prediction=None)], mail)
    assert "mail 0" not in str(caught.value)
    assert stored(api, project) == []


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

    api("PATCH", f"/api/annotations/{changing}/", json={"result": task_data.prefill(mail, "no"), "lead_time": 4.0})
    api("DELETE", f"/api/annotations/{gone}/")
    draft = {"result": task_data.prefill(mail, "no"), "lead_time": 1.0, "draft_id": 0}
    api("POST", f"/api/tasks/{drafted}/drafts", params={"project": project}, json=draft)
    after = {task.task_id: task for task in read(connection, project, cursor)}
    (first,) = before[edited].annotations
    (second,) = after[edited].annotations
    assert (first.annotation_id, results.read(mail, first.result), first.seconds) == (changing, "yes", 2.5)
    assert (second.annotation_id, results.read(mail, second.result), second.created_at) == (
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
        body = {"result": task_data.prefill(mail, "no"), "lead_time": 1.0}
        dora.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()
    names = access.people(connection)
    (changed,) = read(connection, project)
    by_name = {names[item.person or 0]: results.read(mail, item.result) for item in changed.annotations}
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
    result = [task_data.prefill(mail, "yes")[0] | {"id": "r1", "origin": "prediction"}]
    api("POST", f"/api/tasks/{task}/annotations/", json={"result": result, "lead_time": 2.5})
    api("DELETE", f"/api/predictions/{prediction['id']}/")
    assert stored(api, project)[0]["predictions"] == []
    (got,) = read(connection, project)
    assert got.annotations[0].suggested


# Whose project it is


def test_a_project_that_is_another_streams_is_known_from_ours(
    connection: access.Connection, mail: Stream, project: int
) -> None:
    projects.check_owner(connection, project, mark(mail))
    longer = stream(f"{mail.name}-b")
    with pytest.raises(Refused, match=f"is not that of stream '{longer.name}'"):
        projects.check_owner(connection, project, mark(longer))


def test_a_project_that_another_ledger_filled_is_refused_with_what_to_do(
    connection: access.Connection, mail: Stream, project: int
) -> None:
    text = rf"project {project} .* of another ledger: answers in it may have been given to the model's own suggestion"
    for refused in (
        lambda: make(connection, mail, OTHERS),
        lambda: projects.check_owner(connection, project, mark(mail, OTHERS)),
    ):
        with pytest.raises(Refused, match=text) as caught:
            refused()
        assert "SECOND_READER_LEDGER" in str(caught.value)
        assert "review.project" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_two_ledgers_work_side_by_side_with_a_project_each_under_titles_of_their_own(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    second = make(connection, mail, OTHERS, title="Mail, a trial")
    assert second != project
    assert (make(connection, mail), make(connection, mail, OTHERS, title="Mail")) == (project, second)
    projects.check_owner(connection, project, mark(mail))
    projects.check_owner(connection, second, mark(mail, OTHERS))
    api("DELETE", f"/api/projects/{second}/")


def test_a_project_with_the_mark_of_an_earlier_version_is_ours_if_this_ledger_recorded_it_and_gets_our_mark(
    connection: access.Connection, mail: Stream, project: int, api: Api
) -> None:
    old = f"Ours. Keep this line: [second-reader:{mail.name}]"
    api("PATCH", f"/api/projects/{project}/", json={"description": old})
    projects.check_owner(connection, project, mark(mail))  # the flows go on until `init` has renewed it
    with pytest.raises(Refused, match=rf"project {project} .* but none that this ledger made"):
        make(connection, mail, recorded=(project + 1,))
    assert api("GET", f"/api/projects/{project}/")["description"] == old
    assert make(connection, mail, recorded=(project,)) == project
    assert api("GET", f"/api/projects/{project}/")["description"] == f"Ours. Keep this line: {mark(mail)}"
    assert make(connection, mail) == project
    with pytest.raises(Refused, match="of another ledger"):
        make(connection, mail, OTHERS, recorded=(project,))


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
        other.patch(f"/api/annotations/{number}/", json={"result": task_data.prefill(mail, "no")}).raise_for_status()
    answer(api, forged, "yes", completed_by=next(iter(emma)))
    data = tasks(mail, 1, start=9)[0].data
    result = {"result": task_data.prefill(mail, "yes"), "lead_time": 3.0, "completed_by": owner}
    api("POST", f"/api/projects/{project}/import", json=[{"data": data, "annotations": [result]}])
    pages = list(changes.changed(connection, project, None))
    hands = [
        (annotation.person, annotation.writer) for page in pages for task in page for annotation in task.annotations
    ]
    other_id = next(iter(emma))
    assert sorted(hands, key=str) == sorted(
        [(owner, owner), (owner, other_id), (other_id, owner), (owner, None)], key=str
    )
