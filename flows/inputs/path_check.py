"""The paths of a stream looked at in the first rows of a file, before anything of it is recorded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from flows.inputs import headers
from models import columns
from models.config import field_table, score_table, shadow_table
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import failures, path_functions, paths, request

ROWS = 1000
_FEW = 20  # rows, none of which need have an answer


def check(path: Path, frame: pl.DataFrame, ours: paths.Plan, stream: Stream) -> None:
    """Raises InputInvalid if a path leads nowhere in all rows that have its columns, or to lists where a value is needed.

    A path at whose end a null stands, or an empty list before it, is right: such a row is a case for a person. Of an expression
    that cannot be seen, so where all rows are few, none of them need have what it gives.

    `frame`: the first rows, with what the plan takes from them and, of JSON Lines, `reserved.RAW`.
    """
    table, ids = stream.input, score_table.id_columns(stream.input.id)
    values = {
        *ids,
        table.confidence,
        table.model,
        table.group,
        table.cost,
        table.latency_ms,
    }
    values |= set() if stream.review.box is None else set(stream.review.box.columns)
    values |= {table.produced_at, *([] if stream.score is None else stream.score.numbers)}
    needed = values | {table.prediction, *table.payload, *(table.probabilities or [])}
    needed |= set() if stream.score is None else set(stream.score.read)
    fields = {name for field in stream.field if field.required for name in (field.column, field.score)}
    needed |= fields
    # What is known of the request is not needed: a platform that leaves it out stops no file.
    values |= fields | {field.score for field in stream.field} | {*request.columns_of(stream)}
    values -= {field.column for field in stream.field if field.kind in field_table.SETS}
    for other in stream.shadow:
        needed |= other.needed([field.name for field in stream.field if not field.required])
        lists = {other.values.get(field.name) for field in stream.field if field.kind in field_table.SETS}
        values |= set(other.columns) - lists - {other.prediction, *(other.probabilities or [])}
    if failures.reasons(frame, stream).is_not_null().any():  # where the answer would stand is nothing then
        needed = set(ids)
    for one in ours.derived:
        column = frame[one.name]
        if one.name in needed and len(frame) and _nowhere(column):
            rows = paths.sources(frame, one)
            tops = _tops(rows, one)
            if tops is None and table.failed:
                tops = f"it starts at {headers.quoted(list(one.roots))}, which no row has"
            if tops is not None and (one.name in ids or not _may_be_right(rows, one)):
                asker = shadow_table.asker(stream.shadow, one.name)
                raise InputInvalid(
                    f"{path}: the path {one.name!r} leads nowhere in its first {len(frame)} rows ({tops}); correct it in "
                    f"{asker or 'the stream file'}"
                )
        if one.name in values:
            _check_value(path, one.name, column)


def leads(frame: pl.DataFrame, one: paths.Path) -> bool:
    """Whether a path leads to anything in the first rows of a file, or to a null under the name that a row has at its end.

    `frame`: as in `check`.
    """
    if not _nowhere(frame[one.name]):
        return True
    if not one.steps or one.within is not None:
        return False
    *way, last = one.roots[0], *one.steps
    ends = (_end(row, way)[1] for row in paths.sources(frame, one))
    return any(isinstance(end, dict) and last in end for end in ends)


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


def _nowhere(column: pl.Series) -> bool:
    if isinstance(column.dtype, pl.List):
        return int(column.list.drop_nulls().list.len().fill_null(0).sum()) == 0
    return column.null_count() == len(column)


def _may_be_right(rows: Sequence[Any], one: paths.Path) -> bool:
    """Whether a row has all that a path goes through, as far as can be seen."""
    few = len(rows) < _FEW
    if one.steps is None:
        return few and any(
            isinstance(row, dict) and any(row.get(root) is not None for root in one.roots) for row in rows
        )
    ends = [_end(row, (one.roots[0], *one.steps)) for row in rows]
    if one.within is None:
        return any(there for there, _ in ends)
    for there, text in ends:
        inner = path_functions.parsed(text) if isinstance(text, str) else text
        if there and (text is None or (few if inner is None else _end(inner, one.within)[0])):
            return True
    return False


def _end(value: Any, steps: Sequence[paths.Step]) -> tuple[bool, Any]:
    """Whether steps can be taken, as far as a null or an empty list lets them be, and what stands at their end."""
    for step in steps:
        if value is None or (value == [] and not isinstance(step, str)):
            return True, None
        place = 0 if step is paths.EACH else step
        if isinstance(place, str):
            if not isinstance(value, dict) or place not in value:
                return False, None
        elif not isinstance(value, list) or not -len(value) <= place < len(value):
            return False, None
        value = value[place]
    return True, value


def _tops(rows: Sequence[Any], one: paths.Path) -> str | None:
    """What the longest part of a path that leads anywhere leads to; None: no row has even its first column."""
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
    if furthest < 0:  # of a path into the JSON of a text
        return "what stands there holds no JSON with the rest of it"
    name = repr(way.removeprefix(".")) if way else "the row"
    if isinstance(value, dict):
        return f"{name} has {', '.join(map(repr, list(value)[:10])) or 'nothing in it'}"
    return f"{name} is a list of {len(value)}" if isinstance(value, list) else f"{name} is a {_named(value)}"


def _named(value: Any) -> str:
    return "text" if isinstance(value, str) else "truth value" if isinstance(value, bool) else "number"
