"""Doctor compares what comes with what people read, in one line, and says when a first certificate can come."""

from dataclasses import replace

import pytest

from models.config.field_table import FieldTable
from models.config.stream import Stream
from models.routing.policy import Policy
from review.health import start_findings
from review.report.figures import Pace
from tests.unit.review.report.report_facts import STREAM

COLD = Policy(threshold=None, audit_rate=0.05, blind_rate=1.0)
RELEASING = replace(COLD, threshold=0.9, blind_rate=0.2)
WEEK = Pace(hours=168.0, answered=700, arrived=7000, answer_hours=168.0)


def stream(capacity: int | None) -> Stream:
    return STREAM.model_copy(update={"review": STREAM.review.model_copy(update={"capacity_per_day": capacity})})


def seen(
    pace: Pace = WEEK, waiting: int = 6300, policy: Policy = COLD, *, certified: bool = False
) -> start_findings.Seen:
    return start_findings.Seen(pace=pace, waiting=waiting, policy=policy, certified=certified)


def test_readers_who_cannot_follow_are_a_warning_with_the_rate_that_they_could() -> None:
    finding = start_findings.finding(stream(100), seen())
    assert finding.level == "warn"
    assert finding.what.startswith(
        "1 000 cases a day come for people, who read 100 (review.capacity_per_day): 900 more wait"
    )
    assert "The first certificate takes about" in finding.what
    assert "policy.cold_blind_rate = 0.1" in finding.todo


def test_without_a_stated_capacity_the_pace_is_measured_where_cases_wait() -> None:
    assert "who read 100 (measured over 7 days)" in start_findings.finding(stream(None), seen()).what
    kept_up = start_findings.finding(stream(None), seen(replace(WEEK, answered=7000), waiting=0))
    assert (kept_up.level, "who keep up" in kept_up.what) == ("ok", True)


def test_a_stream_that_releases_is_speaks_of_its_queue_alone() -> None:
    finding = start_findings.finding(stream(100), seen(policy=RELEASING, certified=True))
    assert (finding.level, "certificate" in finding.what) == ("warn", False)
    assert start_findings.finding(stream(2000), seen(policy=RELEASING, certified=True)).level == "ok"


@pytest.mark.parametrize(
    ("pace", "says"),
    [
        (Pace(hours=3.0, answered=0, arrived=500), "how many cases come is known after a day"),
        (
            Pace(hours=48.0, answered=5, arrived=500, answer_hours=1.0),
            "how many they read is known after a day of answers",
        ),
    ],
)
def test_an_hour_is_never_taken_for_a_day(pace: Pace, says: str) -> None:
    finding = start_findings.finding(stream(None), seen(pace, waiting=400))
    assert (finding.level, says in finding.what) == ("ok", True)


def test_init_plans_for_a_hundred_cases_a_day_where_it_is_said_what_people_can_read() -> None:
    assert [line.partition(" ")[0] for line in start_findings.opening(stream(None))] == ["Evidence", "Were"]
    assert "60\u00a0days" in start_findings.opening(stream(None))[0]
    _, noticed, first, *more = start_findings.opening(stream(20))
    assert "goes unnoticed for about" in noticed
    assert first == "Were 100 cases a day to come, and people to read up to 20:"
    assert "Readers hold it up" in " ".join(more)


def test_init_says_that_no_era_is_long_enough_where_labels_come_too_slowly() -> None:
    strict = STREAM.model_copy(update={"target": STREAM.target.model_copy(update={"error": 0.001})})
    assert any("could not certify them again" in line for line in start_findings.opening(strict))
    assert not any("could not certify them again" in line for line in start_findings.opening(stream(None)))
    total = FieldTable(name="total", kind="number", error=0.001)
    of_field = STREAM.model_copy(update={"labels": [], "field": [FieldTable(name="vendor"), total]})
    assert any("Raise policy.audit_rate or error of field 'total'" in line for line in start_findings.opening(of_field))
    nobody = start_findings.opening(stream(0))
    assert nobody[-1].startswith("No first certificate comes in sight")
