"""What the product takes back by itself as time goes by, and gives back only where it took it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.governance import actions, eras, safeguards
from flows.runtime import runs
from models import timestamps
from models.certification import era as ages
from review.queries import certificates, policy_history, silence
from tests.integration.desk import ANN, WHY, Clock, Desk, opened


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    """A stream whose first era certified 0.99 and 0.9 from labels without an error."""
    with opened(ledger_url, tmp_path, monkeypatch) as built:
        built.arrive("a", 300, 0.99)
        built.arrive("b", 300, 0.9)
        assert certificates.held(built.look()) == [0.99, 0.9]
        yield built


def measure(desk: Desk) -> policy_history.PolicyInForce:
    """What `measure` does about it, and what is in force then."""
    run, in_force = desk.run(), desk.in_force()
    safeguards.act(run, in_force, desk.looks(), runs.clock())
    now = desk.in_force()
    assert safeguards.act(run, now, desk.looks(), runs.clock()) is False, "doing it again changes nothing"
    return now


def score(desk: Desk) -> policy_history.PolicyInForce:
    """What `score` does before it releases anything, and what is in force then."""
    run, in_force = desk.run(), desk.in_force()
    eras.under_way(desk.book, run.stream, in_force, runs.clock(), least=eras.SCORES)
    safeguards.before_release(run, in_force, runs.clock())
    return desk.in_force()


def state(desk: Desk) -> ages.InForce:
    """What became of what was adopted last."""
    held = safeguards.states(desk.book, desk.describe(), desk.in_force(), desk.looks(), runs.clock())
    assert held is not None
    return held[""]


def next_era(desk: Desk, clock: Clock) -> None:
    now = certificates.era(desk.book, desk.in_force().epoch_id)
    assert now is not None
    clock.now = timestamps.parse(now.ends_at)


def test_within_its_era_a_certified_threshold_stays_as_it_was_adopted(desk: Desk, clock: Clock) -> None:
    adopted = actions.adopt("mail", 0.9, by=ANN, because=WHY)
    clock.later(59)
    assert score(desk) == measure(desk) == adopted
    assert state(desk) == ages.InForce(threshold=0.9, state="own", days_left=1)


def test_a_threshold_carries_over_for_two_thirds_of_the_next_era_and_lapses(desk: Desk, clock: Clock) -> None:
    adopted = actions.adopt("mail", 0.9, by=ANN, because=WHY)
    next_era(desk, clock)
    assert measure(desk) == adopted
    assert state(desk) == ages.InForce(threshold=0.9, state="carried", days_left=40)
    clock.later(39)
    assert score(desk) == adopted
    clock.later(1)
    now = score(desk)
    assert (now.policy.threshold, now.adopted_by, now.version) == (None, safeguards.ERA, adopted.version + 1)
    assert now.because == "its era is over, and this one has certified nothing that holds it: nothing is released"
    assert now.certified is False
    assert measure(desk) == now


def test_what_has_lapsed_comes_back_when_the_new_era_certifies_it(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    next_era(desk, clock)
    desk.looks()
    clock.later(41)
    assert measure(desk).policy.threshold is None
    desk.arrive("c", 300, 0.995)
    desk.arrive("d", 300, 0.9)
    now = measure(desk)
    assert (now.policy.threshold, now.adopted_by, now.certified) == (0.99, safeguards.ERA, True)
    assert state(desk).state == "own", "and no less strict one, which nobody has adopted"


def test_an_era_that_certifies_a_stricter_threshold_alone_moves_release_up_to_it(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    next_era(desk, clock)
    desk.looks()
    desk.arrive("c", 300, 0.9, wrong=60)
    desk.arrive("d", 300, 0.99)
    now = measure(desk)
    assert (now.policy.threshold, now.adopted_by, now.certified) == (0.99, safeguards.ERA, True)
    assert state(desk).state == "replaced"
    clock.later(45)
    assert desk.in_force() == now, "it is this era's own, and stands until it ends"


def test_what_was_adopted_without_a_certificate_carries_over_once(desk: Desk, clock: Clock) -> None:
    adopted = actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)
    clock.later(50)
    assert measure(desk) == adopted
    assert state(desk).state == "uncertified"
    next_era(desk, clock)
    assert measure(desk) == adopted
    assert state(desk) == ages.InForce(threshold=0.5, state="uncertified", days_left=40), "it is called no certificate"
    next_era(desk, clock)
    assert measure(desk).policy.threshold is None


def test_a_halt_by_a_person_stays_whatever_is_certified(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    halted = actions.halt("mail", by=ANN, because=WHY)
    assert measure(desk) == halted
    next_era(desk, clock)
    desk.looks()
    desk.arrive("c", 300, 0.99)
    assert measure(desk) == halted


def test_before_anybody_has_adopted_anything_nothing_is_put_in_force(desk: Desk, clock: Clock) -> None:
    before = desk.in_force()
    for _ in range(3):
        assert score(desk) == measure(desk) == before
        next_era(desk, clock)


def test_release_stops_when_nobody_reads_and_goes_on_when_somebody_has(desk: Desk, clock: Clock) -> None:
    adopted = actions.adopt("mail", 0.9, by=ANN, because=WHY)
    desk.arrive("c", 40, 0.995, answer=False)
    clock.later(6)
    assert score(desk) == adopted
    assert silence.begins(desk.book, desk.describe(), adopted.epoch_id, runs.clock()) is False
    assert silence.begins(
        desk.book, desk.describe(), adopted.epoch_id, runs.clock(), early=timedelta(days=1, minutes=1)
    )
    clock.later(1.01)
    now = score(desk)
    assert (now.policy.threshold, now.adopted_by, now.epoch_id) == (None, safeguards.SILENCE, adopted.epoch_id)
    assert now.because == "waiting for readers: no label of what was released was settled for 7 days"
    clock.later(1)
    assert score(desk) == measure(desk) == now
    sampled = desk.book.read("SELECT case_id, task_id FROM dispatch WHERE case_id LIKE 'c-%' ORDER BY case_id")
    case, task = sampled.row(0)
    desk.answer(case, task, "ham", runs.clock())
    back = score(desk)
    assert (back.policy.threshold, back.certified) == (0.9, True)
    assert back.because == "people have read again; this era's own certificate holds what was adopted"
    assert measure(desk) == score(desk) == back
    clock.later(7.01)
    again = score(desk)
    assert (again.policy.threshold, again.adopted_by) == (None, safeguards.SILENCE), "the others still wait"


def test_where_every_sample_is_answered_no_silence_stops_release(desk: Desk, clock: Clock) -> None:
    adopted = actions.adopt("mail", 0.9, by=ANN, because=WHY)
    desk.arrive("c", 40, 0.995)
    clock.later(30)
    assert score(desk) == adopted


def test_reading_again_gives_back_only_what_the_era_still_allows(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    next_era(desk, clock)
    desk.looks()
    clock.later(30)
    desk.arrive("c", 40, 0.995, answer=False)
    clock.later(8)
    assert score(desk).adopted_by == safeguards.SILENCE
    clock.later(4)
    sampled = desk.book.read("SELECT case_id, task_id FROM dispatch WHERE case_id LIKE 'c-%' ORDER BY case_id")
    case, task = sampled.row(0)
    desk.answer(case, task, "ham", runs.clock())
    now = score(desk)
    assert (now.policy.threshold, now.adopted_by) == (None, safeguards.ERA)
    assert now.because.startswith("people have read again; its era is over")


def test_what_somebody_has_moved_meanwhile_is_left_as_they_put_it(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    seen = desk.in_force()
    next_era(desk, clock)
    progress_by_scope = desk.looks()
    clock.later(41)
    theirs = actions.adopt("mail", 0.95, by=ANN, because=WHY, uncertified=True)
    assert safeguards.act(desk.run(), seen, progress_by_scope, runs.clock()) is False
    assert desk.in_force() == theirs
