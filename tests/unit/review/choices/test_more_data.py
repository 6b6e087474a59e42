"""More data or better data: which it is, in any state of the readings."""

from dataclasses import replace

import pytest

from models.certification.certificate import Progress, Stop
from models.certification.era_plan import Plan
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.reviewers.single_readings import SingleReadings
from review import formats
from review.choices import more_data
from review.choices.answer import Answer
from review.choices.regions import Region
from review.choices.work import Work
from review.queries.candidates import Candidate
from tests.unit.review.choices.test_learning_text import RISING

UNKNOWN = NotEnoughEvidence(reason="9 of at least 30 cases are read blind so far", n=9, errors=0)
REGION = Region(threshold=0.9, level=0.05, seen=60)
PROGRESS = Progress(
    plan=Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=(0.9, 0.7, 0.3), starts=(0, 1), weights=(0.5, 0.5)),
    looks=1,
    log_e=(1.0, 0.5, 0.0),
    certified=(),
    cases=(100, 200, 300),
    labels=(60.0, 90.0, 120.0),
    errors=(0.0, 1.0, 9.0),
    pending=(0, 0, 0),
    unsent=(0, 0, 0),
    stops=(Stop(at=0, level=0.025), Stop(at=1, level=0.05)),
)


def share(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, alpha=0.05, n=400, errors=round(400 * value), method="by hand")


SECONDS = replace(share(0.5, 0.1, 0.9), value=36.0, low=30.0, high=40.0)
WORK = Work(minutes=0.6, minute_cost=0.5, currency="EUR")
GOOD = SingleReadings(
    once=share(0.012, 0.008, 0.02), verdict=share(0.01, 0.006, 0.02), false=share(0.002, 0.0, 0.006), readings=1.02
)
POOR = SingleReadings(
    once=share(0.07, 0.05, 0.09), verdict=share(0.005, 0.001, 0.02), false=share(0.066, 0.051, 0.085), readings=1.1
)


def asked(
    read: SingleReadings,
    *,
    region: Region = REGION,
    work: Work = WORK,
    second: bool = True,
    candidate: Candidate | None = None,
) -> Answer:
    return more_data.answer(
        region,
        read,
        target=0.05,
        work=work,
        seconds=SECONDS,
        second_opinion=second,
        stream="mail",
        candidate=candidate,
    )


def test_where_one_reader_is_nearly_always_right_more_data_is_the_cheaper() -> None:
    one = asked(GOOD)
    says = formats.plain(one.says)
    assert one.state == "known"
    assert says.startswith("More data:")
    assert says.endswith(
        "answers at confidence ≥ 0.9 keep the target of 5 % takes so many labels in all, of which 60 are there:"
    )
    by_one, by_two = map(formats.plain, one.lines)
    assert by_one == "Read once: about 213 labels (limits 174 to 442), 3 hours of people for 63.9 EUR."
    assert by_two.startswith("Read again by another person where the first disagrees with the model: about")
    assert one.figures["labels_once"] == 213
    hours, cost = one.figures["hours_once"], one.figures["cost_once"]
    assert hours == pytest.approx(213 * 36 / 3600)
    assert cost == pytest.approx(213 * 36 / 60 * 0.5)


def test_where_false_complaints_alone_exceed_the_target_no_number_of_single_readings_is_enough() -> None:
    one = asked(POOR)
    says = formats.plain(one.says)
    assert says.startswith(
        "Better data: one reader alone calls 6.6 % of right answers wrong (limits 5.1 % to 8.5 %), more than"
    )
    assert one.lines[0] == "Read once: no number of labels is enough."
    assert one.figures["labels_once"] is None
    assert isinstance(one.figures["labels_verdicts"], int)
    assert "An hour of people gives 100 cases read once or 90 checked; one reader alone calls 6.6 %" in says
    assert "with second readings about 0.84 %" in says


def test_where_the_model_is_too_often_wrong_neither_is_enough() -> None:
    bad = replace(GOOD, once=share(0.09, 0.07, 0.11), verdict=share(0.08, 0.06, 0.1))
    assert asked(bad).says.startswith("Neither:")


def test_where_reading_again_takes_fewer_minutes_in_all_it_is_better_data() -> None:
    some = replace(GOOD, once=share(0.03, 0.02, 0.04), verdict=share(0.01, 0.006, 0.02))
    assert asked(some).says.startswith("Better data: to check what a reader disagrees with takes people less time")


def test_what_is_far_away_is_said_to_be_so() -> None:
    far = asked(replace(GOOD, once=share(0.049, 0.03, 0.06)))
    assert "Read once: it takes more than 2 360 labels." in map(formats.plain, far.lines)
    assert far.says.startswith("Better data: only labels that another person checks")


def test_without_labels_it_is_open_and_says_about_how_many_more() -> None:
    one = asked(SingleReadings(once=UNKNOWN, verdict=UNKNOWN, false=UNKNOWN, readings=None))
    assert (one.state, one.would_change) == (
        "open",
        "More labels: 9 of at least 30 cases are read blind so far.",
    )
    assert formats.plain(one.says) == (
        "Not known yet: 60 labels at confidence ≥ 0.9 so far, about 14 more (9 min of people for 4.20 EUR) certify the target of "
        "5 % if none of them is wrong."
    )


def test_errors_seen_so_far_are_said_in_place_of_a_number_that_needs_none() -> None:
    unread = SingleReadings(once=UNKNOWN, verdict=UNKNOWN, false=UNKNOWN, readings=None)
    some = asked(unread, region=replace(REGION, seen=25, errors=5.0, expected=400)).says
    assert formats.plain(some) == (
        "Not known yet: 25 labels at confidence ≥ 0.9 so far, 5 of them wrong, and about 400 more certify it if the errors stay "
        "as frequent as so far."
    )
    enough = asked(unread, region=replace(REGION, seen=90)).says
    assert formats.plain(enough) == "Not known yet: 90 labels at confidence ≥ 0.9 so far."


def test_a_model_that_is_right_often_enough_but_for_what_is_counted_is_not_called_wrong_too_often() -> None:
    near = asked(replace(GOOD, once=share(0.06, 0.05, 0.07), verdict=share(0.0499, 0.03, 0.06)))
    assert formats.plain(near.says).startswith(
        "So far the target is far off: it takes more than 2 360 labels of either kind."
    )
    assert "too often" not in near.says


def test_where_only_single_readings_reach_the_target_it_says_so() -> None:
    odd = asked(replace(GOOD, verdict=share(0.06, 0.02, 0.09)))
    assert odd.says.startswith("More data: only labels that are read once reach the target.")


def test_without_second_readings_the_key_is_named() -> None:
    one = asked(replace(GOOD, verdict=UNKNOWN, false=UNKNOWN, readings=None), second=False)
    assert one.state == "unasked"
    assert "review.second_opinion" in one.would_change
    assert formats.plain(one.says).startswith(
        "For answers at confidence ≥ 0.9 and the target of 5 %: read once, about 213 labels (limits 174 to 442), 3 hours"
    )
    assert one.lines == ()


def test_work_is_priced_by_the_minutes_of_a_review_and_what_was_measured_stands_beside() -> None:
    slow = asked(GOOD, work=replace(WORK, minutes=2.0))
    hours = slow.figures["hours_once"]
    quick = asked(GOOD).figures["hours_once"]
    assert isinstance(hours, float)
    assert isinstance(quick, float)
    assert hours == pytest.approx(quick * 2 / 0.6)
    assert "A review is taken for 2 min; hours and prices are of these labels alone" in formats.plain(slow.rests_on)


def test_it_is_known_only_where_it_stands_wherever_in_their_limits_the_figures_lie() -> None:
    unsure = asked(replace(GOOD, once=share(0.049, 0.03, 0.06), verdict=share(0.01, 0.006, 0.06)))
    assert unsure.state == "open"
    assert formats.plain(unsure.says).startswith("So far better data: only labels that another person checks")
    assert (
        "(131 if wrong answers are as rare as the limits allow; if they are as frequent, no number is enough)"
        in formats.plain(unsure.lines[1])
    )


def test_it_says_where_the_threshold_lies_beside_todays() -> None:
    for today, text in (
        (0.9, "today's threshold"),
        (0.95, "below today's threshold"),
        (0.5, "above today's threshold"),
    ):
        assert f"at confidence ≥ 0.9 ({text})" in formats.plain(asked(GOOD, region=replace(REGION, today=today)).says)
    there = replace(REGION, today=0.95, share=0.71, expected=30)
    assert "(below today's threshold; 71.0 % of cases would go out)" in formats.plain(asked(GOOD, region=there).says)
    assert "today" not in asked(GOOD).says


def test_without_minutes_no_hours_are_said() -> None:
    one = asked(GOOD, work=replace(WORK, minutes=None))
    assert not any("of people" in line for line in one.lines)
    assert one.figures["hours_once"] is None


def test_what_is_certified_already_is_said_to_be_certified_anew() -> None:
    assert "certify it anew" in asked(GOOD, region=replace(REGION, more=False)).would_change
    assert "answers 'spam' at" in asked(GOOD, region=replace(REGION, of_class="spam")).says


def test_what_labels_teach_is_quoted_of_the_newest_candidate() -> None:
    assert "is said by: second-reader retrain mail." in asked(GOOD).rests_on
    one = asked(GOOD, candidate=RISING)
    assert "mail-2 (refit): More labels still help: the last doubling, from 200 to 400 labels" in formats.plain(
        one.says
    )
    assert "measured on mail-2, trained on 30 November 2026" in one.rests_on
    assert (one.figures["last_doubling"], one.figures["curve"]) == (0.03, "rising")
    assert one.figures["labels_once"] == asked(GOOD).figures["labels_once"]
