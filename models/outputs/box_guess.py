"""The box on a picture in a table of model outputs: four columns of numbers beside a column of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from models import columns
from models.config.box_table import Unit

_NAMES = {
    "x": ("x", "left"),
    "y": ("y", "top"),
    "width": ("width", "w"),
    "height": ("height", "h"),
}
_LONGEST = 200  # letters of what may be part of an id; a picture within the table is longer
_SLACK = 1.005  # by which rounding may put a box over the edge


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxGuess:
    """The columns of x, y, width and height, and the unit they are in; `why`: what it was taken for, in words."""

    columns: tuple[str, str, str, str]
    unit: Unit
    why: str

    def text(self) -> str:
        """The key of the stream file, but for the names of the columns, which `{0}` to `{3}` stand for."""
        unit = "" if self.unit == "percent" else f', unit = "{self.unit}"'
        return "box = {{ x = {0}, y = {1}, width = {2}, height = {3}" + unit + " }}"


def of(texts: pl.DataFrame, numbers: Sequence[str]) -> BoxGuess | None:
    """The box that the rows of a table hold; None: there is none.

    `texts`: its columns as text; `numbers`: those of them that hold numbers alone. A column is known by its name, of a path by
    its last step.
    """
    by_name = {name.rpartition(".")[2].lower(): name for name in reversed(numbers)}
    chosen = [next((by_name[name] for name in names if name in by_name), None) for names in _NAMES.values()]
    x, y, width, height = chosen
    if x is None or y is None or width is None or height is None:
        return None
    left, top, wide, high = (columns.numbers(texts[column]) for column in (x, y, width, height))
    ends = pl.concat([left + wide, top + high]).max()
    farthest = ends if isinstance(ends, float) else 0.0
    unit: Unit = "share" if farthest <= _SLACK else "percent" if farthest <= 100 * _SLACK else "pixels"
    named = ", ".join(map(repr, (x, y, width, height)))
    why = f"box: columns {named}, {unit}, for they end at {farthest:g} at most"
    return BoxGuess(columns=(x, y, width, height), unit=unit, why=why)


def telling_apart(texts: pl.DataFrame, picture: str, box: BoxGuess) -> list[str]:
    """The columns that together have a value of their own in every row: the picture and where its box lies; else nothing."""
    longest = texts[picture].str.len_chars().max()
    if not isinstance(longest, int) or longest > _LONGEST:
        return []
    for names in ([picture, *box.columns[:2]], [picture, *box.columns]):
        known = texts.select(names).drop_nulls()
        if len(known) == len(texts) and known.n_unique() == len(texts):
            return names
    return []
