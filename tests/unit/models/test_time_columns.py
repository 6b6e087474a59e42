"""Columns of times: every form that files hold comes to one, and what is no time comes to null."""

from datetime import date, datetime, timedelta, timezone
from typing import Literal

import polars as pl
import pytest

from models import time_columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
        ("2026-01-31 23:59", "2026-01-31T23:59:00.000000Z"),
        ("2026-01-31T23:59:58,5", "2026-01-31T23:59:58.500000Z"),
        ("2026-01-31T23:59:58.123456789Z", "2026-01-31T23:59:58.123456Z"),
        ("2026-01-31T00:30:00+01:00", "2026-01-30T23:30:00.000000Z"),
        ("2026-01-31T00:30:00 -0230", "2026-01-31T03:00:00.000000Z"),
        (" 2026-01-31T00:30+01 ", "2026-01-30T23:30:00.000000Z"),
        ("2026-02-30", None),
        ("31.01.2026", None),
        ("1769903999", None),
        ("", None),
        (None, None),
    ],
)
def test_a_text_is_read_as_iso_8601_or_not_at_all(text: str | None, expected: str | None) -> None:
    assert time_columns.column(pl.Series([text], dtype=pl.String)).to_list() == [expected]


def test_dates_and_timestamps_are_utc_unless_they_say_another_zone() -> None:
    assert time_columns.column(pl.Series([date(2026, 1, 31), None])).to_list() == ["2026-01-31T00:00:00.000000Z", None]
    east = datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2)))
    assert time_columns.column(pl.Series([east])).to_list() == ["2026-01-30T23:00:00.000000Z"]


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_what_lies_outside_the_years_1_to_9999_is_no_time(unit: Literal["ms", "us"]) -> None:
    per_day = 86_400 * (10**3 if unit == "ms" else 10**6)
    ends = [-719_162 * per_day - 1, -719_162 * per_day, 2_932_897 * per_day - 1, 2_932_897 * per_day]
    times = time_columns.column(pl.Series(ends).cast(pl.Datetime(unit)))
    assert [time is None for time in times] == [True, False, False, True]
    assert [time[:10] for time in times.drop_nulls()] == ["0001-01-01", "9999-12-31"]


def test_a_number_is_no_time() -> None:
    assert time_columns.column(pl.Series([1_769_903_999])).to_list() == [None]
