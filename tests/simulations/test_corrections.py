"""Answers that are corrected after a look: what rested on them goes with them, so a false certificate stays as rare as promised.

Seeded. One threshold, all cases above it, the true error exactly the target. Readers miss 40 % of the errors at first and have
corrected themselves by the next look. At each look, once its labels are settled: the share of runs ever certified so.
"""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from models.certification import case_counts, certificate, era_plan, prefix

ALPHA = DELTA = 0.05
RUNS, FIRST, A_NIGHT, NIGHTS, MISSED = 200, 300, 100, 8, 0.4
BOUND = DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / RUNS)
PLAN = era_plan.Plan(epoch="e", alpha=ALPHA, delta=DELTA, thresholds=(0.5,), starts=(0,), weights=(1.0,))


def look(right: NDArray[np.bool_], before: certificate.Progress | None) -> certificate.Progress:
    size = len(right)
    order = prefix.Samples(
        bin=np.zeros(size, np.int64),
        version=np.zeros(size, np.int64),
        propensity=np.ones(size),
        right=right,
        group=np.arange(size),
        batch=np.arange(size),
    )
    samples = certificate.Samples(order=order, settled=np.ones(size, np.bool_), sent=np.ones(size, np.bool_))
    return certificate.look(
        PLAN, samples, case_counts.Tally(lowest=np.ones((1, 1)), cases=np.array([float(size)])), before
    )


def ever_certified(*, kept: bool) -> NDArray[np.float64]:
    """Per look, the share of runs certified by then once the labels were settled. `kept`: what a look certified stays."""
    array = np.zeros((RUNS, NIGHTS), np.bool_)
    for run in range(RUNS):
        rng = np.random.default_rng([11, run])
        wrong = rng.random(FIRST + A_NIGHT * (NIGHTS - 1)) < ALPHA
        missed = wrong & (rng.random(len(wrong)) < MISSED)
        progress, stays, corrected = None, False, 0
        for night in range(NIGHTS):
            end = FIRST + A_NIGHT * night
            fresh = np.arange(end) >= corrected
            first = look(~wrong[:end] | (missed[:end] & fresh), progress)
            progress = look(~wrong[:end], first)
            stays |= bool(first.certified) and kept
            array[run, night] = bool(progress.certified) or stays
            corrected = end
    share: NDArray[np.float64] = np.maximum.accumulate(array, axis=1).mean(axis=0)
    return share


def test_what_is_corrected_by_the_next_look_leaves_no_false_certificate() -> None:
    assert ever_certified(kept=False) == pytest.approx(np.zeros(NIGHTS), abs=BOUND)


def test_keeping_what_an_earlier_look_certified_breaks_the_promise() -> None:
    assert ever_certified(kept=True)[-1] > BOUND, "the harness can fail"


@pytest.mark.parametrize("size", [1, 3])
def test_evidence_never_falls_while_no_settled_answer_changes(size: int) -> None:
    """Samples come in batches, are settled late and in any order, at three propensities; groups grow from batch to batch."""
    for run in range(20):
        rng = np.random.default_rng([12, size, run])
        count = 300
        wrong = rng.random(count) < ALPHA * rng.choice([0.3, 1.0, 3.0], count)
        settled_on = np.arange(count) // 10 + rng.geometric(0.3, count)
        batch = np.arange(count) // 10
        group = np.arange(count) if size == 1 else np.sort(rng.integers(0, count // 2, (30, 10)), axis=1).reshape(-1)
        propensity = rng.choice([0.1, 0.5, 1.0], count)
        before = 0.0
        for today in range(1, 45, 2):
            seen = batch <= today
            samples = prefix.Samples(
                bin=np.zeros(seen.sum(), np.int64),
                version=np.zeros(seen.sum(), np.int64),
                propensity=propensity[seen],
                right=(~wrong & (settled_on <= today))[seen],
                group=group[seen],
                batch=batch[seen],
            )
            now = float(prefix.log_e(samples, np.full((1, 1), 0.1), ALPHA, size)[0])
            assert now >= before - 1e-9
            before = now
