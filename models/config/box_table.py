"""The table [review.box] of a stream file: a case is one box on a picture, and these columns say where it lies."""

from collections.abc import Sequence
from typing import Literal

from models.config.fields import Column
from models.config.table import Table

Unit = Literal["percent", "share", "pixels"]


class Box(Table):
    """The columns of one upright box. `x`, `y`: its upper left corner, counted from that of the picture."""

    x: Column
    y: Column
    width: Column
    height: Column
    unit: Unit = "percent"  # of the sides of the picture: percent, or share for 0 to 1; or pixels of the picture

    @property
    def columns(self) -> list[str]:
        """x, y, width, height."""
        return [self.x, self.y, self.width, self.height]

    def check(self, kind: str, payload: Sequence[str], marked: Sequence[str]) -> None:
        """Raises ValueError, which names the key at fault, where the box does not agree with other keys.

        Args:
            kind: review.kind.
            payload: input.payload.
            marked: the names of fields whose parts are marked on the picture.
        """
        if kind != "image":
            raise ValueError(
                f'review.box: lies on a picture, and review.kind is "{kind}"; drop it, or make that "image"'
            )
        if len({*self.columns, *payload}) < len(self.columns) + len(payload):
            raise ValueError("review.box: x, y, width and height must be four columns, and none of them input.payload")
        if marked:
            raise ValueError(
                f"review.box: on a picture with its box nothing can be marked, as field {marked[0]!r} asks for; drop one of them"
            )
