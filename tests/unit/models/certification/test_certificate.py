"""The plan, the counts and the walk: what is certified, and each trap that would certify what is not."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.certification import case_counts, certificate, era_plan, prefix
from models.routing.policy import Policy

COLD = Policy(threshold=None, audit_rate=0.1, blind_rate=1.0)
PLAN = era_plan.Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=(0.9, 0.5), starts=(0,), weights=(1.0,))
Row = tuple[int, str, int]


def look(
    *rows: Row,
    plan: era_plan.Plan = PLAN,
    before: certificate.Progress | None = None,
    losses: dict[str, list[float]] | None = None,
) -> certificate.Progress:
    """Look at samples given as (bin, outcome, n), in the order of decision; all cases were sampled."""
    step = np.repeat([row[0] for row in rows], [row[2] for row in rows])
    outcome = np.repeat([row[1] for row in rows], [row[2] for row in rows])
    size = len(step)
    order = prefix.Samples(
        bin=step,
        version=np.zeros(size, np.int64),
        propensity=np.ones(size),
        right=outcome == "right",
        group=np.arange(size),
        batch=np.zeros(size, np.int64),
    )
    settled = np.isin(outcome, ["right", "wrong"])
    counts = pl.DataFrame([{"bin": at, "version": 0, "n": n} for at, _, n in rows])
    routed = case_counts.of(counts.group_by("bin", "version").agg(pl.col("n").sum()), {0: COLD}, plan.thresholds)
    samples = certificate.Samples(
        order=order, settled=settled, sent=outcome != "waiting", disputed=outcome == "disputed"
    )
    return certificate.look(
        plan, samples, routed, before, losses={name: np.array(lost) for name, lost in (losses or {}).items()}
    )


def test_enough_right_labels_certify_from_the_start_down_to_where_evidence_falls_short() -> None:
    seen = look((0, "right", 200), (1, "wrong", 30), (1, "right", 50))
    assert (seen.threshold, seen.certified, seen.cases) == (0.5, (0, 1), (200, 280)), (
        "the first 200 samples are a prefix"
    )
    seen = look((1, "wrong", 30), (0, "right", 200), (1, "right", 50))
    assert (seen.threshold, seen.certified, seen.cases) == (0.9, (0,), (200, 280))
    assert seen.stops == (certificate.Stop(at=1, level=0.05),)


def test_what_is_certified_stays_so_while_no_settled_label_changes() -> None:
    before = look((0, "right", 200), (0, "open", 20))
    after = look((0, "right", 200), (0, "wrong", 20), (0, "wrong", 60), before=before)
    assert (before.certified[0], after.certified[0], after.looks) == (0, 0, 2)
    assert after.log_e == before.log_e


def test_a_certificate_goes_with_the_labels_it_rests_on() -> None:
    before = look((0, "right", 200))
    for after in (
        look((0, "wrong", 20), (0, "right", 180), before=before),
        look((0, "open", 200), before=before),
    ):
        assert (after.certified, after.threshold, after.looks) == ((), None, 2)
        assert after.log_e[0] < before.log_e[0]
    assert look((0, "right", 200), before=after).certified == before.certified, "and comes back with them"


def test_another_target_after_a_look_is_another_certificate() -> None:
    before = look((0, "right", 200))
    with pytest.raises(ValueError, match="the plan changed after a look"):
        look((0, "right", 200), plan=replace(PLAN, alpha=0.1), before=before)


def test_another_era_starts_from_nothing() -> None:
    before = look((0, "right", 200))
    with pytest.raises(ValueError, match="the plan changed after a look"):
        look((0, "right", 200), plan=replace(PLAN, era=2), before=before)


@pytest.mark.parametrize("outcome", ["waiting", "open", "skipped", "disputed"])
def test_a_sample_that_is_not_settled_counts_as_wrong_and_is_kept_apart_from_an_error(outcome: str) -> None:
    settled, waits = look((0, "wrong", 7), (0, "right", 200)), look((0, outcome, 7), (0, "right", 200))
    assert waits.log_e == settled.log_e
    assert (waits.labels[0], waits.errors[0], waits.pending[0]) == (200, 0, 7)
    assert waits.unsent[0] == (7 if outcome == "waiting" else 0)
    assert (settled.labels[0], settled.errors[0], settled.pending[0]) == (207, 7, 0)


def test_what_nobody_has_answered_yet_takes_nothing_from_what_was_answered_before_it() -> None:
    assert look((0, "right", 300), (0, "waiting", 700)).log_e == look((0, "right", 300)).log_e


def test_errors_of_what_is_not_settled_are_unknown_and_labels_needed_do_not_count_them() -> None:
    """300 of 999 read, 5 % of them wrong, a target of 10 %: some hundred labels will do, however many were never sent."""
    plan = replace(PLAN, alpha=0.1)
    seen = look((0, "wrong", 15), (0, "right", 285), (0, "waiting", 699), plan=plan)
    more = certificate.needed(seen)
    assert more is None or more.pending == 699
    assert seen.certified == (0, 1)


def test_a_propensity_below_the_policys_is_refused() -> None:
    rule = prefix.Samples(
        bin=np.array([0]),
        version=np.array([0]),
        propensity=np.array([0.2]),
        right=np.array([True]),
        group=np.array([0]),
        batch=np.array([0]),
    )
    with pytest.raises(ValueError, match=r"propensity 0\.2 is below"):
        prefix.log_e(rule, case_counts.smallest({0: COLD}, np.array(PLAN.thresholds)), 0.05)


def test_counts_of_another_grid_or_policy_are_refused() -> None:
    with pytest.raises(ValueError, match="version 7 among the counts"):
        case_counts.of(pl.DataFrame({"bin": [0], "version": [7], "n": [1]}), {0: COLD}, PLAN.thresholds)
    with pytest.raises(ValueError, match="none of the 2 thresholds"):
        case_counts.of(pl.DataFrame({"bin": [3], "version": [0], "n": [1]}), {0: COLD}, PLAN.thresholds)


def test_equal_scores_are_one_threshold_and_reach_it() -> None:
    thresholds, coverage = era_plan.quantiles(pl.Series([1.0] * 50 + [0.95] * 30 + [0.9] * 20))
    assert (thresholds, coverage) == ((1.0, 0.95, 0.9), (0.5, 0.8, 1.0))
    assert era_plan.bins(pl.Series([1.0, 0.95, 0.949, None, math.nan]), thresholds).to_list() == [0, 1, 2, None, None]


def test_starts_that_fall_together_lose_no_part_of_delta() -> None:
    places, weights = era_plan.starts([0.5, 0.8, 1.0])
    assert places == (0, 1)
    assert sum(weights) == pytest.approx(1.0)


def test_round_numbers_are_denser_near_one_and_make_a_plan() -> None:
    thresholds, places, weights = era_plan.denser_near_one()
    era_plan.Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=thresholds, starts=places, weights=weights)
    assert [thresholds[place] for place in places] == [0.99, 0.97, 0.9, 0.8]
    assert (thresholds[0], thresholds[-1]) == (0.9999, 0.0)


def test_a_walk_carries_its_level_on_only_when_it_arrives() -> None:
    """Start 0 holds .1, start 2 holds .9 of delta; log E = 5.5 passes -log(.005) = 5.30, 3.0 only -log(.05) = 2.996."""
    strong, weak, none = 5.5, 3.0, 0.0

    def passed(*log_e: float) -> tuple[int, ...]:
        return certificate.walk(np.array(log_e), (0, 2), (0.1, 0.9), delta=0.05).passed

    assert passed(strong, strong, weak, none) == (0, 1, 2)  # .1 + .9 at the second start
    assert passed(strong, none, weak, none) == (0,)  # only .9: -log(.045) = 3.10
    assert passed(none, strong, strong, strong) == (2, 3)


def test_the_level_of_a_chain_that_cannot_begin_yet_is_not_spent_elsewhere() -> None:
    """Half of .05 is -log(.025) = 3.69: what the first chain leaves is its own, for when its labels have come."""
    assert certificate.walk(np.array([0.0, 3.5]), (0, 1), (0.5, 0.5), delta=0.05).passed == ()
    assert certificate.walk(np.array([0.0, 3.7]), (0, 1), (0.5, 0.5), delta=0.05).passed == (1,)


def test_labels_needed_are_those_that_then_suffice() -> None:
    seen = look((0, "right", 20))
    more = certificate.needed(seen)
    assert more is not None
    assert more.threshold in PLAN.thresholds
    enough = look((0, "right", 20 + more.labels))
    short = look((0, "right", 19 + more.labels))
    assert (bool(enough.certified), bool(short.certified)) == (True, False)


def test_where_errors_are_as_frequent_as_the_target_no_number_of_labels_helps() -> None:
    seen = look((0, "wrong", 20), (0, "right", 180))
    assert certificate.needed(seen) is None


def test_what_is_no_number_certifies_nothing() -> None:
    walked = certificate.walk(np.array([9.0, np.nan, 9.0]), (0,), (1.0,), delta=0.05)
    assert (walked.passed, [stop.at for stop in walked.stops]) == ((0,), [1])


def test_a_walk_that_stopped_at_a_stricter_threshold_than_the_certified_one_is_no_next_step() -> None:
    plan = replace(PLAN, thresholds=(0.9, 0.8, 0.7), starts=(0, 1), weights=(0.5, 0.5))
    progress = certificate.Progress(
        plan=plan,
        looks=1,
        log_e=(1.0, 9.0, 0.0),
        certified=(1,),
        cases=(100, 200, 400),
        labels=(30.0, 200.0, 400.0),
        errors=(0.0, 0.0, 4.0),
        pending=(0, 0, 0),
        unsent=(0, 0, 0),
        stops=(certificate.Stop(at=0, level=0.025), certificate.Stop(at=2, level=0.025)),
    )
    step = certificate.needed(progress)
    assert step is not None
    assert step.threshold == 0.7
    assert certificate.needed(replace(progress, errors=(0.0, 0.0, 40.0))) is None


def test_labels_needed_at_a_threshold_also_pass_those_before_it() -> None:
    plan = era_plan.Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=(0.9, 0.8, 0.7), starts=(0,), weights=(1.0,))
    progress = certificate.Progress(
        plan=plan,
        looks=1,
        log_e=(9.0, 0.0, 0.0),
        certified=(0,),
        cases=(100, 200, 400),
        labels=(60.0, 100.0, 400.0),
        errors=(0.0, 4.0, 8.0),
        pending=(0, 0, 0),
        unsent=(0, 0, 0),
        stops=(certificate.Stop(at=1, level=0.05),),
    )
    certain, second, third = certificate.needed_at(progress)
    assert certain == 0
    step = certificate.needed(progress)
    assert step is not None
    assert second == step.labels
    # The third threshold alone is nearer, but the walk comes through the second: twice the cases, twice the labels.
    assert third == 2 * second
    hopeless = replace(progress, errors=(0.0, 50.0, 8.0))
    assert certificate.needed_at(hopeless) == [0, None, None]
    late_start = replace(progress, plan=replace(plan, starts=(1,)), certified=())
    assert certificate.needed_at(late_start)[0] is None


FIELDS = replace(
    PLAN, by_field=(era_plan.FieldTarget(field="total", alpha=0.02), era_plan.FieldTarget(field="day", alpha=0.04))
)


def test_a_threshold_is_certified_where_the_records_and_every_field_keep_their_targets() -> None:
    none = [0.0] * 240
    enough = look((0, "right", 240), plan=FIELDS, losses={"total": none, "day": none})
    assert enough.certified == (0, 1)
    assert enough.log_e == enough.by_field[0].log_e, "what decides is the least evidence"
    few = look((0, "right", 120), plan=FIELDS, losses={"total": none[:120], "day": none[:120]})
    assert (few.certified, look((0, "right", 120)).certified) == ((), (0, 1)), (
        "a target of 2 % takes more labels than one of 5 %"
    )
    late = look((0, "right", 240), plan=FIELDS, losses={"total": none, "day": [1.0] * 30 + none[30:]})
    assert (late.certified, late.by_field[1].errors) == ((), (30.0, 30.0))


def test_the_next_step_is_that_of_the_field_that_takes_most() -> None:
    none = [0.0] * 60
    step = certificate.needed(look((0, "right", 60), plan=FIELDS, losses={"total": none, "day": none}))
    assert step is not None
    assert (step.field, step.threshold) == ("total", 0.9)
    hopeless = look((0, "right", 60), plan=FIELDS, losses={"total": none, "day": [1.0] * 30 + none[30:]})
    assert certificate.needed(hopeless) is None
    assert set(certificate.needed_at(hopeless)) == {None}
    assert certificate.blocking(hopeless) == ("day",)
    both = look((0, "right", 60), plan=FIELDS, losses={"total": [1.0] * 30 + none[30:], "day": [1.0] * 30 + none[30:]})
    assert certificate.blocking(both) == ("total", "day")
    record = look(
        (0, "wrong", 30), (0, "right", 30), plan=FIELDS, losses={"total": [1.0] * 30 + none[30:], "day": none}
    )
    assert certificate.needed(record) is None
    assert certificate.blocking(record) == (), "the record's own target stands in the way as well"
    assert certificate.blocking(look((0, "right", 60), plan=FIELDS, losses={"total": none, "day": none})) == ()


def test_the_next_step_takes_a_dispute_for_an_error_and_what_nobody_has_read_for_nothing() -> None:
    settled, open_ = look((0, "right", 40), (0, "wrong", 1)), look((0, "right", 40), (0, "open", 1))
    disputed = look((0, "right", 40), (0, "disputed", 1))
    assert (disputed.labels, disputed.disputed, open_.disputed) == ((40.0, 40.0), (1.0, 1.0), ())
    steps = [certificate.needed(one) for one in (settled, disputed, open_, look((0, "right", 40)))]
    assert all(step is not None for step in steps)
    assert steps[0].labels == steps[1].labels > steps[2].labels == steps[3].labels  # type: ignore[union-attr] # all are there
    assert certificate.needed(look((0, "disputed", 5))) is None, "of five answers all are against the model"
