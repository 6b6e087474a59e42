"""The certificate keeps its promise however often one looks and whatever it changes; shortcuts in its place do not.

Seeded. Cases come ranked from the surest (0) to the least sure (1), spread evenly over 200 thresholds; a shape gives the
error rate at each rank. Target 1 %, significance level 5 %. Tolerances are three binomial standard errors of the number of runs.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from models.certification import certificate, e_values, era_plan

Floats = NDArray[np.float64]
Rule = Callable[["Loop"], Floats]

ALPHA, DELTA = 0.01, 0.05
SIZE = 200
COVERAGE = np.arange(1, SIZE + 1) / SIZE
STARTS, WEIGHTS = era_plan.starts(COVERAGE.tolist())
LOG_DELTA = -math.log(DELTA)

_RANK = (np.arange(SIZE)[:, None] + (np.arange(50) + 0.5) / 50) / SIZE
TYPICAL = (0.002 + 0.30 * _RANK**6).mean(1)
BOUNDARY = np.full(SIZE, 0.0101)
HUMP = np.where(_RANK < 0.05, 0.04, 0.002 + 0.30 * ((_RANK - 0.05).clip(0) / 0.95) ** 6).mean(1)
SHAPES = {"typical": TYPICAL, "boundary": BOUNDARY, "hump": HUMP}


def bound(runs: int) -> float:
    """The share of runs that may be wrong."""
    return DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / runs)


def furthest(log_e: Floats, delta: float = DELTA) -> NDArray[np.int64]:
    """Per run, the least strict threshold the walk passes; -1: none."""
    result = np.full(len(log_e), -1)
    for run in np.flatnonzero(log_e.max(1) >= -math.log(delta)):
        passed = certificate.walk(log_e[run], STARTS, WEIGHTS, delta=delta).passed
        result[run] = passed[-1] if passed else -1
    return result


def covered(at: NDArray[np.int64]) -> Floats:
    return np.where(at >= 0, COVERAGE[at], 0.0)


def cold_start(shape: Floats, n: int, runs: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """All n cases labelled: (runs, thresholds) labels and errors at or above each threshold."""
    labels = rng.multinomial(n, np.full(SIZE, 1 / SIZE), size=runs)
    wrong = rng.binomial(labels, shape)
    return labels.cumsum(1).astype(np.float64), wrong.cumsum(1).astype(np.float64)


def test_the_typical_shape_has_an_oracle_of_75_percent_and_4_5_percent_errors() -> None:
    risk = TYPICAL.cumsum() / np.arange(1, SIZE + 1)
    assert float(risk[-1]) == pytest.approx(0.045, abs=0.0005)
    assert float(COVERAGE[risk <= ALPHA].max()) == pytest.approx(0.755, abs=0.005)


def test_a_cold_start_of_ten_thousand_labels_certifies_about_68_percent_and_the_exact_look_71() -> None:
    labels, wrong = cold_start(TYPICAL, 10_000, 1000, np.random.default_rng(2406))
    anytime = covered(furthest(e_values.constant(wrong, labels, ALPHA)))
    exact = covered(furthest(e_values.binomial(wrong, labels, ALPHA)))
    assert float(anytime.mean()) == pytest.approx(0.68, abs=0.01)
    assert float(exact.mean()) == pytest.approx(0.715, abs=0.01)


def test_a_hump_at_the_sure_end_still_certifies_in_a_third_of_runs_and_a_strictest_first_walk_never() -> None:
    runs = 1000
    labels, wrong = cold_start(HUMP, 10_000, runs, np.random.default_rng(1705))
    log_e = e_values.constant(wrong, labels, ALPHA)
    share = float((furthest(log_e) >= 0).mean())
    assert abs(share - 1 / 3) < 3 * math.sqrt(2 / 9 / runs)
    testable = labels >= certificate.fewest(ALPHA, DELTA)
    strictest = np.argmax(testable, axis=1)
    assert not np.any(log_e[np.arange(runs), strictest] >= LOG_DELTA), "all of delta on the strictest first"


def test_where_all_are_just_above_the_target_200_looks_rarely_certify() -> None:
    runs, rng = 500, np.random.default_rng(1939)
    labels: Floats = np.zeros((runs, SIZE))
    wrong, best = labels, labels
    ever = np.zeros(runs, bool)
    for _ in range(200):
        more, errors = cold_start(BOUNDARY, 100, runs, rng)
        labels, wrong = labels + more, wrong + errors
        best = np.asarray(
            e_values.running(best, e_values.unequal((labels - wrong)[..., None], wrong[..., None], [1.0], ALPHA))
        )
        ever |= furthest(best) >= 0
    assert ever.mean() <= bound(runs)


def test_a_start_picked_from_the_labels_breaks_the_promise() -> None:
    runs = 1000
    labels, wrong = cold_start(BOUNDARY, 10_000, runs, np.random.default_rng(2110))
    log_p = np.where(labels >= certificate.fewest(ALPHA, DELTA), e_values.binomial(wrong, labels, ALPHA), 0)
    assert (log_p.max(1) >= LOG_DELTA).mean() > bound(runs), "the harness can fail"
    assert (furthest(log_p) >= 0).mean() <= bound(runs)


def test_a_joint_promise_for_five_classes_holds_for_all_at_once_and_five_single_ones_do_not() -> None:
    runs, classes, rng = 1000, 5, np.random.default_rng(407)
    barely = np.full(SIZE, ALPHA + 1e-6)
    seen = [cold_start(barely, 4000, runs, rng) for _ in range(classes)]
    log_p = [e_values.binomial(wrong, labels, ALPHA) for labels, wrong in seen]

    def any_wrong(delta: float) -> float:
        certified = [furthest(one, delta) >= 0 for one in log_p]
        return float(np.any(certified, axis=0).mean())

    assert any_wrong(DELTA / classes) <= bound(runs)
    assert any_wrong(DELTA) > bound(runs)


@dataclass(kw_only=True)
class Loop:
    """A closed loop of many runs: every night's threshold decides which labels the next day brings. (runs, thresholds)"""

    cases: Floats
    right: Floats  # last axis: labels at the smallest propensity, and at blind_rate while that is not the smallest
    wrong: Floats
    kept: Floats  # thinned to the smallest propensity, for the exact rule
    kept_wrong: Floats
    weighted: Floats  # Horvitz-Thompson sum of errors
    best: Floats


AUDIT, BLIND, COLD = 0.05, 0.2, 1.0


def anytime(loop: Loop) -> Floats:
    log_e = e_values.unequal(loop.right, loop.wrong, [1.0, AUDIT / BLIND], ALPHA)
    loop.best = e_values.running(loop.best, log_e)
    return loop.best


def exact_again(loop: Loop) -> Floats:
    return e_values.binomial(loop.kept_wrong, loop.kept, ALPHA)


def plug_in(loop: Loop) -> Floats:
    """Whatever looks good enough: no walk, no level."""
    rate = loop.weighted / np.maximum(loop.cases, 1)
    good = rate <= ALPHA
    least = SIZE - 1 - np.argmax(good[:, ::-1], axis=1)
    reached = (np.arange(SIZE) <= least[:, None]) & good.any(1)[:, None]
    return np.where(reached, math.inf, -1.0)


def close(rule: Rule, shape: Floats, runs: int, seed: int, *, days: int = 200) -> tuple[float, list[float]]:
    """Certify and adopt nightly. Share of runs that ever deployed a threshold above the target; mean coverage by day."""
    rng = np.random.default_rng(seed)
    shown = [np.zeros((runs, SIZE)) for _ in range(5)]
    pairs = [np.zeros((runs, SIZE, 2)) for _ in range(2)]
    loop = Loop(
        cases=shown[0], kept=shown[1], kept_wrong=shown[2], weighted=shown[3], best=shown[4],
        right=pairs[0], wrong=pairs[1],
    )  # fmt: skip
    broken = shape.cumsum() / np.arange(1, SIZE + 1) > ALPHA
    line: NDArray[np.int64] = np.full(runs, -1)
    ever, coverage = np.zeros(runs, bool), []
    for _ in range(days):
        cold, released = (line < 0)[:, None], np.arange(SIZE) <= line[:, None]
        rate = np.where(released, AUDIT, np.where(cold, COLD, BLIND))
        cases = rng.multinomial(1000, np.full(SIZE, 1 / SIZE), size=runs)
        labels = rng.binomial(cases, rate)
        wrong = rng.binomial(labels, shape)
        thinned = rng.binomial(wrong, AUDIT / rate), rng.binomial(labels - wrong, AUDIT / rate)
        loop.cases += cases.cumsum(1)
        for group, members in enumerate((released | cold, ~released & ~cold)):
            loop.right[..., group] += ((labels - wrong) * members).cumsum(1)
            loop.wrong[..., group] += (wrong * members).cumsum(1)
        loop.kept += (thinned[0] + thinned[1]).cumsum(1)
        loop.kept_wrong += thinned[0].cumsum(1)
        loop.weighted += (wrong / rate).cumsum(1)
        line = furthest(rule(loop)) if rule is not anytime else np.maximum(line, furthest(rule(loop)))
        ever |= (line >= 0) & broken[line]
        coverage.append(float(covered(line).mean()))
    return float(ever.mean()), coverage


@pytest.mark.family(1)
@pytest.mark.parametrize(("shape", "seed"), [("typical", 1), ("boundary", 2), ("hump", 3)])
def test_two_hundred_nights_of_adopting_what_is_certified_rarely_break_the_promise(shape: str, seed: int) -> None:
    runs = 400
    ever, coverage = close(anytime, SHAPES[shape], runs, seed)
    assert ever <= bound(runs)
    if shape == "typical":
        assert coverage[4] == pytest.approx(0.56, abs=0.02)
        assert coverage[-1] == pytest.approx(0.70, abs=0.01)


@pytest.mark.family(1)
@pytest.mark.parametrize("shape", SHAPES)
def test_adopting_what_looks_good_nearly_always_breaks_it(shape: str) -> None:
    ever, _ = close(plug_in, SHAPES[shape], 200, 4)
    assert ever >= 0.95


# Of the typical shape it was 8 % of 200 runs: too few runs to tell that from 5 %.
@pytest.mark.parametrize("shape", ["boundary", "hump"])
def test_the_exact_look_taken_nightly_breaks_it(shape: str) -> None:
    runs = 200
    ever, _ = close(exact_again, SHAPES[shape], runs, 5)
    assert ever > bound(runs)
