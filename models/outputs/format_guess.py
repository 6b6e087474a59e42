"""What a file of a model's outputs is likely to be: which format's signs its rows have, and where the answer stands in them."""

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from models.config.presets import Preset
from models.outputs import path_functions, row_paths

_SIGNED = 0.5  # share of the rows that must have a sign; what failed may have none
_ENOUGH = 0.9  # share of the rows that must have a text to be shown
_DEEPEST = 6  # levels of objects that are taken apart
_MOST = 400  # paths that are looked at
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABELS = ("label", "answer", "category", "class", "prediction", "intent", "type", "verdict", "decision")
_SCORES = ("confidence", "score", "probability", "certainty", "p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A format that a file is taken for. `rows`: how many of `of` have one of its signs; `sign`: the one most have."""

    name: str
    rows: int
    of: int
    sign: str


def taken(rows: Sequence[Any], presets: Mapping[str, Preset]) -> Taken | None:
    """The format of which most rows have a sign; None: there is none that half of them have. `rows`: parsed JSON."""
    candidates: list[Taken] = []
    for name, preset in presets.items():
        counts = dict.fromkeys(preset.about.signs, 0)
        having = 0
        for row in rows:
            there = [sign for sign in counts if row_paths.there(row, sign)]
            having += bool(there)
            for sign in there:
                counts[sign] += 1
        if having and having >= _SIGNED * len(rows):
            sign = max(counts, key=counts.__getitem__)
            candidates.append(Taken(name=name, rows=having, of=len(rows), sign=sign))
    return max(candidates, key=lambda one: (one.rows, presets[one.name].study is not None, len(one.sign)), default=None)


def table(frame: pl.DataFrame, presets: Mapping[str, Preset]) -> Taken | None:
    """As `taken`, of a table with a header: a column stands for its name, dots and all."""
    rows = [dict.fromkeys(frame.columns, True)] * len(frame)
    return taken(rows, {name: one for name, one in presets.items() if one.input.get("format") == "csv"})


def named(frame: pl.DataFrame, patterns: Sequence[str]) -> list[str]:
    """The columns of a table that the patterns name, `*` for any letters."""
    return [one for one in frame.columns if any(fnmatch.fnmatchcase(one, pattern) for pattern in patterns)]


def inside(text_path: str, texts: Sequence[str | None]) -> dict[str, str]:
    """Where the answer and its confidence stand in texts that are JSON objects: key of [input] -> path.

    Nothing if less than half of the texts are such objects.
    """
    objects = [value for text in texts if isinstance(value := path_functions.parsed(text), dict)]
    if not objects or len(objects) < _ENOUGH * len([text for text in texts if text]) / 2:
        return {}
    keys = list(dict.fromkeys(key for one in objects for key in one if _PLAIN.fullmatch(key)))
    inside_paths: dict[str, str] = {}
    for of, names in (("prediction", _LABELS), ("confidence", _SCORES)):
        if key := next((name for name in names if name in keys), None):
            inside_paths[of] = f"from_json({text_path}).{key}"
    return inside_paths


def narrowed(path: str, rows: Sequence[Any]) -> str:
    """Of a path that is one of several, joined by ` || `, the first that gives what all of them together give."""
    ways = path.split(" || ")
    if any(row_paths.compiled(way) is None for way in ways):
        return path
    having = sum(row_paths.there(row, path) for row in rows)
    return next((way for way in ways if having and sum(row_paths.there(row, way) for row in rows) == having), path)


def shown(candidates: Sequence[str], rows: Sequence[Any]) -> list[str]:
    """The first of the paths at which a text stands in nearly every row, as a list; nothing if there is none."""
    for path in candidates:
        if rows and sum(row_paths.is_text(row, path) for row in rows) >= _ENOUGH * len(rows):
            return [path]
    return []


def leaves(rows: Sequence[Any]) -> list[str]:
    """The paths of nested objects at which texts, numbers or lists stand, in their order; a list is not taken apart."""
    leaf_paths: dict[str, None] = {}
    for row in rows:
        _walk(row, (), leaf_paths)
    return list(leaf_paths)[:_MOST]


def _walk(value: Any, keys: tuple[str, ...], leaf_paths: dict[str, None]) -> None:
    if isinstance(value, dict) and len(keys) < _DEEPEST:
        for key, inner in value.items():
            if key and key.isprintable():
                _walk(inner, (*keys, key), leaf_paths)
    elif keys and value is not None:
        path = (
            keys[0] if len(keys) == 1 else ".".join(key if _PLAIN.fullmatch(key) else json.dumps(key) for key in keys)
        )
        leaf_paths.setdefault(path)
