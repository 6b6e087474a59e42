"""Which confidences estimates tell apart, among many thousand cases that have no answer. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXACT = 20_000  # cases up to which every confidence stays as it is
STEPS = 4096  # of coverage; beyond EXACT confidences are distinguished by so many, twice over


def of(parts: Sequence[Floats], listed: Floats) -> Floats:
    """The levels, rising: every confidence of a few cases; of many, those `listed` and the bounds of steps of coverage.

    `parts`: confidences of cases, each part rising. The steps are shared out among the parts by size, and are even as
    well as finer towards the top, where an area under a curve is most sensitive. The lowest confidence is a level.
    """
    total = sum(map(len, parts))
    if total > EXACT:
        parts = [_bounds(part, 1 + STEPS * len(part) // total) for part in parts if len(part)]
    levels: Floats = np.unique(np.concatenate([listed, *parts]))
    return levels


def counted(part: Floats, levels: Floats) -> NDArray[np.int64]:
    """How many cases of a rising `part` reach each level and not the next: the count above any level stays exact."""
    first = np.searchsorted(part, levels, "left").astype(np.int64)
    return np.diff(first, append=len(part))


def _bounds(part: Floats, steps: int) -> Floats:
    even = np.linspace(0, len(part) - 1, steps).astype(np.int64)
    near_the_top = len(part) - np.geomspace(1, len(part), steps).astype(np.int64)
    bounds: Floats = part[np.union1d(even, near_the_top)]
    return bounds
