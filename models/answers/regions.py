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
    return len(ours) == len(theirs) == len(_pairs(ours, theirs, overlap))


def as_ours(ours: Sequence[Region], theirs: Sequence[Region], overlap: float) -> list[Region]:
    """Their regions, each that matches one of ours written as ours; as many of them as can, in their order.

    >>> one = {"start": 0, "end": 10, "label": "name"}
    >>> [two["end"] for two in as_ours([one], [one | {"end": 12}, one | {"end": 3}], 0.5)]
    [10, 3]
    """
    pairs = _pairs(ours, theirs, overlap)
    return [ours[pairs[place]] if place in pairs else region for place, region in enumerate(theirs)]


def _pairs(ours: Sequence[Region], theirs: Sequence[Region], overlap: float) -> dict[int, int]:
    """Place among theirs -> place among ours, of as many regions as match one to one."""
    pairs: dict[int, int] = {}
    for label in {str(one["label"]) for one in ours} & {str(one["label"]) for one in theirs}:
        mine, other = ([n for n, one in enumerate(part) if one["label"] == label] for part in (ours, theirs))
        overlaps = _overlaps([ours[n] for n in mine], [theirs[n] for n in other])
        pairs |= {other[column]: mine[row] for row, column in _assigned(overlaps, overlap - 1e-9)}
    return pairs


def _assigned(overlaps: Floats, least: float) -> list[tuple[int, int]]:
    """As many (row, column) with at least so much overlap as can be chosen with each once; of these, those that overlap most."""
    from scipy.optimize import linear_sum_assignment  # a fifth of a second, which records without regions do without

    enough = overlaps >= least
    rows, columns = linear_sum_assignment(enough * (1 + overlaps / (1 + min(overlaps.shape))), maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if enough[row, column]]


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
