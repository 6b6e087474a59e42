"""The fields of records in a table of model outputs: a value beside how sure the model is of it.

Two columns are a field where the one is called as the other with an ending (`total` and `total_conf`), or where both are parts of
one object (`total.value` and `total.confidence`). One such pair is a label with its confidence; two and more are a record.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models import columns
from models.outputs import label_guess, scale

_FEWEST = 2  # pairs that are a record
_ENDINGS = ("conf", "confidence", "score", "probability", "prob", "certainty")
_INNER = ("value", "text", "content", "answer")
_MANY = 12  # different values at most that are choices
_REPEATS = 5  # rows at least to each of them, in the mean
_LONGEST_CHOICE = 60  # letters
_LONGEST_NAME = 60  # letters, as a stream file takes it
_YESNO = {"yes", "no", "true", "false"}
_ISO = r"^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2})?)?$"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"$')


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGuess:
    """A field: the columns of its value and its score, and what more of its table in a stream file is no default."""

    name: str
    value: str
    score: str | None  # None: no column is
    kind: str
    keys: Mapping[str, str | Sequence[str]]  # scale, labels, format, same
    why: str  # what it was taken for, in words


def of(texts: pl.DataFrame, numbers: Sequence[str]) -> list[FieldGuess]:
    """The fields that a table holds, in the order of its columns; none where it has fewer than two.

    `texts`: its columns as text; `numbers`: those of them that hold numbers alone.
    """
    pairs: dict[str, str] = {}
    for value in texts.columns:
        score = next((one for one in _scores(value) if one in numbers), None)
        if score is not None and value not in pairs.values() and texts[value].null_count() < len(texts):
            pairs[value] = score
    if len(pairs) < _FEWEST:
        return []
    names = [_name(value) for value in pairs]
    return [
        _field(name if names.count(name) == 1 else value, value, score, texts, numbers)
        for name, (value, score) in zip(names, pairs.items(), strict=True)
        if len(name if names.count(name) == 1 else value) <= _LONGEST_NAME
    ]


def of_set(
    value: str, labels: Sequence[str], texts: pl.DataFrame, numbers: Sequence[str], confidence: str | None
) -> FieldGuess:
    """The one field of answers that are lists of labels. `confidence`: a column of numbers that is called so."""
    score = next((one for one in _scores(value) if one in numbers), confidence)
    keys: dict[str, str | Sequence[str]] = {"labels": list(labels)}
    runs = ", and no column is its score: name one, or people read all"
    if score is not None:
        scaled, runs = _scaled(score, texts)
        keys |= scaled
        runs = f", its score in {score!r}{runs}"
    name = _name(value)
    name = name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME].strip()
    few = "; its labels are those that stand in the rows: add what may come besides"
    why = f"field {name!r}: a set, for column {value!r} holds lists of labels{runs}{few}"
    return FieldGuess(name=name, value=value, score=score, kind="set", keys=keys, why=why)


def _scores(value: str) -> list[str]:
    """What the column of a value's score may be called."""
    parent, _, last = value.rpartition(".")
    beside = [f"{parent}.{ending}" for ending in _ENDINGS] if parent and last in _INNER else []
    ends = [f"{value}{between}{ending}" for between in ("_", ".", " ", "-") for ending in _ENDINGS]
    return beside + ends


def _name(value: str) -> str:
    """What people are shown: the last step of a path that says what the value is of."""
    parent, _, last = value.rpartition(".")
    path = parent if parent and last in _INNER else value
    quoted = _QUOTED.search(path)
    return str(json.loads(quoted[0])).strip() if quoted else path.rpartition(".")[2]


def _field(name: str, value: str, score: str, texts: pl.DataFrame, numbers: Sequence[str]) -> FieldGuess:
    keys: dict[str, str | Sequence[str]] = {}
    known = texts[value].drop_nulls().str.strip_chars()
    kind = _kind(known, value in numbers)
    if kind == "choice":
        keys["labels"], folded = label_guess.spelt(texts[value])
        keys |= {"same": "folded"} if folded else {}
    if kind == "set":
        keys["labels"] = label_guess.of_lists(known) or []
    if kind == "date" and not known.str.contains(_ISO).all():
        keys["format"] = str(_date_format(known))
    scaled, runs = _scaled(score, texts)
    keys |= scaled
    few = "; its labels are those that stand in the rows: add what may come besides" if "labels" in keys else ""
    why = f"field {name!r}: a {kind} in column {value!r}, its score in {score!r}{runs}{few}"
    return FieldGuess(name=name, value=value, score=score, kind=kind, keys=keys, why=why)


def _scaled(score: str, texts: pl.DataFrame) -> tuple[dict[str, str], str]:
    """The key that names the scale of a column of scores where it is not from 0 to 1, and why."""
    sure = columns.numbers(texts[score].drop_nulls())
    other = scale.another(sure, "unit", named=False)
    if other is None:
        return {}, ""
    low, high = float(np.min(sure.to_numpy())), float(np.max(sure.to_numpy()))
    return {"scale": other[1]}, f", {other[1]}, for it runs from {low:g} to {high:g}"


def _kind(known: pl.Series, number: bool) -> str:
    """What a field's values are, by what stands in it. Where nothing else is sure, a text."""
    if known.str.to_lowercase().is_in(_YESNO).all():
        return "yesno"
    if number and not known.str.contains(r"^[+-]?0\d").any():  # 00123 is a number to nobody
        return "number"
    if known.str.contains(_ISO).all() or _date_format(known) is not None:
        return "date"
    if label_guess.of_lists(known) is not None:
        return "set"
    few = 2 <= known.n_unique() <= _MANY and known.n_unique() * _REPEATS <= len(known)
    short = known.str.len_chars().max()
    if few and isinstance(short, int) and short <= _LONGEST_CHOICE and not known.str.contains(r"[\[{\n]").any():
        return "choice"
    return "text"


def _date_format(known: pl.Series) -> str | None:
    """The one way to read every value as a day; None: there is none, or there are two, as of 01/02/2026."""
    ways = [way for way in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d") if _reads(known, way)]
    return ways[0] if len(ways) == 1 else None


def _reads(known: pl.Series, way: str) -> bool:
    shape = way.replace("%Y", r"\d{4}").replace("%d", r"\d{1,2}").replace("%m", r"\d{1,2}").replace(".", r"\.")
    if not known.str.contains(f"^{shape}$").all():
        return False
    return known.str.to_date(way, strict=False).null_count() == 0
