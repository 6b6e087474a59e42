"""What readers miss is known by reading twice: the corrected range covers the truth where what was measured does not.

A reader agrees with a wrong model with some chance, by themselves; a disagreement is read by another, a tie by a third, and of
the agreeing readings a tenth is read by another, too. Seeded. A range may fall short of its coverage by three binomial
standard errors of the number of runs.
"""

import math

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from models.evaluation import intervals
from models.evaluation.estimate import Estimate
from models.reviewers import capture_recapture as recapture

RUNS = 250
ALPHA = 0.05
FLOOR = 1 - ALPHA - 3 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)
TRUTH = 0.05
SHARE = 0.1
FALSE = 0.02  # how often a reader denies a right model, where the test says that they do
Mask = NDArray[np.bool_]


def readings(
    rng: np.random.Generator,
    n: int,
    misses: tuple[float, float],
    *,
    false: float = 0.0,
    alike: float = 0.0,
    group: int = 1,
    share: float = SHARE,
) -> pl.DataFrame:
    """Cases as they were read. `misses`: how often a first and a later reader agrees with a wrong model; `alike`: how many of
    the wrong cases nobody can see to be wrong. Cases of a group are wrong, and read twice, together."""
    member = np.arange(n) // group
    wrong = (rng.random(n) < TRUTH)[member]
    hidden = rng.random(n) < alike

    def read(miss: float) -> Mask:
        return np.where(wrong, hidden | (rng.random(n) < miss), rng.random(n) >= false)

    agree, second, third = read(misses[0]), read(misses[1]), read(misses[1])
    overlap = (rng.random(n) < share)[member]
    again = ~agree | overlap
    frame = pl.DataFrame({"member": member, "overlap": overlap, "agree": agree, "second": second, "third": third})
    return frame.with_columns(
        propensity=pl.lit(1.0),
        second=pl.when(pl.Series(again)).then("second"),
        third=pl.when(pl.Series(again & (agree != second))).then("third"),
    )


def measured(cases: pl.DataFrame) -> float:
    """The share that the majority of readings finds wrong."""
    agree, second, third = (pl.col(name) for name in ("agree", "second", "third"))
    wrong = (~agree & ~second.fill_null(True)) | ((agree != second) & ~third).fill_null(False)
    return float(cases.select(wrong.mean()).item())


def missed_on_sides(rng: np.random.Generator, n: int, misses: tuple[float, float], **how: float) -> NDArray[np.float64]:
    """How often a range of the error lies above and below the truth, and one of the missed share likewise; among the runs
    that say anything, at least four in five."""
    sides = []
    for _ in range(RUNS):
        readers = recapture.readers(readings(rng, n, misses, **how), ALPHA)  # type: ignore[arg-type]
        if isinstance(readers.error, Estimate) and isinstance(readers.missed, Estimate):
            missed = readers.missed
            both = (readers.error.low > TRUTH, readers.error.high < TRUTH)
            sides.append((*both, missed.low > misses[0], missed.high < misses[0]))
    assert len(sides) > 0.8 * RUNS
    mean: NDArray[np.float64] = np.array(sides, np.float64).mean(axis=0)
    return mean


def covered(sides: NDArray[np.float64]) -> list[bool]:
    return [1 - sides[:2].sum() >= FLOOR, 1 - sides[2:].sum() >= FLOOR]


@pytest.mark.parametrize(("miss", "number"), [(0.0, 0.0508), (0.2, 0.0392), (0.4, 0.0260)])
def test_what_a_majority_finds_falls_behind_the_truth_where_nobody_reads_again_what_agrees(
    miss: float, number: float
) -> None:
    """By hand: two of three see it, and two of three are wrong alike about a right one."""
    rng = np.random.default_rng(1979)
    n = 400_000
    cases = readings(rng, n, (miss, miss), false=FALSE, share=0.0)
    seen, wrongly = (chance**2 + chance * (1 - chance) * chance for chance in (1 - miss, FALSE))
    wanted = TRUTH * seen + (1 - TRUTH) * wrongly
    assert wanted == pytest.approx(number, abs=5e-5)
    assert abs(measured(cases) - wanted) < 3 * math.sqrt(wanted / n)


@pytest.mark.parametrize("n", [300, 1000, 3000])
@pytest.mark.parametrize("miss", [0.0, 0.2, 0.4])
def test_the_corrected_range_covers_the_truth(miss: float, n: int) -> None:
    rng = np.random.default_rng(1951 + n)
    assert covered(missed_on_sides(rng, n, (miss, miss))) == [True, True]


@pytest.mark.parametrize("misses", [(0.4, 0.1), (0.1, 0.4)])
def test_it_covers_where_first_and_later_readers_differ(misses: tuple[float, float]) -> None:
    assert covered(missed_on_sides(np.random.default_rng(5), 3000, misses)) == [True, True]


def test_it_covers_where_cases_are_wrong_and_read_twice_in_groups() -> None:
    assert covered(missed_on_sides(np.random.default_rng(6), 3000, (0.2, 0.2), group=5)) == [True, True]


def test_it_covers_where_readers_now_and_then_deny_a_right_model() -> None:
    assert covered(missed_on_sides(np.random.default_rng(7), 3000, (0.2, 0.2), false=0.01)) == [True, True]


def test_the_limits_of_what_is_measured_do_not_cover() -> None:
    """The harness can fail: the same readings without the correction."""
    rng = np.random.default_rng(8)
    n = 3000
    highs = [
        float(intervals.clopper_pearson(round(measured(readings(rng, n, (0.4, 0.4))) * n), n, ALPHA)[1])
        for _ in range(RUNS)
    ]
    assert np.mean(np.array(highs) >= TRUTH) < 0.1


def test_the_known_limit_errors_that_all_readers_miss_alike_are_not_found() -> None:
    """Two in five errors cannot be seen, and the others are always: the range speaks of the three in five."""
    rng = np.random.default_rng(9)
    below = of_the_seen = 0
    for _ in range(RUNS):
        readers = recapture.readers(readings(rng, 6000, (0.0, 0.0), alike=0.4), ALPHA)
        assert isinstance(readers.error, Estimate)
        below += readers.error.high < TRUTH
        of_the_seen += readers.error.low <= 0.6 * TRUTH <= readers.error.high
    assert below / RUNS > 0.8
    assert of_the_seen / RUNS >= FLOOR


def test_more_labels_and_a_larger_share_narrow_the_range() -> None:
    rng = np.random.default_rng(10)

    def width(n: int, share: float) -> float:
        errors = (recapture.readers(readings(rng, n, (0.2, 0.2), share=share), ALPHA).error for _ in range(20))
        return float(np.median([error.high - error.low for error in errors if isinstance(error, Estimate)]))

    assert 1.5 * width(3000, 0.1) < width(1000, 0.1)
    assert 1.2 * width(3000, 0.5) < width(3000, 0.1)
