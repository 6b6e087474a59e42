"""When two values of a field are the same: by their text, by how far apart they are, or as sets.

Values are as JSON has them: text, number, true or false, a list of texts; a date is text, 2026-01-31. None is "there is no
such value", and the same as None alone.
"""

import json
import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from rapidfuzz.distance import Levenshtein

from models.answers import regions, row_lists


def same_value(ours: Any, theirs: Any, *, by: str, within: float = 0.0, overlap: float = 0.5) -> bool:
    """Whether two values of a field are the same.

    Args:
        ours: A value, or None.
        theirs: Another of the same kind, or None.
        by: How they are compared: exact (of texts outer white space and the kind of line end do not count), folded
            (nor do case, white space within and a final stop), edits (Levenshtein 1966), within, set, rows (`row_lists`), overlap
            (`regions`).
        within: How many edits, days or units apart they may be.
        overlap: Of regions: the least intersection over union, in (0, 1].

    >>> same_value("2026-01-31", "2026-02-01", by="within", within=1)
    True
    >>> same_value(["b", "a"], ["a", "b"], by="set"), same_value("ACME Ltd.", "acme  ltd", by="folded")
    (True, True)
    >>> same_value("colour", "color", by="edits", within=1), same_value(None, "", by="exact")
    (True, False)
    """
    if ours is None or theirs is None:
        return ours is theirs
    match by:
        case "set":
            return _distinct(ours) == _distinct(theirs)
        case "rows":
            return row_lists.share_wrong(ours, as_ours(ours, theirs, by=by, within=within)) == 0
        case "overlap":
            return regions.same_regions(ours, theirs, overlap)
        case "within":
            return _apart(ours, theirs) <= within
        case "edits":
            most = int(within)
            return Levenshtein.distance(plain_text(ours), plain_text(theirs), score_cutoff=most) <= most
        case "folded":
            return _folded(ours) == _folded(theirs)
    return bool(plain_text(ours) == plain_text(theirs))


def as_ours(ours: Any, theirs: Any, *, by: str, within: float = 0.0, overlap: float = 0.5) -> Any:
    """Their list of rows or regions with each entry that is one of ours written as ours; any other value as it is.

    Args as for `same_value`.
    """
    if by not in ("rows", "overlap") or not isinstance(ours, list) or not isinstance(theirs, list):
        return theirs
    if by == "rows":
        return row_lists.as_ours(ours, theirs, within)
    return regions.as_ours(ours, theirs, overlap)


def plain_text(value: Any) -> Any:
    """A text without outer white space, its lines ended by line feeds; any other value as it is."""
    return value.replace("\r\n", "\n").replace("\r", "\n").strip() if isinstance(value, str) else value


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).removesuffix(".").rstrip()


def _distinct(values: Sequence[Any]) -> set[str]:
    return {json.dumps(value, sort_keys=True) for value in values}


def _apart(ours: Any, theirs: Any) -> float:
    """How far apart two numbers are, or two dates in days.

    Of numbers less by what a float cannot hold of a decimal: 0.3 and 0.1 + 0.2 are the same.
    """
    if isinstance(ours, str):
        return float(abs((date.fromisoformat(ours) - date.fromisoformat(theirs)).days))
    if isinstance(ours, int) and isinstance(theirs, int):
        return float(abs(ours - theirs))
    distance = abs(float(ours) - float(theirs))
    return 0.0 if math.isclose(ours, theirs, rel_tol=1e-15, abs_tol=0.0) else distance * (1 - 1e-9)
