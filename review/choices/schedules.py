"""What other schedules and other numbers of readers would have made of the wait, worked out from the cases that came. Pure."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation import waiting_times
from models.planning import queue_replay
from review.choices import durations

OFTEN, FOLLOW = "every_quarter_of_an_hour", "_if_readers_follow"
SCHEDULES = {
    "every_quarter_of_an_hour": 900.0,
    "every_hour": 3600.0,
    "once_a_day": 86_400.0,
}  # seconds, from midnight UTC
READERS = {"half_the_readers": 0.5, "twice_the_readers": 2.0}
_SLOW = (0.0, 0.25, 0.5, 0.75, 1.0)
_LIKE = 0.95  # of the wait that was: a replay that gives it is like it

Floats = NDArray[np.float64]


Halves = dict[str, float | None]  # by what would have been: hours by which half of the cases are answered; None: never


def replays(waits: pl.DataFrame, *, now: float) -> Halves:
    """The ledger's own arrivals under its own schedule and others, and with its own readers and others.

    What nobody would have read counts with what it would have waited by now. Other schedules only where the input says when the
    model answered: once with readers at the hours at which they came, and once (FOLLOW) as if each case had waited for its reader
    as long as it did, because readers come when there is something to read.
    """
    read = waits.filter(pl.col("first").is_not_null())
    names = read["reader"].rank("dense").cast(pl.Int64).to_numpy()
    answered, seconds = read["first"].to_numpy(), read["seconds"].fill_null(0.0).to_numpy()
    decided = waits["decided"].to_numpy()
    arrived = waits["arrived"].fill_null(waits["decided"]).to_numpy()
    counts = (waits["route"] == "REVIEW").to_numpy()

    def half_of(taken: Floats, still: NDArray[np.bool_]) -> float | None:
        half = waiting_times.reached(np.maximum(taken, 0.0), still, 0.5)
        return None if half is None else half / durations.HOUR

    def lived(ready: Floats, times: float, slow: float) -> float | None:
        free = queue_replay.turns(answered, seconds, names, times=times, slow=slow)
        ended = queue_replay.read(ready, free)[counts]
        still = np.isinf(ended)
        return half_of(np.where(still, now, ended) - arrived[counts], still)

    def followed(ready: Floats) -> float | None:
        waited, open_ = (waits["first"] - waits["decided"]).to_numpy(), waits["first"].is_null().to_numpy()
        return half_of(np.where(open_, now - arrived, ready - arrived + waited)[counts], open_[counts])

    slow = _slow(lambda share: lived(decided, 1.0, share))
    lives: Halves = {"as_it_was": lived(decided, 1.0, slow)}
    if waits["arrived"].is_not_null().any():
        ready = {name: queue_replay.scored(arrived, every) for name, every in SCHEDULES.items()}
        lives |= {name: lived(at, 1.0, slow) for name, at in ready.items()}
        lives |= {f"{name}{FOLLOW}": followed(at) for name, at in ready.items()}
    return lives | {name: lived(decided, times, slow) for name, times in READERS.items()}


def _slow(half: Callable[[float], float | None]) -> float:
    """How much of the time between answers was work: the least that still gives what was."""
    was = half(1.0)
    if was is None:
        return 1.0
    replayed = ((slow, half(slow)) for slow in _SLOW)
    return next(slow for slow, one in replayed if slow == 1 or (one is not None and one >= _LIKE * was))
