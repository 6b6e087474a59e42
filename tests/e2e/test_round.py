"""One round and another, on real servers: what came in, what went out, what the ledger says of it."""

import getpass
import json
import re
from collections import Counter
from typing import Any

from tests.e2e.place import LABELS, Place, answer, mail

FACTS = ("decision", "dispatch", "review", "fault", "policy", "adoption", "epoch", "project")


def test_from_an_inbox_to_a_report_and_again_without_adding_anything(place: Place, label_studio: Any) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(100)])
    assert place.cli("init", place.name).code == 0
    adopted = place.cli(
        "adopt", place.name, "--threshold", "0.6", "--by", "A. Owner", "--because", "a trial", "--uncertified"
    )
    assert adopted.code == 0, adopted.err
    first = place.cli("run", place.name)
    assert first.code == 0, first.err

    # Every case of the input has exactly one decision, with the propensity of its side of the threshold.
    decisions = place.rows("SELECT case_id, confidence, route, blind, propensity FROM decision")
    assert sorted(row[0] for row in decisions) == [mail(n)["id"] for n in range(100)]
    assert {(row[2], row[4]) for row in decisions if row[1] >= 0.6} == {("AUTOMATE", 0.5)}
    assert {(row[2], row[4]) for row in decisions if row[1] < 0.6} == {("REVIEW", 0.5)}

    # What was sent is what was for people: the reviewed and the audited, each once on both sides.
    wanted = {row[0] for row in decisions if row[2] == "REVIEW" or row[3]}
    dispatched = dict(place.rows("SELECT case_id, task_id FROM dispatch"))
    assert set(dispatched) == wanted
    tasks = place.tasks()
    assert Counter(task["id"] for task in tasks) == Counter(dispatched.values())
    blind = {dispatched[row[0]] for row in decisions if row[3]}
    assert {task["id"] for task in tasks if not task["predictions"]} == blind

    # Two people answer; one of them skips one case.
    tokens = [label_studio.add_reviewer(f"{who}@example.com", "a-Pass-word-9") for who in ("eva", "finn")]
    for position, task in enumerate(tasks[:20]):
        answer(place, tokens[position % 2], task, LABELS[position % 3] if position else None)
    second = place.cli("run", place.name)
    assert second.code == 0, second.err
    reviews = place.rows("SELECT task_id, reviewer, outcome, answer, seconds, blind FROM review")
    assert len(reviews) == 20
    assert Counter(row[2] for row in reviews) == {"answer": 19, "skip": 1}
    assert {row[1] for row in reviews} == {"eva@example.com", "finn@example.com"}
    assert {row[4] for row in reviews} == {2.5}
    assert {row[0] for row in reviews if row[5]} == blind & {task["id"] for task in tasks[:20]}

    # A blind answer against the model is read by another person, who does not know that.
    third = place.cli("run", place.name)
    assert third.code == 0, third.err
    against = {row[0] for row in reviews if row[5] and row[3] not in (None, "bug")}
    again = place.rows("SELECT case_id, blind FROM dispatch WHERE slot = 1")
    assert {case for case, _ in again} == {case for case, task in dispatched.items() if task in against}
    assert {blind for _, blind in again} == {1}

    before = {table: place.rows(f"SELECT count(*) FROM {table}") for table in FACTS}
    fourth = place.cli("run", place.name)
    assert fourth.code == 0, fourth.err
    assert {table: place.rows(f"SELECT count(*) FROM {table}") for table in FACTS} == before
    assert len(place.tasks()) == len(tasks) + len(again)

    figures = json.loads((place.home / "reports" / place.name / "latest.json").read_text())
    page = (place.home / "reports" / place.name / "latest.html").read_text()
    assert figures["stream"] == place.name
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)
    head = f"{figures['seal']['number']}:{figures['seal']['digest']}"
    assert head in page
    verified = place.cli("verify", "--head", head)
    assert verified.code == 0, verified.out
    other = place.cli("verify", "--head", head[:-1] + ("0" if head[-1] != "0" else "1"))
    assert other.code == 1, other.out


def test_a_batch_is_no_larger_than_the_room_in_the_queue(place: Place) -> None:
    place.describe(depth=7)
    place.deliver("one.jsonl", [mail(n) for n in range(20)])
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    assert place.rows("SELECT count(*) FROM dispatch") == [(7,)]
    assert place.cli("dispatch", place.name).code == 0
    assert place.rows("SELECT count(*) FROM dispatch") == [(7,)]


def test_another_model_needs_a_new_epoch_and_gets_one_that_releases_nothing(place: Place) -> None:
    place.deliver("one.jsonl", [mail(n, score=0.9) for n in range(3)])
    place.cli("init", place.name)
    place.cli("adopt", place.name, "--threshold", "0.6", "--by", "A. Owner", "--because", "a trial", "--uncertified")
    place.describe(model="mail-2")
    refused = place.cli("score", place.name)
    assert (refused.code, "second-reader init" in refused.err) == (2, True)
    begun = place.cli("init", place.name).out
    assert "A new epoch begins" in begun
    assert f"The ledger says that {getpass.getuser()} opened it, the name of this account; --by gives another." in begun
    assert place.cli("score", place.name).code == 0
    assert place.rows("SELECT DISTINCT route FROM decision") == [("REVIEW",)]
