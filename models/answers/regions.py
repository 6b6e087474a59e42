"""Regions of a text or a picture, and when two sets of them are the same.

A span is {"start", "end", "label"}, in characters of the text, `end` not included. A box is {"x", "y", "width", "height",
"label"}, in percent of the picture. Two sets are the same if they match one to one, each pair of one label and overlapping by at
least so much: intersection over union (Jaccard 1912).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Region = Mapping[str, Any]


def same_regions(ours: Sequence[Region], theirs: Sequence[Region], overlap: float) -> bool:
    """Whether two sets of spans, or of boxes, are the same. `overlap`: the least intersection over union, in (0, 1].

    >>> one = {"start": 0, "end": 10, "label": "name"}
    >>> same_regions([one], [one | {"end": 12}], 0.5), same_regions([one], [one, one], 0.5)
    (True, False)
    """
    if len(ours) != len(theirs):
        return False
    for label in {str(one["label"]) for one in (*ours, *theirs)}:
        sets = [[one for one in regions if one["label"] == label] for regions in (ours, theirs)]
        if len(sets[0]) != len(sets[1]) or not _matched(sets[0], sets[1], overlap):
            return False
    return True


def _matched(ours: Sequence[Region], theirs: Sequence[Region], overlap: float) -> bool:
    """Whether as many regions of one label match one to one."""
    from scipy.optimize import linear_sum_assignment  # a fifth of a second, which records without regions do without

    short = _overlaps(ours, theirs) < overlap - 1e-9
    rows, columns = linear_sum_assignment(short)
    return not short[rows, columns].any()


def _overlaps(ours: Sequence[Region], theirs: Sequence[Region]) -> Floats:
    """(ours, theirs): how much each pair overlaps, in [0, 1]; 0 where one of the two is empty."""
    spans = "start" in ours[0]
    sides = [("start", "end", 0.0)] if spans else [("x", "width", 1.0), ("y", "height", 1.0)]
    both, each, rest = np.ones((len(ours), len(theirs))), np.ones((len(ours), 1)), np.ones((1, len(theirs)))
    for low, high, is_length in sides:
        a, c = (np.array([float(one[low]) for one in regions]) for regions in (ours, theirs))
        b, d = (np.array([float(one[high]) for one in regions]) for regions in (ours, theirs))
        b, d = b + is_length * a, d + is_length * c
        both *= np.clip(np.minimum(b[:, None], d) - np.maximum(a[:, None], c), 0.0, None)
        each, rest = each * (b - a)[:, None], rest * (d - c)
    union = each + rest - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0), np.float64)


def intersection_over_union(one: Region, other: Region) -> float:
    """How much two regions overlap, in [0, 1]; 0 if one of them is empty."""
    return float(_overlaps([one], [other])[0, 0])
