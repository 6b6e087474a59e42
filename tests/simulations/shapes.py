"""Models to simulate: the confidence and the error rate at each rank, from the surest case (0) to the least sure (1)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    confidence: Callable[[Floats], Floats]  # of the rank, falling
    error: Callable[[Floats], Floats]
    target: float


def _typical_error(rank: Floats) -> Floats:
    return 0.002 + 0.30 * rank**6


def _few_sure(rank: Floats) -> Floats:
    return np.where(rank < 0.25, 0.995 - 0.38 * rank, 0.9 - 0.8 * (rank - 0.25))


MODELS = {
    "typical": Model(confidence=lambda rank: 1 - 0.3 * rank**6, error=_typical_error, target=0.01),
    # 72 % right
    "weak": Model(
        confidence=lambda rank: 0.995 - 0.6875 * rank**1.5,
        error=lambda rank: 0.005 + 0.6875 * rank**1.5,
        target=0.05,
    ),
    # 72 % right: a quarter of its answers is sure and 1 % wrong, 37 % of the others are wrong
    "weak, few sure": Model(confidence=_few_sure, error=lambda rank: np.where(rank < 0.25, 0.01, 0.37), target=0.05),
    # 77 % of its confidences are .99 or above, where 1.09 % are wrong
    "sure": Model(confidence=lambda rank: 1 - 0.048 * rank**6, error=_typical_error, target=0.01),
}
