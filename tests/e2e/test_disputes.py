"""Two people race through the queue on the real server: who has read a case is never served it again."""

import threading
from collections import Counter
from typing import Any

import pytest

from deploy.demo import label_stream, reviewers
from tests.e2e.place import Place, answer, mail


def test_a_disputed_case_is_never_served_to_its_first_reader(place: Place, label_studio: Any) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(60)])
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    ((project,),) = place.rows("SELECT project_id FROM project")
    team = [
        reviewers.Reviewer(
            email=f"{who}-{place.name}@example.com",
            token=label_studio.add_reviewer(f"{who}-{place.name}@example.com", "a-Pass-word-9"),
        )
        for who in ("gil", "hana")
    ]
    served: list[tuple[str, str]] = []
    lock = threading.Lock()

    def against(key: str, who: str) -> str:
        """Everybody contradicts the model, which says bug, as fast as they can."""
        with lock:
            served.append((key, who))
        return "other"

    case_of: dict[str, str] = {}
    for _ in range(2):
        reviewers.work(label_studio.url, team, project, answer=against, leave_open=0)
        assert place.cli("collect", place.name).code == 0
        assert place.cli("dispatch", place.name).code == 0
        case_of = dict(place.rows("SELECT task_key, case_id FROM dispatch"))

    blind = {case for (case,) in place.rows("SELECT case_id FROM decision WHERE blind")}
    assert len(blind) > 10
    assert blind == {case for (case,) in place.rows("SELECT case_id FROM dispatch WHERE slot = 1")}
    # Served once to each of two people, whoever was first; nobody saw a case twice, and every verdict is in.
    shown = Counter((case_of[key], who) for key, who in served)
    assert {shown[case, one.email] for case in blind for one in team} == {1}
    assert place.rows("SELECT count(*) FROM review WHERE outcome = 'repeat'") == [(0,)]
    assert place.rows("SELECT count(*) FROM dispatch WHERE slot = 2") == [(0,)]
    for one in team:
        with label_stream.connect(label_studio.url, one.token) as client:
            assert label_stream.next_task(client, project) is None


@pytest.mark.family(0)
def test_an_earlier_reader_who_gets_in_by_another_door_does_not_count(place: Place, label_studio: Any) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(24)])
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    first, second = (
        label_studio.add_reviewer(f"{who}-{place.name}@example.com", "a-Pass-word-9") for who in ("ivy", "jan")
    )
    blind = {task for (task,) in place.rows("SELECT task_id FROM dispatch WHERE blind")}
    for task in place.tasks():
        if task["id"] in blind:
            answer(place, first, task, "other")
    assert place.cli("run", place.name).code == 0
    assert place.cli("dispatch", place.name).code == 0
    again = {task for (task,) in place.rows("SELECT task_id FROM dispatch WHERE slot = 1")}
    assert len(again) == len(blind) > 2

    # The page's address of a task can be typed by anyone: the server lets them, the ledger does not.
    for task in place.tasks():
        if task["id"] in again:
            answer(place, first, task, "other")
    assert place.cli("collect", place.name).code == 0
    assert place.rows("SELECT slot, outcome, count(*) FROM review GROUP BY slot, outcome ORDER BY slot") == [
        (0, "answer", len(blind)),
        (1, "repeat", len(blind)),
    ]
    assert place.cli("dispatch", place.name).code == 0
    ((project,),) = place.rows("SELECT project_id FROM project")
    offered = {task for (task,) in place.rows("SELECT task_id FROM dispatch WHERE slot = 2")}
    assert len(offered) == len(blind)
    with label_stream.connect(label_studio.url, first) as client:
        mine = label_stream.next_task(client, project)
        assert mine is None or mine["id"] not in offered
    for task in place.tasks():
        if task["id"] in offered:
            answer(place, second, task, "other")
    assert place.cli("run", place.name).code == 0
    assert place.rows("SELECT count(*) FROM dispatch WHERE slot = 3") == [(0,)]


def test_an_answer_for_the_model_that_the_overlap_samples_is_read_by_another_person(
    place: Place, label_studio: Any
) -> None:
    place.describe(overlap=1.0)
    place.deliver("one.jsonl", [mail(n) for n in range(24)])
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    ((project,),) = place.rows("SELECT project_id FROM project")
    emails = [f"{who}-{place.name}@example.com" for who in ("kai", "lea")]
    team = [
        reviewers.Reviewer(email=email, token=label_studio.add_reviewer(email, "a-Pass-word-9")) for email in emails
    ]
    for _ in range(2):
        reviewers.work(label_studio.url, team, project, answer=lambda _key, _who: "bug", leave_open=0)
        assert place.cli("collect", place.name).code == 0
        assert place.cli("dispatch", place.name).code == 0
    blind = [case for (case,) in place.rows("SELECT case_id FROM decision WHERE blind ORDER BY case_id")]
    assert 2 < len(blind) < 24
    again = place.rows("SELECT case_id, blind FROM dispatch WHERE slot > 0 ORDER BY case_id, slot")
    assert again == [(case, 1) for case in blind], "once more, blind again, and what was read with the answer shown not"
    twice = place.rows(
        "SELECT case_id FROM review GROUP BY case_id HAVING count(DISTINCT reviewer) = 2 ORDER BY case_id"
    )
    assert [case for (case,) in twice] == blind
    assert place.rows("SELECT DISTINCT outcome FROM review") == [("answer",)]
