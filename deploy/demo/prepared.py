"""What a data set of the demo looks like once it is made: files by day, the truth, and who would answer what."""

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from models import errors
from review import private_files

FIRST_DAY = date(2026, 1, 5)  # a fixed Monday: the files of a data set are the same on every machine
OPENS, OPEN_HOURS = time(8, tzinfo=UTC), 10  # a simulated working day


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """Another model, which takes over on the evening of a day (1 is the first) where its answers in shadow allow it.

    `answers`: from a case's text to the columns that the stream reads. The files of later days hold its answers.
    """

    model: str
    after_day: int
    answers: Callable[[str], Mapping[str, object]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The cases of one stream, ready to arrive day by day.

    `days`: one file per simulated day, oldest first, still outside the inbox. `drift`: more such files, for who asks to see
    the watchdog bark. `truth`: case id -> label, of all cases.
    `answer(case_id, reviewer)`: the label this reviewer gives this case; the same one each time it is asked.
    `accuracy`: share of all cases where the model's answer is the truth, from 0 to 1.
    `replayed`: one sentence that says where the replayed answers come from. `successor`: who takes over in between; None: nobody.
    """

    stream: str
    days: tuple[Path, ...]
    accuracy: float
    replayed: str
    drift: tuple[Path, ...] = ()  # days on which the input is not what the model was made for
    truth: Mapping[str, str] = field(repr=False)
    answer: Callable[[str, str], str] = field(repr=False)
    successor: Successor | None = None

    def __post_init__(self) -> None:
        if not self.days or not self.truth:
            raise ValueError(
                f"{self.stream}: {len(self.days)} days and {len(self.truth)} cases; give at least one each"
            )
        if not 0 <= self.accuracy <= 1:
            raise ValueError(f"{self.stream}: accuracy {self.accuracy!r}; give a share from 0 to 1")


def deliver(day: Path, inbox: Path) -> Path:
    """Put a copy of the day's file into the inbox, made if missing, and return where it stands.

    The file appears whole or not at all; delivering twice is delivering once.
    """
    inbox.mkdir(parents=True, exist_ok=True)
    private_files.replace(inbox / day.name, day.read_bytes())
    return inbox / day.name


def delivered(day: Path, inbox: Path) -> bool:
    """Whether the day's file is in the inbox."""
    return (inbox / day.name).is_file()


def files(folder: Path, ending: str, days: int) -> tuple[Path, ...]:
    """The day files' paths, whose order by name is the order of the days. Raises Misuse below one day."""
    if days < 1:
        raise errors.Misuse(f"days = {days}: give at least 1")
    return tuple(folder / f"day-{number:0{len(str(days))}}.{ending}" for number in range(1, days + 1))


def missing(days: tuple[Path, ...]) -> list[int]:
    """The days (0 is the first) whose file is still to be made. What is there stays as it is.

    A case that was decided must not come back with other content. Raises SetupFailed if the folder holds days of
    another split.
    """
    there = sorted(days[0].parent.glob(f"day-*{days[0].suffix}"))
    if any(path not in days for path in there):
        raise errors.SetupFailed(
            f"{days[0].parent}: made for {len(there)} days, and {len(days)} are asked for; "
            f"ask for {len(there)}, or remove the demo's folder to start afresh"
        )
    return [number for number, path in enumerate(days) if path not in there]


def moments(count: int, day: int) -> list[datetime]:
    """When the cases of one simulated day (0 is the first) were answered by the model: evenly over its hours, UTC."""
    opens = datetime.combine(FIRST_DAY + timedelta(days=day), OPENS)
    return [opens + timedelta(hours=OPEN_HOURS) * number / count for number in range(count)]


def share(count: int, days: int) -> list[slice]:
    """Split so many cases into days of (nearly) the same size, in order.

    Raises Misuse if a day would be empty.
    """
    if not 1 <= days <= count:
        raise errors.Misuse(f"days = {days}: give 1 to {count}, so that a case arrives on each")
    ends = [count * number // days for number in range(days + 1)]
    return [slice(start, end) for start, end in itertools.pairwise(ends)]


def number(*what: str) -> float:
    """A number in [0, 1) that depends on these texts only: 52 bits of the SHA-256 of their canonical JSON."""
    canonical = json.dumps(what, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return int(hashlib.sha256(canonical).hexdigest()[:13], 16) / 2**52
