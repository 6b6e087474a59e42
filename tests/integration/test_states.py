"""What things are now, from the facts: the same answers on both databases."""

from review.ledger import ledger
from review.queries import breakdowns, collected, outcomes, pending_cases, policy_history, readings, totals
from tests.integration import ledger_facts as facts

EARLY, LATE = "2026-02-01T08:00:00.000000Z", "2026-02-01T20:00:00.000000Z"
NEXT_DAY = "2026-02-02T09:00:00.000000Z"


def decide(book: ledger.Ledger, *cases: dict[str, facts.Value]) -> None:
    book.append({"decision": facts.decisions(*cases)}, now=facts.NOW)


def sampled(*cases: str) -> list[dict[str, facts.Value]]:
    return [{"case_id": case, "blind": True} for case in cases]


def send(book: ledger.Ledger, **task_of: int) -> None:
    rows: list[dict[str, facts.Value]] = [
        {"case_id": case, "task_id": task, "sent_at": EARLY} for case, task in task_of.items()
    ]
    book.append({"dispatch": facts.dispatches(*rows)}, now=facts.NOW)


def say(book: ledger.Ledger, case: str, annotation: int, **what: facts.Value) -> None:
    row: dict[str, facts.Value] = {"case_id": case, "annotation_id": annotation, "task_id": annotation}
    book.append({"review": facts.reviews(row | what)}, now=facts.NOW)


def test_the_policy_in_force_is_the_one_of_the_highest_version(book: ledger.Ledger) -> None:
    book.append({"policy": facts.policies({"policy_id": "p-2", "threshold": None})}, now=facts.NOW)
    book.append({"adoption": facts.adoptions({"version": 2, "policy_id": "p-2", "replaced": "p-1"})}, now=facts.NOW)
    in_force = policy_history.policy_in_force(book, "mail")
    assert in_force is not None
    assert (
        in_force.version,
        in_force.policy_id,
        in_force.policy.threshold,
        in_force.labels,
    ) == (2, "p-2", None, ("ham", "spam"))
    assert policy_history.policy_in_force(book, "another") is None


def test_what_waits_is_reviewed_or_sampled_and_not_sent_the_batch_decided_first_first_then_by_content(
    book: ledger.Ledger,
) -> None:
    decide(
        book,
        {"case_id": "b", "content": "b" * 64},
        {"case_id": "a", "content": "a" * 64, "route": "AUTOMATE", "blind": True},
        {"case_id": "released", "route": "AUTOMATE"},
        {"case_id": "sent"},
        {"case_id": "elsewhere", "stream": "other"},
    )
    # A clock that was set back: order is the number of the append, never a time.
    decide(book, {"case_id": "late", "decided_at": EARLY}, {"case_id": "z", "content": "f" * 64, "blind": True})
    send(book, sent=1)
    assert pending_cases.pending(book, "mail", 10)["case_id"].to_list() == ["a", "b", "late", "z"]
    assert pending_cases.pending(book, "mail", 2)["case_id"].to_list() == ["a", "b"]
    first = pending_cases.pending(book, "mail", 10, blind_first=True)["case_id"].to_list()
    assert first == ["a", "z", "b", "late"]


def test_recalled_cases_and_audits_of_now_do_not_wait_behind_an_old_backlog(book: ledger.Ledger) -> None:
    old: list[dict[str, facts.Value]] = [
        {"case_id": f"old-{n}", "content": f"{n}" * 64, "blind": True} for n in range(5)
    ]
    decide(book, *old)
    since = book.head()[0]
    decide(
        book,
        {"case_id": "audit", "content": "a" * 64, "route": "AUTOMATE", "blind": True},
        {"case_id": "plain", "content": "b" * 64},
        {"case_id": "out", "content": "c" * 64, "route": "AUTOMATE"},
    )
    book.append({"recall": facts.recalls({"case_id": "out"})}, now=facts.NOW)
    assert pending_cases.pending(book, "mail", 10, since=since)["case_id"].to_list()[:2] == ["out", "audit"]
    assert pending_cases.pending(book, "mail", 4, since=since)["case_id"].to_list() == [
        "out",
        "audit",
        "old-0",
        "old-1",
    ]
    assert pending_cases.pending(book, "mail", 3, blind_first=True)["case_id"].to_list() == ["out", "old-0", "old-1"]
    assert len(pending_cases.pending(book, "mail", 99, since=since)) == 8


def test_a_reading_is_the_first_persons_last_word_and_a_deleted_or_bulk_answer_is_none(book: ledger.Ledger) -> None:
    decide(book, *sampled(*"abcd"))
    send(book, a=1, b=2, c=3, d=4)
    say(book, "a", 1, answer="ham", submitted_at=EARLY, revision=EARLY)
    say(book, "a", 1, answer="spam", submitted_at=EARLY, revision=LATE)  # edited
    say(book, "a", 9, answer="ham", submitted_at=LATE, reviewer="later@example.org")
    say(book, "b", 2, answer="ham")
    say(book, "b", 2, outcome="deleted", answer=None, revision=f"{LATE} deleted 1")
    say(book, "c", 3, outcome="bulk", answer=None, seconds=None)
    say(book, "d", 4, outcome="skip", answer=None)
    result = readings.read(book, "mail").readings
    assert result.select("case_id", "reviewer", "answer").rows() == [("a", "ben@example.org", "spam")]
    opened = readings.open_cases(readings.read(book, "mail"))
    assert opened.select("case_id", "skips").rows() == [("b", 0), ("c", 0), ("d", 1)]


def test_counts_tell_every_sample_apart_by_what_became_of_it(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "unsampled"}, *sampled("waiting", "open", "skipped", "right", "wrong"))
    send(book, open=1, skipped=2, right=3, wrong=4)
    say(book, "skipped", 2, outcome="skip", answer=None)
    say(book, "right", 3, answer="ham", blind=True)
    say(book, "wrong", 4, answer="spam", blind=True)

    def became(now: str) -> dict[str, bool]:
        counts = outcomes.counts(facts.judge(book, now=now, hours=24))
        assert counts["n"].to_list() == [1] * 6
        return dict(counts.select("outcome", "late").rows())

    late = {"waiting", "open", "skipped"}
    # The wrong one is disputed until another person has read it: an estimate must not look better for waiting.
    assert became(LATE) == dict.fromkeys(("unsampled", "waiting", "open", "skipped", "right", "wrong"), False)
    assert {name for name, is_late in became("2026-02-03T00:00:00.000000Z").items() if is_late} == late
    assert outcomes.counts(facts.judge(book, now=LATE, epoch="e-2")).is_empty()


def test_totals_days_and_reviewers_add_up(book: ledger.Ledger) -> None:
    decide(
        book,
        {"case_id": "a", "route": "AUTOMATE", "blind": True, "produced_at": EARLY},
        {"case_id": "b", "route": "AUTOMATE", "produced_at": EARLY},
        {"case_id": "c", "produced_at": NEXT_DAY},
        {"case_id": "d", "decided_at": NEXT_DAY},
    )
    send(book, a=1, c=3)
    say(book, "a", 1, answer="spam", blind=True, seconds=2.0)
    say(book, "c", 3, answer="spam", seconds=4.0)
    assert totals.totals(book, "mail", readings.read(book, "mail")) == {
        **{"decisions": 4, "automated": 2, "review": 2, "audits": 1, "faults": 0, "dispatched": 2, "reviewed": 2},
        **{"open": 0, "recalled": 0, "waiting": 1},
    }
    assert breakdowns.by_day(facts.judge(book)).rows() == [("2026-02-01", 2, 2, 1, 1, 1), ("2026-02-02", 2, 0, 0, 0, 0)]
    assert readings.reviewers(book, "mail", readings.read(book, "mail")).rows() == [
        ("ben@example.org", 2, 0, 1, 1, 3.0)
    ]


def test_the_cursor_is_the_newest_of_the_projects_own_collections(book: ledger.Ledger) -> None:
    assert collected.cursor(book, "mail") is None
    book.append({"project": facts.projects({"created_at": LATE})}, now=facts.NOW)
    old: dict[str, facts.Value] = {"run_id": "old", "flow": "collect", "cursor": NEXT_DAY, "started_at": EARLY}
    book.append({"run": facts.runs(old)}, now=facts.NOW)
    assert collected.cursor(book, "mail") is None
    new: dict[str, facts.Value] = {"run_id": "new", "flow": "collect", "cursor": LATE, "started_at": NEXT_DAY}
    book.append({"run": facts.runs(new)}, now=facts.NOW)
    assert collected.cursor(book, "mail") == LATE


def test_a_task_is_its_case_and_an_annotation_its_latest_revision(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "a"}, {"case_id": "b"})
    send(book, a=1, b=2)
    say(book, "a", 1, revision=EARLY)
    say(book, "a", 1, outcome="deleted", answer=None, revision=f"{LATE} deleted 1")
    keys = collected.dispatches_by_key(book, "mail", ["k", "of nobody"])
    assert set(keys.select("task_key", "case_id").rows()) == {("k", "a"), ("k", "b")}
    known = collected.known_annotations(book, 7, [1, 2])
    assert known.select("annotation_id", "revision", "outcome").rows() == [(1, f"{LATE} deleted 1", "deleted")]


def test_a_pace_rests_on_whole_days_of_cases_and_of_answers_apart(book: ledger.Ledger) -> None:
    def pace(now: str) -> dict[str, object]:
        return totals.pace(book, "mail", readings.read(book, "mail"), now=now)

    assert pace(NEXT_DAY) == {"hours": 0.0, "arrived": 0, "answer_hours": 0.0, "answered": 0}
    first: list[dict[str, facts.Value]] = [
        {"case_id": f"a{n}", "decided_at": "2026-02-01T08:00:00.000000Z", "blind": True} for n in range(6)
    ]
    again: list[dict[str, facts.Value]] = [
        {"case_id": f"b{n}", "decided_at": "2026-02-02T08:00:00.000000Z"} for n in range(4)
    ]
    decide(book, *first, *again, {"case_id": "released", "decided_at": EARLY, "route": "AUTOMATE"})
    send(book, a0=1, a1=2, a2=3)
    for number, at in enumerate(
        ("2026-02-02T20:00:00.000000Z", "2026-02-02T21:00:00.000000Z", "2026-02-04T20:00:00.000000Z")
    ):
        say(book, f"a{number}", number + 1, submitted_at=at, revision=at)
    # An hour after the first answer nothing is distinguished from it; a file a day counts once a day.
    assert pace("2026-02-02T21:00:00.000000Z") == {"hours": 24.0, "arrived": 4, "answer_hours": 1.0, "answered": 3}
    assert pace("2026-02-04T21:00:00.000000Z") == {"hours": 72.0, "arrived": 4, "answer_hours": 48.0, "answered": 1}
    assert pace("2026-02-20T00:00:00.000000Z") == {"hours": 168.0, "arrived": 0, "answer_hours": 168.0, "answered": 0}
