"""A released case whose payload the ledger does not hold goes to a person after all, by the real command and server."""

from typing import Any

import pytest

from review.integrity import verify
from review.ledger import ledger
from tests.e2e.place import Place, answer, mail
from tests.integration import ledger_facts as facts


@pytest.mark.timeout(600)
def test_a_recalled_case_is_shown_from_its_file_and_waits_while_the_file_is_away(
    place: Place, label_studio: Any
) -> None:
    described = place.home / "streams" / f"{place.name}.toml"
    text = described.read_text(encoding="utf-8").replace(
        'payload = ["text"]', 'payload = ["text"]\npayload_by = "reference"'
    )
    described.write_text(text, encoding="utf-8")
    place.cli("init", place.name)
    line = ("adopt", place.name, "--threshold", "0.5", "--uncertified", "--by", "ann", "--because", "a test")
    assert place.cli(*line).code == 0
    place.deliver("one.jsonl", [mail(n, score=0.9) for n in range(30)])
    assert place.cli("score", place.name).code == 0
    unread = [case for (case,) in place.rows("SELECT case_id FROM decision WHERE payload IS NULL ORDER BY case_id")]
    assert unread == [case for (case,) in place.rows("SELECT case_id FROM decision WHERE NOT blind ORDER BY case_id")]
    with ledger.open(place.environment["SECOND_READER_LEDGER"]) as book:
        rows: list[dict[str, facts.Value]] = [{"stream": place.name, "case_id": case} for case in unread]
        book.append({"recall": facts.recalls(*rows)}, now=facts.NOW)

    file = place.home / "inbox" / "one.jsonl"
    away = file.rename(place.home / "one.jsonl")
    left_out = place.cli("dispatch", place.name)
    assert left_out.code == 3
    assert f"faults {len(unread)}" in left_out.out
    assert f"{len(unread)} rows could not be read" in left_out.err
    assert len(place.tasks()) == 30 - len(unread)
    reported = place.cli("show", "case", place.name, unread[0]).out
    number = 1 + int(unread[0].removeprefix("mail-"))
    message = f"by reference, line {number} of one.jsonl: cannot be shown, {file}: there is no such file; put it back"
    assert message in reported
    assert place.rows("SELECT count(*) FROM fault") == [(len(unread),)]

    away.rename(file)
    assert place.cli("dispatch", place.name).code == 0
    shown = {task["data"]["text"] for task in place.tasks()}
    assert shown == {mail(n)["text"] for n in range(30)}

    task_of = dict(place.rows("SELECT case_id, task_id FROM dispatch"))
    with place.label_studio() as client:
        client.delete(f"/api/tasks/{task_of[unread[1]]}").raise_for_status()
    again = place.cli("redispatch", place.name, "--by", "ann", "--because", "somebody deleted its task")
    assert again.code == 0, again.err
    assert "sent again 1" in again.out
    assert {task["data"]["text"] for task in place.tasks()} == shown

    token = label_studio.add_reviewer(f"kim-{place.name}@example.com", "a-Pass-word-9")
    (task,) = [task for task in place.tasks() if task["id"] == task_of[unread[0]]]
    answer(place, token, task, "other")
    assert place.cli("collect", place.name).code == 0
    assert place.rows("SELECT case_id, answer FROM review") == [(unread[0], "other")]

    # What is read from elsewhere is kept by value: nobody would look for it there.
    place.deliver("late.jsonl", [mail(n, score=0.9) for n in range(30, 40)])
    late = (place.home / "inbox" / "late.jsonl").rename(place.home / "late.jsonl")
    assert place.cli("score", place.name, "--source", str(late)).code == 0
    kept = "SELECT blind, payload IS NULL FROM decision WHERE source = 'late.jsonl' GROUP BY 1, 2 ORDER BY 1"
    assert place.rows(kept) == [(0, 0), (1, 0)]
    with ledger.open(place.environment["SECOND_READER_LEDGER"]) as book:
        assert verify.ledger(book) == []
