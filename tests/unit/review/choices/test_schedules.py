"""What other schedules would have made of the wait, from cases whose times are known by construction."""

import polars as pl
import pytest

from review.choices import schedules
from tests.unit.review.choices.test_timing import DAY, HOUR, NOW, asked, cases


def test_where_readers_come_with_the_run_real_time_is_worth_what_it_is_late_if_they_come_with_each() -> None:
    """All of a day is scored at 19 o'clock and read in a quarter of an hour: nobody was there to read earlier."""
    rows = cases(batch=0, queue=0).with_columns(decided=(pl.col("arrived") // DAY) * DAY + 19 * HOUR)
    read = rows.with_columns(first=pl.col("decided") + 45 * (1 + pl.int_range(pl.len()) % 20)).with_columns(
        final="first"
    )
    assert asked(read).says.startswith("Batch is enough at the hours at which readers come: real time would")
    lives = schedules.replays(read, now=NOW + DAY)
    assert lives["as_it_was"] == pytest.approx(6.1, abs=0.1)
    assert lives["every_quarter_of_an_hour"] == pytest.approx(6.1, abs=0.1)
    assert lives[f"every_quarter_of_an_hour{schedules.FOLLOW}"] == pytest.approx(0.2, abs=0.1)


def test_where_readers_sit_idle_between_runs_more_frequent_ones_shorten_the_wait() -> None:
    """Two cases an hour, scored by a run of each hour and read at once, with 50 minutes idle until the next run."""
    rows = cases(batch=0, queue=0).with_columns(arrived=pl.col("arrived") + 600)
    hourly = rows.with_columns(decided=(pl.col("arrived") / HOUR).ceil() * HOUR)
    read = hourly.with_columns(first=pl.col("decided") + 36 * (1 + pl.int_range(pl.len()) % 2)).with_columns(
        final="first"
    )
    assert asked(read).says.startswith("Closer to real time:")
    lives = schedules.replays(read, now=NOW + DAY)
    assert lives["as_it_was"] == pytest.approx(0.35, abs=0.02)
    assert lives["every_quarter_of_an_hour"] is not None
    assert lives["every_quarter_of_an_hour"] < 0.25
