"""Payloads by reference: the ledger keeps file and line of what nobody reads, and reads it again when somebody must."""

import dataclasses
import json

import polars as pl
import pytest

from flows.scoring import payloads
from models.errors import LedgerInvalid
from review.integrity import verify
from review.queries import policy_history, rejected, totals
from tests.integration import ledger_facts as facts
from tests.integration.desk import STREAM
from tests.integration.inbox import BY_REFERENCE, CASES, Inbox


def texts_of(cases: list[str]) -> dict[str, str]:
    return {case: f"I am {case},\nin two lines" for case in cases}


def test_only_what_a_person_reads_is_kept_by_value(inbox: Inbox) -> None:
    inbox.deliver("sure.parquet", "sure")
    inbox.deliver("unsure.parquet", "unsure", score=0.4)
    inbox.score()
    kept = inbox.book.read(
        """
        SELECT route = 'REVIEW' OR blind AS for_people, payload IS NOT NULL AS kept, count(*) AS n
        FROM decision GROUP BY 1, 2
        """
    ).cast({"for_people": pl.Boolean, "kept": pl.Boolean})
    unread = len(inbox.released())
    assert 0 < unread < CASES
    assert {(True, True, 2 * CASES - unread), (False, False, unread)} == set(kept.rows())
    assert verify.ledger(inbox.book) == []


def test_a_decision_stays_as_it_was_recorded_if_the_stream_keeps_payloads_otherwise_by_now(inbox: Inbox) -> None:
    inbox.deliver("a.parquet")
    inbox.score()
    (inbox.folder / "inbox" / "a.parquet").rename(inbox.folder / "a.parquet")
    everything = "SELECT * FROM decision ORDER BY case_id"
    before = inbox.book.read(everything)
    inbox.score(inbox.folder / "a.parquet", STREAM)
    assert before.equals(inbox.book.read(everything))
    assert inbox.faults() == []


def test_a_payload_that_a_person_needs_is_refused_if_it_is_by_reference(inbox: Inbox) -> None:
    now = policy_history.policy_in_force(inbox.book, "mail")
    assert now is not None
    of: dict[str, facts.Value] = {"payload": None, "policy_id": now.policy_id, "epoch_id": now.epoch_id}
    read: list[dict[str, facts.Value]] = [{"route": "REVIEW"}, {"route": "AUTOMATE", "blind": True}]
    for more in read:
        with pytest.raises(LedgerInvalid, match="nothing was written"):
            inbox.book.append({"decision": facts.decisions(of | more)}, now=facts.NOW)
    inbox.book.append({"decision": facts.decisions(of | {"route": "AUTOMATE"})}, now=facts.NOW)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl"])
def test_a_recalled_case_is_shown_as_its_file_says_it(inbox: Inbox, name: str) -> None:
    inbox.deliver(name)
    inbox.score()
    released = inbox.released()
    for_people = [f"c-{n:02d}" for n in range(CASES) if f"c-{n:02d}" not in released]
    assert (texts_of(for_people), 0) == inbox.pending()
    inbox.recall(released[::3])
    assert (texts_of(for_people + released[::3]), 0) == inbox.pending()
    assert "unchanged there" in inbox.state(released[0])
    assert inbox.state(for_people[0]) == "in the ledger"
    assert inbox.state("zzz") == ""
    assert inbox.faults() == []


def test_a_case_whose_file_is_gone_waits_and_is_shown_when_the_file_is_back(inbox: Inbox) -> None:
    path = inbox.deliver("a.csv", "a")
    inbox.deliver("b.parquet", "b")
    inbox.score()
    for_people, _ = inbox.pending()
    lost, there = inbox.released("case_id < 'b'"), inbox.released("case_id > 'b'")
    inbox.recall(lost + there)
    away = path.rename(inbox.folder / "a.csv")
    waiting = totals.waiting(inbox.book, "mail")
    for _ in range(2):
        assert (for_people | texts_of(there), len(lost)) == inbox.pending()
    assert len(lost) == len(inbox.faults()), "each is said once"
    assert rejected.unshown(inbox.book, "mail") == {"unshown": len(lost), "unshown_samples": 0}
    source, line, reason = inbox.faults()[0]
    assert (source, line) == ("a.csv", 2 + 2 * int(lost[0][2:]))
    assert reason == (
        f"id '{lost[0]}' cannot be shown to a person, its payload is by reference: "
        f"{path}: there is no such file; put it back"
    )
    assert inbox.state(lost[0]) == (
        f"by reference, line {line} of a.csv: cannot be shown, {path}: there is no such file; put it back"
    )
    assert waiting == totals.waiting(inbox.book, "mail")
    away.rename(path)
    assert (for_people | texts_of(lost + there), 0) == inbox.pending()


def test_a_case_that_came_back_and_was_sent_is_none_of_those_that_cannot_be_shown(inbox: Inbox) -> None:
    """A blind sample keeps its payload, so it is one that a fault names by hand here; the recalled one has lost its file."""
    inbox.deliver("a.csv", "a")
    inbox.score()
    sample, other = inbox.book.read("SELECT case_id FROM decision WHERE blind ORDER BY case_id LIMIT 2")["case_id"]
    faults: list[dict[str, facts.Value]] = [
        {
            "source": "a.csv",
            "line": line,
            "reason": f"id {case!r} {rejected.UNSHOWN}: gone",
            "raw": json.dumps({"case_id": case}),
        }
        for line, case in ((2, sample), (4, other))
    ]
    inbox.book.append({"fault": facts.faults(*faults)}, now=facts.NOW)
    assert rejected.unshown(inbox.book, "mail") == {"unshown": 2, "unshown_samples": 2}
    sent = facts.dispatches({"case_id": other, "task_id": 1, "task_key": "k"})
    inbox.book.append({"dispatch": sent}, now=facts.NOW)
    assert rejected.unshown(inbox.book, "mail") == {"unshown": 1, "unshown_samples": 1}
    assert rejected.unshown(inbox.book, "post") == {"unshown": 0, "unshown_samples": 0}


def test_a_row_that_says_something_else_by_now_is_not_shown(inbox: Inbox) -> None:
    path = inbox.deliver("a.jsonl")
    inbox.score()
    for_people, _ = inbox.pending()
    released = inbox.released()
    inbox.recall(released)
    changed = path.read_text(encoding="utf-8").replace(f"I am {released[0]},", "I am somebody else,")
    path.write_text(changed, encoding="utf-8")
    assert (for_people | texts_of(released[1:]), 1) == inbox.pending()
    ((source, line, reason),) = inbox.faults()
    assert (source, line) == ("a.jsonl", 1 + int(released[0][2:]))
    assert "by reference: the row no longer says what was decided; put the file, and the columns" in reason
    assert "somebody" not in reason


def test_cases_that_cannot_be_shown_do_not_keep_those_behind_them_waiting(inbox: Inbox) -> None:
    path = inbox.deliver("a.parquet", "a")
    inbox.score()
    lost = inbox.released()
    inbox.recall(lost)
    path.unlink()
    inbox.deliver("b.parquet", "b", score=0.4)
    inbox.score()
    assert len(lost) > 0, "the older ones, so that the last of the queue is reached only behind them"
    shown, left_out = inbox.pending(CASES)
    assert (CASES, len(lost)) == (len(shown), left_out)
    assert not set(shown) & set(lost)
    assert {"a", "b"} == {case[0] for case in shown}


def test_what_is_read_from_elsewhere_is_kept_by_value_for_nobody_would_find_it_again(inbox: Inbox) -> None:
    path = inbox.deliver("late.parquet")
    elsewhere = path.rename(inbox.folder / "late.parquet")
    inbox.score(elsewhere)
    elsewhere.unlink()
    released = inbox.released()
    assert len(released) > 0
    assert {"in the ledger"} == {inbox.state(case) for case in released}
    # A file of the inbox that is named by hand is found again.
    inbox.score(inbox.deliver("new.parquet", "new"))
    assert {"by reference"} == {inbox.state(case).split(",")[0] for case in inbox.released("case_id > 'n'")}


def test_a_stream_of_one_file_finds_it_too_when_it_reads_another_by_now(inbox: Inbox) -> None:
    inbox.deliver("monday.parquet")
    inbox.deliver("tuesday.parquet", "t")
    monday, tuesday = (BY_REFERENCE.replace('"inbox"', f'"inbox/{day}.parquet"') for day in ("monday", "tuesday"))
    inbox.score(text=monday)
    released = inbox.released()
    inbox.recall(released)
    waiting, left_out = payloads.pending(inbox.run(tuesday), 1000)
    assert left_out == 0
    assert set(released) < set(waiting["case_id"])


def test_a_run_that_reads_the_inbox_keeps_its_stream(inbox: Inbox) -> None:
    run = inbox.run()
    assert payloads.findable(run, inbox.folder / "inbox") == run
    moved = payloads.findable(run, inbox.folder)
    assert moved.stream.input.payload_by == "value"
    assert dataclasses.replace(moved, stream=run.stream) == run
