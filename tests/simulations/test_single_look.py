"""One exact look at a fixed file keeps its promise; looking again as labels come does not.

Seeded. Every threshold has an error of just the target, so whatever is certified is false. Significance level 5 %.
"""

import math

import numpy as np
import polars as pl
import pytest

from models.certification import era_plan
from models.planning import single_look

TARGET, DELTA = 0.05, 0.05


def ever_certified(looks: list[int], runs: int) -> float:
    """Share of runs that certify something at any of the looks at the first so many labels."""
    random = np.random.default_rng(2110)
    ever = 0
    for _ in range(runs):
        scores, wrong = random.random(looks[-1]), random.random(looks[-1]) < TARGET
        thresholds = np.array(era_plan.ranks(pl.Series(scores))[0], np.float64)
        for look in looks:
            labels, bad = (
                len(part) - np.searchsorted(np.sort(part), thresholds).astype(np.float64)
                for part in (scores[:look], scores[:look][wrong[:look]])
            )
            if single_look.certified(labels, bad, *single_look.starts(labels, TARGET, DELTA), TARGET, DELTA):
                ever += 1
                break
    return ever / runs


def bound(runs: int) -> float:
    """The share of runs that may be wrong."""
    return DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / runs)


@pytest.mark.parametrize("labels", [100, 150, 1000])
def test_one_look_rarely_certifies_what_is_just_at_the_target(labels: int) -> None:
    assert ever_certified([labels], 2000) <= bound(2000)


def test_looking_again_as_labels_come_breaks_the_promise() -> None:
    assert ever_certified(list(range(100, 2001, 100)), 300) > bound(300)
