"""The five fields of a cron line: minute, hour, day of month, month, day of week; and the time zone it is counted in."""

import re


def five_fields(line: str) -> str:
    """The line as it is. What the fields may hold is Prefect's to say (`flows.runtime.next_runs`).

    Raises:
        ValueError: There are not five fields.
    """
    if len(line.split()) != 5:
        raise ValueError('must have five fields: minute, hour, day of month, month, day of week; "*/5 * * * *"')
    return line


_EVERY_DAY = re.compile(r"\S+\s+\*(/\d+)?\s+\*\s+\*\s+\*")


def zone(line: str, timezone: str) -> str:
    """The time zone for a line: UTC where it repeats by an interval all day and every day, else `timezone`.

    In a zone with summer time a scheduler leaves out the hour that the clock repeats in autumn (Prefect 3.8.8, 3.9.1): a line of
    every 5 minutes does not run for 65. An interval means the same in UTC; an hour or a day is of the people's own clock.

    >>> zone("*/5 * * * *", "Europe/Berlin"), zone("30 6 * * *", "Europe/Berlin")
    ('UTC', 'Europe/Berlin')
    """
    return "UTC" if _EVERY_DAY.fullmatch(line.strip()) else timezone


def shown(line: str, timezone: str) -> str:
    """A line with its time zone, for a message."""
    return line if timezone == "UTC" else f"{line} in {timezone}"
