"""Whether a reader can be shown the picture or the PDF that a row names. Label Studio hands a picture on to their browser."""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from models import columns
from models.config.stream import Stream
from models.errors import InputInvalid

# Of each kind of review: what can be shown, what a column of others is taken for, and what to do. A picture is an address, a
# picture in the text itself, or what Label Studio serves: its uploads, and storages connected to it. A PDF stands in the text.
_KINDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "image": (
            r"^\s*((?i:https?://|data:image/)|s3://|gs://|azure-blob://|/data/)",
            "path",
            "no reader's browser can open: give an http(s) address, or the picture itself as data:image/png;base64,...",
        ),
        "pdf": (
            r"^\s*(?i:data:application/pdf(;[^,]*)?;base64,)",
            "text",
            "is no PDF: give the PDF itself as data:application/pdf;base64,...",
        ),
    }
)
# With a frame around its box a picture is part of a page of ours, and Label Studio keeps there only those that have an address.
_BOXED = (
    r"^\s*(?i:https?://)",
    "picture",
    "has no address and so cannot be shown with its box: give an http(s) address, or cut the box out as a picture of its own "
    "and drop review.box",
)
_FEW = 3  # rows that may all be wrong by chance


def faults(frame: pl.DataFrame, stream: Stream, source: str) -> pl.Series:
    """Of each row, why its picture or PDF cannot be shown; null: it can, or it names none, or the stream shows neither.

    Raises InputInvalid if there are more than a few and none of them can be shown: then the column is the wrong one.
    """
    column = stream.input.payload[0]
    nothing = pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    if stream.review.kind not in _KINDS:
        return nothing
    showable, held, way_out = _KINDS[stream.review.kind] if stream.review.box is None else _BOXED
    named = columns.text(frame.select(column)).to_series()
    named = named.set(named.str.strip_chars() == "", None)
    bad = ~named.str.contains(showable)  # null where there is none
    if not bad.any():
        return nothing
    if bad.all() and bad.sum() > _FEW:
        first = named.filter(bad.fill_null(False))[0]
        raise InputInvalid(
            f"{source}: column {column!r} holds {held}s, such as {first[:80]!r}, that {_plural(way_out)}"
        )
    shown = columns.printable(pl.lit(named))
    sentence = columns.sentence(f"{column} holds '", shown, f"', a {held} that {way_out}")
    return pl.select(pl.when(pl.lit(bad)).then(sentence)).to_series()


def _plural(way_out: str) -> str:
    return way_out.replace("is no PDF", "are no PDFs", 1).replace("has no address", "have no address", 1)
