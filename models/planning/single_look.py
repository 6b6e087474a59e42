"""What a fixed file of labels certifies at one look, by exact p-values: not for labels that go on coming.

Where all labels are there before anybody looks, the exact binomial p-value takes the place of the e-value, which pays for
being valid at any time (Angelopoulos et al. 2021, 2110.01052). Each threshold's labels must be blind and of one propensity.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.certification import certificate, e_values

Floats = NDArray[np.float64]

ERRORS = (1, 6)  # wrong labels that a chain's first threshold bears and still passes


def starts(labels: Floats, alpha: float, delta: float) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Indices of the thresholds at which chains start, rising, and each one's share of delta (sum 1).

    `labels`: how many lie at or above each threshold, strictest first. A chain starts at the strictest threshold with so
    many that one wrong label, or six, still pass at half of delta: with fewer the walk ends before it began, with more it
    begins at doubtful cases. Where there are too few for one, a single chain starts where no wrong label passes, or at the
    last threshold. Looks at no answer. Raises ValueError as `e_values.binomial`.
    """
    share = 1 / len(ERRORS)
    firsts = [_first(labels, errors, alpha, share * delta) for errors in ERRORS]
    places = sorted({place for place in firsts if place is not None})
    if not places:
        perfect = _first(labels, 0, alpha, delta)
        places = [len(labels) - 1 if perfect is None else perfect]
    return tuple(places), (1 / len(places),) * len(places)


def certified(
    labels: Floats, wrong: Floats, starts: Sequence[int], weights: Sequence[float], alpha: float, delta: float
) -> tuple[int, ...]:
    """Indices of the thresholds certified, rising; the last covers most. P(the error at any is above alpha) <= delta.

    `labels`, `wrong`: how many lie at or above each threshold and how many of them are wrong, strictest first. `starts` and
    `weights` may come from `starts` of the same labels, never from the wrong. For one look: looking again as labels
    come breaks the promise. Raises ValueError as `e_values.binomial`.
    """
    log_p = e_values.binomial(wrong, labels, alpha)
    return certificate.walk(log_p, starts, weights, delta=delta).passed


def _first(labels: Floats, errors: int, alpha: float, level: float) -> int | None:
    enough = np.flatnonzero(e_values.binomial(np.minimum(errors, labels), labels, alpha) >= -math.log(level))
    return int(enough[0]) if len(enough) else None
