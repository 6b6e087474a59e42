"""Two models on the same labels: what tells them apart, and limits that hold what is true."""

import numpy as np
import pytest

from models.evaluation import comparison
from models.evaluation.comparison import Paired
from models.evaluation.estimate import NotEnoughEvidence

ALPHA = 0.05


def paired(both: int, ours: int, theirs: int, neither: int = 0) -> Paired:
    """So many labels in which both are right, this model alone, the other alone, none."""
    right = np.repeat([True, True, False, False], [both, ours, theirs, neither])
    other = np.repeat([True, False, True, False], [both, ours, theirs, neither])
    seen = comparison.paired(right, other, np.ones(len(right)), ALPHA)
    assert isinstance(seen, Paired)
    return seen


def test_only_labels_that_one_of_them_alone_has_right_tell_them_apart() -> None:
    few, many = paired(both=90, ours=0, theirs=10), paired(both=990, ours=0, theirs=10)
    assert (few.ours, few.theirs, few.more.value) == pytest.approx((0.9, 1.0, 0.1))
    assert (few.apart, many.apart, few.more.errors) == (1, 1, 10)
    assert paired(both=90, ours=10, theirs=0).apart == -1
    assert paired(both=90, ours=5, theirs=6).apart == 0


def test_without_labels_nothing_is_known() -> None:
    none = np.zeros(0, np.bool_)
    assert isinstance(comparison.paired(none, none, np.zeros(0), ALPHA), NotEnoughEvidence)


def test_a_label_stands_for_at_least_itself() -> None:
    with pytest.raises(ValueError, match="weights of 1 and above"):
        comparison.paired(np.ones(1, np.bool_), np.ones(1, np.bool_), np.array([0.5]), ALPHA)
    with pytest.raises(ValueError, match="one weight per label"):
        comparison.paired(np.ones(1, np.bool_), np.ones(2, np.bool_), np.ones(1), ALPHA)


@pytest.mark.parametrize(
    ("gained", "lost", "weights"),
    [(0.05, 0.05, (1,)), (0.02, 0.02, (1, 20)), (0.05, 0.01, (1, 20)), (0.15, 0.1, (1, 5))],
)
def test_the_limits_hold_the_difference_as_often_as_they_say(
    gained: float, lost: float, weights: tuple[float, ...]
) -> None:
    """Seeded; labels sampled with unequal chances and weighted by them, also where the two are equally good."""
    rng, missed, runs = np.random.default_rng(23), 0, 800
    for _ in range(runs):
        weight = np.array(weights, float)[rng.integers(len(weights), size=400 * len(weights) ** 2)]
        kept = rng.random(len(weight)) < 1 / weight
        chance = rng.random(len(weight))
        theirs_alone, ours_alone = chance < gained, (chance >= gained) & (chance < gained + lost)
        seen = comparison.paired((~theirs_alone)[kept], (~ours_alone)[kept], weight[kept], ALPHA)
        assert isinstance(seen, Paired)
        missed += not seen.more.low <= gained - lost <= seen.more.high
    assert missed / runs <= ALPHA + 3 * (ALPHA * (1 - ALPHA) / runs) ** 0.5
