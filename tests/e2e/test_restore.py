"""A ledger restored from a backup that is older than Label Studio: nothing twice, no answer lost."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.local import label_studio_server
from tests.e2e import hands
from tests.e2e.place import Place, answer, mail

DEPTH = 8  # less than what was sent since the backup, so that it is found in more than one round


def done(place: Place, *words: str) -> str:
    result = place.cli(*words)
    assert result.code == 0, result
    return result.out


def put_back(place: Place, copy: Path) -> None:
    """As docs/engineer.md says: the copy takes the ledger's place, and what belonged to the old one goes."""
    for ending in ("", "-wal", "-shm"):
        (place.home / f"ledger.db{ending}").unlink(missing_ok=True)
    shutil.copy(copy, place.home / "ledger.db")


def an_hour_later(servers: Any, task: int) -> None:
    """A task changed an hour after all others, so that no reading of the latest changes covers theirs by chance."""
    with psycopg.connect(servers.postgres_url(label_studio_server.DATABASE)) as server:
        server.execute("UPDATE task SET updated_at = now() + interval '1 hour' WHERE id = %s", (task,))


@pytest.mark.timeout(400)
def test_a_ledger_older_than_label_studio_comes_to_know_every_task_and_every_answer_again(
    place: Place, servers: Any
) -> None:
    token = place.environment["SECOND_READER_LABEL_STUDIO_TOKEN"]
    name = place.name
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    place.describe(depth=40)
    hands.do(place, "init")
    hands.do(place, "score", "dispatch")
    head = done(place, "backup", "copy.db").rpartition("Head: ")[2].strip()
    place.deliver("two.jsonl", [mail(n) for n in range(10, 30)])
    hands.do(place, "score")
    hands.do(place, "dispatch")
    tasks = place.tasks()
    assert len(tasks) == 30
    for task in tasks[5:25]:
        answer(place, token, task, "bug")  # as the model said: no disputes
    assert "answers 20" in hands.do(place, "collect")
    lived = set(place.rows("SELECT task_key, answer FROM review JOIN dispatch USING (stream, case_id, slot)"))
    decided = set(place.rows("SELECT case_id, route, blind, propensity FROM decision"))

    put_back(place, place.home / "copy.db")
    place.describe(depth=DEPTH)
    done(place, "verify", "--head", head)
    assert place.rows("SELECT count(*) FROM dispatch") == [(10,)]
    doctor = place.cli("doctor", name)
    assert "more than the ledger knows" in doctor.out

    an_hour_later(servers, tasks[0]["id"])
    # In the worst order: the answers are passed over before the ledger knows whose they are.
    assert "answers 5" in hands.do(place, "collect")
    hands.do(place, "score")
    assert set(place.rows("SELECT case_id, route, blind, propensity FROM decision")) == decided
    for depth in (DEPTH, DEPTH, 40):
        place.describe(depth=depth)
        hands.do(place, "dispatch")
        hands.do(place, "collect")

    assert Counter(task["data"]["case_key"] for task in place.tasks()) == Counter(
        task["data"]["case_key"] for task in tasks
    )
    assert place.rows("SELECT count(*), count(DISTINCT task_id) FROM dispatch") == [(30, 30)]
    again = place.rows("SELECT task_key, answer FROM review JOIN dispatch USING (stream, case_id, slot)")
    assert set(again) == lived
    assert len(again) == 20
    assert place.cli("verify").code == 0
    assert "more than the ledger knows" not in place.cli("doctor", name).out
