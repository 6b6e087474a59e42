"""Evidence is a prefix: whatever delays, skips or clusters do to the answers, a false certificate stays as rare as promised.

Seeded. One threshold, all cases above it, the true error exactly the target: whoever certifies is wrong. A certificate is
looked for every week. Tolerances are three binomial standard errors of the number of runs.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from models.certification import e_values, prefix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ALPHA, DELTA = 0.02, 0.05
LEVEL = -math.log(DELTA)
PER_DAY, DAYS, RUNS = 5, 90, 200
ONE = np.ones((1, 1))
CASES = PER_DAY * DAYS
DAY = np.repeat(np.arange(DAYS), PER_DAY)


def bound(runs: int, delta: float = DELTA) -> float:
    """The share of runs that may be wrong."""
    return delta + 3 * math.sqrt(delta * (1 - delta) / runs)


def night(right: Bools, *, group: Ints | None = None, batch: Ints | None = None, group_size: int = 1) -> float:
    """log E of the best prefix of samples, all at propensity 1."""
    size = len(right)
    samples = prefix.Samples(
        bin=np.zeros(size, np.int64),
        version=np.zeros(size, np.int64),
        propensity=np.ones(size),
        right=right,
        group=np.arange(size) if group is None else group,
        batch=np.arange(size) if batch is None else batch,
    )
    return float(prefix.log_e(samples, ONE, ALPHA, group_size)[0])


def best_prefix(wrong: Bools, settled_on: Ints, today: int, decided: Ints) -> float:
    """The rule: every sample decided so far counts, and what is not settled counts as wrong."""
    there = decided <= today
    return night(((settled_on <= today) & ~wrong)[there])


def settled_days(wrong: Bools, settled_on: Ints, today: int, decided: Ints) -> float:
    """The rule of the first version: only days on which all is settled count."""
    open_days = np.unique(DAY[(settled_on > today) & (decided <= today)])
    counted = (decided <= today) & ~np.isin(DAY, open_days)
    return float(e_values.constant(wrong[counted].sum(), counted.sum(), ALPHA))


def leave_out(wrong: Bools, settled_on: Ints, today: int, decided: Ints) -> float:
    """A shortcut: what is not settled does not count."""
    counted = (settled_on <= today) & (decided <= today)
    return float(e_values.constant(wrong[counted].sum(), counted.sum(), ALPHA))


Rule = Callable[[Bools, Ints, int, Ints], float]
NEVER = 10**6


def ever(rule: Rule, world: Callable[[np.random.Generator], tuple[Bools, Ints, Ints]], seed: int, last: int) -> float:
    """The share of runs in which a rule ever certifies. `world`: wrong, settled on, decided on (days), per sample."""
    number = 0
    for run in range(RUNS):
        wrong, settled_on, decided = world(np.random.default_rng([seed, run]))
        number += any(rule(wrong, settled_on, today, decided) >= LEVEL for today in range(last % 7, last + 1, 7))
    return number / RUNS


def steady(delay: int) -> Callable[[np.random.Generator], tuple[Bools, Ints, Ints]]:
    """Every sample is read on its day; one that disagrees waits `delay` days for the second reader."""

    def world(rng: np.random.Generator) -> tuple[Bools, Ints, Ints]:
        wrong = rng.random(CASES) < ALPHA
        return wrong, DAY + np.where(wrong, delay, 0), DAY

    return world


def backlog(rng: np.random.Generator) -> tuple[Bools, Ints, Ints]:
    """A history that arrives at once and is read five a day, no dispute settled before all is read."""
    wrong = rng.random(CASES) < ALPHA
    return wrong, np.where(wrong, DAYS, DAY), np.zeros(CASES, np.int64)


def hard_left(rng: np.random.Generator) -> tuple[Bools, Ints, Ints]:
    """One case in ten is hard, wrong ten times as often, and never answered."""
    hard = rng.random(CASES) < 0.1
    wrong = rng.random(CASES) < np.where(hard, 0.11, 0.01)
    return wrong, np.where(hard, NEVER, DAY), DAY


def skipped(rng: np.random.Generator) -> tuple[Bools, Ints, Ints]:
    """Readers pass on half of what is wrong, and a tenth of what is right."""
    wrong = rng.random(CASES) < ALPHA
    passed = rng.random(CASES) < np.where(wrong, 0.5, 0.1)
    return wrong, np.where(passed, NEVER, DAY), DAY


@pytest.mark.parametrize("delay", [0, 4, 14])
def test_late_disputes_create_no_evidence(delay: int) -> None:
    assert ever(best_prefix, steady(delay), 1, DAYS + delay) <= bound(RUNS)


@pytest.mark.parametrize("world", [backlog, hard_left, skipped])
def test_backlogs_and_what_nobody_answers_create_no_evidence(
    world: Callable[[np.random.Generator], tuple[Bools, Ints, Ints]],
) -> None:
    assert ever(best_prefix, world, 2, DAYS + 5) <= bound(RUNS)


def test_the_days_on_which_all_is_settled_are_the_days_without_an_error() -> None:
    assert ever(settled_days, backlog, 3, DAYS) > 0.9, "the harness can fail"


def test_leaving_out_what_nobody_answers_breaks_the_promise() -> None:
    assert ever(leave_out, hard_left, 4, DAYS + 5) > bound(RUNS)


def test_evidence_grows_with_every_answer_within_a_day() -> None:
    read = [night(np.arange(1000) < answered) for answered in (100, 300, 600, 999)]
    assert read == sorted(read)
    assert read[0] > 0
    assert read[2] >= LEVEL > read[0], "660 answers of a day of 999 cases are enough at 2 %"


SIZES = (1, 2, 5, 20)
GROUPED = 3000


def clusters(size: int, error: float, rng: np.random.Generator) -> tuple[Bools, Ints]:
    """Cases in clusters that are right or wrong together, and the cluster of each."""
    group = np.repeat(np.arange(GROUPED // size), size)
    return (rng.random(GROUPED // size) < error)[group], group


def certified_by_groups(size: int, error: float, rng: np.random.Generator) -> bool:
    wrong, group = clusters(size, error, rng)
    return night(~wrong, group=group, batch=group, group_size=size) >= LEVEL


@pytest.mark.parametrize("size", SIZES)
def test_clusters_that_are_right_or_wrong_together_are_one_bet_each(size: int) -> None:
    runs = 300
    total = sum(certified_by_groups(size, ALPHA, np.random.default_rng([5, size, run])) for run in range(runs))
    assert total / runs <= bound(runs)


def test_counting_clustered_cases_one_by_one_breaks_the_promise() -> None:
    runs = 200
    for size, least in ((2, 0.1), (5, 0.3), (20, 0.6)):
        number = 0
        for run in range(runs):
            wrong, _ = clusters(size, ALPHA, np.random.default_rng([6, size, run]))
            number += night(~wrong) >= LEVEL
        assert number / runs >= least, size


def test_large_clusters_need_more_of_them_and_small_ones_still_certify() -> None:
    runs = 100
    share = {
        size: sum(certified_by_groups(size, ALPHA / 4, np.random.default_rng([7, size, run])) for run in range(runs))
        / runs
        for size in SIZES
    }
    assert share[1] >= 0.99
    assert share[2] >= 0.99
    assert share[20] <= 0.01


@pytest.mark.parametrize("size", [2, 5, 20])
def test_groups_that_grow_from_batch_to_batch_create_no_evidence(size: int) -> None:
    """Each group comes a case at a time, over as many batches as it has cases; a look after every batch."""
    runs, groups = 150, GROUPED // size
    number = 0
    for run in range(runs):
        bad = np.random.default_rng([8, size, run]).random(groups) < ALPHA
        group = np.tile(np.arange(groups), size)
        batch = np.repeat(np.arange(size), groups)
        number += any(
            night(
                ~bad[group[: groups * seen]],
                group=group[: groups * seen],
                batch=batch[: groups * seen],
                group_size=size,
            )
            >= LEVEL
            for seen in range(1, size + 1)
        )
    assert number / runs <= bound(runs)
