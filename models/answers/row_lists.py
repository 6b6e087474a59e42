"""Lists of rows, as the lines of an invoice, and which rows of two of them are the same.

A row is an object with a text, a number or null for each column. Its texts are compared without case, white space, a final stop
and the sign that parts the cells of a form; its numbers by how far apart they are.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

BAR = "|"  # parts the cells of a row where people write it


def as_ours(ours: Sequence[Any], theirs: Sequence[Any], same: Callable[[Any, Any], bool]) -> list[Any]:
    """Their entries, each that is the same as one of ours written as ours; one to one, in their order.

    >>> as_ours(["A", "b"], ["a", "a"], lambda one, other: one.lower() == other.lower())
    ['A', 'a']
    """
    left, written = list(ours), []
    for entry in theirs:
        place = next((n for n, one in enumerate(left) if one == entry or same(one, entry)), None)
        written.append(entry if place is None else left.pop(place))
    return written


def same_row(ours: dict[str, Any], theirs: dict[str, Any], within: float) -> bool:
    """Whether two rows are the same in every column. `within`: how far apart numbers may be.

    >>> same_row({"item": "Ink ", "price": 2.5}, {"item": "ink", "price": 2.499}, 0.01)
    True
    """
    return ours.keys() == theirs.keys() and all(_same(ours[name], theirs[name], within) for name in ours)


def _same(ours: Any, theirs: Any, within: float) -> bool:
    if isinstance(ours, str) and isinstance(theirs, str):
        return _bare(ours) == _bare(theirs)
    if ours is None or theirs is None or isinstance(ours, str) or isinstance(theirs, str):
        return ours is theirs
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=within * (1 + 1e-9))


def _bare(text: str) -> str:
    return " ".join(text.replace(BAR, " ").casefold().split()).removesuffix(".").rstrip()


def share_wrong(ours: Sequence[Any] | None, theirs: Sequence[Any] | None) -> float:
    """The share of the longer list that has no entry like it in the other, in [0, 1]; 0 where both are empty.

    Entries are alike where their JSON is: `as_ours` goes before.

    >>> share_wrong(["a", "b", "b", "b"], ["b", "b", "a"]), share_wrong([], ["a"]), share_wrong([], None)
    (0.25, 1.0, 0.0)
    """
    counted = [Counter(json.dumps(entry, sort_keys=True) for entry in entries or ()) for entries in (ours, theirs)]
    longest = max(entries.total() for entries in counted)
    return 1 - (counted[0] & counted[1]).total() / longest if longest else 0.0
