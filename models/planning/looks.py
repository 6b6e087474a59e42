"""The labels of a history in a random order, and what the first so many of them say of each threshold.

The grid is laid on the scores of the very cases, of which no label is looked at, so no label is spent on it.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.certification import e_values, era_plan, group_e_values
from models.routing import policy

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

PREFIXES = 60  # numbers of labels at which the running certificate looks
STEP = 1.3  # from one such number to the next where a look is costly: items of several rows, different chances
_ORDER = "0" * 32  # of the labels: any fixed one


@dataclass(frozen=True, slots=True)
class Kinds:
    """Groups that are alike at a threshold, counted: an entry per kind, thresholds in order, and where each one's end."""

    ends: Numbers  # (thresholds,)
    cases: Floats
    wrong: Floats
    ratio: Floats  # smallest chance at or above the threshold / chance of the group
    alike: Floats

    def total(self, part: Floats) -> Floats:
        """Per threshold, the sum of an entry per kind, (kinds,) or (kinds, ...)."""
        sums = np.concatenate([np.zeros((1, *part.shape[1:])), part.cumsum(axis=0)])[self.ends]
        result: Floats = np.diff(sums, axis=0, prepend=0.0)
        return result


@dataclass(frozen=True, slots=True)
class Look:
    """What `labels` labels say, per threshold: evidence is made of these for each target.

    `n`, `k`: labels and errors there, in units of whole groups, weighted to the smallest chance. `kinds`: the groups there;
    None where `n` and `k` say all.
    """

    labels: int
    n: Floats
    k: Floats
    kinds: Kinds | None

    def log_e(self, alpha: float, largest: int) -> Floats:
        if self.kinds is None:
            return e_values.constant(self.k, self.n, alpha)
        cases, wrong, ratio, alike = (
            part[:, None] for part in (self.kinds.cases, self.kinds.wrong, self.kinds.ratio, self.kinds.alike)
        )
        return group_e_values.mixed(
            self.kinds.total(group_e_values.bets(cases, wrong, ratio, largest, alpha, times=alike))
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """The labelled cases in a random order of their groups, and the grid they are assessed on."""

    thresholds: tuple[float, ...]
    starts: tuple[int, ...]
    weights: tuple[float, ...]
    step: Numbers  # per label: index of the strictest threshold it reaches; len(thresholds): none
    wrong: Floats
    chance: Floats
    unit: Numbers  # per label, rising: the place of its group in the order
    smallest: Floats  # per threshold: the smallest chance of any case at or above it, labelled or not
    largest: int  # cases of the largest group

    @classmethod
    def of(cls, history: pl.DataFrame) -> "Labels | None":
        known = history.filter(pl.col("right").is_not_null())
        if not known["confidence"].is_not_null().any():
            return None
        thresholds, starts, weights = era_plan.ranks(history["confidence"])
        group = known["group"] if "group" in known.columns else pl.int_range(len(known), eager=True).cast(pl.String)
        order = policy.random_numbers(group, _ORDER).to_numpy()
        place = np.argsort(order, kind="stable")
        unit = np.cumsum(np.concatenate(([False], np.diff(order[place]) != 0))) if len(order) else np.zeros(0)
        known = known[place]
        everyone = history["chance"].to_numpy() if "chance" in history.columns else np.ones(len(history))
        reach = era_plan.bins(history["confidence"], thresholds).fill_null(len(thresholds)).to_numpy()
        lowest = np.ones(len(thresholds) + 1)
        np.minimum.at(lowest, reach, everyone)
        return cls(
            thresholds=thresholds,
            starts=starts,
            weights=weights,
            step=era_plan.bins(known["confidence"], thresholds).fill_null(len(thresholds)).to_numpy(),
            wrong=(~known["right"]).cast(pl.Float64).to_numpy(),
            chance=known["chance"].to_numpy() if "chance" in known.columns else np.ones(len(known)),
            unit=unit.astype(np.int64),
            smallest=np.minimum.accumulate(lowest[:-1]),
            largest=int(np.bincount(unit.astype(np.int64)).max()),
        )

    @property
    def alike(self) -> bool:
        """Whether each label is a sample of its own, all with one chance: then they are counted, no more."""
        return self.largest == 1 and bool(np.all(self.chance == self.smallest[-1]))

    def sizes(self, fewest: int) -> list[int]:
        """Numbers of groups to look at, rising evenly in the logarithm, up to all."""
        n = int(self.unit[-1]) + 1
        if n <= fewest:
            return [n]
        if self.alike:
            return sorted({round(float(size)) for size in np.geomspace(fewest, n, PREFIXES)})
        # Counted down from all, so that targets share their looks.
        return sorted({round(n / STEP**back) for back in range(int(np.log(n / fewest) / np.log(STEP)) + 1)})

    def look(self, size: int) -> Look:
        """What the first `size` groups say."""
        rows = int(np.searchsorted(self.unit, size, side="left"))
        step, wrong = self.step[:rows], self.wrong[:rows]
        if self.alike:
            n, k = (self._at_or_above(step, part) for part in (np.ones(rows), wrong))
            return Look(labels=rows, n=n, k=k, kinds=None)
        kinds = self._groups(rows) if self.largest > 1 else self._single(rows)
        weight = kinds.ratio * kinds.alike / self.largest
        n, k = (kinds.total(weight * part) for part in (kinds.cases, kinds.wrong))
        return Look(labels=rows, n=n, k=k, kinds=kinds)

    def _at_or_above(self, step: Numbers, part: Floats) -> Floats:
        width = len(self.thresholds)
        total: Floats = np.bincount(step, part, width + 1)[:width].astype(np.float64).cumsum()
        return total

    def _single(self, rows: int) -> Kinds:
        """Labels that are groups of their own, counted by chance."""
        chances, kind = np.unique(self.chance[:rows], return_inverse=True)
        width, many = len(self.thresholds), 2 * len(chances)
        cells = self.step[:rows] * many + 2 * kind + self.wrong[:rows].astype(np.int64)
        alike = np.bincount(cells, minlength=(width + 1) * many).reshape(width + 1, many)[:width].cumsum(axis=0)
        place, column = np.nonzero(alike)
        return Kinds(
            ends=np.searchsorted(place, np.arange(width), side="right"),
            cases=np.ones(len(place)),
            wrong=(column % 2).astype(np.float64),
            ratio=np.minimum(self.smallest[place] / chances[column // 2], 1.0),
            alike=alike[place, column].astype(np.float64),
        )

    def _groups(self, rows: int) -> Kinds:
        """The groups that reach each threshold."""
        order = np.argsort(self.step[:rows], kind="stable")
        bounds = np.searchsorted(self.step[:rows][order], np.arange(len(self.thresholds) + 1))
        groups = int(self.unit[rows - 1]) + 1
        n, k, chance = np.zeros(groups, np.int64), np.zeros(groups, np.int64), np.ones(groups)
        chance[self.unit[:rows]] = self.chance[:rows]
        chances, kind = np.unique(chance, return_inverse=True)
        width = self.largest + 1
        codes: list[Numbers] = []
        counts: list[Numbers] = []
        for place in range(len(self.thresholds)):
            entering = order[bounds[place] : bounds[place + 1]]
            np.add.at(n, self.unit[entering], 1)
            np.add.at(k, self.unit[entering], self.wrong[entering].astype(np.int64))
            there = n > 0
            code, alike = _counted((kind[there] * width + n[there]) * width + k[there])
            codes.append(code)
            counts.append(alike)
        sizes = [len(code) for code in codes]
        every = np.concatenate(codes)
        smallest = np.repeat(self.smallest, sizes)
        return Kinds(
            ends=np.cumsum(sizes),
            cases=(every // width % width).astype(np.float64),
            wrong=(every % width).astype(np.float64),
            ratio=np.minimum(smallest / chances[every // width**2], 1.0),
            alike=np.concatenate(counts).astype(np.float64),
        )


def _counted(code: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct codes, from 0 on, and how often each occurs."""
    if len(code) and code.max() > 4 * len(code):
        codes, alike = np.unique(code, return_counts=True)
        return codes, alike
    alike = np.bincount(code)
    codes = np.flatnonzero(alike)
    return codes, alike[codes]
