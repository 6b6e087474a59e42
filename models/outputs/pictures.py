"""Whether a reader can be shown the picture that a row names. Label Studio hands the text on to the reader's browser."""

import polars as pl

from models import columns
from models.config.stream import Stream
from models.errors import InputInvalid

# An address, a picture in the text itself, or what Label Studio serves: its uploads, and storages connected to it.
_SHOWABLE = r"^\s*(?i:https?://|data:image/|s3://|gs://|azure-blob://|/data/)"
_FEW = 3  # rows that may all be wrong by chance
_WAY_OUT = "no reader's browser can open: give an http(s) address, or the picture itself as data:image/png;base64,..."


def faults(frame: pl.DataFrame, stream: Stream, source: str) -> pl.Series:
    """Of each row, why its picture cannot be shown; null: it can, or it names none, or the stream shows no pictures.

    Raises InputInvalid if there are more than a few and none of them can be shown: then the column is the wrong one.
    """
    column = stream.input.payload[0]
    nothing = pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    if stream.review.kind != "image":
        return nothing
    named = columns.text(frame.select(column)).to_series()
    named = named.set(named.str.strip_chars() == "", None)
    bad = ~named.str.contains(_SHOWABLE)  # null where there is none
    if not bad.any():
        return nothing
    if bad.all() and bad.sum() > _FEW:
        first = named.filter(bad.fill_null(False))[0]
        raise InputInvalid(f"{source}: column {column!r} holds paths, such as {first[:80]!r}, that {_WAY_OUT}")
    shown = columns.printable(pl.lit(named))
    sentence = columns.sentence(f"{column} holds '", shown, f"', a path that {_WAY_OUT}")
    return pl.select(pl.when(pl.lit(bad)).then(sentence)).to_series()
