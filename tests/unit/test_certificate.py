"""The plan, the tally and the walk: what is certified, and each trap that would certify what is not."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models import certificate, grid, tally
from models.policy import Policy

COLD = Policy(threshold=None, audit_rate=0.1, blind_rate=1.0)
PLAN = grid.Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=(0.9, 0.5), starts=(0,), weights=(1.0,))
Row = tuple[int | None, str, int]


def counts(*rows: Row, epoch: str = "e", propensity: float = 1.0, version: int = 0) -> pl.DataFrame:
    """(bin, outcome, n): all drawn."""
    return pl.DataFrame(
        [
            {"epoch": epoch, "bin": step, "version": version, "propensity": propensity, "blind": True}
            | {"outcome": o, "n": n}
            for step, o, n in rows
        ],
        schema_overrides={"bin": pl.Int64},
    )


def test_enough_right_labels_certify_from_the_start_down_to_where_evidence_falls_short() -> None:
    seen = certificate.look(PLAN, counts((0, "right", 200), (1, "right", 50), (1, "wrong", 30)), {0: COLD})
    assert (seen.threshold, seen.certified, seen.cases) == (0.9, (0,), (200, 280))
    assert seen.stops == (certificate.Stop(at=1, level=0.05),)


def test_certified_stays_certified_within_an_epoch() -> None:
    before = certificate.look(PLAN, counts((0, "right", 200)), {0: COLD})
    after = certificate.look(PLAN, counts((0, "right", 200), (0, "wrong", 60)), {0: COLD}, before)
    assert (before.certified[0], after.certified[0], after.looks) == (0, 0, 2)


def test_the_evidence_of_an_earlier_look_is_not_lost() -> None:
    before = certificate.look(PLAN, counts((0, "right", 50)), {0: COLD})
    after = certificate.look(PLAN, counts((0, "right", 50), (0, "wrong", 60)), {0: COLD}, before)
    assert after.log_e[0] == before.log_e[0] > 0


def test_another_target_after_a_look_is_another_certificate() -> None:
    before = certificate.look(PLAN, counts((0, "right", 200)), {0: COLD})
    with pytest.raises(ValueError, match="the plan changed after a look"):
        certificate.look(replace(PLAN, alpha=0.1), counts((0, "right", 200)), {0: COLD}, before)


def test_labels_of_another_epoch_are_refused() -> None:
    with pytest.raises(ValueError, match="epoch 'older'"):
        certificate.look(PLAN, counts((0, "right", 200), epoch="older"), {0: COLD})


def test_a_calibrator_fitted_on_the_labels_that_certify_is_refused() -> None:
    with pytest.raises(ValueError, match="the calibrator was fitted on labels of epoch e"):
        replace(PLAN, calibrated_on="e")


@pytest.mark.parametrize("outcome", ["waiting", "open", "skipped", "disputed", "wrong"])
def test_a_draw_that_is_not_right_is_wrong(outcome: str) -> None:
    seen = certificate.look(PLAN, counts((0, "right", 200), (0, outcome, 7)), {0: COLD})
    assert (seen.labels[0], seen.errors[0]) == (207, 7)


def test_audits_that_were_dropped_show_in_the_counts() -> None:
    """Of 10 000 released cases at a propensity of 10 %, 1 000 draws are due; the queue was long and 600 were made."""
    rule = Policy(threshold=0.5, audit_rate=0.1, blind_rate=0.5)
    rows = counts((0, "right", 600), propensity=0.1)
    undrawn = rows.with_columns(blind=pl.lit(False), outcome=pl.lit("undrawn"), n=pl.lit(9400, pl.Int64))
    with pytest.raises(ValueError, match="draws were lost, doubled or picked"):
        certificate.look(PLAN, pl.concat([rows, undrawn]), {0: rule})


def test_a_case_counted_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="hold a row twice"):
        certificate.look(PLAN, counts((0, "right", 200), (0, "right", 200)), {0: COLD})


def test_a_propensity_below_the_policys_is_refused() -> None:
    with pytest.raises(ValueError, match=r"propensity 0\.2 is below"):
        tally.of(counts((0, "right", 1), propensity=0.2), {0: COLD}, epoch="e", thresholds=PLAN.thresholds)


def test_what_somebody_asked_for_is_never_evidence() -> None:
    asked = counts((0, "right", 500)).with_columns(propensity=pl.lit(None, pl.Float64))
    seen = certificate.look(PLAN, asked, {0: COLD})
    assert (seen.threshold, seen.labels) == (None, (0.0, 0.0))


def test_equal_scores_are_one_threshold_and_reach_it() -> None:
    thresholds, coverage = grid.quantiles(pl.Series([1.0] * 50 + [0.95] * 30 + [0.9] * 20))
    assert (thresholds, coverage) == ((1.0, 0.95, 0.9), (0.5, 0.8, 1.0))
    assert grid.bins(pl.Series([1.0, 0.95, 0.949, None, math.nan]), thresholds).to_list() == [0, 1, 2, None, None]


def test_starts_that_fall_together_lose_no_part_of_delta() -> None:
    places, weights = grid.starts([0.5, 0.8, 1.0])
    assert places == (0, 1)
    assert sum(weights) == pytest.approx(1.0)


def test_round_numbers_are_denser_near_one_and_make_a_plan() -> None:
    thresholds, places, weights = grid.denser_near_one()
    grid.Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=thresholds, starts=places, weights=weights)
    assert [thresholds[place] for place in places] == [0.99, 0.97, 0.9, 0.8]
    assert (thresholds[0], thresholds[-1]) == (0.9999, 0.0)


def test_a_walk_carries_its_level_on_only_when_it_arrives() -> None:
    """Start 0 holds .1, start 2 holds .9 of delta; log E = 5.5 passes -log(.005) = 5.30, 3.0 only -log(.05) = 2.996."""
    strong, weak, none = 5.5, 3.0, 0.0
    effective = np.full(4, 1000.0)

    def passed(*log_e: float) -> tuple[int, ...]:
        return certificate.walk(np.array(log_e), effective, (0, 2), (0.1, 0.9), alpha=0.05, delta=0.05).passed

    assert passed(strong, strong, weak, none) == (0, 1, 2)  # .1 + .9 at the second start
    assert passed(strong, none, weak, none) == (0,)  # only .9: -log(.045) = 3.10
    assert passed(none, strong, strong, strong) == (2, 3)


def test_a_start_without_enough_cases_is_not_tested_and_its_level_moves_on() -> None:
    effective = np.array([10.0, 1000.0])
    walked = certificate.walk(np.array([9.0, 3.0]), effective, (0, 1), (0.5, 0.5), alpha=0.05, delta=0.05)
    assert walked.passed == (1,)


def test_the_single_look_is_registered_beforehand_and_taken_once() -> None:
    with pytest.raises(ValueError, match="must be registered before the first label"):
        certificate.once(PLAN, counts((0, "right", 80)).with_columns(kept=True), {0: COLD})
    plan = replace(PLAN, look="once")
    rows = counts((0, "right", 80)).with_columns(kept=True)
    seen = certificate.once(plan, rows, {0: COLD})
    assert seen.threshold == 0.5
    with pytest.raises(ValueError, match="the single look of this certificate was taken"):
        certificate.once(plan, rows, {0: COLD}, seen)


def test_the_single_look_counts_what_its_draws_kept_and_of_those_all_were_drawn() -> None:
    plan = replace(PLAN, look="once")
    kept = counts((0, "right", 80)).with_columns(kept=True)
    others = counts((0, "wrong", 40)).with_columns(kept=False)
    both = pl.concat([kept, others, counts((0, "right", 7)).with_columns(kept=False)])
    seen = certificate.once(plan, both, {0: COLD})
    assert (seen.labels[0], seen.errors[0], seen.cases[0]) == (80, 0, 127)
    undrawn = kept.with_columns(blind=False, outcome=pl.lit("undrawn"), n=pl.lit(1, pl.Int64))
    with pytest.raises(ValueError, match="was not drawn: the draws are not the permanent ones"):
        certificate.once(plan, pl.concat([kept, undrawn]), {0: COLD})


@pytest.mark.parametrize(("cases", "drawn"), [(2**31, 2**31), (2**33, 0)])
def test_lost_or_picked_draws_are_seen_however_many_cases_there_are(cases: int, drawn: int) -> None:
    rows = counts((0, "right", drawn), propensity=0.5)
    rest = rows.with_columns(blind=False, outcome=pl.lit("undrawn"), n=pl.lit(cases - drawn, pl.Int64))
    rule = Policy(threshold=None, audit_rate=0.5, blind_rate=0.5)
    with pytest.raises(ValueError, match=f"{drawn} of {cases} cases drawn at propensity 0.5"):
        tally.of(pl.concat([rows, rest]), {0: rule}, epoch="e", thresholds=PLAN.thresholds)


def test_labels_needed_are_those_that_then_suffice() -> None:
    seen = certificate.look(PLAN, counts((0, "right", 20)), {0: COLD})
    more = certificate.needed(seen)
    assert more is not None
    assert more.threshold in PLAN.thresholds
    enough = certificate.look(PLAN, counts((0, "right", 20 + more.labels)), {0: COLD})
    short = certificate.look(PLAN, counts((0, "right", 19 + more.labels)), {0: COLD})
    assert (bool(enough.certified), bool(short.certified)) == (True, False)


def test_where_errors_are_as_frequent_as_the_target_no_number_of_labels_helps() -> None:
    seen = certificate.look(PLAN, counts((0, "right", 180), (0, "wrong", 20)), {0: COLD})
    assert certificate.needed(seen) is None


def test_labels_needed_at_a_threshold_also_pass_those_before_it() -> None:
    plan = grid.Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=(0.9, 0.8, 0.7), starts=(0,), weights=(1.0,))
    standing = certificate.Standing(
        plan=plan,
        looks=1,
        log_e=(9.0, 0.0, 0.0),
        certified=(0,),
        cases=(100, 200, 400),
        labels=(60.0, 100.0, 400.0),
        errors=(0.0, 4.0, 8.0),
        stops=(certificate.Stop(at=1, level=0.05),),
    )
    certain, second, third = certificate.needed_at(standing)
    assert certain == 0
    step = certificate.needed(standing)
    assert step is not None
    assert second == step.labels
    # The third threshold alone is nearer, but the walk comes through the second: twice the cases, twice the labels.
    assert third == 2 * second
    hopeless = replace(standing, errors=(0.0, 50.0, 8.0))
    assert certificate.needed_at(hopeless) == [0, None, None]
    late_start = replace(standing, plan=replace(plan, starts=(1,)), certified=())
    assert certificate.needed_at(late_start)[0] is None
