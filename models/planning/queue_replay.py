"""The cases of a ledger lived again under another schedule and with other readers: how long each would have waited. Pure.

A reading that was given is a turn, in which a reader had time for a case: from the reader's reading before, if that was less than
an hour ago, else for the seconds that it took. How much of a turn was work nobody has measured: at least the seconds of the
reading, at most all of it. `slow` says which, from 0 to 1, and into a turn with idle time fit more readings of that length. With
twice the readers there are two of each turn, with half of them every second turn is missing. Cases are read in the order in which
they became ready; a turn that finds none is lost. So readers come when they came. Nothing here is taken at random: the same
ledger gives the same answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

BREAK = 3600.0  # seconds without an answer after which a reader has begun anew
_MOST = 200  # readings that fit into a turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """When somebody could begin to read a case and be done, in the order of their beginnings; seconds since any moment, as all
    here."""

    begins: Floats
    ends: Floats


def turns(answered: Floats, seconds: Floats, reader: Numbers, *, times: float = 1.0, slow: float = 1.0) -> Turns:
    """The turns of so many times as many readers.

    Args:
        answered: When each reading was given.
        seconds: How long it took, 0 or more.
        reader: Who gave it, a number each.
        times: Above 0; 1: as many as they were.
        slow: In [0, 1]; 1: a reader works all the time from one answer to the next.

    Raises:
        ValueError: The arrays differ in length, there are no readers, or `slow` is not in [0, 1].

    >>> two = turns(np.array([60.0, 120.0]), np.array([30.0, 30.0]), np.array([1, 1]), times=2.0)
    >>> two.begins.tolist(), two.ends.tolist()
    ([30.0, 30.0, 90.0, 90.0], [60.0, 60.0, 120.0, 120.0])
    >>> turns(np.array([60.0, 120.0]), np.array([30.0, 30.0]), np.array([1, 1]), slow=0.0).ends.tolist()
    [60.0, 90.0, 120.0]
    """
    if not len(answered) == len(seconds) == len(reader):
        raise ValueError("one time, one duration and one reader per reading")
    if not times > 0 or not 0 <= slow <= 1:
        raise ValueError(f"{times!r} times as many readers, {slow!r} of their time at work: above 0, and in [0, 1]")
    order = np.lexsort((answered, reader))
    ends, took, who = answered[order], seconds[order], reader[order]
    new = np.concatenate(([True], who[1:] != who[:-1])) if len(who) else np.zeros(0, bool)
    before = np.where(new, -np.inf, np.concatenate(([-np.inf], ends[:-1]))[: len(ends)])
    begins = np.where(ends - before < BREAK, before, np.maximum(ends - took, before))
    begins, ends = _split(begins, ends, took, slow)
    in_time = np.argsort(begins, kind="stable")
    upto = np.floor(np.arange(len(ends) + 1) * times + 1e-9)
    again = np.repeat(in_time, np.diff(upto).astype(np.int64))
    return Turns(begins=begins[again], ends=ends[again])


def _split(begins: Floats, ends: Floats, took: Floats, slow: float) -> tuple[Floats, Floats]:
    """As many equal turns in each as readings fit into it: when a reading begins at the latest, and when it ends."""
    whole = ends - begins
    work = (1 - slow) * np.minimum(took, whole) + slow * whole
    fit = np.floor(np.divide(whole, work, out=np.ones_like(whole), where=work > 0) + 1e-9)
    count = np.clip(fit, 1, _MOST).astype(np.int64)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    first, length = np.repeat(begins, count), np.repeat(whole / count, count)
    last = place == np.repeat(count, count) - 1
    upto = np.where(last, np.repeat(ends, count), first + (place + 1) * length)
    return upto - np.minimum(np.repeat(took, count), length), upto


def scored(arrived: Floats, every: float) -> Floats:
    """When a case that arrived then is scored, if that is done every so many seconds from 0 on.

    >>> scored(np.array([0.0, 1.0, 3600.0, 3601.0]), 3600.0).tolist()
    [0.0, 3600.0, 3600.0, 7200.0]
    """
    times: Floats = np.ceil(arrived / every) * every
    return times


def read(ready: Floats, free: Turns) -> Floats:
    """When each case would have been read, cases in the order in which they became ready; infinite: nobody had time.

    A turn takes a case that was ready when its reading began.

    >>> some = Turns(begins=np.array([10.0, 20.0, 30.0]), ends=np.array([15.0, 25.0, 35.0]))
    >>> read(np.array([0.0, 0.0, 50.0]), some).tolist()
    [15.0, 25.0, inf]
    """
    order = np.argsort(ready, kind="stable")
    first = np.searchsorted(free.begins, ready[order], side="left")  # the first turn that it could have
    nth = np.arange(len(ready))
    turn = np.maximum.accumulate(first - nth) + nth if len(ready) else first
    times = np.full(len(ready), np.inf)
    some = turn < len(free.ends)
    times[order[some]] = free.ends[turn[some]]
    return times
