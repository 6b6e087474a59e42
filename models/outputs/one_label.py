"""A stream gives each case one label: a column of lists, as of several labels at once, is refused before it is recorded."""

import json

import polars as pl

from models import columns
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import reserved

_FEWEST = 2  # answers that are lists, from which it is the column and not a row


def check(frame: pl.DataFrame, stream: Stream, source: str) -> None:
    """Raises InputInvalid if more than half of a model's predictions, and at least two, are lists or records (of JSON).

    Not where a label of the stream is itself written as a list. `frame` has `reserved.LINE`.
    """
    if any(label.startswith(("[", "{")) for label in stream.labels):
        return
    others = ((f"shadow[{place}].prediction", other.prediction) for place, other in enumerate(stream.shadow))
    for key, column in (("input.prediction", stream.input.prediction), *others):
        if column is not None:
            _check(frame, column, key, source)


def _check(frame: pl.DataFrame, column: str, key: str, source: str) -> None:
    text = columns.text(frame.select(column)).to_series().str.strip_chars()
    several = text.str.contains(r"^(\[.*\]|\{.*\})$").fill_null(False)
    if several.sum() < _FEWEST or 2 * several.sum() <= text.drop_nulls().len():
        return
    place = several.arg_max() or 0
    shown = pl.select(columns.printable(pl.lit(text[place]))).item()
    what, way = "record", f"name the part of it that is the answer, as in {column}.label, or each part as a [[field]]"
    if text[place].startswith("["):
        field = f'[[field]] with value = {json.dumps(column, ensure_ascii=False)} and kind = "set"'
        what, way = (
            "list",
            f"read it as a field, {field} (`second-reader guess FILE` writes it), or make a stream for each label",
        )
    if key != "input.prediction":
        way = f"name another column in {key}"
    raise InputInvalid(
        f"{source}, line {frame[reserved.LINE][place]}: {column} {shown} is a {what}, and not the only one, and labels give each "
        f"case one label: {way}"
    )
