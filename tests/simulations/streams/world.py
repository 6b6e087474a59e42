"""A stream with planted truth: which of the model's answers are wrong, who reads them and when, and ordinary trouble.

Everything follows from a number: the same number is the same world, day for day and case for case.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SEED = 20_261_128
DAYS = 60
ALPHA, DELTA = 0.05, 0.05  # the target error, and the significance level
OVERLAP = 0.1  # of the blind answers that agree with the model, the share that another person reads, too
NULL = 1.01  # where the error is just above the target, it is this many times the target
LABELS = ("yes", "no")
SHAPES = ("boundary", "good", "boundary", "sure", "boundary", "weak", "hopeless", "ties", "boundary", "worse")
NULLS = ("boundary", "hopeless")
BOLD = {
    "good": 0.55,
    "sure": 0.9,
    "weak": 0.95,
    "ties": 0.95,
    "worse": 0.55,
}  # a threshold about where the error is the target
_FINE = (np.arange(20_000) + 0.5) / 20_000  # ranks, the surest first


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One stream and its people. Shares are in [0, 1], days count from 0, None is never."""

    number: int
    shape: str
    arrivals: int  # cases a day
    every: int  # days of one file
    reads: int  # readings that people can do on a day they work
    works_every: int  # days
    audit_rate: float
    dispute_delay: int  # days until another person reads what one person held to be wrong
    skips: float  # a hard case, one that is wrong, is passed on by everybody
    complaints: float  # a reader says wrong of what is right
    misses: float  # a reader says right of what is wrong
    late: float  # a file comes one to ten days after its time
    holidays: tuple[int, ...]  # days on which nobody reads
    copies: float  # a row comes again under a new id
    repeats: float  # a file comes again, row for row, under another name
    restarts: float  # a run is killed between two steps, and run again
    history: int  # days before the first that come in one file; 0: none does
    pace: int  # cases a day of that file
    history_at: int  # the day on which that file comes
    push: int  # more readings on that day and the one after
    new_model: int | None  # the day from which another model answers
    bad_batch: int | None  # the day of one file with a tenth wrong, whatever the confidence
    bold: float | None  # a threshold that somebody sets without a certificate, if none is offered; None: nobody does
    look_every: int  # days
    produced_at: bool  # whether the input says when the model answered
    depth: int  # of the queue
    alone: bool  # one person reads: nobody reads a second time
    era_days: int | None  # of an era; None: as the product chooses
    max_silence: int  # days without a label of the released, after which release stops

    @property
    def null(self) -> bool:
        """Whether every threshold's error is above the target at all times, so that any certificate is false."""
        return self.shape in NULLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one file, in its order. `wrong` is the planted truth."""

    ids: list[str]
    labels: list[str]  # what the model says
    truths: list[str]
    scores: list[float]
    texts: list[str]
    moments: list[float]  # days from the stream's first
    wrong: list[bool]


def make(number: int) -> World:
    """The world of a number: its shape goes round, its troubles are sampled."""
    rng = np.random.default_rng([SEED, number])
    shape = SHAPES[number % len(SHAPES)]
    null = shape in NULLS
    arrivals = int(rng.integers(3, 20)) if null else int(rng.integers(40, 120))
    every, works_every = int(rng.choice([1, 2, 3, 4, 5, 5])), int(rng.choice([2, 3]))

    def some(share: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < share else 0.0

    # The past comes first where a stream begins with a history; one that runs may be given an archive.
    history, pace = (int(rng.integers(60, 120)), min(arrivals, 8)) if null else (int(rng.integers(200, 400)), 5)
    history_at = 0 if null or rng.random() < 0.3 else int(rng.integers(20, 45))
    history = history if rng.random() < (0.85 if null else 0.6) else 0
    later = np.random.default_rng([SEED, number, 500])  # what was added later, beside the samples of before
    begins = [int(day) for day in rng.integers(3, DAYS - 8, size=2)]
    return World(
        number=number,
        shape=shape,
        arrivals=arrivals,
        every=every,
        reads=max(4, int(arrivals * works_every * rng.choice([0.7, 1.2, 2.0]))),
        works_every=works_every,
        audit_rate=float(rng.choice([0.1, 0.2, 0.3])),
        dispute_delay=int(rng.choice([0, 1, 4, 9, 14] if null else [0, 0, 1, 4, 9, 14])),
        skips=some(0.3, 0.1, 0.5),
        complaints=some(0.3, 0.005, 0.03),
        misses=0.0 if null else some(0.2, 0.05, 0.3),
        late=some(0.5, 0.05, 0.3),
        holidays=tuple(day for first in begins for day in range(first, first + int(rng.integers(1, 8)))),
        copies=some(0.3, 0.01, 0.05),
        repeats=some(0.3, 0.02, 0.1),
        restarts=some(0.5, 0.05, 0.2),
        history=history,
        pace=pace,
        history_at=history_at,
        push=history * pace if rng.random() < (0.9 if null else 0.4) else 0,
        new_model=int(rng.integers(15, 45)) if rng.random() < 0.25 else None,
        bad_batch=int(rng.integers(25, 55)) if not null and rng.random() < 0.35 else None,
        bold=None if null or rng.random() < 0.5 else BOLD[shape],
        look_every=int(rng.choice([3, 5])),
        produced_at=bool(rng.random() < 0.85),
        depth=2_000 if null else int(rng.choice([200, 2_000])),
        alone=bool(later.random() < 0.15),
        era_days=None if later.random() < 0.3 else int(later.choice([15, 20, 30])),
        max_silence=int(later.choice([4, 7])),
    )


def error(world: World, ranks: Floats, day: int) -> Floats:
    """The chance that an answer of each rank is wrong on a day; 0 is the surest rank, 1 the least sure."""
    match world.shape:
        case "boundary":
            return np.full_like(ranks, NULL * ALPHA)
        case "hopeless":
            return np.full_like(ranks, 2.5 * ALPHA)
        case "good":
            return 0.002 + 0.30 * ranks**6
        case "sure":
            return np.where(ranks < 0.77, 0.004, 0.3 * ranks)
        case "weak":
            return np.minimum(0.01 + 0.54 * ranks, 1.0)
        case "ties":
            return np.where(ranks < 0.5, 0.01, np.where(ranks < 0.8, 0.09, 0.3))
        case _:
            return (0.002 + 0.30 * ranks**6) * (6 if day >= DAYS // 2 else 1)


def score(world: World, ranks: Floats) -> Floats:
    """The score of each rank: falls as the rank rises, as the model of this shape writes it."""
    match world.shape:
        case "sure":
            return np.where(ranks < 0.77, 0.9999 + 0.0001 * (1 - ranks), 1 - 0.4 * ranks)
        case "ties":
            return np.where(ranks < 0.5, 1.0, np.where(ranks < 0.8, 0.95, 0.9))
        case _:
            return 1 - 0.5 * ranks


def risk(world: World, threshold: float, day: int) -> float:
    """The true error of the process among cases at or above a threshold on a day, as people find it; 0 if there is none.

    As people find it: what all readers of a case miss stays missed.
    """
    at = score(world, _FINE) >= threshold
    if not at.any():
        return 0.0
    wrong = float(error(world, _FINE[at], day).mean())
    return wrong * settled_wrong(world, 1 - world.misses) + (1 - wrong) * settled_wrong(world, world.complaints)


def settled_wrong(world: World, says_wrong: float) -> float:
    """The chance that people settle a case as wrong of which one reading says so with chance `says_wrong`.

    Two of three readings must, where there are three: what the first holds to be wrong is read again, of the rest a share.
    """
    if world.alone:
        return says_wrong
    return says_wrong**2 * (1 + (1 - says_wrong) * (1 + OVERLAP))


def rows(world: World, first: int) -> Rows:
    """What the model answers in the days of one file, with copies under new ids among it.

    `first`: its first day; below 0, the file of the history.
    """
    rng = np.random.default_rng([SEED, world.number, first % 5_000])
    days = range(-world.history, 0) if first < 0 else range(first, min(first + world.every, DAYS))
    bad = world.bad_batch is not None and world.bad_batch in days
    count = (world.pace if first < 0 else world.arrivals) * len(days) * (4 if bad else 1)
    ranks, hours = rng.random(count), np.sort(rng.uniform(0, 24 * len(days), count))
    chance = np.concatenate([error(world, ranks[hours // 24 == place], day) for place, day in enumerate(days)])
    wrong = rng.random(count) < (np.maximum(0.1, chance) if bad else chance)
    says = [LABELS[int(label)] for label in rng.integers(2, size=count)]
    scores = score(world, ranks)
    order = [*range(count), *np.flatnonzero(rng.random(count) < world.copies).tolist()]
    return Rows(
        ids=[f"c-{first:02}-{place:05}" for place in range(len(order))],
        labels=[says[place] for place in order],
        truths=[other(says[place]) if wrong[place] else says[place] for place in order],
        scores=[float(scores[place]) for place in order],
        texts=[f"case {world.number} {first} {place}" for place in order],
        moments=[days[0] + float(hours[place]) / 24 for place in order],
        wrong=[bool(wrong[place]) for place in order],
    )


def other(label: str) -> str:
    """The other of the two labels."""
    return LABELS[1 - LABELS.index(label)]


def deliveries(world: World) -> list[list[int]]:
    """For each day of the stream, the first days of the files that arrive on it, in that order: late ones first or last."""
    rng = np.random.default_rng([SEED, world.number, 1_000])
    arrive: list[list[int]] = [[] for _ in range(DAYS)]
    for first in range(0, DAYS, world.every):
        day = first + world.every - 1 + (int(rng.integers(1, 11)) if rng.random() < world.late else 0)
        if day < DAYS:
            arrive[day].append(first)
    if world.history:
        arrive[world.history_at].append(-1)
    for files in arrive:
        if rng.random() < 0.5:
            files.reverse()
    return arrive
