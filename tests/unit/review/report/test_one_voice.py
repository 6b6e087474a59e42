"""Headline, badge, proposal and certificate are one voice, whatever the figures are."""

from dataclasses import replace

from models.certification import certificate
from review import formats
from review.report import certificate_text, changes, report, summary, terminal
from review.report.figures import Era, Pace
from tests.unit.review.report.report_facts import COUNTS, IN_FORCE, PLAN, PROGRESS, A, R, Row, report_of

# The wrong answers have the higher confidence.
BACKWARDS: tuple[Row, ...] = (
    (0.99, R, True, 1.0, "right", False, 985),
    (0.99, R, True, 1.0, "wrong", False, 15),
    (0.6, R, True, 1.0, "right", False, 3000),
)
ALL_CERTIFIED = replace(
    PROGRESS, certified=(0, 1), cases=(1000, 4000), labels=(1000.0, 4000.0), errors=(15.0, 15.0), stops=()
)
COLD_POLICY = replace(IN_FORCE, policy=replace(IN_FORCE.policy, threshold=None, blind_rate=1.0))
# Certified by many labels of a cold start; few audits since, so that the estimate's own limits reach above the target.
FEW_AUDITS: tuple[Row, ...] = (
    (0.95, R, True, 1.0, "right", False, 400),
    (0.95, R, True, 1.0, "wrong", False, 4),
    (0.95, A, False, 0.1, "unsampled", False, 540),
    (0.95, A, True, 0.1, "right", False, 58),
    (0.95, A, True, 0.1, "wrong", False, 2),
)


def plain(text: str) -> str:
    return text.replace(formats.SPACE, " ").replace(formats.THIN, " ")


def test_where_the_confidence_ranks_backwards_nothing_is_proposed_and_the_certificate_must_not_be_routed_by() -> None:
    result = report_of(BACKWARDS, policy=COLD_POLICY, progress=ALL_CERTIFIED)
    assert summary.proposed(result)[0] == "Do not release"
    certified = next(message for message in certificate_text.lines(result) if message.startswith("Certified"))
    assert "the confidence does not rank" in certified
    assert "must not be routed by" in certified
    assert changes.news(result, None)[0][0] != "proposal"


def test_the_first_line_leads_with_the_promise_that_is_proved_and_never_says_at_most_twice() -> None:
    words = summary.of(report_of(FEW_AUDITS, progress=PROGRESS))
    lines = plain(f"{words.lead} {words.promise}")
    assert lines.startswith("With 95 % confidence at most 5 % of what it releases is wrong (certified).")
    assert "between" in lines
    assert "by the labels so far" in lines
    assert f"{lines} {plain(words.basis)}".count("at most") == 1


def test_labels_that_are_there_are_counted_and_what_is_pending_is_named() -> None:
    rows: tuple[Row, ...] = ((0.8, R, True, 1.0, "right", False, 238), (0.8, R, True, 1.0, "disputed", False, 40))
    plan = replace(PLAN, thresholds=(0.8, 0.3))
    none = replace(PROGRESS, plan=plan, certified=(), cases=(0, 0), labels=(0.0, 0.0), errors=(0.0, 0.0))
    message = plain(
        certificate_text.needed(
            report_of(rows, policy=COLD_POLICY, progress=replace(none, stops=(certificate.Stop(at=0, level=0.05),)))
        )
    )
    assert "no blind label" not in message
    assert "So far there are 278 blind labels at confidence \u2265 0.8, 40 of them wait for another reader" in message


def test_labels_of_earlier_eras_are_not_reported_as_those_that_a_step_of_this_one_counts() -> None:
    rows: tuple[Row, ...] = ((0.9, R, True, 1.0, "right", False, 278),)
    none = replace(PROGRESS, certified=(), stops=(certificate.Stop(at=0, level=0.05),))
    era = Era(number=2, ends_at="2026-03-01T00:00:00.000000Z", until="2026-03-01T00:00:00.000000Z", state="nothing")
    message = plain(certificate_text.needed(replace(report_of(rows, policy=COLD_POLICY, progress=none), era=era)))
    assert "In all eras so far there are 278 blind labels" in message


def test_the_forecast_of_the_queue_does_not_extrapolate_an_hour() -> None:
    hour = replace(report_of(), pace=Pace(hours=2.0, answered=2024, arrived=10))
    assert "24" not in changes.forecast(hour)
    assert "known after a day" in changes.forecast(hour)


def test_another_reader_is_named_only_where_there_is_one() -> None:
    disputed = report_of(totals={"disputed": 5})
    assert "another reads it" in terminal.queue(disputed)
    assert "another reads it" not in terminal.queue(replace(disputed, second_opinion=False))


def test_cases_that_cannot_be_shown_are_named_with_what_to_do() -> None:
    assert "cannot be shown" not in terminal.queue(report_of())
    message = plain(terminal.queue(report_of(totals={"unshown": 3, "unshown_samples": 1})))
    assert message.endswith(
        "3 cases cannot be shown to a person and wait; the blind sample among them counts as wrong in the certificate. "
        "Put back what is missing, or deliver it anew under another id; which, and why: second-reader show faults digits."
    )


def test_labels_still_needed_are_reported_in_days_and_hours_of_people() -> None:
    few = replace(
        PROGRESS, certified=(), labels=(20.0, 30.0), errors=(0.0, 0.0), stops=(certificate.Stop(at=0, level=0.05),)
    )
    message = plain(
        certificate_text.needed(replace(report_of(progress=few), pace=Pace(hours=48.0, answered=240, arrived=400)))
    )
    assert " a day" in message
    assert " of people" in message


def test_limits_that_grew_because_only_new_labels_count_say_so() -> None:
    message = plain(report.lines(report_of(FEW_AUDITS, progress=PROGRESS)))
    assert (
        "the 60 labels of released cases only and narrow with each audit; all 464 at or above the threshold" in message
    )
    assert "released cases only" not in plain(report.lines(report_of(COUNTS)))


def test_limits_that_grew_because_an_audit_stands_for_many_cases_say_so() -> None:
    cold: tuple[Row, ...] = ((0.95, R, True, 1.0, "right", False, 300), (0.95, R, True, 1.0, "wrong", False, 12))
    moved: tuple[Row, ...] = ((0.95, A, False, 0.1, "unsampled", False, 900), (0.95, A, True, 0.1, "open", False, 100))
    assert "stands for" not in plain(report.lines(report_of(cold)))
    message = plain(report.lines(report_of((*cold, *moved))))
    assert (
        "wider than 312 labels alike would give: since the threshold was moved one audit stands for 10 cases" in message
    )
