"""Whether a reader can be shown the box that a row names on its picture (`review.box`)."""

from typing import Any

import polars as pl

from models import columns
from models.config.box_table import Box, Unit
from models.config.stream import Stream
from models.errors import InputInvalid

_SCALE: dict[Unit, float] = {"percent": 1.0, "share": 100.0, "pixels": 1.0}  # to percent, or pixels
_SLACK = 0.5  # percent of a side, by which rounding may put a box over the edge
_WIDEST = 100_000.0  # pixels of a side that any picture has
_FEW = 3  # rows that may all be wrong by chance
_IN: dict[Unit, str] = {
    "percent": "in percent of the picture and within it",
    "share": "in shares of the picture, 0 to 1, and within it",
    "pixels": "in pixels of the picture and not outside it",
}


def faults(frame: pl.DataFrame, stream: Stream, source: str) -> pl.Series:
    """Of each row, why its box cannot be shown; null: it can, or the stream shows none.

    Raises InputInvalid if there are more than a few and none of them can be shown, or all are as small as if they were in another
    unit: then `review.box.unit` is the wrong one.
    """
    box = stream.review.box
    if box is None:
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    x, y, width, height = (_side(frame, column) for column in box.columns)
    right, bottom = x + width, y + height
    if box.unit == "pixels":
        near = (right > 0) & (bottom > 0) & (right <= _WIDEST) & (bottom <= _WIDEST) & (x >= -_WIDEST) & (y >= -_WIDEST)
    else:
        slack, whole = _SLACK / _SCALE[box.unit], 100 / _SCALE[box.unit]
        near = (x >= -slack) & (y >= -slack) & (right <= whole + slack) & (bottom <= whole + slack)
    good = ((width > 0) & (height > 0) & near).fill_null(value=False)
    _check_unit(box, good, right, bottom, source)
    if good.all():
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    reason = columns.sentence(
        _sides(frame, box), f": no box that can be shown; give numbers {_IN[box.unit]}, width and height above 0"
    )
    if not good.any() and len(good) > _FEW:
        first = frame.head(1).select(_sides(frame.head(1), box)).item()
        raise InputInvalid(
            f"{source}: none of {len(good)} rows has a box {_IN[box.unit]}; the first has {first}: "
            "correct review.box and its unit"
        )
    return pl.select(pl.when(pl.lit(~good)).then(reason)).to_series()


def shown(sides: list[Any], unit: Unit) -> tuple[float, ...] | None:
    """x, y, width and height as a payload holds them, in percent or, where that is the unit, in pixels; None: there are none.

    >>> shown(["0.5", "0.25", "0.125", "0.0625"], "share")
    (50.0, 25.0, 12.5, 6.25)
    """
    numbers = columns.numbers(pl.Series([None if side is None else str(side) for side in sides], dtype=pl.String))
    if numbers.null_count() or not numbers.is_finite().all():
        return None
    return tuple(round(number * _SCALE[unit], 4) for number in numbers)


def _side(frame: pl.DataFrame, column: str) -> pl.Series:
    """The numbers of a column; null where there is none that is finite."""
    numbers = columns.numbers(frame[column])
    return numbers.set(~numbers.is_finite(), None)


def _check_unit(box: Box, good: pl.Series, right: pl.Series, bottom: pl.Series, source: str) -> None:
    """Raises InputInvalid where boxes in another unit are plainly shares."""
    within = ((right <= 1) & (bottom <= 1)).fill_null(value=False)
    if box.unit != "share" and good.sum() > _FEW and within.filter(good).all():
        raise InputInvalid(
            f"{source}: all {good.sum()} boxes end within 1 of the corner, as shares of the picture do; "
            f'set review.box.unit = "share", which is "{box.unit}"'
        )


def _sides(frame: pl.DataFrame, box: Box) -> pl.Expr:
    """The four values of each row as a message has them."""
    texts = columns.text(frame.select(box.columns))
    parts: list[str | pl.Expr] = []
    for column in box.columns:
        name = "".join(letter if letter.isprintable() else " " for letter in column[:60])
        value = columns.printable(pl.lit(texts[column])).fill_null("missing")
        parts += [f"{', ' if parts else ''}{name} = ", value]
    return columns.sentence(*parts)
