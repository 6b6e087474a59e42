"""Lists of rows, as the lines of an invoice, and which rows of two of them are the same.

A row is an object with a text, a number or null for each column. Its texts are compared without case, white space, a final stop
and the sign that parts the cells of a form; its numbers by how far apart they are.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BAR = "|"  # parts the cells of a row where people write it

Row = Mapping[str, Any]
Floats = NDArray[np.float64]
_EXACT = 1e-15  # of a number, what a float cannot hold of a decimal: 0.3 and 0.1 + 0.2 are the same
_SLACK = 1 - 1e-9  # likewise of a distance


def as_ours(ours: Sequence[Row], theirs: Sequence[Row], within: float) -> list[Row]:
    """Their rows, each that is the same as one of ours written as ours: one to one, as many as can, in their order.

    `within`: how far apart numbers may be.

    >>> as_ours([{"item": "Ink ", "price": 2.5}], [{"item": "ink", "price": 2.499}], 0.01)
    [{'item': 'Ink ', 'price': 2.5}]
    """
    places: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((ours, theirs)):
        for place, row in enumerate(rows):
            places[_texts(row)][side].append(place)
    written = list(theirs)
    for mine, other in places.values():
        for one, their in _pairs(_numbers(ours, mine), _numbers(theirs, other), within):
            written[other[their]] = ours[mine[one]]
    return written


def _texts(row: Row) -> str:
    """What two rows have in common that are the same but for how far apart their numbers are."""
    return json.dumps({name: 0 if _is_number(one) else [_bare(one)] for name, one in row.items()}, sort_keys=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bare(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return " ".join(value.replace(BAR, " ").casefold().split()).removesuffix(".").rstrip()


def _numbers(rows: Sequence[Row], chosen: Sequence[int]) -> Floats:
    """(rows, numbers) of rows that have numbers under the same names."""
    names = sorted(name for name, one in rows[chosen[0]].items() if _is_number(one)) if chosen else []
    return np.array([[rows[place][name] for name in names] for place in chosen], np.float64).reshape(
        len(chosen), len(names)
    )


def _pairs(ours: Floats, theirs: Floats, within: float) -> list[tuple[int, int]]:
    """(place among ours, among theirs) of as many rows as can be matched one to one, each number at most `within` apart."""
    if not len(ours) or not len(theirs):
        return []
    if ours.shape == theirs.shape:
        orders = [np.lexsort(one.T) if one.shape[1] else np.arange(len(one)) for one in (ours, theirs)]
        if np.array_equal(ours[orders[0]], theirs[orders[1]]):
            return list(zip(orders[0].tolist(), orders[1].tolist(), strict=True))
    near = [np.flatnonzero(_near(row, theirs, within)) for row in ours]
    if len(ours) == 1:
        return [(0, int(near[0][0]))] if len(near[0]) else []
    from scipy.sparse import csr_array  # a fifth of a second, which records without such rows do without
    from scipy.sparse.csgraph import maximum_bipartite_matching

    ends = np.cumsum([0, *map(len, near)])
    places = np.concatenate(near)
    graph = csr_array((np.ones(len(places), np.int8), places, ends), shape=(len(ours), len(theirs)))
    matched = maximum_bipartite_matching(graph, perm_type="column")
    return [(row, int(column)) for row, column in enumerate(matched) if column >= 0]


def _near(row: Floats, others: Floats, within: float) -> NDArray[np.bool_]:
    apart = np.abs(others - row)
    exact = apart <= _EXACT * np.maximum(np.abs(others), np.abs(row))
    near: NDArray[np.bool_] = (exact | (apart * _SLACK <= within)).all(axis=1)
    return near


def share_wrong(ours: Sequence[Any] | None, theirs: Sequence[Any] | None) -> float:
    """The share of the longer list that has no entry like it in the other, in [0, 1]; 0 where both are empty.

    Entries are alike where their JSON is: `as_ours` goes before.

    >>> share_wrong(["a", "b", "b", "b"], ["b", "b", "a"]), share_wrong([], ["a"]), share_wrong([], None)
    (0.25, 1.0, 0.0)
    """
    counted = [Counter(json.dumps(entry, sort_keys=True) for entry in entries or ()) for entries in (ours, theirs)]
    longest = max(entries.total() for entries in counted)
    return 1 - (counted[0] & counted[1]).total() / longest if longest else 0.0
