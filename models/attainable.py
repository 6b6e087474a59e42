"""What a certificate would grant on a labelled history: at one look over all of it, and label by label.

A history is a frame as `models.study` takes it. The grid is laid on the scores of the very cases, of which no label is
looked at, so no label is spent on it.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from models import certificate, evidence, grid, group_evidence, policy

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
_Part = tuple[Floats, Floats, Floats, Floats]  # cases, wrong, ratio of chances, and how many groups are so

PREFIXES = 60  # numbers of labels at which the running certificate looks
STEP = 1.3  # from one such number to the next where a look is costly: items of several rows, different chances
_ORDER = "0" * 32  # of the labels: any fixed one


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Per target: `once`, the threshold that one look at all labels certifies, None: none. `needed`: labels (or items) to
    come for the next step of a certificate that looks as labels come.

    `steps`: (labels, threshold) of that certificate, in a random order of the labels; what it has after so many and still
    has after all of them. (A stream keeps what it once had; here a lucky start is no answer.) None: nothing yet.
    """

    labels: int
    once: float | None
    steps: tuple[tuple[int, float | None], ...]
    needed: certificate.Needed | None


@dataclass(frozen=True, slots=True)
class _Look:
    """What `labels` labels say, per threshold: evidence is made of these for each target.

    `n`, `k`: labels and errors there, in units of whole groups, weighted to the smallest chance. `parts`: per threshold
    its groups; None where `n` and `k` say all.
    """

    labels: int
    n: Floats
    k: Floats
    parts: tuple[_Part, ...] | None

    def log_e(self, alpha: float, largest: int) -> Floats:
        if self.parts is None:
            return evidence.constant(self.k, self.n, alpha)
        return np.array(
            [
                float(group_evidence.log_e(n, k, ratio, largest, alpha, times=alike)) if len(n) else 0.0
                for n, k, ratio, alike in self.parts
            ]
        )

    def once(self, alpha: float, largest: int) -> Floats:
        """-log p of "the error is alpha or more" for one look: exact where labels are alike, else by the evidence."""
        if self.parts is not None:
            return self.log_e(alpha, largest)
        tail = special.betaincc(self.k + 1, np.maximum(self.n - self.k, 1e-12), alpha)
        least = np.finfo(np.float64).smallest_subnormal
        result: Floats = -np.log(np.maximum(np.where(self.k < self.n, tail, 1.0), least)) + 0.0
        return result


def granted(history: pl.DataFrame, targets: list[float], delta: float) -> dict[float, Granted]:
    """What is certified at each target. Nothing, if no case has both a confidence and a truth."""
    labels = _Labels.of(history)
    if labels is None:
        known = int(history["right"].is_not_null().sum())
        nothing = Granted(labels=known, once=None, steps=((known, None),), needed=None)
        return dict.fromkeys(targets, nothing)
    found = {}
    looks = {size: labels.look(size) for goal in targets for size in labels.sizes(certificate.fewest(goal, delta))}
    for goal in targets:
        mine = [looks[size] for size in labels.sizes(certificate.fewest(goal, delta))]
        found[goal] = _granted(labels, mine, goal, delta)
    return found


def _granted(labels: "_Labels", looks: list[_Look], target: float, delta: float) -> Granted:
    reached: list[int] = []  # index of the least strict threshold certified at each look; -1: none
    walked = certificate.Walk(passed=(), stops=())
    evident: Floats = np.zeros(len(labels.thresholds))
    for look in looks:
        evident = look.log_e(target, labels.largest)
        walked = certificate.walk(evident, look.n, labels.starts, labels.weights, alpha=target, delta=delta)
        reached.append(max(walked.passed, default=-1))
    kept = np.minimum.accumulate(reached[::-1])[::-1]
    steps = [
        (look.labels, labels.thresholds[place] if place >= 0 else None)
        for look, place in zip(looks, kept.tolist(), strict=True)
    ]
    last = looks[-1]
    once = certificate.walk(
        last.once(target, labels.largest), last.n, labels.starts, labels.weights, alpha=target, delta=delta
    )
    standing = certificate.Standing(
        plan=grid.Plan(
            epoch="study",
            alpha=target,
            delta=delta,
            thresholds=labels.thresholds,
            starts=labels.starts,
            weights=labels.weights,
        ),
        looks=len(looks),
        log_e=tuple(evident.tolist()),
        certified=walked.passed,
        cases=tuple(int(n) for n in last.n),
        labels=tuple(last.n.tolist()),
        errors=tuple(last.k.tolist()),
        pending=(0,) * len(last.n),
        unsent=(0,) * len(last.n),
        stops=walked.stops,
    )
    return Granted(
        labels=last.labels,
        once=labels.thresholds[max(once.passed)] if once.passed else None,
        steps=tuple(steps),
        needed=certificate.needed(standing),
    )


@dataclass(frozen=True, slots=True)
class _Labels:
    """The labelled cases in a random order of their groups, and the grid they are judged on."""

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
    def of(cls, history: pl.DataFrame) -> "_Labels | None":
        known = history.filter(pl.col("right").is_not_null())
        if not known["confidence"].is_not_null().any():
            return None
        thresholds, starts, weights = grid.ranks(history["confidence"])
        group = known["group"] if "group" in known.columns else pl.int_range(len(known), eager=True).cast(pl.String)
        order = policy.draws(group, _ORDER).to_numpy()
        place = np.argsort(order, kind="stable")
        unit = np.cumsum(np.concatenate(([False], np.diff(order[place]) != 0))) if len(order) else np.zeros(0)
        known = known[place]
        everyone = history["chance"].to_numpy() if "chance" in history.columns else np.ones(len(history))
        reach = grid.bins(history["confidence"], thresholds).fill_null(len(thresholds)).to_numpy()
        lowest = np.ones(len(thresholds) + 1)
        np.minimum.at(lowest, reach, everyone)
        return cls(
            thresholds=thresholds,
            starts=starts,
            weights=weights,
            step=grid.bins(known["confidence"], thresholds).fill_null(len(thresholds)).to_numpy(),
            wrong=(~known["right"]).cast(pl.Float64).to_numpy(),
            chance=known["chance"].to_numpy() if "chance" in known.columns else np.ones(len(known)),
            unit=unit.astype(np.int64),
            smallest=np.minimum.accumulate(lowest[:-1]),
            largest=int(np.bincount(unit.astype(np.int64)).max()),
        )

    @property
    def alike(self) -> bool:
        """Whether each label is a draw of its own, all with one chance: then they are counted, no more."""
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

    def look(self, size: int) -> _Look:
        """What the first `size` groups say."""
        rows = int(np.searchsorted(self.unit, size, side="left"))
        step, wrong = self.step[:rows], self.wrong[:rows]
        if self.alike:
            n, k = (self._at_or_above(step, part) for part in (np.ones(rows), wrong))
            return _Look(labels=rows, n=n, k=k, parts=None)
        parts = self._parts(rows) if self.largest > 1 else self._single(rows)
        n = np.array([(ratio * alike * cases).sum() for cases, _, ratio, alike in parts]) / self.largest
        k = np.array([(ratio * alike * bad).sum() for _, bad, ratio, alike in parts]) / self.largest
        return _Look(labels=rows, n=n, k=k, parts=tuple(parts))

    def _at_or_above(self, step: Numbers, part: Floats) -> Floats:
        width = len(self.thresholds)
        total: Floats = np.bincount(step, part, width + 1)[:width].astype(np.float64).cumsum()
        return total

    def _single(self, rows: int) -> list[_Part]:
        """Labels that are groups of their own, counted by chance."""
        chances, kind = np.unique(self.chance[:rows], return_inverse=True)
        width = len(self.thresholds)
        cells = self.step[:rows] * len(chances) + kind
        right, wrong = (
            np.bincount(cells, part, (width + 1) * len(chances)).reshape(width + 1, -1)[:width].cumsum(axis=0)
            for part in (1 - self.wrong[:rows], self.wrong[:rows])
        )
        found: list[_Part] = []
        for place in range(width):
            alike = np.concatenate([right[place], wrong[place]])
            there = alike > 0
            k = np.repeat([0.0, 1.0], len(chances))[there]
            ratio = np.minimum(self.smallest[place] / np.tile(chances, 2)[there], 1.0)
            found.append((np.ones(len(k)), k, ratio, alike[there]))
        return found

    def _parts(self, rows: int) -> list[_Part]:
        """Per threshold the groups that reach it, alike ones counted together."""
        order = np.argsort(self.step[:rows], kind="stable")
        bounds = np.searchsorted(self.step[:rows][order], np.arange(len(self.thresholds) + 1))
        groups = int(self.unit[rows - 1]) + 1
        n, k, chance = np.zeros(groups, np.int64), np.zeros(groups, np.int64), np.ones(groups)
        chance[self.unit[:rows]] = self.chance[:rows]
        chances, kind = np.unique(chance, return_inverse=True)
        width = self.largest + 1
        found: list[_Part] = []
        for place in range(len(self.thresholds)):
            entering = order[bounds[place] : bounds[place + 1]]
            np.add.at(n, self.unit[entering], 1)
            np.add.at(k, self.unit[entering], self.wrong[entering].astype(np.int64))
            there = n > 0
            code, alike = _counted((kind[there] * width + n[there]) * width + k[there])
            size, bad = (part.astype(np.float64) for part in (code // width % width, code % width))
            ratio = np.minimum(self.smallest[place] / chances[code // width**2], 1.0)
            found.append((size, bad, ratio, alike.astype(np.float64)))
        return found


def _counted(code: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct codes, from 0 on, and how often each occurs."""
    if len(code) and code.max() > 4 * len(code):
        found, alike = np.unique(code, return_counts=True)
        return found, alike
    alike = np.bincount(code)
    found = np.flatnonzero(alike)
    return found, alike[found]
