"""Columns of regions as models write them -> spans and boxes (`models.answers.regions`), as JSON texts."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from models.config.field_table import FieldTable

_LABEL = ("label", "labels", "entity_group", "entity", "class", "category")  # keys under which a region's label stands
_FAR = 1e12
_SLACK = 0.5  # of a side, by which rounding may put a box over the edge
_DIGITS = 4  # decimals of a percent: a hundredth of a pixel


def spans(_: pl.Series, text: pl.Series, field: FieldTable) -> pl.Series:
    """Each list of objects with start, end and a label, or of such lists of three; null where it is none."""
    return _mapped(text, field, _span)


def boxes(_: pl.Series, text: pl.Series, field: FieldTable) -> pl.Series:
    """Each list of objects with x, y, width, height and a label; null where it is none. The result is in percent."""
    scale = 100.0 if field.unit == "share" else 1.0
    return _mapped(text, field, lambda region: _box(region, scale))


def _mapped(text: pl.Series, field: FieldTable, of_one: Callable[[Any], dict[str, Any] | None]) -> pl.Series:
    labels = field.labels or ()
    known = {one: _regions(one, labels, of_one) for one in text.drop_nulls().unique()}
    return text.replace_strict(known, default=None, return_dtype=pl.String)


def _regions(text: str, labels: Sequence[str], of_one: Callable[[Any], dict[str, Any] | None]) -> str | None:
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list):
        return None
    regions = []
    for part in parts:
        region = of_one(part)
        if region is None or region["label"] not in labels:
            return None
        regions.append(region)
    return as_json(regions)


def as_json(regions: list[dict[str, Any]]) -> str:
    """Regions as JSON, in the order of where they begin."""
    order = sorted(
        regions, key=lambda one: (one.get("start", one.get("x", 0)), one.get("end", one.get("y", 0)), one["label"])
    )
    return json.dumps(order, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _span(part: Any) -> dict[str, Any] | None:
    if isinstance(part, list) and len(part) == 3:
        part = dict(zip(("start", "end", "label"), part, strict=True))
    label, start, end = _label(part), _number(part, "start"), _number(part, "end")
    if label is None or start is None or end is None or not 0 <= start < end or start % 1 or end % 1:
        return None
    return {"start": int(start), "end": int(end), "label": label}


def _box(part: Any, scale: float) -> dict[str, Any] | None:
    label = _label(part)
    sides = {key: _number(part, key) for key in ("x", "y", "width", "height")}
    known = {key: round(value * scale, _DIGITS) for key, value in sides.items() if value is not None}
    if label is None or len(known) < len(sides) or min(known["width"], known["height"]) <= 0:
        return None
    if (
        min(known["x"], known["y"]) < -_SLACK
        or max(known["x"] + known["width"], known["y"] + known["height"]) > 100 + _SLACK
    ):
        return None  # in pixels, perhaps
    return known | {"label": label}


def _label(part: Any) -> str | None:
    """The label of a region: text, or a list of one text."""
    for key in _LABEL if isinstance(part, dict) else ():
        label = part.get(key)
        label = label[0] if isinstance(label, list) and len(label) == 1 else label
        if isinstance(label, str):
            return label
    return None


def _number(part: Any, key: str) -> float | None:
    value = part.get(key) if isinstance(part, dict) else None
    known = isinstance(value, int | float) and not isinstance(value, bool) and -_FAR < value < _FAR
    return float(value) if known else None  # type: ignore[arg-type] # it is a number
