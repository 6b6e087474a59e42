"""A rule that has some of the released read in any case brings no false certificate, and counting its labels plainly does.

Seeded. One threshold, all cases above it. A rule holds of half of them, which the model gets right more often: they are read with
propensity 1, the others with the audit rate. The error of all together is exactly the target, so whoever ever certifies is
wrong. Tolerances are three binomial standard errors of the number of runs.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.certification import prefix

ALPHA, DELTA, RATE = 0.1, 0.05, 0.2
CASES, RUNS = 1500, 400
EASY, HARD = 0.02, 0.18  # errors of the cases under the rule and of the others; their mean is ALPHA


def samples(rng: np.random.Generator, *, plainly: bool) -> prefix.Samples:
    """What is read of a life. `plainly`: as if every label had been sampled at the audit rate."""
    ruled = rng.random(CASES) < 0.5
    propensity = np.where(ruled, 1.0, RATE)
    read = rng.random(CASES) < propensity
    right: NDArray[np.bool_] = rng.random(CASES) >= np.where(ruled, EASY, HARD)
    size = int(read.sum())
    return prefix.Samples(
        bin=np.zeros(size, np.int64),
        version=np.zeros(size, np.int64),
        propensity=np.full(size, RATE) if plainly else propensity[read],
        right=right[read],
        group=np.arange(size),
        batch=np.arange(size),
    )


def ever(*, plainly: bool) -> float:
    """The share of lives in which a certificate stands after any of the labels."""
    rng = np.random.default_rng(11)
    lowest = np.full((1, 1), RATE)
    evidence = [float(prefix.log_e(samples(rng, plainly=plainly), lowest, ALPHA)[0]) for _ in range(RUNS)]
    return float(np.mean(np.array(evidence) >= -math.log(DELTA)))


def test_labels_that_a_rule_asked_for_bring_no_false_certificate() -> None:
    assert ever(plainly=False) <= DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / RUNS)


def test_counted_plainly_they_would() -> None:
    assert ever(plainly=True) > 0.5
