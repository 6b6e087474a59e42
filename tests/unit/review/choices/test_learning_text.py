"""What is said of a candidate and of what labels taught it, in any state of the curve."""

from dataclasses import replace
from typing import Any

import pytest

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.learned import Curve, Fitted, Point
from review import formats
from review.choices import learning_text
from review.queries.candidates import Candidate, Check


def points(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, alpha=0.05, n=500, errors=40, method="by hand")


def at(labels: float, hours: float, value: float | None) -> Fitted:
    return Fitted(labels=labels, time=3600 * hours, value=value)


NOTHING = NotEnoughEvidence(reason="no label took a second reading", n=500, errors=40)
CURVE = Curve(
    measure="right",
    points=(
        Point(verdicts=at(50, 0.4, None), first=at(60, 0.4, 0.61), spent=False),
        Point(verdicts=at(100, 0.8, 0.7), first=at(120, 0.8, 0.69), spent=False),
        Point(verdicts=at(200, 1.6, 0.8), first=at(240, 1.6, 0.78), spent=False),
        Point(verdicts=at(400, 3.2, 0.83), first=at(400, 2.7, 0.8), spent=True),
    ),
    gain=points(0.03, 0.012, 0.0481),
    better=points(0.02, 0.001, 0.04),
    better_at=2,
)
RISING = Candidate(
    name="mail-2", kind="refit", keeps=None, digest="ab", labels=500, curve=CURVE, at="2026-11-30T08:00:00.000000Z"
)


def lines(**changes: Any) -> list[str]:
    return [formats.plain(line) for line in learning_text.lines(replace(RISING, curve=replace(CURVE, **changes)))]


def test_each_point_is_a_line_under_its_head() -> None:
    assert lines()[:5] == [
        "hours of people  labels by verdict  right answers  labels read once  right answers",
        "           0.40                 50        too few                60         61.0 %",
        "           0.80                100         70.0 %               120         69.0 %",
        "           1.60                200         80.0 %               240         78.0 %",
        "           3.20                400         83.0 %     400 (in 2.70)         80.0 %",
    ]


@pytest.mark.parametrize(
    ("gain", "sentence"),
    [
        (
            points(0.03, 0.012, 0.0481),
            "More labels still help: the last doubling, from 200 to 400 labels (1.60 to 3.20 hours of "
            "people), added 3.0 points (limits 1.2 to 4.9) of right answers.",
        ),
        (
            points(0.001, -0.004, 0.006),
            "The curve is flat: the last doubling, from 200 to 400 labels (1.60 to 3.20 hours of "
            "people), added 0.1 points (limits \u22120.4 to 0.6) of right answers.",
        ),
        (
            points(0.005, 0.002, 0.008),
            "The curve is nearly flat: the last doubling, from 200 to 400 labels (1.60 to 3.20 hours of "
            "people), added 0.5 points (limits 0.2 to 0.8) of right answers.",
        ),
        (
            points(0.01, -0.02, 0.04),
            "Whether more labels help is not known yet: the last doubling, from 200 to 400 labels (1.60 "
            "to 3.20 hours of people), added 1.0 points (limits \u22122.0 to 4.0) of right answers.",
        ),
        (
            NotEnoughEvidence(reason="half of the labels are too few to fit", n=9, errors=0),
            "Whether more labels help is not known yet: half of the labels are too few to fit.",
        ),
    ],
)
def test_whether_more_labels_help_is_one_sentence_with_limits(
    gain: Estimate | NotEnoughEvidence, sentence: str
) -> None:
    assert lines(gain=gain)[5] == sentence


@pytest.mark.parametrize(
    ("better", "end"),
    [
        (
            points(0.02, 0.001, 0.04),
            "2.0 points (limits 0.1 to 4.0) more than 240 labels read once: verdicts teach it more.",
        ),
        (
            points(-0.02, -0.04, -0.001),
            "\u22122.0 points (limits \u22124.0 to \u22120.1) more than 240 labels read once: first "
            "readings teach it more.",
        ),
        (points(0.01, -0.02, 0.04), "more than 240 labels read once: which of them teach it more is not known."),
    ],
)
def test_verdicts_and_first_readings_are_compared_in_the_same_time(better: Estimate, end: str) -> None:
    (sentence,) = lines(better=better)[6:]
    assert sentence.startswith("In 1.60 hours of people, 200 labels by verdict come to ")
    assert sentence.endswith(end)


def test_where_nobody_read_twice_nothing_is_compared() -> None:
    assert len(lines(better=NOTHING)) == 6


def test_where_no_reading_has_a_time_readings_are_counted() -> None:
    untimed = replace(
        RISING,
        timed=False,
        curve=replace(CURVE, points=tuple(replace(p, verdicts=replace(p.verdicts, time=450.0)) for p in CURVE.points)),
    )
    shown = learning_text.lines(untimed)
    assert shown[0].startswith("readings of people")
    assert shown[1].split()[0] == "450"
    assert learning_text.figures(untimed)["curve_hours"] is None


def test_what_a_candidate_was_kept_for_comes_first() -> None:
    order = Check(measure="order", after=0.92, before=0.91, reorders=True)
    keeps = Check(measure="probability", after=0.9188, before=0.9089, reorders=False)
    of_classes = replace(keeps, reorders=True)
    texts = [
        formats.plain(learning_text.lines(replace(RISING, check=check, curve=None))[0])
        for check in (order, keeps, of_classes)
    ]
    assert texts[0] == (
        "In groups that it did not learn from it puts 92.0 % of right answers above wrong ones, the model's own score 91.0 %."
    )
    assert texts[1].startswith(
        "In groups that it did not learn from its probability is 0.0812 from the truth (mean square), the model's "
        "own score 0.0911."
    )
    assert "It keeps the order of the model's own score, so it releases about what that does" in texts[1]
    assert "Answers of one class pass those of another by it" in texts[2]


def test_a_curve_that_is_not_known_says_why_and_one_that_nobody_asked_for_is_not_spoken_of() -> None:
    few = NotEnoughEvidence(reason="9 groups of labels to measure by, and it takes 20", n=9, errors=0)
    assert learning_text.lines(replace(RISING, curve=few)) == [
        "Whether more labels would help is not known yet: 9 groups of labels to measure by, and it takes 20."
    ]
    assert learning_text.lines(replace(RISING, curve=None)) == []
    assert (learning_text.quoted(None), learning_text.figures(None)) == ([], {})
