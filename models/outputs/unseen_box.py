"""Boxes on pictures that no reader would see: of several on one picture nobody can tell which of them is asked about."""

import json

import polars as pl

from models import columns
from models.config.stream import Stream
from models.outputs import box_guess, whole_text

_FEWEST = 5  # pictures with several boxes; fewer may be a slip
_ROWS = 1000  # looked at
_ADDRESS = r"^\s*(?i:https?://)"


def key(frame: pl.DataFrame, stream: Stream) -> str | None:
    """The key that shows the box of each row, for the stream file; None: it has one, or shows no pictures, or there is no box.

    `frame`: with all that is known of the rows.
    """
    if not _shows_pictures(stream):
        return None
    box = _guess(whole_text.of(frame.head(_ROWS)))
    if box is None:
        return None
    text = box.text().format(*(json.dumps(name, ensure_ascii=False) for name in box.columns))
    pictures = columns.text(frame.select(stream.input.payload[0])).to_series().drop_nulls()
    inner = "" if pictures.str.contains(_ADDRESS).all() else ", and give the pictures as http(s) addresses"
    return f"under [review]: {text}{inner}"


def refusal(frame: pl.DataFrame, stream: Stream) -> str | None:
    """Why nothing of a table can be taken: many pictures are shown in several rows, each with a box that is not shown.

    None where it is not so. `frame`: as for `key`.
    """
    if not _shows_pictures(stream):
        return None
    head = columns.plain(frame.head(_ROWS))
    rows = whole_text.of(head)
    box = _guess(rows)
    if box is None:
        return None
    shown = columns.text(head.select(picture=stream.input.payload[0]))
    lie = rows.select(box=pl.concat_list(box.columns))
    pictures = shown.hstack(lie).drop_nulls("picture").group_by("picture").agg(pl.col("box").n_unique())
    several = len(pictures.filter(pl.col("box") > 1))
    if several < _FEWEST or several <= len(pictures) / 10:
        return None
    column, sides = stream.input.payload[0], ", ".join(map(repr, box.columns))
    return (
        f"{several} of {len(pictures)} pictures in column {column!r} (input.payload) have several boxes, each in a row of its "
        f"own (columns {sides}), and no reader would see which is asked about; to show it write {key(frame, stream)}"
    )


def _shows_pictures(stream: Stream) -> bool:
    """Whether readers see pictures, without a box and without marking any."""
    marks = any(field.kind == "boxes" for field in stream.field)
    return stream.review.kind == "image" and stream.review.box is None and not marks


def _guess(rows: pl.DataFrame) -> box_guess.BoxGuess | None:
    if rows.is_empty():
        return None
    return box_guess.of(rows, [name for name in rows.columns if not columns.numbers(rows[name]).has_nulls()])
