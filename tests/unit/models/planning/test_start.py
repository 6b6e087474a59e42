"""The first certificate, planned: days, hours of people, what holds it up and what brings it sooner."""

from dataclasses import replace

import pytest

from models.certification import certificate, e_values
from models.planning import start
from review import formats
from review.report import starting

MUCH = start.Situation(arrivals=1000, blind_rate=1.0, readings=100, target=0.1, delta=0.05)


def text_of(situation: start.Situation) -> str:
    return " ".join(starting.sentences(start.plan(situation))).replace(formats.SPACE, " ").replace(formats.THIN, " ")


def test_without_an_error_the_labels_are_those_of_the_certificate() -> None:
    assert start.labels_for(0.01, 0.05) == 377
    assert start.labels_for(0.01, 0.05, error=0.01) is None


@pytest.mark.parametrize("target", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_the_labels_are_enough_and_one_fewer_is_not(target: float, share: float) -> None:
    n = start.labels_for(target, 0.01, error=share * target)
    assert n is not None
    assert n >= certificate.fewest(target, 0.01)
    reached = [float(e_values.constant(share * target * m, m, target)) >= 4.605170 for m in (n - 1, n)]
    assert reached == [False, True]


def test_people_hold_it_up_where_they_read_less_than_is_sampled() -> None:
    planned = start.plan(MUCH)
    assert planned.samples is not None
    assert (planned.bottleneck, planned.unread, planned.keeps_up) == ("readers", 900, 0.1)
    assert planned.days == pytest.approx(planned.samples / 100)
    assert planned.sooner == pytest.approx(planned.samples / 200)
    assert planned.hours == pytest.approx(planned.samples / 60)
    text = text_of(MUCH)
    assert "Readers hold it up: of 1 000 blind samples a day people read 100" in text
    assert "policy.cold_blind_rate = 0.1" in text


def test_a_lower_rate_that_people_can_keep_up_with_is_no_later_and_leaves_nothing_unread() -> None:
    fewer = start.plan(replace(MUCH, blind_rate=0.1))
    assert (fewer.days, fewer.unread, fewer.bottleneck) == (start.plan(MUCH).days, 0, "samples")
    assert "hold" not in text_of(replace(MUCH, blind_rate=0.1))


def test_samples_hold_it_up_where_people_would_read_more() -> None:
    rare = replace(MUCH, blind_rate=0.05)
    planned = start.plan(rare)
    assert planned.samples is not None
    assert (planned.bottleneck, planned.keeps_up) == ("samples", None)
    assert planned.days == pytest.approx(planned.samples / 50)
    assert planned.sooner == pytest.approx(planned.samples / 100)
    assert "policy.cold_blind_rate = 0.05 samples 50 of 1 000 cases a day; a higher one takes" in text_of(rare)


def test_an_expected_error_takes_more_labels_and_one_at_the_target_never_comes() -> None:
    clean, some = start.plan(MUCH), start.plan(replace(MUCH, error=0.04))
    assert clean.labels is not None
    assert some.labels is not None
    assert some.labels > clean.labels
    assert start.plan(replace(MUCH, error=0.1)).days is None
    assert "no number of labels" in text_of(replace(MUCH, error=0.1))


def test_where_nobody_reads_or_nothing_comes_there_is_no_date() -> None:
    for nothing in (replace(MUCH, readings=0), replace(MUCH, arrivals=0)):
        assert start.plan(nothing).days is None
        assert "No first certificate comes in sight" in text_of(nothing)


def test_a_situation_that_cannot_be_is_refused() -> None:
    for wrong in ({"arrivals": -1.0}, {"blind_rate": 0.0}, {"readings": -1.0}, {"error": 2.0}):
        with pytest.raises(ValueError, match=r"cannot be|probability"):
            replace(MUCH, **wrong)
