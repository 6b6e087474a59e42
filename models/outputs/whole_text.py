"""All that the rows of a table hold, as text, also what the stream file names nowhere; and which of it is the answer."""

import json

import polars as pl

from models import columns
from models.config.stream import Stream
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


def of_answer(stream: Stream) -> set[str | None]:
    """The columns of the answer and what stands beside it, as the stream file names them."""
    table = stream.input
    names = {table.prediction, table.confidence, *(table.probabilities or []), table.cost, table.latency_ms}
    names |= {table.produced_at, table.model, *([] if stream.score is None else stream.score.read)}
    return names | {name for field in stream.field for name in (field.column, field.score)}
