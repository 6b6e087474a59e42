"""Money that is spent whatever comes in, and how much of it falls on a day or on all days until one: hosting, training. Pure.

An entry is spread evenly over its days, both ends included. What is paid once, as training is, is entered for the one day it
is paid, or for the days it is to last.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """`model_id`: whose it is; None: spent whatever model answers. `amount`: over all of its days, finite and at least 0.

    Raises ValueError where the last day lies before the first, or the amount is none.
    """

    model_id: str | None
    amount: float
    from_day: date
    to_day: date

    def __post_init__(self) -> None:
        if not 0 <= self.amount < float("inf"):
            raise ValueError(f"amount {self.amount!r}: an outlay is a finite number, 0 or more")
        if self.to_day < self.from_day:
            raise ValueError(f"{self.to_day} lies before {self.from_day}")

    @property
    def each_day(self) -> float:
        """What falls on each of its days."""
        return self.amount / ((self.to_day - self.from_day).days + 1)


def of(outlays: Iterable[Outlay], model_id: str) -> tuple[Outlay, ...]:
    """Those of one model, without what is spent whatever model answers."""
    return tuple(one for one in outlays if one.model_id == model_id)


def shared(outlays: Iterable[Outlay]) -> tuple[Outlay, ...]:
    """Those that are spent whatever model answers."""
    return tuple(one for one in outlays if one.model_id is None)


def on(outlays: Iterable[Outlay], day: date) -> float:
    """What falls on a day.

    >>> november = Outlay(model_id=None, amount=300.0, from_day=date(2026, 11, 1), to_day=date(2026, 11, 30))
    >>> on([november], date(2026, 11, 17)), on([november], date(2026, 12, 1))
    (10.0, 0)
    """
    return sum(one.each_day for one in outlays if one.from_day <= day <= one.to_day)


def until(outlays: Iterable[Outlay], day: date) -> float:
    """What falls on all days until one, that one included.

    >>> november = Outlay(model_id=None, amount=300.0, from_day=date(2026, 11, 1), to_day=date(2026, 11, 30))
    >>> until([november], date(2026, 11, 17)), until([november], date(2027, 1, 1))
    (170.0, 300.0)
    """
    return sum(
        one.amount if day >= one.to_day else one.each_day * ((day - one.from_day).days + 1)
        for one in outlays
        if one.from_day <= day
    )
