"""By how much cases that come together widen limits: not at all where each comes alone, and never a value."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.evaluation import group_intervals, intervals, risk, slices
from models.evaluation.estimate import Estimate
from models.evaluation.group_intervals import Design, Floats, Groups
from review.adoption import evidence_counts
from review.adoption.evidence_counts import Weighed
from review.ledger import rollups
from review.queries import outcomes
from review.queries.readings import Reviewed
from review.report import report
from review.report.figures import Report
from tests.integration import ledger_facts as facts
from tests.unit.review.report import report_facts

RANDOM = np.random.default_rng(20260115)
COUNTS = report_facts.table(report_facts.COUNTS)
FREEDOM = 0.02  # few groups count as a little fewer


def of_four(released: float = 4.0) -> Design:
    """Every region counts a quarter."""
    falling, sums = group_intervals.designs(np.ones(1200), np.zeros(1200), np.repeat(np.arange(300), 4), np.ones(1200))
    return Design(released=released, worst=released, falling=falling, sums=sums)


def labels(groups: int, size: int) -> tuple[Floats, Groups, Floats]:
    return np.zeros(groups * size), np.repeat(np.arange(groups), size), np.ones(groups * size)


def test_labels_each_of_a_group_of_its_own_count_in_full_whatever_their_weights() -> None:
    wrong, weight = (RANDOM.random(500) < 0.1).astype(float), RANDOM.choice([2.0, 10.0, 1 / 0.3], 500)
    group = RANDOM.permutation(500)
    assert 1.0 == group_intervals.design(wrong, group, weight)
    falling, sums = group_intervals.designs(RANDOM.random(500), wrong, group, weight)
    design = Design(released=1.0, worst=1.0, falling=falling, sums=sums)
    assert [1.0] * 50 == design.at(np.linspace(1, 0, 50).tolist()).tolist()
    assert 1.0 == group_intervals.design(np.zeros(0), np.zeros(0, np.int64), np.zeros(0))


def test_groups_all_right_or_all_wrong_count_as_one_label_each() -> None:
    wrong, group, weight = labels(400, 5)
    wrong[:100] = 1
    assert 5 == pytest.approx(group_intervals.design(wrong, group, weight), rel=FREEDOM)
    assert 5 == pytest.approx(group_intervals.design(wrong, group, 20 * weight), rel=FREEDOM)


def test_cases_that_err_each_by_itself_count_nearly_in_full_though_they_come_in_groups() -> None:
    wrong, group, weight = labels(2000, 5)
    wrong[RANDOM.random(len(wrong)) < 0.2] = 1
    assert 1 <= group_intervals.design(wrong, group, weight) < 1.1


@pytest.mark.parametrize(("erring", "least"), [(0, 5), (9, 5), (10, 1)])
def test_with_fewer_than_ten_groups_that_err_groups_are_taken_to_be_all_alike(erring: int, least: int) -> None:
    wrong, group, weight = labels(400, 5)
    wrong[: 5 * erring : 5] = 1  # one of the five
    design = group_intervals.design(wrong, group, weight)
    assert design == pytest.approx(least, rel=FREEDOM)


def test_unequal_weights_alone_widen_nothing_here() -> None:
    """Two chances of being sampled, both with as many groups; what the weights add is in the limits of weights already."""
    wrong, group, weight = labels(800, 5)
    wrong[: 5 * 40] = wrong[2000 : 2000 + 5 * 40] = 1
    weight[2000:] = 10
    assert 5 == pytest.approx(group_intervals.design(wrong, group, weight), rel=FREEDOM)


def test_the_factor_at_a_threshold_is_that_of_the_labels_at_or_above_it() -> None:
    confidence, wrong = RANDOM.random(900), (RANDOM.random(900) < 0.2).astype(float)
    group, weight = RANDOM.integers(0, 300, 900), RANDOM.choice([2.0, 10.0], 900)
    falling, sums = group_intervals.designs(confidence, wrong, group, weight)
    result = Design(released=1.0, worst=1.0, falling=falling, sums=sums).at([2.0, 0.9, 0.5, 0.0])
    alone = [
        group_intervals.design(wrong[kept], group[kept], weight[kept])
        for kept in (confidence >= at for at in (2.0, 0.9, 0.5, 0.0))
    ]
    assert result == pytest.approx(alone)
    assert 1.0 == result[0] < min(result[1:])


def estimate(value: object) -> Estimate:
    assert isinstance(value, Estimate)
    return value


def test_limits_are_those_of_fewer_labels_and_the_value_stays() -> None:
    alike = COUNTS.filter(pl.col("confidence") > 0.9)
    one, four = (estimate(risk.error_at(alike, 0.9, 0.05, design=design)) for design in (1.0, 4.0))
    assert [float(limit) for limit in intervals.clopper_pearson(1 / 4, 130 / 4, 0.05)] == [four.low, four.high]
    assert (one.value, one.n, one.errors) == (four.value, four.n, four.errors) == (1 / 130, 130, 1)
    assert ("Clopper-Pearson", "Clopper-Pearson, by group") == (one.method, four.method)
    assert four.low < one.low < one.high < four.high


def test_weighted_limits_are_those_of_heavier_labels_and_the_value_stays() -> None:
    for figure in (risk.augrc, risk.aurc, lambda *value, **more: risk.error_at(value[0], 0.0, value[1], **more)):
        one, four = (estimate(figure(COUNTS, 0.05, design=design)) for design in (1.0, 4.0))
        assert four.value == one.value
        assert ("Fay-Feuer", "Fay-Feuer, by group") == (one.method, four.method)
        assert four.low < one.low < one.high < four.high


def test_each_threshold_of_a_curve_has_a_factor_of_its_own() -> None:
    steps = risk.steps(COUNTS)
    plain, result = risk.curve(COUNTS, 0.05), risk.at(COUNTS, steps, 0.05, design=np.array([1.0, 4.0]))
    same = ["threshold", "coverage", "error", "n", "errors"]
    assert result.select(same).equals(plain.select(same))
    assert result.row(0) == plain.row(0)
    assert result["high"][1] > plain["high"][1]


def test_limits_of_parts_of_a_label_are_limits_too() -> None:
    low, high = intervals.clopper_pearson([0.4, 0.1, 19.6], [20, 0.2, 20], 0.05)
    assert (low > 0).all()
    assert (low < np.array([0.4, 0.1, 19.6]) / [20, 0.2, 20]).all()
    assert (np.array([0.4, 0.1, 19.6]) / [20, 0.2, 20] < high).all()
    assert (high < 1).all()


def test_a_slice_is_flagged_only_where_its_groups_say_so() -> None:
    rows = [(0.9, "AUTOMATE", True, 0.5, word, n, "x") for word, n in (("wrong", 12), ("right", 88))]
    columns = ("confidence", "route", "blind", "propensity", "outcome", "n", "slice")
    counts = pl.DataFrame(rows, schema=columns, orient="row")
    flags = [slices.table(counts, 0.05, 0.05, design=design)[0].flagged for design in (1.0, 6.0)]
    assert [True, False] == flags


def report_with(design: Design) -> Report:
    whole = report_facts.weighed(report_facts.COUNTS)
    weighed = Weighed(whole=replace(whole, design=design), by_class={})
    plain = report_facts.report_of()
    return report.build(
        report_facts.STREAM,
        policy=report_facts.IN_FORCE,
        totals=plain.totals,
        counts=whole.counts,
        weighed=weighed,
        by_day=plain.by_day,
        open_cases=pl.DataFrame({"sent_at": [], "skips": []}, schema={"sent_at": pl.String, "skips": pl.Int64}),
        reviewers=plain.reviewers,
        faults=plain.faults,
        history=plain.history,
        head=plain.head,
        now=report_facts.NOW,
    )


def test_every_limit_of_a_report_knows_of_groups_and_no_value_does() -> None:
    alone, grouped = report_with(group_intervals.ALONE), report_with(of_four())
    for name in ("error", "promise", "worst", "here", "everything", "aurc", "augrc"):
        one, four = (estimate(getattr(result, name)) for result in (alone, grouped))
        assert four.value == one.value
        assert four.high > one.high
        assert ", by group" in four.method
        assert ", by group" not in one.method
    assert (grouped.curve["high"] > alone.curve["high"]).all()
    assert (grouped.what_if.rows["high"].drop_nulls() > alone.what_if.rows["high"].drop_nulls()).all()


def test_a_closed_batch_has_no_limit_where_its_cases_come_in_groups() -> None:
    assert report_with(group_intervals.ALONE).batch is not None
    assert report_with(of_four()).batch is None


def test_more_labels_are_needed_where_they_come_in_groups() -> None:
    plain, grouped = report_with(group_intervals.ALONE), report_with(of_four())
    assert grouped.verdict == "open"
    assert plain.verdict != "open"
    assert grouped.needed is not None
    n = (estimate(grouped.promise).n + grouped.needed) / 4
    assert float(intervals.upper(1, n, 0.05)) <= 0.05 < float(intervals.upper(1, n - 1, 0.05))


def outcomes_of(groups: list[str | None], routes: list[str], *, members: bool = True) -> outcomes.Outcomes:
    """Sampled cases of these groups, all found right; without `members` as an old ledger's extracts have them."""
    rows = facts.decisions(
        *(
            {
                "case_id": f"c-{n:04}",
                "group_id": group,
                "route": route,
                "blind": True,
                "confidence": 0.9 if route == "AUTOMATE" else 0.2,
                "propensity": 0.5,
            }
            for n, (group, route) in enumerate(zip(groups, routes, strict=True))
        )
    )
    cases = rollups.read([rollups.make(rows, first_version=not members).with_columns(seal=pl.lit(1, pl.Int64))])
    sampled = cases.sampled.with_columns(
        disputed=pl.lit(False), late=pl.lit(False), settled=pl.lit(True), outcome=pl.lit("right")
    )
    nobody = Reviewed(live=pl.DataFrame(), readings=pl.DataFrame(), sent=pl.DataFrame())
    return outcomes.Outcomes(kinds=cases.kinds, unsampled=cases.unsampled, sampled=sampled, people=nobody)


def design_of(cases: outcomes.Outcomes) -> Design:
    return evidence_counts.of(cases, replace(report_facts.IN_FORCE, epoch_id="e-1"), {}, {}).whole.design


PAIRS = [f"{n // 2:016x}" for n in range(2, 202)]


def test_released_groups_and_those_of_people_are_kept_apart() -> None:
    """Of each pair one case is released and one held: what is released comes alone."""
    result = design_of(outcomes_of([*PAIRS], ["AUTOMATE", "REVIEW"] * 100))
    assert 1.0 == result.released == result.worst == result.at([0.9])[0]
    assert 2 == pytest.approx(result.at([0.0])[0], rel=FREEDOM)
    both = design_of(outcomes_of([*PAIRS], ["AUTOMATE"] * 200))
    assert [2, 2, 2] == pytest.approx([both.released, both.worst, both.at([0.9])[0]], rel=FREEDOM)


def test_cases_without_a_group_and_those_of_an_old_ledger_stand_alone() -> None:
    assert design_of(outcomes_of([None] * 50, ["AUTOMATE"] * 50)) is group_intervals.ALONE
    assert design_of(outcomes_of([*PAIRS], ["AUTOMATE"] * 200, members=False)) is group_intervals.ALONE
