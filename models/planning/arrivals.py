"""A labelled history as days of arriving cases, those of one group together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.routing import policy

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cases:
    """The history as cases that all have a label, those of a group side by side."""

    confidence: Floats  # NaN: unscorable
    right: NDArray[np.bool_]
    first: Numbers  # per group, where its cases start; and the number of cases
    largest: int

    @classmethod
    def of(cls, history: pl.DataFrame) -> "Cases":
        known = history.filter(pl.col("right").is_not_null())
        if known.is_empty():
            raise ValueError("no case has a truth to compare with")
        if "group" in known.columns:
            known = known.sort("group", maintain_order=True)
            first = np.append(np.flatnonzero((known["group"] != known["group"].shift()).fill_null(True)), len(known))
        else:
            first = np.arange(len(known) + 1)
        if "chance" in known.columns:
            # Each group as often as it stands for groups, in whole numbers that add up to all.
            stands = np.floor(np.cumsum(1 / known["chance"].to_numpy()[first[:-1]]) + 0.5)
            taken = np.repeat(np.arange(len(first) - 1), np.diff(stands, prepend=0).astype(np.int64))
            place, sizes = rows(first, taken)
            known, first = known[place], np.concatenate(([0], np.cumsum(sizes)))
        score = known["confidence"].fill_null(np.nan).to_numpy()
        return cls(score, known["right"].to_numpy(), first, int(np.diff(first).max()))


def rows(first: Numbers, groups: Numbers) -> tuple[Numbers, Numbers]:
    """The cases of these groups, group by group, and how many each has."""
    sizes = np.diff(first)[groups]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(first[groups], sizes) + within, sizes


def days(cases: Cases, number: int, per_day: int, salt: str) -> Iterator[tuple[Numbers, Floats]]:
    """Per day, which groups come and the sample of each: the history in an order of the salt's, again and again.

    A day has `per_day` cases, and the rest of the group that the last of them belongs to.
    """
    groups = len(cases.first) - 1
    wanted = number * per_day
    rounds = -(-wanted // len(cases.right)) + 1  # one more, for days that go on to the end of a group
    names = [pl.int_range(groups, eager=True).cast(pl.String) + f"/{turn}" for turn in range(rounds)]
    orders = [np.argsort(policy.random_numbers(name, salt + "order").to_numpy(), kind="stable") for name in names]
    taken = np.concatenate(orders)
    numbers = np.concatenate(
        [policy.random_numbers(name, salt).to_numpy()[order] for name, order in zip(names, orders, strict=True)]
    )
    upto = np.cumsum(np.diff(cases.first)[taken])
    start = 0
    for day in range(1, number + 1):
        end = max(int(np.searchsorted(upto, day * per_day, side="left")) + 1, start)
        yield taken[start:end], numbers[start:end]
        start = end
