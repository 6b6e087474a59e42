"""The names of a file's columns against those its stream reads."""

import difflib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from models.config import fields, shadow_table
from models.config.shadow_table import ShadowTable
from models.errors import ColumnMissing, InputInvalid
from models.outputs import reserved

_SHOWN = 60  # characters of a name


def check(path: Path, present: list[str], wanted: list[str], others: Sequence[ShadowTable] = ()) -> None:
    """Raises InputInvalid if a name stands twice, is one of ours, or is read and is a pattern to Polars, or if one is missing
    that only another model is read from (`others`); ColumnMissing if one of the stream's own is."""
    twice = sorted(name for name, count in Counter(present).items() if count > 1)
    if twice:
        raise InputInvalid(f"{path}: column {quoted(twice)} stands twice in the header; rename one of them")
    ours = [name for name in present if name.startswith(reserved.PREFIX)]
    if ours:
        raise InputInvalid(f"{path}: column {quoted(ours)} has a name we keep for ourselves; rename it")
    patterns = [name for name in wanted if fields.is_pattern(name)]
    if patterns:
        raise InputInvalid(f"{path}: column {quoted(patterns)} has a name that stands for several columns; rename it")
    there = set(present)
    missing = [name for name in wanted if name not in there]
    if missing:
        close = difflib.get_close_matches(missing[0], present, n=3) or present[:10]
        asker = shadow_table.asker(others, missing[0])
        has = f"has {quoted(close)}{', ...' if len(close) < len(present) else ''}" if close else "has no columns"
        lacks = f"{path}: column {quoted(missing)} is missing (the file {has}); "
        if asker is not None:
            raise InputInvalid(f"{lacks}{asker} asks for it: name a column it has there, or drop the table")
        raise ColumnMissing(f"{lacks}name a column it has (of a stream: in [input])")


def quoted(names: list[str]) -> str:
    """The names, or the first of very many; of a very long one, its start."""
    shown = [repr(name if len(name) <= _SHOWN else name[:_SHOWN] + "...") for name in names[:10]]
    return ", ".join(shown + [f"and {len(names) - 10} more"] * (len(names) > 10))
