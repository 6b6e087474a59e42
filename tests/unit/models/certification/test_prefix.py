"""The evidence of the best prefix is what trying every prefix gives, and a group is one bet that can only lose later."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.certification import e_values, prefix

ALPHA = 0.05
Floats = NDArray[np.float64]


def samples(
    right: list[bool],
    *,
    step: list[int] | None = None,
    propensity: list[float] | None = None,
    group: list[int] | None = None,
    batch: list[int] | None = None,
) -> prefix.Samples:
    size = len(right)
    return prefix.Samples(
        bin=np.array(step or [0] * size),
        version=np.zeros(size, np.int64),
        propensity=np.array(propensity or [1.0] * size),
        right=np.array(right),
        group=np.array(group or range(size)),
        batch=np.array(batch or [0] * size),
    )


def every_prefix(right: Floats, ratio: Floats) -> float:
    """The mixture after each sample, by the formula, and its largest."""
    stake, weights = e_values.stakes()
    factors = np.where(right[:, None] > 0, 1 + ratio[:, None] * stake * ALPHA / (1 - ALPHA), 1 - ratio[:, None] * stake)
    return max(0.0, float(np.log((np.cumprod(factors, axis=0) @ weights).max(initial=1.0))))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_largest_over_all_prefixes_at_every_threshold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    right, step = rng.random(400) > 0.03, rng.integers(0, 4, 400)
    propensity = rng.choice([0.1, 0.3], 400)
    log_e = prefix.log_e(
        samples(right.tolist(), step=step.tolist(), propensity=propensity.tolist()), np.array([[0.1, 0.1, 0.1]]), ALPHA
    )
    expected = [every_prefix(right[step <= at].astype(float), 0.1 / propensity[step <= at]) for at in range(3)]
    assert log_e == pytest.approx(expected, rel=1e-9)


def test_no_sample_is_no_evidence_and_neither_is_an_error() -> None:
    assert prefix.log_e(samples([]), np.ones((1, 2)), ALPHA).tolist() == [0.0, 0.0]
    assert prefix.log_e(samples([False, False]), np.ones((1, 1)), ALPHA).tolist() == [0.0]


def test_what_comes_after_a_beginning_cannot_take_its_evidence_away() -> None:
    whole = prefix.log_e(samples([True] * 60 + [False] * 40), np.ones((1, 1)), ALPHA)
    assert whole == prefix.log_e(samples([True] * 60), np.ones((1, 1)), ALPHA) > 0


def test_a_group_decided_together_is_one_bet() -> None:
    """G = n, K = k: the factor of a group of n cases of which k are wrong is 1 + x (alpha n - k) / (m - alpha)."""
    stake, weights = e_values.stakes()
    log_e = prefix.log_e(
        samples([True, True, True, False, True], group=[1, 1, 2, 2, 3], batch=[0] * 5), np.ones((1, 1)), 0.4, 2
    )
    factor = {n_k: 1 + stake * (0.4 * n_k[0] - n_k[1]) / (2 - 0.4) for n_k in ((2, 0), (2, 1), (1, 0))}
    ends = [factor[2, 0], factor[2, 0] * factor[2, 1], factor[2, 0] * factor[2, 1] * factor[1, 0]]
    assert log_e[0] == pytest.approx(max(float(np.log(end @ weights)) for end in ends))


def test_of_single_cases_a_group_of_one_is_the_bet_of_a_case() -> None:
    right = [True] * 40 + [False] + [True] * 40
    alone = prefix.log_e(samples(right), np.ones((1, 1)), ALPHA)
    grouped = prefix.log_e(samples([*right, True], group=[*range(81), 0], batch=[0] * 81 + [1]), np.ones((1, 1)), ALPHA)
    assert grouped == pytest.approx(alone), "a right case that joins a group later wins nothing"


def test_a_wrong_case_that_joins_a_group_later_takes_from_its_bet() -> None:
    right = [True] * 80
    before = prefix.log_e(samples(right, batch=[0] * 80), np.ones((1, 1)), ALPHA, 2)
    wrong_first = samples([*right, False, True], group=[*range(80), 0, 99], batch=[0] * 80 + [1, 2])
    with_more = samples(
        [*right, False, *[True] * 40], group=[*range(80), 0, *range(100, 140)], batch=[0] * 80 + [1] + [2] * 40
    )
    clean = samples([*right, *[True] * 40], group=[*range(80), *range(100, 140)], batch=[0] * 80 + [2] * 40)
    lowest = np.ones((1, 1))
    assert prefix.log_e(wrong_first, lowest, ALPHA, 2) == pytest.approx(before), "the prefix before it still stands"
    assert prefix.log_e(with_more, lowest, ALPHA, 2)[0] < prefix.log_e(clean, lowest, ALPHA, 2)[0]


@pytest.mark.parametrize(
    ("alpha", "propensity", "message"),
    [(0.0, 1.0, "alpha 0.0"), (ALPHA, 0.5, "propensity 0.5 is below what its policy gives")],
)
def test_what_cannot_be_is_refused(alpha: float, propensity: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prefix.log_e(samples([True], propensity=[propensity]), np.ones((1, 1)), alpha)


def test_a_share_that_is_wrong_is_held_against_the_target_of_its_mean() -> None:
    rng = np.random.default_rng(1)
    losses = np.round(rng.random(300) ** 12, 3)
    stake, weights = e_values.stakes()
    factors = 1 + stake * (ALPHA - losses[:, None]) / (1 - ALPHA)
    expected = float(np.log((np.cumprod(factors, axis=0) @ weights).max()))
    assert prefix.log_e(samples([False] * 300), np.ones((1, 1)), ALPHA, losses=losses) == pytest.approx([expected])


def test_losses_of_0_and_1_are_right_and_wrong() -> None:
    right = [True] * 80 + [False] * 2 + [True] * 40
    assert prefix.log_e(samples([False] * 122), np.ones((1, 1)), ALPHA, losses=1.0 - np.array(right)) == prefix.log_e(
        samples(right), np.ones((1, 1)), ALPHA
    )


@pytest.mark.parametrize("losses", [[-0.1], [1.1], [np.nan], [0.0, 0.0]])
def test_a_loss_is_a_share_for_each_sample(losses: list[float]) -> None:
    with pytest.raises(ValueError, match="one loss from 0 to 1 per sample"):
        prefix.log_e(samples([True]), np.ones((1, 1)), ALPHA, losses=np.array(losses))
