"""Every instant has one written form, and the order of the texts is the order of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from models import timestamps


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), "2026-01-31T23:59:59.000000Z"),
        (datetime(2026, 1, 31, 23, 59, 59, 1, tzinfo=UTC), "2026-01-31T23:59:59.000001Z"),
        (datetime(2026, 2, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T23:30:00.000000Z"),
        (datetime(7, 1, 1, tzinfo=UTC), "0007-01-01T00:00:00.000000Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_microseconds_and_27_characters(instant: datetime, written: str) -> None:
    assert written == timestamps.text(instant)
    assert len(written) == 27


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31T22:59:59Z",
        "2026-01-31T22:59:59.000Z",
        "2026-01-31T23:59:59+01:00",
        "2026-01-31 17:59:59.000000000-05:00",
        "20260131T225959Z",
    ],
)
def test_every_way_to_write_an_instant_reads_as_the_same_one(written: str) -> None:
    assert timestamps.parse(written) == datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC)
    assert timestamps.text(timestamps.parse(written)) == "2026-01-31T22:59:59.000000Z"


def test_the_order_of_the_texts_is_the_order_of_time() -> None:
    instants = [
        datetime(999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 1, 1, tzinfo=UTC),
    ]
    assert sorted(map(timestamps.text, instants)) == [timestamps.text(instant) for instant in instants]


@pytest.mark.parametrize("written", ["2026-01-31T23:59:59", "2026-01-31"])
def test_a_time_without_a_zone_is_refused_by_name(written: str) -> None:
    with pytest.raises(ValueError, match=f"'{written}' does not say its time zone"):
        timestamps.parse(written)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say its time zone"):
        timestamps.text(datetime(2026, 1, 31))  # noqa: DTZ001 (the point of the test)


@pytest.mark.parametrize("written", ["", "yesterday", "2026-13-01T00:00:00Z", "1767225600"])
def test_what_is_no_time_is_refused_by_name(written: str) -> None:
    with pytest.raises(ValueError, match=f"'{written}' is not an ISO 8601 time"):
        timestamps.parse(written)


def test_a_time_outside_the_calendar_in_utc_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        timestamps.parse("0001-01-01T00:00:00+05:00")
