"""Whether a day went well: memory that does not grow, nothing found by the oracle, a doctor with nothing to say. Pure."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

ENOUGH = 24  # samples in the half that is assessed
LIMIT = 0.005  # of its size in the middle, an hour: a process that takes 200 MB may grow by 1 MB an hour
OURS = "the flows"
CONNECTIONS = "connections to PostgreSQL"
WATCHED = (OURS, "Label Studio", "Prefect", CONNECTIONS)  # not PostgreSQL's memory: see `page`
BUSY = 6  # answers in five minutes from which on it is an hour of work
# What `doctor` says of a day on which all is well: readers do take answers back, we run the flows ourselves, and the
# load holds labels that are none (`tests/faults/world.py`).
_EXPECTED = (
    ("Label Studio", "deleted in the last seven days"),
    ("Prefect", "its flows are not deployed: they run only by hand"),
    ("settings", "'no such label'"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The memory of one server, in MB, or a number of connections.

    `slope`: in a simulated hour, over the second half; None: too few samples.
    """

    name: str
    start: float
    middle: float
    end: float
    slope: float | None

    @property
    def limit(self) -> float:
        """The slope from which on it grows."""
        return LIMIT * self.middle

    @property
    def grows(self) -> bool:
        """Whether it does; too few samples say nothing."""
        return self.slope is not None and self.slope > self.limit


def growth(name: str, hours: Sequence[float], sizes: Sequence[float]) -> Growth:
    """From samples: the simulated hour of each, and MB. Start, middle and end are medians of up to twelve of them.

    The slope is the median of the slopes between any two samples (Theil and Sen): a few high ones do not make it.
    """
    half = len(sizes) // 2
    few = max(1, min(12, len(sizes) // 4))
    later, seen = hours[half:], sizes[half:]
    return Growth(
        name=name,
        start=statistics.median(sizes[:few]),
        middle=statistics.median(sizes[max(0, half - few // 2) : half + few - few // 2]),
        end=statistics.median(sizes[-few:]),
        slope=float(stats.theilslopes(seen, later).slope) if len(seen) >= ENOUGH else None,
    )


def stands_still(answers: Sequence[int], wanted: int) -> bool:
    """Whether an hour of work brought no answer, so that the day proves nothing. `answers`: all so far, at each full hour;
    `wanted`: how many people were to give in five minutes of the last one."""
    return wanted >= BUSY and len(answers) > 1 and answers[-1] == answers[-2]


def expected(by_name: Mapping[str, Any]) -> bool:
    """Whether a finding of `doctor --json` is one of those that belong to a day on which all is well."""
    return any(by_name["subject"] == of and text in by_name["what"] for of, text in _EXPECTED)


def drift(by_names: Iterable[Mapping[str, Any]]) -> list[str]:
    """What `doctor --json` says that it would not say of a day on which all is well."""
    return [
        f"doctor: {one['level']}: {one['subject']}, {one['where']}: {one['what']}"
        for one in by_names
        if one["level"] != "ok" and not expected(one)
    ]


def failures(growths: Iterable[Growth], findings: Sequence[str]) -> list[str]:
    """Why the day failed; empty if it went well."""
    leaks = [
        f"{one.name}: grows by {one.slope:.2f} an hour, the limit is {one.limit:.2f}"
        for one in growths
        if one.name in WATCHED and one.grows
    ]
    return [*leaks, *findings]
