"""What lies before people: how old, how late, how often skipped."""

import polars as pl

from review.report import waiting

NOW = "2026-01-10T12:00:00.000000Z"


def test_ages_are_counted_from_the_sending_and_a_clock_behind_makes_no_age() -> None:
    sent = [
        "2026-01-10T11:30:00.000000Z",
        "2026-01-10T13:00:00.000000Z",
        "2026-01-10T04:00:00.000000Z",
        "2026-01-09T11:00:00.000000Z",
        "2026-01-01T12:00:00.000000Z",
    ]
    seen = waiting.queue(pl.DataFrame({"sent_at": sent, "skips": [0, 1, 0, 2, 0]}), waiting=7, deadline=24, now=NOW)
    assert [n for _, n in seen.ages] == [2, 0, 1, 1, 1]
    assert (seen.open, seen.late, seen.skipped, seen.waiting) == (5, 2, 2, 7)
    assert seen.oldest == 9 * 24


def test_an_empty_queue_has_no_oldest() -> None:
    none = pl.DataFrame(schema={"sent_at": pl.String, "skips": pl.Int64})
    seen = waiting.queue(none, waiting=0, deadline=24, now=NOW)
    assert (seen.open, seen.late, seen.oldest) == (0, 0, None)
