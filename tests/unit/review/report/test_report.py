"""The report says what the counts say, in words that promise no more, in every state of a stream."""

import json
import re
from dataclasses import replace
from functools import cache

import pytest

from models.certification import certificate
from models.evaluation import slices
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.monitoring import score_shift
from review import formats
from review.report import as_json, report
from review.report.figures import Alarm
from tests.unit.review.report.report_facts import COUNTS, IN_FORCE, NOW, PROGRESS, STATES, A, R, Row, report_of


def plain(text: str) -> str:
    return text.replace(formats.SPACE, " ").replace(formats.THIN, " ")


def test_the_first_lines_say_what_is_released_and_what_that_risks() -> None:
    assert plain(report.lines(report_of())).splitlines()[:7] == [
        "Handwritten <digits> & more (digits), 10 January 2026, 08:30 UTC",
        "The machine answers 83.8 % of cases alone.",
        "With 95 % confidence at most 3.6 % of the 1 333 released are wrong.",
        "Released: 1 333 of 1 590 cases. From 130 blind labels, 1 wrong. "
        "Best estimate 0.77 % (95 % limits 0.01 % to 4.3 %), Clopper-Pearson.",
        "\u2713 Target kept. The target is at most 5 % wrong among the released: the limit is below it, at this look; "
        "no certificate says so.",
        "Nothing yet: No label has been looked at in this epoch.",
        "In the queue: 3 open (1 late, oldest 3 days), 4 not sent yet.",
    ]


def test_the_terminal_and_the_page_say_the_same() -> None:
    page = plain(page_of("running"))
    for line in plain(report.lines(report_of())).splitlines()[1:4]:
        assert line in page


def test_the_batch_and_the_process_are_promised_apart() -> None:
    figures = report_of()
    assert isinstance(figures.promise, Estimate)
    assert figures.batch is not None
    assert figures.batch < figures.promise.high
    page = page_of("running")
    assert "The process" in page
    assert "The batch" in page


def test_under_unequal_samples_there_is_no_promise_for_the_batch() -> None:
    figures = report_of((*COUNTS, (0.97, A, True, 0.5, "right", False, 10)))
    assert figures.batch is None
    assert isinstance(figures.promise, Estimate)
    assert figures.promise.method == "Fay-Feuer, one-sided"


def test_what_nobody_answered_shows_as_the_worst_case() -> None:
    figures = report_of()
    assert isinstance(figures.worst, Estimate)
    assert (figures.worst.n, figures.worst.errors) == (133, 4)
    assert "every sample that has no answer taken for a wrong one" in page_of("running")


@pytest.mark.parametrize(
    ("right", "wrong", "verdict", "needed"),
    [(129, 1, "kept", None), (40, 1, "open", 93 - 41), (70, 20, "missed", None), (0, 0, "nothing", None)],
)
def test_the_target_is_kept_open_or_missed_by_its_limits(
    right: int, wrong: int, verdict: str, needed: int | None
) -> None:
    rows: tuple[Row, ...] = (
        (0.95, A, False, 0.1, "unsampled", False, 900),
        (0.95, A, True, 0.1, "right", False, right),
        (0.95, A, True, 0.1, "wrong", False, wrong),
    )
    figures = report_of(tuple(row for row in rows if row[-1]))
    assert (figures.verdict, figures.needed) == (verdict, needed)


def test_the_target_is_that_of_the_policy_in_force() -> None:
    assert report_of(policy=replace(IN_FORCE, target_error=0.01)).verdict == "open"
    assert report_of(policy=replace(IN_FORCE, target_error=0.01)).target == 0.01


def test_limits_in_words_are_rounded_away_from_the_estimate() -> None:
    assert (plain(formats.at_most(0.03401)), plain(formats.at_least(0.0349))) == ("3.5 %", "3.4 %")
    assert (plain(formats.at_most(0.07)), plain(formats.at_least(0.07))) == ("7.0 %", "7.0 %")
    assert (plain(formats.share(0.0)), plain(formats.share(1.0)), plain(formats.share(0.0033))) == (
        "0 %",
        "100 %",
        "0.33 %",
    )


def test_the_queue_is_counted_by_age_and_by_deadline() -> None:
    queue = report_of().queue
    assert (queue.open, queue.late, queue.skipped, queue.waiting, queue.oldest) == (3, 1, 1, 4, 72.0)
    assert dict(queue.ages) == {"under 1 h": 1, "1 to 8 h": 1, "8 to 24 h": 0, "1 to 3 days": 0, "over 3 days": 1}


@cache
def page_of(state: str) -> str:
    """Drawing takes a while, and the page of a report is always the same."""
    return report.page(STATES[state])


def test_the_salt_that_would_foretell_the_audits_is_nowhere() -> None:
    figures = report_of()
    shown = page_of("running") + json.dumps(as_json.whole(figures)) + report.lines(figures)
    assert IN_FORCE.salt not in shown


def test_the_ledgers_last_seal_stands_at_the_foot() -> None:
    assert "ab" * 32 in page_of("running")
    assert as_json.whole(report_of())["seal"] == {"number": 12, "digest": "ab" * 32}


def test_the_terminal_curve_fits_80_columns_and_shows_each_tenth_reached() -> None:
    _, _, curve = report.lines(report_of()).partition("\n\n")
    rows = curve.splitlines()
    assert len(rows) == 3  # its head, and one row for each of the two distinct confidences
    assert max(map(len, rows)) <= 80
    assert ["confidence", "0.95", "0.4"] == [re.split(r"\s{2,}", row.strip())[1] for row in rows]


def test_what_is_certified_is_said_with_its_promise_and_the_command_that_adopts_it() -> None:
    result = report_of(progress=PROGRESS)
    assert result.proposal is not None
    assert (result.proposal.threshold, result.proposal.certified) == (0.9, (0.9,))
    assert "Certified: confidence \u2265 0.9" in plain(report.lines(result))
    assert result.verdict == "certified"
    page = plain(report.page(result))
    assert "second-reader adopt digits --threshold 0.9 --by NAME --because TEXT" in page
    assert as_json.whole(result)["certificate"]["threshold"] == 0.9


def test_where_nothing_is_certified_the_labels_still_needed_are_said() -> None:
    none = replace(
        PROGRESS, certified=(), labels=(20.0, 30.0), errors=(0.0, 2.0), stops=(certificate.Stop(at=0, level=0.05),)
    )
    result = report_of(progress=none)
    message = plain(report.lines(result))
    assert "Wait: Nothing is certified yet. About " in message
    assert (1, 1) == (message.count("certified yet"), message.count("would certify that")), "it is said once"
    assert "more blind labels at confidence \u2265 0.9" in message
    # At the nearest threshold there may be none, while there are some below it.
    below: tuple[Row, ...] = ((0.95, A, False, 0.1, "unsampled", False, 1200), (0.4, R, True, 0.3, "right", False, 60))
    first = report_of(below, progress=replace(none, labels=(0.0, 300.0), errors=(0.0, 60.0)))
    assert "There is no blind label at confidence \u2265 0.9 yet; about " in plain(report.lines(first))
    # Of cases of which none could be scored no label would certify anything.
    assert "more blind labels" not in plain(report.lines(replace(result, unscored=result.cases)))


def test_a_part_above_the_target_and_moved_confidences_are_said_at_once_and_are_in_the_table() -> None:
    worse = slices.Slice(name="answer: <8>", error=_error(), flagged=True)
    fine = slices.Slice(name="ink: heavy", error=NotEnoughEvidence(reason="too few", n=3, errors=0), flagged=False)
    moved = score_shift.Shift(distance=0.4, p=1e-9, before=800, after=300)
    made_of = replace(report_of(), slices=(worse, fine), shift=moved)
    text = plain(report.lines(made_of))
    assert "Beware: answer: <8> is above the target: 20.0 %" in text
    assert "up to 40.0 % of cases lie elsewhere" in text
    whole = report.page(made_of)
    assert whole.count("answer: &lt;8&gt;") == 2, "in words and in the table"
    assert "not assessed" in whole
    figures = as_json.whole(made_of)
    assert [True, False] == [part["flagged"] for part in figures["slices"]]
    assert figures["shift"]["warn"] is True
    still = score_shift.Shift(distance=0.05, p=1e-9, before=800, after=300)
    assert "Beware" not in report.lines(replace(report_of(), shift=still))


def _error() -> Estimate:
    return Estimate(value=0.2, low=0.1, high=0.3, alpha=0.05, n=100, errors=20, method="Clopper-Pearson")


def test_an_alarm_is_the_first_thing_said_of_the_line() -> None:
    raised = Alarm(raised_at=NOW, labels=80, errors=7, clean_until=None, suspects=212, current=True)
    result = report_of(alarm=raised)
    assert "212 released cases under suspicion" in plain(report.lines(result))
    assert "Alarm" in report.page(result)


def test_cases_that_could_not_be_scored_are_counted() -> None:
    some = report_of()
    assert some.unscored == 2
    assert "2 cases could not be scored and went to people" in report.lines(some)
    assert "2 of 1\u202f590 cases, which went to people" in report.page(some)
    none = replace(some, unscored=0)
    assert "could not be scored" not in report.lines(none).lower() + report.page(none).lower()
