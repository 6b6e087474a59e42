"""What stands in texts that are JSON themselves, as in `from_json(output.text).label`, for whole columns of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from models.outputs import path_functions, row_paths

if TYPE_CHECKING:
    from models.outputs.paths import Path


def columns(frame: pl.DataFrame, derived: "Sequence[Path]") -> list[pl.Series]:
    """What the JSON in the texts of these paths holds, each text read once. `frame` has the texts under the paths' names."""
    read: dict[tuple[object, ...], list[Any]] = {}
    read_columns = []
    for path in derived:
        of = (*path.roots, *(path.steps or ()))
        if of not in read:
            read[of] = [path_functions.parsed(text) for text in frame[path.name]]
        values = read[of]
        for step in path.within or ():
            values = [_stepped(value, step) for value in values]
        read_columns.append(row_paths.column(values, path.name, path.kind))
    return read_columns


def _stepped(value: Any, step: str | int | None) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    place = 0 if step is None else step
    return value[place] if isinstance(value, list) and -len(value) <= place < len(value) else None
