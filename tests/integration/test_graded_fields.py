"""A graded field is held against its target by the share of it that is wrong, and makes no record wrong."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows import measure
from flows.governance import actions, adoption, evidence
from flows.runtime import runs
from models.evaluation.estimate import Estimate
from models.evaluation.outcome import Outcome
from review.queries import field_outcomes, outcomes
from review.report import report, summary
from review.report.figures import Report
from tests.integration import record_desk
from tests.integration.desk import ANN, WHY, Clock
from tests.integration.record_desk import RecordDesk

GRADED = """
[[field]]
name = "lines"
kind = "rows"
columns = { item = "text", price = "number" }
score = "sure"
error = 0.04
graded = true
"""


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[RecordDesk]:
    with record_desk.opened(ledger_url, tmp_path, monkeypatch, total=GRADED) as desk:
        yield desk


def reported(desk: RecordDesk) -> Report:
    cases = desk.cases()
    labels = evidence.labels(desk.describe(), desk.in_force(), cases, runs.clock())
    progress = evidence.look(desk.run(), desk.in_force(), cases, runs.clock())
    return measure.gather(desk.run(), desk.in_force(), cases, progress, labels, runs.clock())


def test_a_record_with_a_wrong_row_is_right_and_its_rows_are_wrong_in_part(desk: RecordDesk) -> None:
    desk.records("a", 300, 0.9, {"lines": 24})
    seen = desk.look()
    assert set(desk.cases().sampled["outcome"]) == {Outcome.RIGHT}
    assert seen.errors == (0.0,)
    assert seen.by_field[0].errors == (6.0,), "a row of four in 24 records"
    assert seen.threshold == 0.9, "2 % of the rows are wrong, with 4 % asked for; of the records 8 % have a wrong row"


def test_a_field_that_makes_records_wrong_still_does(desk: RecordDesk) -> None:
    desk.records("a", 20, 0.9, {"lines": 6, "total": 3})
    outcomes = desk.cases().sampled.sort("case_id")["outcome"].to_list()
    assert outcomes == [Outcome.WRONG] * 3 + [Outcome.RIGHT] * 17


def test_the_share_that_is_wrong_has_limits_and_a_verdict(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    desk.records("b", 200, 0.9, {"lines": 200})
    ruling = adoption.of(desk.book, desk.describe(), desk.in_force()).verdicts[""]
    assert ruling.certified == (0.9,)
    assert (ruling.allowed, [one.field for one in ruling.speaks_against]) == ((), ["lines"])
    against = str(ruling.against(0.9))
    assert "% of the entries of the field lines in what it would release is wrong, with 4" in against.replace(
        "\u00a0", " "
    )
    sentence = summary.verdict(reported(desk))[2].replace("\u00a0", " ")
    assert "and at most 4 % of the entries of the field lines" in sentence
    assert sentence.endswith("more of what it releases is wrong in the field lines.")
    row = next(row for row in reported(desk).fields if row.name == "lines")
    assert isinstance(row.everything, Estimate)
    assert row.everything.value == pytest.approx(0.125)
    assert row.above
    page = report.page(reported(desk))
    assert "above its target" in page
    assert "of its entries" in page


def test_what_one_reader_alone_says_of_a_list_counts_as_wrong_and_contradicts_nothing(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    assert desk.look().threshold == 0.9
    desk.records("b", 200, 0.9, {"lines": 200}, readers=1)
    seen = desk.look()
    assert seen.pending == (200,)
    assert seen.by_field[0].errors == (0.0,), "of what is settled"
    ruling = adoption.of(desk.book, desk.describe(), desk.in_force()).verdicts[""]
    assert ruling.speaks_against == (), "at least so many are wrong is said of settled readings only"
    row = next(row for row in reported(desk).fields if row.name == "lines")
    assert isinstance(row.everything, Estimate)
    assert row.everything.value == pytest.approx(0.125)


def test_a_rise_of_the_share_that_is_wrong_stops_release(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    desk.records("b", 200, 0.9, {"lines": 200})
    labels = evidence.labels(desk.describe(), desk.in_force(), desk.cases(), runs.clock())
    by_field = evidence.field_labels(desk.run(), desk.in_force(), desk.cases(), runs.clock())
    ((_, watched),) = by_field
    assert 0.15 < watched["wrong"].sum() / 200 < 0.35, "a coin for each record, wrong as often as a row in four"
    assert evidence.watch(desk.run(), desk.in_force(), labels, runs.clock()) is False
    assert evidence.watch(desk.run(), desk.in_force(), labels, runs.clock(), by_field=by_field) is True
    assert (
        "count as wrong in the field lines, each as often as the share of it that is wrong says"
        in desk.in_force().because
    )


def test_what_readers_changed_is_worked_out_once_for_a_whole_report(desk: RecordDesk) -> None:
    desk.records("a", 20, 0.9, {"lines": 6, "total": 3})
    cases = desk.cases()
    epoch = desk.in_force().epoch_id
    assert list(cases.differing) == [epoch]
    kept = outcomes.of_era(outcomes.of(cases, epoch), 1)
    assert field_outcomes.differences(desk.book, "mail", kept, epoch) is cases.differing[epoch]
    anew = field_outcomes.differences(desk.book, "mail", replace(cases, differing={}), epoch)
    assert anew.equals(cases.differing[epoch])
    assert len(anew) == 2 * (6 + 3), "two readers of each"
