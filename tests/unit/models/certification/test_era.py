"""What holds of a threshold from era to era: certified again, replaced, carried once, or lapsed."""

import math

import pytest

from models.certification import certificate, era

DAYS = 60


def held(threshold: float | None, *, taken: int = 3, certified: int | None = 3) -> era.Adopted:
    return era.Adopted(threshold=threshold, era=taken, certified=certified)


def state(adopted: era.Adopted, own: set[float], now: int, day: int = 0) -> tuple[float | None, str, int]:
    in_force = era.in_force(adopted, own, era=now, day=day, days=DAYS)
    return in_force.threshold, in_force.state, in_force.days_left


def test_an_era_is_sixty_days_or_three_times_what_the_fewest_labels_take() -> None:
    """59 labels without an error certify 5 % at 95 %, 299 certify 1 %: 3 x 299 / 8 a day is 112.125 days."""
    assert era.length(0.05, 0.05, 8.0) == 60
    assert era.length(0.01, 0.05, 8.0) == 113
    assert era.length(0.01, 0.05, 1000.0) == 60
    assert era.length(0.05, 0.05, 0.5) == 354


def test_an_era_lasts_a_year_at_most_and_is_known_to_be_too_slow_where_that_certifies_nothing() -> None:
    assert era.length(0.001, 0.05, 0.002) == era.length(0.01, 0.05, 2.0) == era.MOST == 365
    fewest = certificate.fewest(0.01, 0.05)
    assert era.too_slow(0.01, 0.05, (fewest - 1) / 365, 365) is True
    assert era.too_slow(0.01, 0.05, fewest / 365 + 1e-9, 365) is False


@pytest.mark.parametrize("pace", [2.5, 7.3, 14.95, 14.96, 200.0])
def test_a_third_of_an_era_brings_the_fewest_labels_and_a_shorter_one_would_not(pace: float) -> None:
    days, fewest = era.length(0.01, 0.05, pace), certificate.fewest(0.01, 0.05)
    assert days * pace / 3 >= fewest
    assert days == 60 or (days - 1) * pace / 3 < fewest


@pytest.mark.parametrize(
    ("alpha", "delta", "pace"),
    [(0.0, 0.05, 1), (1.0, 0.05, 1), (0.05, 0.0, 1), (0.05, 1.0, 1), (0.05, 0.05, 0), (0.05, 0.05, math.inf),
     (0.05, 0.05, math.nan), (math.nan, 0.05, 1)],
)  # fmt: skip
def test_an_era_without_a_target_or_labels_has_no_length(alpha: float, delta: float, pace: float) -> None:
    with pytest.raises(ValueError, match="give a number"):
        era.length(alpha, delta, pace)


def test_what_the_era_now_certified_is_its_own_until_it_ends() -> None:
    assert state(held(0.8), {0.9, 0.8, 0.7}, 3, day=10) == (0.8, "own", 50)


def test_what_the_era_before_certified_carries_over_for_two_thirds_of_the_next() -> None:
    assert era.carries(DAYS) == 40
    assert state(held(0.8), set(), 4, day=0) == (0.8, "carried", 40)
    assert state(held(0.8), set(), 4, day=39) == (0.8, "carried", 1)
    assert state(held(0.8), set(), 4, day=40) == (None, "lapsed", 0)


@pytest.mark.parametrize("days", [1, 2, 3, 30, 60])
def test_days_on_which_nothing_ran_between_two_eras_count_among_those_that_it_carries(days: int) -> None:
    taken = era.Adopted(threshold=0.9, era=1, certified=1)
    kept = era.carries(days)
    last = era.in_force(taken, [], era=2, day=0, days=days, rested=kept - 1)
    assert ("carried", 0.9, 1) == (last.state, last.threshold, last.days_left)
    for rested in (kept, days, 100):
        assert era.in_force(taken, [], era=2, day=0, days=days, rested=rested).state == "lapsed"


def test_nothing_carries_over_two_eras() -> None:
    assert state(held(0.8), set(), 5) == (None, "lapsed", 0)
    assert state(held(0.8, taken=5), set(), 5) == (None, "lapsed", 0)


def test_adopting_what_was_carried_does_not_renew_its_certificate() -> None:
    assert state(held(0.8, taken=4, certified=3), set(), 4, day=20) == (0.8, "carried", 20)
    assert state(held(0.8, taken=4, certified=3), set(), 5) == (None, "lapsed", 0)


def test_certified_again_it_carries_once_more() -> None:
    assert state(held(0.8, taken=3, certified=4), set(), 5, day=1) == (0.8, "carried", 39)


def test_the_eras_own_stricter_certificate_takes_over_at_once_with_the_least_strict_that_is_stricter() -> None:
    assert state(held(0.8), {0.95, 0.9}, 4, day=5) == (0.9, "replaced", 55)


def test_a_certified_set_with_a_gap_around_the_threshold_moves_it_up_and_never_down() -> None:
    assert state(held(0.8), {0.95, 0.9, 0.6, 0.5}, 4, day=5) == (0.9, "replaced", 55)


def test_less_strict_certificates_that_include_it_leave_it_where_it_is() -> None:
    assert state(held(0.8), {0.9, 0.8, 0.6}, 4, day=5) == (0.8, "own", 55)


def test_less_strict_certificates_alone_neither_hold_nor_end_the_carrying_over() -> None:
    assert state(held(0.8), {0.6, 0.5}, 4, day=5) == (0.8, "carried", 35)
    assert state(held(0.8), {0.6, 0.5}, 4, day=45) == (None, "lapsed", 0)


def test_a_certificate_after_a_lapse_brings_back_what_was_adopted_or_stricter_and_no_more() -> None:
    assert state(held(0.8), {0.9, 0.8, 0.6}, 4, day=45) == (0.8, "own", 15)
    assert state(held(0.8), {0.9}, 4, day=45) == (0.9, "replaced", 15)
    assert state(held(0.8), {0.9, 0.8}, 9, day=0) == (0.8, "own", 60)


def test_what_a_person_took_without_a_certificate_stays_for_its_era_and_carries_once_like_any_other() -> None:
    bold = held(0.6, taken=3, certified=None)
    assert state(bold, set(), 3, day=59) == (0.6, "uncertified", 1)
    assert state(bold, {0.9}, 3, day=20) == (0.6, "uncertified", 40)
    assert state(bold, {0.9, 0.6}, 3, day=20) == (0.6, "own", 40)
    assert state(bold, set(), 4, day=39) == (0.6, "uncertified", 1), (
        "nothing certified it: it must not be reported as if"
    )
    assert state(bold, {0.9}, 4, day=1) == (0.9, "replaced", 59)
    assert state(bold, set(), 4, day=40) == (None, "lapsed", 0)
    assert state(bold, set(), 5) == (None, "lapsed", 0)


@pytest.mark.parametrize("own", [set(), {0.9, 0.5}])
def test_a_halt_stays_a_halt_whatever_is_certified(own: set[float]) -> None:
    assert state(held(None, certified=None), own, 3) == (None, "halted", 0)
    assert state(held(None, certified=None), own, 7) == (None, "halted", 0)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("certified", [None, 2, 3])
@pytest.mark.parametrize("own", [set(), {0.2}, {0.5}, {0.9, 0.1}, {0.8, 0.5}])
def test_no_day_of_any_era_releases_more_than_what_was_adopted(
    threshold: float, certified: int | None, own: set[float]
) -> None:
    for now in (4, 5, 6):
        for day in range(DAYS):
            in_force = era.in_force(held(threshold, certified=certified), own, era=now, day=day, days=DAYS)
            assert in_force.threshold is None or in_force.threshold >= threshold
            assert (in_force.threshold is None) == (in_force.state == "lapsed") == (in_force.days_left == 0)
            assert in_force.threshold in (None, threshold, *own)


def test_days_and_eras_that_cannot_be_are_refused() -> None:
    for day in (-1, 60):
        with pytest.raises(ValueError, match="of an era of 60"):
            state(held(0.8), set(), 4, day=day)
    with pytest.raises(ValueError, match="now is era 2"):
        state(held(0.8), set(), 2)
    with pytest.raises(ValueError, match="now is era 3"):
        state(held(0.8, certified=4), set(), 3)
    with pytest.raises(ValueError, match="no such certificate"):
        state(held(0.8), {0.9}, 3)
    with pytest.raises(ValueError, match="must be a number"):
        held(math.nan)
    with pytest.raises(ValueError, match="from 0"):
        held(0.8, taken=-1)
    with pytest.raises(ValueError, match="from 0"):
        held(0.8, certified=-1)
    with pytest.raises(ValueError, match="at least one"):
        era.carries(0)
    assert era.carries(1) == 1
