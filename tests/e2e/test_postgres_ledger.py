"""The loop with the ledger on PostgreSQL: the same facts, nothing twice, and tampering named."""

from typing import Any

import psycopg
import pytest

from tests.e2e.place import LABELS, Place, answer, mail

FACTS = ("decision", "dispatch", "review", "fault", "policy", "adoption", "epoch", "project")


@pytest.mark.timeout(240)
def test_the_loop_runs_on_postgresql_adds_nothing_twice_and_an_edited_decision_is_named(
    place: Place, label_studio: Any, postgres_url: str
) -> None:
    place.environment["SECOND_READER_LEDGER"] = postgres_url
    place.deliver("one.jsonl", [mail(n) for n in range(40)])
    opened = place.cli("init", place.name)
    assert opened.code == 0, opened.err
    place.cli("adopt", place.name, "--threshold", "0.2", "--by", "A. Owner", "--because", "a trial", "--uncertified")
    first = place.cli("run", place.name)
    assert first.code == 0, first.err

    with psycopg.connect(postgres_url, autocommit=True) as database:
        ((project,),) = database.execute("SELECT project_id FROM project").fetchall()
        tasks = place.tasks(project)
        token = label_studio.add_reviewer("greta@example.com", "a-Pass-word-9")
        for position, task in enumerate(tasks[:6]):
            answer(place, token, task, LABELS[position % 3] if position else None)
        second = place.cli("run", place.name)
        assert second.code == 0, second.err

        decisions = database.execute("SELECT case_id, route, blind, propensity FROM decision").fetchall()
        assert sorted(row[0] for row in decisions) == [mail(n)["id"] for n in range(40)]
        assert {row[3] for row in decisions} == {0.5}
        sent: dict[str, int] = dict(database.execute("SELECT case_id, task_id FROM dispatch WHERE slot = 0").fetchall())
        assert set(sent) == {row[0] for row in decisions if row[1] == "REVIEW" or row[2]}
        assert sorted(sent.values()) == sorted(task["id"] for task in tasks)
        reviews = database.execute("SELECT outcome, reviewer FROM review ORDER BY outcome").fetchall()
        assert reviews == [("answer", "greta@example.com")] * 5 + [("skip", "greta@example.com")]

        again = place.cli("run", place.name)  # what she disputed is offered to another person
        assert again.code == 0, again.err
        before = {kind: database.execute(f"SELECT count(*) FROM {kind}").fetchone() for kind in FACTS}
        third = place.cli("run", place.name)
        assert third.code == 0, third.err
        assert {kind: database.execute(f"SELECT count(*) FROM {kind}").fetchone() for kind in FACTS} == before
        assert place.cli("verify").code == 0

        # Only who may disable triggers can edit at all, and the seals tell of it.
        with pytest.raises(psycopg.Error, match="append-only"):
            database.execute("UPDATE decision SET route = 'AUTOMATE' WHERE case_id = 'mail-003'")
        database.execute("ALTER TABLE decision DISABLE TRIGGER ALL")
        database.execute("UPDATE decision SET confidence = 0.99 WHERE case_id = 'mail-003'")
        database.execute("ALTER TABLE decision ENABLE ALWAYS TRIGGER decision_append_only")
    verified = place.cli("verify")
    assert verified.code == 1
    assert "decision" in verified.out
    assert "mail-003" in verified.out
