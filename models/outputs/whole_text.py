"""All that the rows of a table hold, as text, also what the stream file names nowhere."""

import json

import polars as pl

from models import columns
from models.outputs import path_functions, reserved


def of(frame: pl.DataFrame) -> pl.DataFrame:
    """A column of text for each column of a file; of JSON Lines for each key of its objects, its values as JSON.

    `frame`: rows as a file gives them, with or without the lines that they were read from.
    """
    if reserved.RAW not in frame.columns:
        return columns.text(frame.select(name for name in frame.columns if not name.startswith(reserved.PREFIX)))
    parsed = [path_functions.parsed(line) for line in frame[reserved.RAW]]
    objects = [row if isinstance(row, dict) else {} for row in parsed]
    names = list(dict.fromkeys(name for row in objects for name in row))
    return pl.DataFrame({name: [json.dumps(row.get(name)) for row in objects] for name in names})
