"""Answers that come late: after a model has changed, or after an alarm. They put under suspicion what they prove, and
`recall` sends it."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from flows import measure
from flows.governance import actions, epochs, evidence, recall
from flows.runtime import runs
from models.errors import Misuse
from review.queries import alarms, policy_history
from review.report import as_json, certificate_text, changes, timeline
from review.report.figures import Report
from tests.integration import desk as desk_
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    built = Clock()
    monkeypatch.setattr(runs, "clock", built)
    return built


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    with desk_.opened(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, monkeypatch) as opened:
        yield opened


def look(desk: Desk) -> tuple[bool, Report]:
    """What `measure` does, without writing a page: whether release stopped for an alarm, and the report."""
    run, now = desk.run(), runs.clock()
    in_force = runs.policy_in_force(run.ledger, run.stream)
    cases = evidence.cases(run, now)
    progress_by_scope = evidence.look(run, in_force, cases, now)
    labels = evidence.labels(run.stream, in_force, cases, now)
    stopped = evidence.watch(run, in_force, labels, now)
    if stopped:
        in_force, progress_by_scope, labels = runs.policy_in_force(run.ledger, run.stream), {}, labels.clear()
    evidence.watch_closed(run, in_force, cases, now)
    return stopped, measure.gather(run, in_force, cases, progress_by_scope, labels, now)


def releasing(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 200, 0.995)
    desk.look()
    actions.adopt("mail", 0.99, by=ANN, because=WHY, uncertified=True)
    clock.later(1)


def change_model(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_, "STREAM", desk_.STREAM.replace('id = "{model}"', 'id = "m-2"'))
    epochs.begin_epoch(desk.book, desk.describe(), ANN)


def sampled(desk: Desk, prefix: str) -> list[str]:
    result = desk.book.read(
        "SELECT case_id FROM decision WHERE blind AND case_id LIKE :prefix ORDER BY case_id", prefix=f"{prefix}-%"
    )
    return [str(case) for case in result["case_id"]]


def unread(desk: Desk, prefix: str) -> set[str]:
    """The released cases of a batch that nobody was to read."""
    result = desk.book.read(
        "SELECT case_id FROM decision WHERE route = 'AUTOMATE' AND NOT blind AND case_id LIKE :prefix",
        prefix=f"{prefix}-%",
    )
    return set(result["case_id"])


def suspects(desk: Desk) -> set[str]:
    alarm = alarms.suspects(desk.book, "mail")
    return set() if alarm is None else set(alarm["case_id"])


def answer_late(desk: Desk, prefix: str, wrong: int) -> None:
    """People answer what was sampled of a batch and lay open, the first `wrong` against the model, and agree on these."""
    tasks = dict(desk.book.read("SELECT case_id, task_id FROM dispatch WHERE slot = 0").iter_rows())
    cases = sampled(desk, prefix)
    for n, case in enumerate(cases):
        desk.answer(case, tasks[case], "spam" if n < wrong else "ham", runs.clock())
    desk.second(cases[:wrong], "spam", runs.clock())


def third(desk: Desk, cases: list[str], label: str, now: str) -> None:
    """A third person reads what two disagree about."""
    for n, case in enumerate(cases):
        place: dict[str, facts.Value] = {"case_id": case, "slot": 2, "task_id": 30_000_000 + n, "blind": True}
        by_name = place | {"annotation_id": 30_000_000 + n, "reviewer": "dan@example.org", "revision": now}
        sent = place | {"task_key": f"{case} thrice", "sent_at": now}
        answer = by_name | {"answer": label, "submitted_at": now}
        desk.book.append({"dispatch": facts.dispatches(sent), "review": facts.reviews(answer)}, now=now)


def test_answers_that_come_after_the_model_has_changed_raise_an_alarm_of_its_epoch_that_stops_nothing(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    releasing(desk, clock)
    desk.arrive("b", 100, 0.995, answer=False)
    old = desk.in_force().epoch_id
    clock.later(1)
    change_model(desk, monkeypatch)
    new = desk.in_force()
    with pytest.raises(Misuse, match="no alarm was raised"):
        recall.recall("mail", by=ANN, because=WHY)
    clock.later(1)
    answer_late(desk, "b", wrong=15)
    stopped, built = look(desk)
    assert (stopped, desk.in_force()) == (False, new), "what is in force is another model's"
    (alarm,) = alarms.alarms(desk.book, "mail").iter_rows(named=True)
    assert (alarm["epoch_id"], alarm["model_id"], alarm["stopped"]) == (old, "m-1", False)
    assert built.alarm is None
    (past,) = built.past_alarms
    assert (past.model, past.suspects) == ("m-1", len(suspects(desk)))
    assert unread(desk, "b") <= suspects(desk)
    text = "\n".join(certificate_text.lines(built))
    assert "about what model m-1 released before" in text
    assert as_json.key(built)["alarm"] is None, "status would say that nothing is released"
    assert [event for event, _ in changes.news(built, None)] == ["alarm"]
    assert changes.news(built, as_json.key(built)) == []
    assert "the epoch of model m-1 was closed before" in timeline.policies(desk.book, "mail")
    sent = recall.recall("mail", by=ANN, because=WHY)
    assert sent == past.suspects
    _, after = look(desk)
    assert after.past_alarms == ()
    assert len(alarms.alarms(desk.book, "mail")) == 1
    assert "released before" not in "\n".join(certificate_text.lines(after))


def test_right_answers_after_the_model_has_changed_raise_none(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    releasing(desk, clock)
    desk.arrive("b", 100, 0.995, answer=False)
    change_model(desk, monkeypatch)
    answer_late(desk, "b", wrong=1)
    assert look(desk)[1].past_alarms == ()
    assert alarms.alarms(desk.book, "mail").is_empty()


def test_disputes_that_settle_after_an_alarm_put_their_batch_under_suspicion_and_a_second_recall_sends_it(
    desk: Desk, clock: Clock
) -> None:
    releasing(desk, clock)
    desk.arrive("g", 100, 0.995)
    desk.arrive("b", 200, 0.995, answer=False)
    desk.arrive("k", 300, 0.995)
    clock.later(1)
    desk.arrive("c", 300, 0.995, wrong=40)
    stopped, _ = look(desk)
    assert stopped
    first = suspects(desk)
    assert unread(desk, "c") <= first
    assert not (unread(desk, "b") | unread(desk, "g")) & first, "nobody has said anything against these"
    assert recall.recall("mail", by=ANN, because=WHY) == len(first)
    _, calm = look(desk)
    assert "every case under suspicion was read or recalled" in certificate_text.lines(calm)[0]
    clock.later(1)
    answer_late(desk, "b", wrong=25)
    _, built = look(desk)
    assert built.alarm is not None
    assert built.alarm.suspects == len(suspects(desk))
    assert unread(desk, "b") <= suspects(desk)
    assert not unread(desk, "a") & suspects(desk)
    assert recall.recall("mail", by=ANN, because=WHY) == built.alarm.suspects > 0
    assert recall.recall("mail", by=ANN, because=WHY) == 0


def test_a_batch_with_an_open_dispute_is_under_suspicion_and_stays_so_when_it_settles_as_right(
    desk: Desk, clock: Clock
) -> None:
    releasing(desk, clock)
    desk.arrive("b", 100, 0.995, wrong=2, second=False)
    desk.arrive("k", 300, 0.995)
    clock.later(1)
    desk.arrive("c", 300, 0.995, wrong=40)
    assert look(desk)[0]
    reported = suspects(desk)
    assert unread(desk, "b") <= reported
    clock.later(1)
    desk.second(sampled(desk, "b")[:2], "ham", runs.clock())
    third(desk, sampled(desk, "b")[:2], "ham", runs.clock())
    outcomes = desk.cases().sampled.filter(pl.col("case_id").str.starts_with("b-"))["outcome"]
    assert set(outcomes) == {"right"}
    assert reported <= suspects(desk)


def test_suspects_of_an_alarm_that_somebody_released_after_are_said_too(desk: Desk, clock: Clock) -> None:
    releasing(desk, clock)
    desk.arrive("b", 100, 0.995, answer=False)
    desk.arrive("k", 300, 0.995)
    desk.arrive("c", 300, 0.995, wrong=40)
    assert look(desk)[0]
    recall.recall("mail", by=ANN, because=WHY)
    actions.adopt("mail", 0.99, by=ANN, because=WHY, uncertified=True)
    clock.later(1)
    answer_late(desk, "b", wrong=10)
    _, built = look(desk)
    assert policy_history.policy_in_force(desk.book, "mail").policy.releases  # type: ignore[union-attr] # it was opened
    (past,) = built.past_alarms
    assert past.suspects == len(unread(desk, "b"))
