"""Boxes on pictures that no reader would see: of several on one picture nobody can tell which of them is asked about."""

import json

import polars as pl

from models import columns
from models.config import score_table
from models.config.stream import Stream
from models.outputs import box_guess, whole_text

_FEWEST = 5  # pictures with several boxes; fewer may be a slip
_ROWS = 1000  # looked at
_ADDRESS = r"^\s*(?i:https?://)"
_NULL = "null"  # of JSON


def key(frame: pl.DataFrame, stream: Stream) -> str | None:
    """The key that shows the box of each row, for the stream file; None: it has one, or shows no pictures, or there is no box.

    `frame`: with all that is known of the rows.
    """
    if not _may(frame, stream):
        return None
    head = columns.plain(frame.head(_ROWS))
    box = _guess(whole_text.of(head), stream)
    return None if box is None else _key(box, columns.text(head.select(stream.input.payload[0])).to_series())


def refusal(frame: pl.DataFrame, stream: Stream) -> str | None:
    """Why nothing of a table can be taken: many pictures are shown in several rows, each with a box that is not shown.

    None where it is not so, where rows of one id are answers to one item, and where several models answer. `frame`: as for `key`.
    """
    if not _may(frame, stream):
        return None
    head = columns.plain(frame.head(_ROWS))
    rows = whole_text.of(head)
    box = _guess(rows, stream)
    if box is None:
        return None
    shown = columns.text(head.select(picture=stream.input.payload[0], id=stream.input.id))
    known = shown.hstack(rows.select(box=pl.concat_list(box.columns))).drop_nulls("picture")
    pictures = known.group_by("picture").agg(pl.col("box").n_unique(), pl.col("id").n_unique())
    several = pictures.filter(pl.col("box") > 1)
    if len(several) < _FEWEST or len(several) <= len(pictures) / 10:
        return None
    column, sides = stream.input.payload[0], ", ".join(map(repr, box.columns))
    named = json.dumps([*score_table.id_columns(stream.input.id), *box.columns[:2]], ensure_ascii=False)
    ids = "" if (several["id"] >= several["box"]).all() else f"input.id = {named}, and "
    return (
        f"{len(several)} of {len(pictures)} pictures in column {column!r} (input.payload) have several boxes, each in a row of "
        f"its own (columns {sides}), and no reader would see which is asked about; to show it write {ids}"
        f"{_key(box, known['picture'])}"
    )


def _may(frame: pl.DataFrame, stream: Stream) -> bool:
    """Whether readers see pictures, without a box and without marking any, and each row is a case of one model."""
    marks = any(field.kind == "boxes" for field in stream.field)
    samples = stream.score is not None and stream.score.rows
    if stream.review.kind != "image" or stream.review.box is not None or marks or samples or frame.is_empty():
        return False
    model = stream.input.model
    return model is None or columns.text(columns.plain(frame.select(model))).to_series().n_unique() == 1


def _guess(rows: pl.DataFrame, stream: Stream) -> box_guess.BoxGuess | None:
    """The box beside the answer; a row without one is passed over."""
    own = whole_text.of_answer(stream)
    known = {name: rows[name].filter(rows[name] != _NULL).drop_nulls() for name in rows.columns if name not in own}
    numbers = [name for name, values in known.items() if len(values) and not columns.numbers(values).has_nulls()]
    return box_guess.of(rows, numbers)


def _key(box: box_guess.BoxGuess, pictures: pl.Series) -> str:
    text = box.text().format(*(json.dumps(name, ensure_ascii=False) for name in box.columns))
    known = pictures.drop_nulls()
    inner = "" if known.str.contains(_ADDRESS).all() else ", and give the pictures as http(s) addresses"
    return f"under [review]: {text}{inner}"
