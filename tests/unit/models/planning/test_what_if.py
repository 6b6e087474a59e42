"""What would happen at another threshold: by hand, and in the words the page shows."""

from dataclasses import replace

import polars as pl
import pytest

from models.routing.policy import Policy
from review import formats
from review.report import as_json, changes, slider
from review.report.figures import Pace
from tests.unit.review.report.report_facts import ALARMED, EMPTY, IN_FORCE, PROGRESS, STATES, part, report_of

REPORT = report_of(progress=PROGRESS)


def row(threshold: float | None) -> dict[str, object]:
    return next(row for row in REPORT.what_if.rows.to_dicts() if row["threshold"] == threshold)


def test_each_figure_of_a_threshold_is_the_one_worked_out_by_hand() -> None:
    result = row(0.9)
    # The only day that is over had 790 cases; 1 333 of 1 590 lie at 0.9 and above, 130 blind labels, 1 wrong.
    share = 1333 / 1590
    assert result["coverage"] == pytest.approx(share, rel=1e-5)
    assert (result["n"], result["errors"], result["error"]) == (130, 1, pytest.approx(1 / 130, rel=1e-5))
    assert result["released"] == pytest.approx(790 * share, rel=1e-5)
    assert result["wrong"] == pytest.approx(790 * share / 130, rel=1e-5)
    # The stream's audits: 5 % of the released are read too. A review takes the 2.4 s that were measured.
    reviews = 790 * (1 - share + 0.05 * share)
    assert result["reviews"] == pytest.approx(reviews, rel=1e-5)
    assert result["review_hours"] == pytest.approx(reviews * 2.4 / 3600, rel=1e-5)
    review_price = 0.5 * 2.4 / 60
    by_hand = 1000 * (1.0 * share / 130 + review_price * (1 - share) + review_price * 0.05 * share)
    assert result["cost"] == pytest.approx(by_hand, rel=1e-5)
    assert (result["certified"], result["needed"]) == (True, 0)


def test_to_release_nothing_is_a_line_too() -> None:
    result = row(None)
    assert (result["coverage"], result["released"], result["wrong"], result["certified"]) == (0.0, 0.0, 0.0, False)
    assert result["reviews"] == pytest.approx(790.0)
    assert slider.command(REPORT, result) == "second-reader halt digits --by NAME --because TEXT"


def test_what_is_not_certified_says_how_many_labels_it_lacks_and_takes_the_mark() -> None:
    result = row(0.3)
    assert result["certified"] is False
    # 9 errors among 150 labels are more than the 5 % asked for: no number of labels would do.
    assert result["needed"] is None
    assert slider.command(REPORT, result).endswith("--uncertified")
    few = replace(PROGRESS, errors=(1.0, 2.0))
    lacks = report_of(progress=few).what_if.rows["needed"].to_list()
    assert lacks[1] == 0
    assert 0 < lacks[2] < 100


def test_the_page_opens_at_todays_line_and_offers_those_worth_a_look() -> None:
    assert REPORT.what_if.rows["threshold"][slider.start(REPORT)] == 0.9
    assert [preset["name"] for preset in slider.presets(REPORT)] == [
        "Today\u2019s threshold",
        "Certified",
        "Cheapest certified",
    ]
    assert slider.start(EMPTY) == 0


def test_a_part_has_the_same_thresholds_and_its_own_cases() -> None:
    english = part(
        "language: en",
        ((0.95, "AUTOMATE", True, 0.5, "wrong", False, 2), (0.1, "REVIEW", False, 0.5, "unsampled", False, 6)),
    )
    rows = english.rows
    assert (english.cases, rows["threshold"].to_list(), rows["coverage"].to_list()) == (
        8,
        [None, 0.9, 0.3],
        [0.0, 0.25, 0.25],
    )
    assert rows["error"].to_list() == [None, 1.0, 1.0]


def test_the_worst_part_stands_first() -> None:
    bad = part("b", ((0.95, "AUTOMATE", True, 0.5, "wrong", False, 9),))
    good = part("a", ((0.95, "AUTOMATE", True, 0.5, "right", False, 9),))
    assert [one.name for one in slider.shown(report_of(progress=PROGRESS, parts=(good, bad)))] == ["b", "a"]


def test_with_a_line_per_class_the_command_takes_the_class_and_quotes_it() -> None:
    labels = {"it's": REPORT.what_if.rows.select("certified", "needed")}
    by_class = replace(REPORT, what_if=replace(REPORT.what_if, labels=labels))
    of_class = slider.of(by_class)["labels"][0]["rows"][1]["do"]
    assert of_class == "second-reader adopt digits --class 'it'\"'\"'s' --threshold 0.9 --by NAME --because TEXT"
    assert slider.of(by_class)["rows"][1]["do"] == ""
    assert slider.of(by_class)["rows"][2]["say"]["needed"] == "each class has a threshold of its own"
    assert slider.of(by_class)["labels"][0]["rows"][2]["say"]["needed"].startswith("no number of labels would do")


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_first_row_in_words(state: str) -> None:
    assert set(slider.first(STATES[state])) == {
        *("line", "share", "released", "error", "error_limits", "wrong", "wrong_limits", "hours", "reviews"),
        *("cost", "cost_limits", "certified", "needed", "do"),
    }


def test_what_has_changed_is_said_against_the_report_before() -> None:
    before = as_json.key(REPORT) | {
        "cases": 1000,
        "released": 800,
        "labels": 200,
        "wrong": 21,
        "version": 1,
        "faults": 0,
        "certified": None,
        "open": 0,
    }
    texts = [line.replace(formats.SPACE, " ") for line in changes.lines(report_of(progress=PROGRESS, since=before))]
    assert texts == [
        "Compared with the report of 10 January 2026, 08:30 UTC.",
        "The threshold was moved (version 1 to 2): now released at 0.9 and above.",
        "590 more cases, 533 of them released.",
        "5 more blind labels, 0 wrong; 5 no longer wrong, by another reading.",
        "Certified: nothing before, confidence \u2265 0.9 now.",
        "1 row could not be read.",
        "For people: 4 before, 7 now.",
    ]
    same = report_of(progress=PROGRESS, since=as_json.key(REPORT))
    assert changes.lines(same) == ["Nothing has changed since the report of 10 January 2026, 08:30 UTC."]
    assert changes.lines(REPORT) == []
    other = report_of(progress=PROGRESS, since=as_json.key(REPORT) | {"epoch": "e0"})
    assert "A new epoch has begun" in changes.lines(other)[1]


def test_an_alarm_a_proposal_and_lateness_are_reported_once() -> None:
    stricter = replace(IN_FORCE, policy=Policy(threshold=0.95, audit_rate=0.1, blind_rate=0.3))
    proposes = report_of(progress=PROGRESS, policy=stricter)
    assert [name for name, _ in changes.news(proposes, None)] == ["proposal", "late"]
    assert changes.news(proposes, as_json.key(proposes)) == []
    less = as_json.key(proposes) | {"proposed": {"": 0.95}, "late": 0}
    assert [name for name, _ in changes.news(proposes, less)] == ["proposal", "late"]
    assert dict(changes.news(proposes, less))["proposal"] == {"proposed": {"": 0.9}}
    assert [name for name, _ in changes.news(REPORT, None)] == ["late"], "today's threshold is the certified one"
    calm = as_json.key(ALARMED) | {"alarm": None}
    assert changes.news(ALARMED, calm) == [("alarm", {"labels": 127, "errors": 8, "suspects": 161})]
    assert changes.news(ALARMED, as_json.key(ALARMED)) == []
    another = as_json.key(ALARMED) | {"alarm": "2026-01-01T00:00:00.000000Z"}
    assert [name for name, _ in changes.news(ALARMED, another)] == ["alarm"]


@pytest.mark.parametrize(
    ("pace", "says"),
    [
        (Pace(hours=2.0, answered=2024, arrived=0, answer_hours=2.0), "known after a day"),
        (Pace(hours=48.0, answered=2024, arrived=0, answer_hours=2.0), "known after a day"),
        (Pace(hours=2.0, answered=20, arrived=6, answer_hours=48.0), "known after a day"),
        (Pace(hours=48.0, answered=20, arrived=6, answer_hours=48.0), "Empty in about 24 h"),
        (Pace(hours=48.0, answered=6, arrived=6, answer_hours=48.0), "It will not become empty"),
        (
            Pace(hours=168.0, answered=20, arrived=21, answer_hours=48.0),
            "people answer 10 a day (last 2 days) and 3 come",
        ),
    ],
)
def test_the_queue_is_empty_when_what_is_left_is_done_at_the_pace_of_the_week(pace: Pace, says: str) -> None:
    assert says in changes.forecast(replace(REPORT, pace=pace)).replace(formats.SPACE, " ")
    assert changes.forecast(replace(EMPTY, pace=pace)) == ""


def test_the_proposal_is_one_word_and_its_reason() -> None:
    from review.report import summary

    assert summary.proposed(REPORT)[0] == "Stay"
    stricter = replace(IN_FORCE, policy=Policy(threshold=0.95, audit_rate=0.1, blind_rate=0.3))
    assert summary.proposed(report_of(progress=PROGRESS, policy=stricter))[0] == "Move the threshold"
    looser = replace(IN_FORCE, policy=Policy(threshold=0.3, audit_rate=0.1, blind_rate=0.3))
    assert summary.proposed(report_of(progress=PROGRESS, policy=looser))[0] == "Move back"
    assert summary.proposed(ALARMED)[0] == "Find the cause"
    assert summary.proposed(EMPTY)[0] == "Nothing yet"


def test_figures_keep_six_digits_and_thresholds_all_of_theirs() -> None:
    from models.planning import what_if

    frame = pl.DataFrame({"threshold": [0.864036123456], "error": [0.0123456789]})
    assert what_if.rounded(frame).row(0) == (0.864036123456, 0.0123457)
