"""A study says of a labelled history what the product would say of it, label by label."""

import numpy as np
import polars as pl
import pytest

from models.certification import certificate, era_plan
from models.planning import simulation, study
from review import formats
from review.report import study_text


def history(right: int, wrong: int, sure: float = 0.99, unsure: float = 0.2) -> pl.DataFrame:
    """Right answers are sure, wrong ones are not."""
    return pl.DataFrame({"confidence": [sure] * right + [unsure] * wrong, "right": [True] * right + [False] * wrong})


def test_the_oracle_releases_all_that_keeps_the_target_and_ties_stay_together() -> None:
    cases = pl.DataFrame({"confidence": [0.9] * 4 + [0.8] * 2 + [None], "right": [True] * 5 + [False, True]})
    result = study.of(cases, target=0.2, delta=0.05)
    by_target = {row.target: row for row in result.attainable}
    assert (6 / 7, 0.8) == (by_target[0.2].oracle, by_target[0.2].oracle_threshold)
    assert (4 / 7, 0.9) == (by_target[0.1].oracle, by_target[0.1].oracle_threshold)
    assert 1 == result.unscorable


def test_an_error_free_history_is_certified_at_the_first_look_that_can_succeed() -> None:
    target = 0.02
    result = study.of(history(700, 0), target=target, delta=0.05)
    asked = next(row for row in result.attainable if row.target == target)
    assert asked.first is not None
    assert certificate.fewest(target, 0.05) < asked.first < 700
    assert 1.0 == asked.certified
    assert asked.labels == 700


def test_too_few_labels_certify_nothing_and_say_how_many_more_would() -> None:
    asked = next(row for row in study.of(history(50, 0), target=0.02, delta=0.05).attainable if row.target == 0.02)
    assert (0.0, None) == (asked.certified, asked.first)
    assert asked.needed is not None
    assert asked.needed.labels > 90


def typical(cases: int, scores: str = "spread", seed: int = 1) -> pl.DataFrame:
    """A model that is wrong in 4.5 % of cases, its surest answers least often; its scores spread evenly, or bunched."""
    rng = np.random.default_rng(seed)
    rank = rng.random(cases)
    score = 1 - rank if scores == "spread" else 0.9999 + 0.0001 * (1 - rank)
    return pl.DataFrame({"confidence": score, "right": rng.random(cases) >= 0.002 + 0.3 * rank**6})


def asked(cases: pl.DataFrame, target: float) -> study.Attainable:
    result = study.of(cases, target=target, delta=0.05)
    return next(row for row in result.attainable if row.target == target)


@pytest.mark.parametrize(("fewer", "more"), [(2000, 2001), (1540, 3080)])
def test_more_labels_do_not_certify_less_for_none_is_spent_on_the_grid(fewer: int, more: int) -> None:
    cases = typical(3080)
    few, many = asked(cases[:fewer], 0.05), asked(cases[:more], 0.05)
    assert (fewer, more) == (few.labels, many.labels)
    assert many.certified >= few.certified - 0.001 > 0.9


def test_scores_that_bunch_are_certified_and_released_like_scores_that_are_spread() -> None:
    """20,000 cases, all above .9999: the same order, so the same share, in the table and in the rehearsed days."""
    setting = simulation.Setting(target=0.02, delta=0.05, days=20, per_day=1000)
    spread, bunched = typical(20_000), typical(20_000, "bunched")
    assert asked(bunched, 0.02).certified == pytest.approx(asked(spread, 0.02).certified, abs=0.001)
    last = [simulation.rehearse(cases, setting, runs=4).days["released"][-1] for cases in (spread, bunched)]
    assert last[1] == pytest.approx(last[0], abs=0.03)
    assert last[1] > 0.7
    assert last[1] == pytest.approx(asked(bunched, 0.02).anytime, abs=0.06)  # table and rehearsal agree


def test_lines_of_bunched_scores_are_shown_with_as_many_digits_as_tell_them_apart() -> None:
    cases = typical(2000, "bunched")
    setting = simulation.Setting(target=0.02, delta=0.05, days=2, per_day=50)
    result, loop = study.of(cases, target=0.02, delta=0.05), simulation.rehearse(cases, setting, runs=1)
    text = study_text.lines("file", result, loop, None, {})
    lines = [line.split("\u00a0%")[1].split()[0] for line in text.splitlines() if "\u2588" in line or "\u00b7" in line]
    assert len(lines) == len(set(lines)) > 5
    shown = formats.thresholds(result.curve["threshold"].to_list(), result.scores)
    counts = [int((cases["confidence"] >= float(line)).sum()) for line in shown]
    assert counts == [int((cases["confidence"] >= line).sum()) for line in result.curve["threshold"]]


@pytest.mark.parametrize(
    ("values", "scores", "shown"),
    [
        ([0.9, 0.5], [], ["0.9", "0.5"]),
        ([1.0, 0.97], [], ["1", "0.97"]),
        ([0.99996, 0.99994], [], ["0.99996", "0.99994"]),
        ([0.99996, 0.99994], [0.9999], ["0.99996", "0.99994"]),
        ([0.1 + 0.2], [0.3], ["0.3"]),
        ([1e-9], [0.0], ["0.000000001"]),
    ],
)
def test_a_threshold_is_shown_in_the_shortest_decimals_that_select_the_same_cases(
    values: list[float], scores: list[float], shown: list[str]
) -> None:
    assert shown == formats.thresholds(values, scores)


def test_a_rehearsal_lays_its_grid_on_the_first_day_before_any_label(monkeypatch: pytest.MonkeyPatch) -> None:
    laid: list[pl.Series] = []
    ranks = era_plan.ranks

    def seen(scores: pl.Series) -> object:
        laid.append(scores)
        return ranks(scores)

    monkeypatch.setattr(era_plan, "ranks", seen)
    setting = simulation.Setting(target=0.02, delta=0.05, days=3, per_day=500)
    simulation.rehearse(typical(2000), setting, runs=2)
    assert [500, 500] == [len(scores) for scores in laid]


def test_several_rows_of_an_item_certify_no_more_than_one_row_of_it() -> None:
    single = typical(800).with_columns(group=pl.int_range(800).cast(pl.String))
    several = pl.concat([single] * 3)
    assert asked(single, 0.05).certified > 0.8
    assert asked(several, 0.05).certified == pytest.approx(asked(single, 0.05).certified, abs=0.15)
    assert asked(several, 0.05).certified < asked(several.drop("group"), 0.05).certified


def test_groups_are_sampled_and_rehearsed_as_one() -> None:
    cases = pl.concat([history(400, 0).with_columns(group=pl.int_range(400).cast(pl.String))] * 5)
    loop = simulation.rehearse(cases, simulation.Setting(target=0.05, delta=0.05, days=6, per_day=200), runs=2)
    apart = simulation.rehearse(
        cases.drop("group"), simulation.Setting(target=0.05, delta=0.05, days=6, per_day=200), runs=2
    )
    first = [next(day for day, out in enumerate(each.days["released"], 1) if out) for each in (apart, loop)]
    assert [2, 3] == first  # 40 groups a day, and 59 error-free labels are the fewest at 5 %


def test_labels_sampled_with_known_chances_estimate_what_all_labels_say() -> None:
    cases = typical(20_000).with_columns(chance=pl.when(pl.col("confidence") < 0.3).then(1.0).otherwise(0.2))
    kept = pl.Series(np.random.default_rng(3).random(20_000)) < cases["chance"]
    sampled = cases.with_columns(right=pl.when(kept).then("right"))
    whole, part = (study.of(each, target=0.02, delta=0.05) for each in (cases.drop("chance"), sampled))
    assert part.accuracy.low < whole.accuracy.value < part.accuracy.high
    assert part.accuracy.value == pytest.approx(whole.accuracy.value, abs=0.005)
    assert part.accuracy.n == int(kept.sum())
    by_target = {row.target: row for row in part.attainable}
    assert 0.5 < by_target[0.02].certified <= {row.target: row for row in whole.attainable}[0.02].certified
    loop = simulation.rehearse(sampled, simulation.Setting(target=0.02, delta=0.05, days=5, per_day=1000), runs=1)
    assert 0.25 == pytest.approx(loop.repeats, abs=0.01)  # each label stands for the five it was sampled from


def test_when_nothing_can_be_released_one_line_says_so() -> None:
    cases = pl.DataFrame({"confidence": [0.95, 0.9] * 150, "right": [False, True, False] * 100})
    setting = simulation.Setting(target=0.1, delta=0.05, days=5, per_day=60)
    result, loop = study.of(cases, target=0.1, delta=0.05), simulation.rehearse(cases, setting, runs=1)
    text = study_text.lines("file", result, loop, None, {}).replace("\u00a0", " ")
    assert "Nothing could be released alone at any target from 0.5 % to 10 %" in text
    assert "nothing was released on any day" in text
    assert "first certified after" not in text


def test_a_model_that_is_always_wrong_releases_nothing_in_any_rehearsal() -> None:
    cases = pl.DataFrame({"confidence": [0.95] * 300, "right": [False] * 300})
    loop = simulation.rehearse(cases, simulation.Setting(target=0.1, delta=0.05, days=5, per_day=60), runs=2)
    assert 0 == loop.days["released"].sum()
    assert loop.days["error"].is_null().all()
    assert 60 == loop.days["read"].min()


def test_a_perfect_model_is_released_after_some_days_and_only_audits_are_read_from_then_on() -> None:
    setting = simulation.Setting(target=0.02, delta=0.05, days=20, per_day=100, audit_rate=0.05)
    loop = simulation.rehearse(history(2000, 0), setting, runs=4)
    assert 0 == loop.days["released"][0]
    assert 1 == loop.days["released"][-1]
    assert 0 < loop.days["read"][-1] < 20
    assert (0, 1.0) == (loop.above, loop.repeats)


def test_a_higher_audit_rate_has_people_read_more() -> None:
    read = [
        simulation.rehearse(
            history(2000, 0), simulation.Setting(target=0.02, delta=0.05, days=20, per_day=100, audit_rate=rate), runs=2
        ).days["read"][-1]
        for rate in (0.05, 0.5)
    ]
    assert read[0] < read[1] / 4


def test_a_short_history_is_used_again_and_says_so() -> None:
    loop = simulation.rehearse(history(10, 0), simulation.Setting(target=0.02, delta=0.05, days=3, per_day=10), runs=1)
    assert 3.0 == loop.repeats
    assert [1, 2, 3] == loop.days["day"].to_list()
