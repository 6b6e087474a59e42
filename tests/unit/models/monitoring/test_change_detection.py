"""The arithmetic of the change detector: the recursions it stands for, its alarm, its clean point, and its figures in words."""

import math
import time

import numpy as np
import pytest

from models.monitoring import change_detection

RISES = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


def recursions(wrong: list[bool], alpha: float) -> tuple[list[float], list[float]]:
    """log mean over q of SR_n and of CUSUM_n, label by label."""
    rises = [rise for rise in RISES if rise * alpha < 1]
    summed, largest = dict.fromkeys(rises, 0.0), dict.fromkeys(rises, 0.0)
    numbers: tuple[list[float], list[float]] = [], []
    for label in wrong:
        for rise in rises:
            ratio = rise if label else (1 - rise * alpha) / (1 - alpha)
            summed[rise] = (summed[rise] + 1) * ratio
            largest[rise] = max(largest[rise], 1.0) * ratio
        for held, by_rise in zip(numbers, (summed, largest), strict=True):
            held.append(math.log(sum(by_rise.values()) / len(rises)))
    return numbers


@pytest.mark.parametrize("alpha", [0.001, 0.02, 0.1, 0.3, 0.6])
def test_both_statistics_are_the_recursions_they_stand_for(alpha: float) -> None:
    wrong = (np.random.default_rng(3).random(400) < min(2 * alpha, 0.9)).tolist()
    summed, largest = recursions(wrong, alpha)
    assert change_detection.statistic(wrong, alpha) == pytest.approx(summed)
    assert change_detection.cusum(wrong, alpha) == pytest.approx(largest)


def test_the_cusum_is_never_above_the_sum_so_the_pair_needs_one_budget_only() -> None:
    rng = np.random.default_rng(4)
    for alpha in (0.01, 0.05, 0.3):
        wrong = rng.random(5000) < alpha
        both = change_detection.cusum(wrong, alpha), change_detection.statistic(wrong, alpha)
        assert np.all(both[0] <= both[1] + 1e-9)


def test_each_label_multiplies_the_bets_by_one_on_average_at_the_target_and_by_less_below_it() -> None:
    """What the run length rests on: E[SR_n | before] = SR_{n-1} + 1 at the target, less below it."""
    for alpha in (0.01, 0.05, 0.3):
        before = math.exp(change_detection.statistic([True, False], alpha)[-1])
        after = [math.exp(change_detection.statistic([True, False, label], alpha)[-1]) for label in (False, True)]
        assert (1 - alpha) * after[0] + alpha * after[1] == pytest.approx(before + 1)
        assert (1 - alpha / 2) * after[0] + alpha / 2 * after[1] < before + 1


def test_the_alarm_is_the_first_wrong_label_over_the_run_length() -> None:
    at = change_detection.alarm([True] * 10, 0.01)
    assert at is not None
    reached = change_detection.statistic([True] * 10, 0.01) >= math.log(10_000)
    assert reached[at]
    assert not reached[:at].any()
    sooner = change_detection.alarm([True] * 10, 0.01, 100.0)
    assert sooner is not None
    assert sooner < at


def test_right_labels_alone_never_raise_an_alarm_however_small_the_target() -> None:
    for alpha in (1e-6, 1e-4, 0.01, 0.3):
        assert change_detection.alarm([False] * 50_000, alpha) is None
        assert change_detection.alarm([False] * 50_000, alpha, 10.0) is None


def test_as_many_errors_as_the_target_allows_raise_no_alarm_at_a_small_target() -> None:
    """One wrong label of 10 000 is the target of .01 % itself."""
    wrong = np.arange(60_000) % 10_000 == 9_999
    assert change_detection.alarm(wrong, 1e-4) is None
    assert change_detection.alarm(wrong, 1e-4, 10_000.0) is not None
    assert change_detection.run_length(1e-4) == 1_000_000
    assert change_detection.run_length(0.01) == change_detection.run_length(0.5) == change_detection.RUN_LENGTH


def test_a_bad_file_after_good_days_is_suspect_from_its_first_label() -> None:
    """60 labels right, then one wrong of two: all of the second part is suspect, and not all of the first."""
    wrong = [False] * 400 + [True, False] * 20
    raised = change_detection.alarm(wrong, 0.05)
    assert raised is not None
    clean = change_detection.clean(wrong, 0.05, raised)
    assert 0 <= clean < 400
    assert clean == change_detection.clean(wrong[: raised + 1], 0.05, raised)


def test_where_every_label_is_wrong_none_is_clean() -> None:
    assert change_detection.clean([True] * 10, 0.05, 4) == -1


def test_the_clean_point_leaves_at_most_a_five_hundredth_of_the_evidence_before_it() -> None:
    """By the definition: the bets of single starts, summed; the CUSUM is no longer ahead there either."""
    rng, alpha = np.random.default_rng(5), 0.05
    wrong = np.concatenate([rng.random(600) < 0.03, rng.random(600) < 0.15])
    raised = change_detection.alarm(wrong, alpha)
    assert raised is not None
    bets = np.zeros(raised + 1)
    for rise in RISES:
        ratio = np.where(wrong[: raised + 1], rise, (1 - rise * alpha) / (1 - alpha))
        bets += ratio[::-1].cumprod()[::-1]
    share = bets.cumsum() / bets.sum()
    clean = change_detection.clean(wrong, alpha, raised)
    calm = np.flatnonzero(change_detection.cusum(wrong, alpha)[:raised] <= 0)
    assert clean == min(int(calm[-1]), int(np.searchsorted(share, 1 / 500, side="right")) - 1)
    assert clean >= 0


def test_a_hundred_thousand_labels_take_no_seconds() -> None:
    wrong = np.random.default_rng(6).random(100_000) < 0.05
    started = time.perf_counter()
    change_detection.alarm(wrong, 0.05)
    change_detection.clean(wrong, 0.05, 99_999)
    assert time.perf_counter() - started < 2


def test_the_level_is_nought_after_labels_without_an_error_and_one_at_the_alarm() -> None:
    for alpha in (1e-4, 0.01, 0.05, 0.3):
        assert change_detection.level([False] * 3, alpha) == 0.0
        assert change_detection.level([False] * 200_000, alpha) == pytest.approx(0.0, abs=1e-9)
    wrong = [False] * 100 + [True] * 30
    raised = change_detection.alarm(wrong, 0.05)
    assert raised is not None
    levels = [change_detection.level(wrong[: labels + 1], 0.05) for labels in range(raised + 1)]
    assert levels[100 : raised + 1] == sorted(levels[100:])
    assert max(levels[:-1]) < levels[-1] == 1.0
    assert change_detection.level([], 0.05) == 0.0


def test_no_labels_are_no_evidence_and_no_alarm() -> None:
    assert len(change_detection.statistic([], 0.05)) == len(change_detection.cusum([], 0.05)) == 0
    assert change_detection.alarm([], 0.05) is None


def test_ten_thousand_labels_at_eight_a_day_are_three_years_and_five_months() -> None:
    assert change_detection.false_alarm_years(10_000, 8) == pytest.approx(3.42, abs=0.005)
    assert change_detection.false_alarm_years(10_000, 1000) == pytest.approx(10 / 365.25)


def test_a_rise_goes_unnoticed_for_longer_the_fewer_audits_and_the_smaller_it_is() -> None:
    assert change_detection.unnoticed(0.05, 2.0, 8) == pytest.approx(238 / 8)
    assert change_detection.unnoticed(0.05, 2, 4) == pytest.approx(238 / 4)
    for alpha in (1e-6, 1e-3, 0.013, 0.05, 0.2, 0.4999):
        assert change_detection.unnoticed(alpha, 1.5, 8) > change_detection.unnoticed(alpha, 2.0, 8) > 0


def test_a_smaller_target_takes_longer_and_below_one_percent_as_many_errors() -> None:
    alphas = np.geomspace(1e-6, 0.4999, 60)
    for rise in (1.5, 2.0):
        days = np.array([change_detection.unnoticed(alpha, rise, 10) for alpha in alphas])
        assert np.all(np.diff(days) <= 0)
        assert change_detection.unnoticed(1e-4, rise, 10) == pytest.approx(
            100 * change_detection.unnoticed(0.01, rise, 10)
        )


def test_what_cannot_be_is_refused() -> None:
    for alpha in (0.0, 2 / 3, 1.0, math.nan):
        for call in (change_detection.statistic, change_detection.cusum, change_detection.alarm):
            with pytest.raises(ValueError, match="must be above 0 and below"):
                call([True], alpha)
        with pytest.raises(ValueError, match="must be above 0 and below"):
            change_detection.run_length(alpha)
    for wrong in ([[True]], [2], [math.nan]):
        with pytest.raises(ValueError, match="one row of labels"):
            change_detection.statistic(wrong, 0.05)
    for apart in (1.0, 0.0, math.nan):
        with pytest.raises(ValueError, match="between false alarms"):
            change_detection.alarm([True], 0.05, apart)
    for raised in (-1, 2):
        with pytest.raises(ValueError, match="no label"):
            change_detection.clean([True, False], 0.05, raised)
    for pace in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="audits per day"):
            change_detection.unnoticed(0.05, 2.0, pace)
        with pytest.raises(ValueError, match="audits per day"):
            change_detection.false_alarm_years(10_000, pace)
    with pytest.raises(ValueError, match="run length"):
        change_detection.false_alarm_years(0, 8)
    with pytest.raises(ValueError, match=r"1\.5 or 2\.0 times"):
        change_detection.unnoticed(0.05, 3.0, 8)
    for alpha in (0.0, 0.5, math.nan):
        with pytest.raises(ValueError, match="target error"):
            change_detection.unnoticed(alpha, 2.0, 8)
