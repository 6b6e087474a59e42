"""A line is as old as the adoption by a named person that decided it; what else is adopted meanwhile makes it no younger."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows import caution, epochs, govern, runs
from models import moment
from models.errors import Misuse
from review import certified, wording
from tests.integration.desk import ANN, WHY, Clock, Desk, opened


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    """A stream with a line for each class, by itself: ham is certified, spam is not."""
    with opened(f"sqlite:///{tmp_path}/ledger.db", tmp_path, monkeypatch) as made:
        made = replace(made, per_class="each")
        epochs.begin_epoch(made.book, made.describe(), ANN)
        made.arrive("a", 300, 0.99)
        made.arrive("s", 30, 0.99, label="spam")
        assert {"ham": [0.99], "spam": []} == {part: certified.held(left) for part, left in made.looks().items()}
        yield made


def later(desk: Desk, clock: Clock, eras: float) -> dict[str, float | None]:
    """What is released of each class after so much of an era (as long as the one under way) and another `measure`."""
    now = certified.era(desk.book, desk.in_force().epoch_id)
    assert now is not None
    clock.now += eras * (moment.parse(now.ends_at) - moment.parse(now.registered_at))
    caution.act(desk.run(), desk.in_force(), desk.looks(), runs.clock())
    return dict(desk.in_force().policy.by_class or {})


def states(desk: Desk) -> dict[str, str]:
    standings = certified.standings(desk.book, desk.in_force().epoch_id)
    held = caution.states(desk.book, desk.describe(), desk.in_force(), standings, runs.clock())
    assert held is not None
    return {part: state.state for part, state in held.items()}


def test_a_class_adopted_without_a_certificate_is_not_prolonged_by_adopting_another(desk: Desk, clock: Clock) -> None:
    govern.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    govern.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    assert later(desk, clock, 1) == {"ham": 0.99, "spam": 0.99}, "it carries over once"
    desk.arrive("b", 300, 0.99)
    desk.looks()
    again = govern.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    assert again.policy.by_class == {"ham": 0.99, "spam": 0.99}
    assert later(desk, clock, 1) == {"ham": 0.99, "spam": None}
    assert states(desk) == {"ham": "carried", "spam": "lapsed"}


def test_a_class_that_has_lapsed_is_lapsed_still_and_no_person_s_halt_when_another_is_adopted(
    desk: Desk, clock: Clock
) -> None:
    govern.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    later(desk, clock, 1)
    assert later(desk, clock, 0.7) == {"ham": None, "spam": None}
    desk.arrive("b", 300, 0.99)
    desk.looks()
    assert govern.adopt("mail", 0.99, by=ANN, because=WHY, label="ham").policy.by_class == {"ham": 0.99, "spam": None}
    assert states(desk) == {"ham": "own", "spam": "lapsed"}
    desk.arrive("t", 300, 0.99, label="spam")
    caution.act(desk.run(), desk.in_force(), desk.looks(), runs.clock())
    assert desk.in_force().policy.by_class == {"ham": 0.99, "spam": 0.99}, "the era certifies what a person had adopted"


def test_a_halt_is_of_every_class_and_stands_when_another_is_adopted(desk: Desk) -> None:
    govern.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    govern.halt("mail", by=ANN, because=WHY)
    govern.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    assert states(desk) == {"ham": "own", "spam": "halted"}


@pytest.mark.parametrize("how", ["adopt", "rollback"])
def test_a_lapsed_line_that_a_person_takes_all_the_same_stands_until_the_era_ends(
    desk: Desk, clock: Clock, how: str
) -> None:
    first = govern.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    later(desk, clock, 1)
    assert later(desk, clock, 0.7) == {"ham": None, "spam": None}
    with pytest.raises(Misuse, match="is not certified"):
        govern.rollback("mail", first.version, by=ANN, because=WHY)
    if how == "adopt":
        taken = govern.adopt("mail", 0.99, by=ANN, because=WHY, label="ham", uncertified=True)
    else:
        taken = govern.rollback("mail", first.version, by=ANN, because=WHY, uncertified=True)
    assert (taken.policy.by_class, taken.certified) == ({"ham": 0.99, "spam": None}, False)
    assert later(desk, clock, 0) == later(desk, clock, 0.2) == {"ham": 0.99, "spam": None}
    assert states(desk)["ham"] == "uncertified"
    era = certified.era(desk.book, taken.epoch_id)
    assert era is not None
    by_itself, stands = govern.terms("mail", desk.in_force())
    assert by_itself.startswith("Each class is certified by itself, with 95")
    assert f"the line of ham in era {era.number}, which ends {wording.when(era.ends_at)}." in stands


def test_going_back_without_uncertified_makes_no_line_younger(desk: Desk, clock: Clock) -> None:
    first = govern.adopt("mail", 0.99, by=ANN, because=WHY, label="spam", uncertified=True)
    govern.adopt("mail", 0.99, by=ANN, because=WHY, label="ham")
    later(desk, clock, 1)
    back = govern.rollback("mail", first.version, by=ANN, because=WHY)
    assert back.policy.by_class == {"ham": None, "spam": 0.99}
    assert later(desk, clock, 0.7) == {"ham": None, "spam": None}
