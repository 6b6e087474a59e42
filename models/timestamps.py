"""One written form for every instant: UTC, ISO 8601, microseconds, a final Z. 27 characters, so text order is time order.

Of a column of times: `time_columns`. Nothing is loaded here that a command without a table does not need.
"""

from datetime import UTC, datetime


def text(instant: datetime) -> str:
    """The instant as `2026-01-31T23:59:59.000000Z`. `instant` is aware, in any zone; raises ValueError if it is naive.

    >>> from datetime import timedelta, timezone
    >>> text(datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2))))
    '2026-01-30T23:00:00.000000Z'
    """
    return _in_utc(instant, instant.isoformat()).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse(written: str) -> datetime:
    """The instant, in UTC, that ISO 8601 text with an offset or Z names; digits beyond microseconds are dropped.

    Raises ValueError, in one line that holds the text, if it is no such time or says no zone.

    >>> parse("2026-01-31T00:30:00+01:00").isoformat()
    '2026-01-30T23:30:00+00:00'
    """
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{written!r} is not an ISO 8601 time: write it like 2026-01-31T23:59:59Z") from None
    return _in_utc(instant, written)


def _in_utc(instant: datetime, written: str) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"{written!r} does not say its time zone: add Z for UTC, or an offset such as +01:00")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{written!r} lies outside the years 1 to 9999 in UTC") from None
