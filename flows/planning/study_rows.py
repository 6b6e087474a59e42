"""The rows of a labelled history from its files, in the columns that a study looks at."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

from flows.inputs import files, format_hint
from models import columns
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, items, reserved

_LOOKED_AT = 100  # rows of a chunk, for the names that JSON Lines have


def gathered(
    path: Path,
    asked: Stream,
    progress: Callable[[int], None],
    taken: Callable[[pl.DataFrame, str], pl.DataFrame] | None = None,
    hint: format_hint.Hint = format_hint.named,
) -> tuple[pl.DataFrame, int]:
    """All rows, and how many could not be read; `progress` receives the rows read so far.

    Answers, ids of items and whatever else `asked` reads are text, empty as null; confidences and probabilities are as they
    came; what the model was shown is a hash. `taken`: what is kept instead of the rows of a chunk, and of which file they are.
    `hint` as in `files.chunks`. Raises InputInvalid if a file is not what it says or holds no row.
    """
    kept: list[pl.DataFrame] = []
    faults = rows = 0
    for chunk in files.chunks(path, asked, also=_named_too, hint=hint):
        frame = columns.plain(chunk.frame)
        faults += len(chunk.faults)
        rows += len(frame) + len(chunk.faults)
        kept.append(_columns(frame, asked) if taken is None else taken(frame, chunk.source))
        progress(rows)
    if not kept:
        raise InputInvalid(f"{path}: no row in it")
    return pl.concat(kept, how="diagonal_relaxed"), faults


def _named_too(name: str) -> bool:
    return items.names_item(name) or items.names_content(name)


def _columns(frame: pl.DataFrame, asked: Stream) -> pl.DataFrame:
    named = contract.named(asked)
    numbers = [name for name in named if name in {asked.input.confidence, *(asked.input.probabilities or [])}]
    return texts(frame, asked, [name for name in named if name not in numbers]).hstack(frame.select(numbers))


def texts(frame: pl.DataFrame, asked: Stream, names: list[str]) -> pl.DataFrame:
    """These columns, and of those that `asked` does not read the ids of items, as text, and what was shown as a hash."""
    named = contract.named(asked)
    frame = _with_others(frame, named)
    others = [name for name in frame.columns if name not in named and not name.startswith(reserved.PREFIX)]
    shown = [name for name in others if items.names_content(name)]
    texts = names + [name for name in others if items.names_item(name) and name not in shown]
    answers = columns.text(frame.select(texts)).with_columns(
        pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)).alias(name) for name in texts
    )
    contents = columns.text(frame.select(shown)).select(
        pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash().cast(pl.String)).alias(name) for name in shown
    )
    return answers.hstack(contents) if texts else contents


def _with_others(frame: pl.DataFrame, named: list[str]) -> pl.DataFrame:
    """Of JSON Lines, which are read for the named columns only, those that may name an item or hold what was shown."""
    if reserved.RAW not in frame.columns:
        return frame
    names: dict[str, None] = {}
    for line in frame[reserved.RAW].head(_LOOKED_AT):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        names.update(dict.fromkeys(row if isinstance(row, dict) else {}))
    wanted = [name for name in names if name not in named and (items.names_item(name) or items.names_content(name))]
    raw = pl.col(reserved.RAW).str
    return frame.with_columns(raw.json_path_match(f"$['{name}']").alias(name) for name in wanted)
