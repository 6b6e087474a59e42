"""Items that several models decide: what a model's words have chosen brings false certificates, and what is counted brings none.

Seeded. One threshold, all cases above it, all of them read. Half of the items are easy, the others hard, for every model, whose
error over both is exactly the target. So whoever ever certifies is wrong. Tolerances are three binomial standard errors of the
number of runs.
"""

import math

import numpy as np
import pytest

from models.certification import prefix

ALPHA, DELTA = 0.1, 0.05
ITEMS, RUNS = 1500, 400
EASY, HARD = 0.02, 0.18  # errors on both halves; their mean is ALPHA


def ever(*, chosen_first: bool, counted: bool) -> float:
    """The share of lives in which a certificate stands after any of the labels.

    `chosen_first`: a new model decides the items anew that the one before had released, which are the easy ones, and then others
    that come. Else: another model is held against what people had when items began to be decided anew, and then against the items
    of which the new model said the same, which are the easy ones, and which alone wait on. `counted`: whether the chosen count.
    """
    rng = np.random.default_rng(31)
    number = 0
    for _ in range(RUNS):
        hard = rng.random((2, ITEMS)) < 0.5
        fair, chosen = hard[0], np.zeros(int((~hard[1]).sum()), np.bool_)
        order = np.concatenate([chosen, fair] if chosen_first else [fair, chosen]) if counted else fair
        right = rng.random(len(order)) >= np.where(order, HARD, EASY)
        samples = prefix.Samples(
            bin=np.zeros(len(order), np.int64),
            version=np.zeros(len(order), np.int64),
            propensity=np.ones(len(order)),
            right=right,
            group=np.arange(len(order)),
            batch=np.arange(len(order)),
        )
        number += float(prefix.log_e(samples, np.ones((1, 1)), ALPHA)[0]) >= -math.log(DELTA)
    return number / RUNS


@pytest.mark.parametrize("chosen_first", [True, False])
def test_without_what_a_models_words_have_chosen_there_is_no_false_certificate(chosen_first: bool) -> None:
    assert ever(chosen_first=chosen_first, counted=False) <= DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / RUNS)


@pytest.mark.parametrize("chosen_first", [True, False])
def test_with_it_there_would_be(chosen_first: bool) -> None:
    assert ever(chosen_first=chosen_first, counted=True) > 0.5
