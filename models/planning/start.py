"""The start, planned: when a first certificate can come, what it costs in hours of people, and what holds it up. Pure.

While nothing is released every case goes to a person, a share of them sampled for a blind label, and blind samples are sent
before the others. So as many samples are read in a day as are made or as people can read, whichever is less.
"""

import math
from dataclasses import dataclass
from typing import Literal

from models.certification import certificate, e_values, era_plan

Bottleneck = Literal["readers", "samples"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a stream begins with.

    `arrivals`: cases a day. `blind_rate`: share of them sampled for a blind label, in (0, 1]. `readings`: cases that people
    read a day; None: as many as come. `target`, `delta`: the promise asked for, in (0, 1). `error`: share of wrong answers
    expected at the threshold; 0 where nothing is known: the labels are taken to be right. `minutes`: of a reading.
    Raises ValueError on anything else.
    """

    arrivals: float
    blind_rate: float
    readings: float | None
    target: float
    delta: float
    error: float = 0.0
    minutes: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.arrivals < math.inf or (self.readings is not None and not 0 <= self.readings < math.inf):
            raise ValueError(f"{self.arrivals} cases and {self.readings} readings a day cannot be")
        if not 0 < self.blind_rate <= 1:
            raise ValueError(f"blind_rate {self.blind_rate!r}: give a probability above 0 and at most 1")
        if not 0 <= self.error <= 1 or not 0 <= self.minutes < math.inf:
            raise ValueError(f"error {self.error!r}, minutes {self.minutes!r} cannot be")

    @property
    def sampled(self) -> float:
        """Blind samples a day."""
        return self.arrivals * self.blind_rate

    @property
    def read(self) -> float:
        """Blind samples read a day."""
        return self.sampled if self.readings is None else min(self.sampled, self.readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """When the first certificate can come.

    `labels`: blind labels at or above the first threshold it certifies; `samples`: blind samples that have so many above it.
    None: at that error no number of labels certifies one. `days` until then and `hours` of people for these samples; None:
    never, or nothing arrives or is read. `unread`: samples a day that nobody has time for. `keeps_up`: the blind rate at
    which people read every sample; None where they do. `sooner`: the days with twice the readers (where these hold it up),
    or with every case sampled that people have time for; None: nothing of that brings it sooner.
    """

    situation: Situation
    labels: int | None
    samples: int | None
    days: float | None
    hours: float | None
    bottleneck: Bottleneck
    unread: float
    keeps_up: float | None
    sooner: float | None


def plan(situation: Situation) -> Start:
    """From what a stream begins with to the day of its first certificate."""
    bottleneck: Bottleneck = "readers" if situation.read < situation.sampled else "samples"
    first = _first(situation)
    keeps_up = None
    if bottleneck == "readers" and situation.read:
        keeps_up = situation.read / situation.arrivals
    return Start(
        situation=situation,
        labels=None if first is None else first[0],
        samples=None if first is None else first[1],
        days=None if first is None else spent(first[1], situation.read),
        hours=None if first is None or not situation.read else first[1] * situation.minutes / 60,
        bottleneck=bottleneck,
        unread=situation.sampled - situation.read,
        keeps_up=keeps_up,
        sooner=None if first is None else _sooner(situation, first[1], bottleneck),
    )


def spent(labels: float, a_day: float) -> float | None:
    """Days until so many are there at so many a day; None: never."""
    return labels / a_day if a_day > 0 else None


def labels_for(target: float, level: float, error: float = 0.0) -> int | None:
    """Blind labels at which evidence reaches a level if a share `error` of them is wrong; None: no number does.

    Never fewer than `certificate.fewest` at that level. 377 for a target of 1 % at 5 % without an error.

    >>> labels_for(target=0.02, level=0.05), labels_for(target=0.02, level=0.05, error=0.03)
    (188, None)
    """

    def enough(n: int) -> bool:
        return float(e_values.constant(error * n, n, target)) >= -math.log(level)

    low = certificate.fewest(target, level)
    if error >= target:
        return None
    high = low
    while not enough(high):
        high *= 2
        if high > certificate.FAR:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _first(situation: Situation) -> tuple[int, int] | None:
    """Labels and samples of the chain that is certified first, of those that start by coverage (docs/method.md 4.2)."""
    steps = []
    for share, weight in zip(era_plan.START_COVERAGE, era_plan.START_WEIGHT, strict=True):
        labels = labels_for(situation.target, weight * situation.delta, situation.error)
        if labels is not None:
            steps.append((math.ceil(labels / share), labels))
    if not steps:
        return None
    samples, labels = min(steps)
    return labels, samples


def _sooner(situation: Situation, samples: int, bottleneck: Bottleneck) -> float | None:
    if bottleneck == "readers":
        return spent(samples, min(situation.sampled, 2 * situation.read))
    most = situation.arrivals if situation.readings is None else min(situation.arrivals, situation.readings)
    return spent(samples, most) if most > situation.read else None


def days_for(labels: float, *, sampled: float, read: float | None, waiting: float = 0.0) -> float | None:
    """Days until `labels` more blind samples of a kind are read.

    `sampled` of them are made a day, `read` a day are read (None: all that are there), `waiting` were made and are unread.
    None: never.
    """
    days = 0.0 if waiting >= labels else spent(labels - waiting, sampled)
    done = 0.0 if read is None else spent(labels, read)
    return None if days is None or done is None else max(days, done)
