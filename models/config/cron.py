"""The five fields of a cron line: minute, hour, day of month, month, day of week; and the time zone it is counted in."""

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


def checked(line: str) -> str:
    """The line as it is. Raises ValueError with what a field may hold."""
    fields = line.split()
    if len(fields) != len(_FIELDS):
        raise ValueError('must have five fields: minute, hour, day of month, month, day of week; "*/5 * * * *"')
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in field.lower().split(","):
            found = _PART.fullmatch(part)
            if found is None or not _fits(found, low, high, names):
                raise ValueError(f"{name} {field!r} must be *, or numbers from {low} to {high} as in 1,2-4,*/5")
    return line


_EVERY_DAY = re.compile(r"\S+\s+\*(/\d+)?\s+\*\s+\*\s+\*")


def zone(line: str, timezone: str) -> str:
    """The time zone for a line: UTC where it repeats by an interval all day and every day, else `timezone`.

    In a zone with summer time a scheduler leaves out the hour that the clock repeats in autumn (Prefect 3.8.8): a line of
    every 5 minutes does not run for 65. An interval means the same in UTC; an hour or a day is of the people's own clock.
    """
    return "UTC" if _EVERY_DAY.fullmatch(line.strip()) else timezone


def shown(line: str, timezone: str) -> str:
    """A line with its time zone, for a message."""
    return line if timezone == "UTC" else f"{line} in {timezone}"


def _fits(part: re.Match[str], low: int, high: int, names: tuple[str, ...]) -> bool:
    """Whether each number is in its range and steps are above zero. A range may wrap: 22-4, sat-sun."""
    ends = [_number(text, low, names) for text in (part["first"], part["last"]) if text is not None]
    steps = part["step"] is None or int(part["step"]) > 0
    return steps and all(low <= end <= high for end in ends)


def _number(text: str, low: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    return int(text) if text.isdecimal() else -1
