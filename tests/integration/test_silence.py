"""After a silence release comes back by labels that are settled and that do not say that the error has risen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import measure
from flows.governance import actions, eras, evidence, safeguards
from flows.runtime import runs
from review.queries import certificates, policy_history
from review.report import certificate_text
from review.report.figures import Report
from tests.integration import desk as desk_
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk, opened


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    """A stream that released for a day, and whose 40 or so samples nobody has read since: silence has stopped it."""
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, monkeypatch) as built:
        built.arrive("a", 300, 0.99)
        built.look()
        actions.adopt("mail", 0.99, by=ANN, because=WHY)
        clock.later(1)
        built.arrive("b", 80, 0.99, answer=False)
        clock.later(8)
        assert score(built).adopted_by == safeguards.SILENCE
        clock.later(1)
        yield built


def score(desk: Desk) -> policy_history.PolicyInForce:
    """What `score` does before it releases anything, and what is in force then."""
    run, in_force = desk.run(), desk.in_force()
    eras.under_way(desk.book, run.stream, in_force, runs.clock(), least=eras.SCORES)
    safeguards.before_release(run, in_force, runs.clock())
    return desk.in_force()


def night(desk: Desk) -> Report:
    """What `measure` does, and what it reports."""
    run, in_force, now = desk.run(), desk.in_force(), runs.clock()
    cases = desk.cases()
    progress_by_scope = desk.looks()
    labels = evidence.labels(run.stream, in_force, cases, now)
    if evidence.watch(run, in_force, labels, now):
        in_force, progress_by_scope, labels = desk.in_force(), {}, labels.clear()
    else:
        safeguards.act(run, in_force, progress_by_scope, now)
    return measure.gather(run, desk.in_force(), cases, progress_by_scope, labels, now)


def sampled(desk: Desk, prefix: str) -> list[str]:
    result = desk.book.read(
        "SELECT case_id FROM decision WHERE blind AND case_id LIKE :prefix ORDER BY case_id", prefix=f"{prefix}-%"
    )
    return result["case_id"].to_list()


def read(desk: Desk, cases: list[str], label: str, *, slot: int = 0) -> None:
    """One person answers these cases, or (reading 1) another one, to whom they are sent."""
    now = runs.clock()
    known = dict(desk.book.read("SELECT case_id, task_id FROM dispatch WHERE slot = 0").iter_rows())
    rows = [{"case_id": case, "slot": slot, "task_id": known[case] + 1_000_000 * slot, "blind": True} for case in cases]
    who = f"reader-{slot}@example.org"
    value = [
        row | {"annotation_id": row["task_id"], "reviewer": who, "revision": now, "submitted_at": now, "answer": label}
        for row in rows
    ]
    if slot:
        sent = [row | {"task_key": f"{row['case_id']} {slot}", "sent_at": now} for row in rows]
        desk.book.append({"dispatch": facts.dispatches(*sent)}, now=now)
    desk.book.append({"review": facts.reviews(*value)}, now=now)


@pytest.mark.parametrize("everything", [True, False])
def test_answers_that_nobody_has_settled_end_no_silence(desk: Desk, clock: Clock, *, everything: bool) -> None:
    stopped = desk.in_force()
    cases = sampled(desk, "b")
    read(desk, cases if everything else cases[:-5], "spam")
    assert score(desk) == stopped
    built = night(desk)
    assert desk.in_force() == stopped
    assert built.silence == "unsettled"
    assert any("no answer is settled" in message for message in certificate_text.lines(built))
    clock.later(7.1)
    night(desk)
    assert desk.in_force().adopted_by == evidence.WATCHDOG, "a dispute that nobody came to counts as wrong in the end"


def test_settled_labels_that_say_the_error_has_risen_bring_nothing_back(desk: Desk) -> None:
    stopped = desk.in_force()
    for slot in (0, 1):
        read(desk, sampled(desk, "b"), "spam", slot=slot)
    assert score(desk) == stopped, "also where score comes before measure"
    night(desk)
    assert desk.in_force().adopted_by == evidence.WATCHDOG


def test_disputes_that_wait_count_as_wrong_before_release_comes_back(desk: Desk, clock: Clock) -> None:
    stopped = desk.in_force()
    cases = sampled(desk, "b")
    read(desk, cases[:10], "ham")
    read(desk, cases[10:], "spam")
    assert score(desk) == stopped
    built = night(desk)
    assert (desk.in_force(), built.silence) == (stopped, "doubted")
    assert any("counted as wrong, say that the error has risen" in message for message in certificate_text.lines(built))
    clock.later(1)
    for slot in (1, 2):
        read(desk, cases[10:], "ham", slot=slot)
    back = score(desk)
    assert (back.policy.threshold, back.adopted_by, back.certified) == (0.99, safeguards.SILENCE, True)
    built = night(desk)
    assert (desk.in_force(), built.silence) == (back, "")


def test_an_era_gives_nothing_back_while_disputes_say_that_the_error_has_risen(desk: Desk, clock: Clock) -> None:
    read(desk, sampled(desk, "b"), "ham")
    assert score(desk).policy.threshold == 0.99
    desk.arrive("c", 80, 0.99, answer=False)
    era = certificates.era(desk.book, desk.in_force().epoch_id)
    assert era is not None
    clock.later(53)
    read(desk, sampled(desk, "c")[:5], "ham")
    desk.looks()
    clock.later(3)
    assert score(desk).policy.threshold == 0.99
    clock.later(39)
    read(desk, sampled(desk, "c")[5:6], "ham")
    lapsed = score(desk)
    assert (lapsed.policy.threshold, lapsed.adopted_by) == (None, safeguards.ERA)
    desk.arrive("d", 300, 0.99)  # people read them all, and era 2 certifies the threshold
    read(desk, sampled(desk, "c")[6:], "spam")
    night(desk)
    assert desk.in_force() == lapsed
    clock.later(1)
    for slot in (1, 2):
        read(desk, sampled(desk, "c")[6:], "ham", slot=slot)
    night(desk)
    assert (desk.in_force().policy.threshold, desk.in_force().certified) == (0.99, True)


def test_a_named_resume_after_a_halt_has_the_days_of_silence_anew(desk: Desk, clock: Clock) -> None:
    actions.halt("mail", by=ANN, because=WHY)
    assert score(desk).adopted_by == ANN
    clock.later(10)
    resumed = actions.resume("mail", by=ANN, because=WHY)
    clock.later(0.01)
    assert score(desk) == resumed
    clock.later(6.9)
    assert score(desk) == resumed
    clock.later(0.2)
    assert score(desk).adopted_by == safeguards.SILENCE


def test_a_dispute_is_as_old_as_the_answer_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """A backlog of eight days is read at once: another reader has the same days to come as ever."""
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, monkeypatch) as desk:
        desk.arrive("a", 300, 0.99)
        desk.look()
        adopted = actions.adopt("mail", 0.99, by=ANN, because=WHY)
        desk.arrive("b", 200, 0.99, answer=False)
        desk.arrive("c", 40, 0.99)
        clock.later(8)
        cases = sampled(desk, "b")
        read(desk, cases[::6], "spam")
        read(desk, [case for case in cases if case not in cases[::6]], "ham")
        clock.later(6.9)
        night(desk)
        assert desk.in_force() == adopted
        clock.later(0.2)
        night(desk)
        assert desk.in_force().adopted_by == evidence.WATCHDOG


def test_readings_that_agree_and_wait_for_another_count_as_long_as_disputes_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Every answer is read by another person, who is on holiday: 2 % of the answers disagree, 5 % are allowed."""
    monkeypatch.setattr(desk_, "STREAM", desk_.STREAM.replace("overlap = 0.0", "overlap = 1.0"))
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, monkeypatch) as desk:
        desk.arrive("a", 300, 0.99)
        read(desk, sampled(desk, "a"), "ham", slot=1)
        desk.look()
        adopted = actions.adopt("mail", 0.99, by=ANN, because=WHY)
        for day in "bcdefg":
            clock.later(1)
            desk.arrive(day, 100, 0.99, wrong=1, second=False)
        for _ in range(8):
            clock.later(1)
            labels = evidence.labels(desk.describe(), desk.in_force(), desk.cases(), runs.clock())
            assert evidence.watch(desk.run(), desk.in_force(), labels, runs.clock()) is False
        assert desk.in_force() == adopted
        assert (labels["wrong"].sum(), len(labels)) == (6, sum(len(sampled(desk, day)) for day in "bcdefg"))
