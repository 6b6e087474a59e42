"""What a study certifies is true as often as it says, where rows come in groups and labels by chance too.

Seeded; tolerance three binomial standard errors of the number of runs. Error a hair above the target everywhere (or in the
mean of all cases), so that every certificate is a false one. The negative controls take each row for a random case of its own.
"""

import math

import numpy as np
import polars as pl

from models.evaluation import group_intervals, intervals
from models.planning import attainable

TARGET = 0.05
DELTA = 0.05
NULL = 1.01 * TARGET


def ceiling(runs: int) -> float:
    return DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / runs)


def certified(histories: list[pl.DataFrame]) -> tuple[float, float]:
    """Share of runs in which one look certifies anything, and in which a certificate looking as labels come does."""
    attainables = [attainable.granted(history, [TARGET], DELTA)[TARGET] for history in histories]
    return (
        sum(each.once is not None for each in attainables) / len(attainables),
        sum(each.steps[-1][1] is not None for each in attainables) / len(attainables),
    )


def test_one_look_at_a_file_whose_scores_lay_the_grid_keeps_its_promise() -> None:
    rng = np.random.default_rng(20260107)
    runs = 120
    histories = [pl.DataFrame({"confidence": rng.random(500), "right": rng.random(500) >= NULL}) for _ in range(runs)]
    once, anytime = certified(histories)
    assert max(once, anytime) <= ceiling(runs)
    assert anytime <= once  # an exact look is never behind the evidence it replaces
    better = [history.with_columns(right=pl.Series(rng.random(500) >= 0.005)) for history in histories[:20]]
    assert 1 == certified(better)[0]


def clusters(rng: np.random.Generator, size: int, groups: int) -> pl.DataFrame:
    """Groups wholly right or wrong: retries, one customer, one template."""
    wrong = np.repeat(rng.random(groups) < NULL, size)
    group = np.repeat(np.arange(groups), size).astype(str)
    return pl.DataFrame({"confidence": np.repeat(rng.random(groups), size), "right": ~wrong, "group": group})


def test_clusters_certify_falsely_when_their_rows_are_counted_one_by_one_and_not_as_groups() -> None:
    rng = np.random.default_rng(20260108)
    runs = 50
    histories = [clusters(rng, 5, 200) for _ in range(runs)]
    assert max(certified(histories)) <= ceiling(runs)
    assert certified([history.drop("group") for history in histories])[0] > 0.25


def test_large_groups_that_err_more_certify_nothing_falsely() -> None:
    """Groups of 1, 2 and 5 cases, only the largest ever wrong; error of all cases a hair above the target."""
    rng = np.random.default_rng(20260109)
    runs = 40
    histories = []
    for _ in range(runs):
        size = rng.choice([1, 2, 5], 240)
        wrong = (size == 5) & (rng.random(240) < NULL * 8 / 5)
        place = np.repeat(np.arange(240), size)
        histories.append(
            pl.DataFrame({"confidence": rng.random(240)[place], "right": ~wrong[place], "group": place.astype(str)})
        )
    assert max(certified(histories)) <= ceiling(runs)


def test_labels_sought_where_the_model_is_good_certify_falsely_unless_their_chances_are_known() -> None:
    rng = np.random.default_rng(20260110)
    runs = 60
    histories = []
    for _ in range(runs):
        easy = rng.random(2000) < 0.5
        right = rng.random(2000) >= np.where(easy, 0.02, 2 * NULL - 0.02)
        chance = np.where(easy, 0.8, 0.2)
        sampled = pl.Series(rng.random(2000) < chance)
        frame = pl.DataFrame({"confidence": rng.random(2000), "right": right, "chance": chance})
        histories.append(frame.with_columns(right=pl.when(sampled).then("right")))
    assert max(certified(histories)) <= ceiling(runs)
    ignored = [history.filter(pl.col("right").is_not_null()).drop("chance") for history in histories]
    assert certified(ignored)[0] > 2 * ceiling(runs)


def test_limits_of_an_error_rate_cover_where_the_rows_of_a_group_are_alike() -> None:
    """150 groups of 1 to 6 rows, each with an error rate of its own around 15 %; rows counted one by one cover less."""
    rng = np.random.default_rng(20260111)
    runs, truth, held, plain = 1500, 0.15, 0, 0
    for _ in range(runs):
        size = rng.integers(1, 7, 150)
        wrong = rng.random(size.sum()) < np.repeat(rng.beta(0.3, 1.7, 150), size)
        group, ones = np.repeat(np.arange(150), size), np.ones(size.sum())
        _, low, high = group_intervals.above(ones, wrong.astype(float), group, ones, np.zeros(1), DELTA)
        held += bool(low[0] <= truth <= high[0])
        below, upper = intervals.clopper_pearson(wrong.sum(), len(wrong), DELTA)
        plain += bool(below <= truth <= upper)
    floor = 1 - DELTA - 3 * math.sqrt(DELTA * (1 - DELTA) / runs)
    assert held / runs >= floor
    assert plain / runs < floor - 0.03
