"""A threshold is as old as the adoption by a named person that decided it; what else is adopted meanwhile makes it no younger."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows.governance import actions, epochs, safeguards
from flows.runtime import runs
from models import timestamps
from models.errors import Misuse
from review import formats
from review.queries import certificates
from tests.integration.desk import ANN, WHY, Clock, Desk, opened


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    """A stream with a line for each class, by itself: ham is certified, spam is not."""
    with opened(f"sqlite:///{tmp_path}/ledger.db", tmp_path, monkeypatch) as text:
        text = replace(text, per_class="each")
        epochs.begin_epoch(text.book, text.describe(), ANN)
        text.arrive("a", 300, 0.99)
        text.arrive("s", 30, 0.99, label="spam")
        assert {"ham": [0.99], "spam": []} == {part: certificates.held(left) for part, left in text.looks().items()}
        yield text


def later(desk: Desk, clock: Clock, eras: float) -> dict[str, float | None]:
    """What is released of each class after so much of an era (as long as the one under way) and another `measure`."""
    now = certificates.era(desk.book, desk.in_force().epoch_id)
    assert now is not None
    clock.now += eras * (timestamps.parse(now.ends_at) - timestamps.parse(now.registered_at))
    safeguards.act(desk.run(), desk.in_force(), desk.looks(), runs.clock())
    return dict(desk.in_force().policy.by_class or {})


def states(desk: Desk) -> dict[str, str]:
    progress_by_scope = certificates.progress_by_scope(desk.book, desk.in_force().epoch_id)
    held = safeguards.states(desk.book, desk.describe(), desk.in_force(), progress_by_scope, runs.clock())
    assert held is not None
    return {part: state.state for part, state in held.items()}


def test_a_class_adopted_without_a_certificate_is_not_prolonged_by_adopting_another(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    actions.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    assert later(desk, clock, 1) == {"ham": 0.99, "spam": 0.99}, "it carries over once"
    desk.arrive("b", 300, 0.99)
    desk.looks()
    again = actions.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    assert again.policy.by_class == {"ham": 0.99, "spam": 0.99}
    assert later(desk, clock, 1) == {"ham": 0.99, "spam": None}
    assert states(desk) == {"ham": "carried", "spam": "lapsed"}


def test_a_class_that_has_lapsed_is_lapsed_still_and_no_person_s_halt_when_another_is_adopted(
    desk: Desk, clock: Clock
) -> None:
    actions.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    later(desk, clock, 1)
    assert later(desk, clock, 0.7) == {"ham": None, "spam": None}
    desk.arrive("b", 300, 0.99)
    desk.looks()
    assert actions.adopt("mail", 0.99, by=ANN, because=WHY, label="ham").policy.by_class == {"ham": 0.99, "spam": None}
    assert states(desk) == {"ham": "own", "spam": "lapsed"}
    desk.arrive("t", 300, 0.99, label="spam")
    safeguards.act(desk.run(), desk.in_force(), desk.looks(), runs.clock())
    assert desk.in_force().policy.by_class == {"ham": 0.99, "spam": 0.99}, "the era certifies what a person had adopted"


def test_a_halt_is_of_every_class_and_stands_when_another_is_adopted(desk: Desk) -> None:
    actions.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    actions.halt("mail", by=ANN, because=WHY)
    actions.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    assert states(desk) == {"ham": "own", "spam": "halted"}


@pytest.mark.parametrize("how", ["adopt", "rollback"])
def test_a_lapsed_line_that_a_person_takes_all_the_same_stands_until_the_era_ends(
    desk: Desk, clock: Clock, how: str
) -> None:
    first = actions.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    later(desk, clock, 1)
    assert later(desk, clock, 0.7) == {"ham": None, "spam": None}
    with pytest.raises(Misuse, match="is not certified"):
        actions.rollback("mail", first.version, by=ANN, because=WHY)
    if how == "adopt":
        taken = actions.adopt("mail", 0.99, by=ANN, because=WHY, label="ham", uncertified=True)
    else:
        taken = actions.rollback("mail", first.version, by=ANN, because=WHY, uncertified=True)
    assert (taken.policy.by_class, taken.certified) == ({"ham": 0.99, "spam": None}, False)
    assert later(desk, clock, 0) == later(desk, clock, 0.2) == {"ham": 0.99, "spam": None}
    assert states(desk)["ham"] == "uncertified"
    era = certificates.era(desk.book, taken.epoch_id)
    assert era is not None
    by_itself, stands = actions.terms("mail", desk.in_force())
    assert by_itself.startswith("Each class is certified by itself, with 95")
    assert f"the threshold of ham in era {era.number}, which ends {formats.when(era.ends_at)}." in stands


def test_going_back_without_uncertified_makes_no_line_younger(desk: Desk, clock: Clock) -> None:
    first = actions.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    actions.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    later(desk, clock, 1)
    back = actions.rollback("mail", first.version, by=ANN, because=WHY)
    assert back.policy.by_class == {"ham": None, "spam": 0.99}
    assert later(desk, clock, 0.7) == {"ham": None, "spam": None}
