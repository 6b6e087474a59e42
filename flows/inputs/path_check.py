"""The paths of a stream looked at in the first rows of a file, before anything of it is recorded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from flows.inputs import headers
from models import columns
from models.config import score_table
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import failures, paths

ROWS = 1000


def check(path: Path, frame: pl.DataFrame, ours: paths.Plan, stream: Stream) -> None:
    """Raises InputInvalid if a path leads nowhere in all rows that have its columns, or to lists where a value is needed.

    `frame`: the first rows, with what the plan takes from them and, of JSON Lines, `reserved.RAW`.
    """
    table = stream.input
    values = {
        *score_table.id_columns(table.id),
        table.confidence,
        table.model,
        table.group,
        table.cost,
        table.latency_ms,
    }
    values |= {table.produced_at, *([] if stream.score is None else stream.score.numbers)}
    needed = values | {table.prediction, *table.payload, *(table.probabilities or [])}
    needed |= set() if stream.score is None else set(stream.score.read)
    if failures.reasons(frame, stream).is_not_null().any():  # where the answer would stand is nothing then
        needed = set(score_table.id_columns(table.id))
    for one in ours.derived:
        column = frame[one.name]
        if one.name in needed and len(frame) and column.null_count() == len(frame):
            tops = _tops(frame, one)
            if tops is None and table.failed:
                tops = f"it starts at {headers.quoted(list(one.roots))}, which no row has"
            if tops is not None:
                raise InputInvalid(
                    f"{path}: the path {one.name!r} leads nowhere in its first {len(frame)} rows ({tops}); correct it in the "
                    "stream file"
                )
        if one.name in values:
            _check_value(path, one.name, column)


def _check_value(path: Path, name: str, values: pl.Series) -> None:
    text = columns.text(values.to_frame()).to_series().drop_nulls()
    several = text.str.contains(r"^\s*(\[.*\]|\{.*\})\s*$")
    if 2 * int(several.sum()) > len(text):
        shown = str(text.filter(several)[0])
        kind, way = ("list", f"{name}[0]") if shown.lstrip().startswith("[") else ("record", f"{name}.KEY")
        raise InputInvalid(
            f"{path}: the path {name!r} leads to a {kind}, {shown[:60]!r}, where one value is needed; "
            f"name one in it, as in {way!r}"
        )


def _tops(frame: pl.DataFrame, one: paths.Path) -> str | None:
    """What the longest part of a path that leads anywhere leads to; None: no row has even its first column."""
    rows = paths.sources(frame, one)
    if all(not isinstance(row, dict) or all(row.get(root) is None for root in one.roots) for row in rows):
        return None
    if one.steps is None:
        return f"it starts at {headers.quoted(list(one.roots))}"
    return _reached(rows, one)


def _reached(rows: Sequence[Any], path: paths.Path) -> str:
    """How far a plain path leads in the row in which it leads furthest, and what is there instead of its next step."""
    furthest, value, way = -1, None, ""
    for row in rows:
        here, so_far = row, ""
        for place, step in enumerate((path.roots[0], *(path.steps or ()))):
            after = here
            if isinstance(step, str):
                after = here.get(step) if isinstance(here, dict) else None
            elif isinstance(here, list):
                position = 0 if step is paths.EACH else int(step)
                after = here[position] if -len(here) <= position < len(here) else None
            else:
                after = None
            if after is None:
                if place > furthest:
                    furthest, value, way = place, here, so_far
                break
            so_far += f".{step}" if isinstance(step, str) else "[*]" if step is paths.EACH else f"[{step}]"
            here = after
    name = repr(way.removeprefix(".")) if way else "the row"
    if isinstance(value, dict):
        return f"{name} has {', '.join(map(repr, list(value)[:10])) or 'nothing in it'}"
    return f"{name} is a list of {len(value)}" if isinstance(value, list) else f"{name} is a {_named(value)}"


def _named(value: Any) -> str:
    return "text" if isinstance(value, str) else "truth value" if isinstance(value, bool) else "number"
