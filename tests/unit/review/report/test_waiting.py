"""What lies before people: how old, how late, how often skipped."""

import polars as pl
import pytest

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


@pytest.mark.parametrize(
    ("cases", "samples", "sentence"),
    [
        (0, 0, ""),
        (2, 0, "2 cases cannot be shown to a person and wait"),
        (1, 1, "1 case cannot be shown to a person and waits; unanswered, it counts as wrong in the certificate"),
        (2, 2, "2 cases cannot be shown to a person and wait; unanswered, they count as wrong in the certificate"),
        (
            1200,
            20,
            "1 200 cases cannot be shown to a person and wait; the 20 blind samples among them count as wrong in",
        ),
    ],
)
def test_what_cannot_be_shown_is_counted_and_so_are_its_samples(cases: int, samples: int, sentence: str) -> None:
    assert waiting.unshown(cases, samples).startswith(sentence)
    assert bool(sentence) is bool(waiting.unshown(cases, samples))


def test_an_empty_queue_has_no_oldest() -> None:
    none = pl.DataFrame(schema={"sent_at": pl.String, "skips": pl.Int64})
    seen = waiting.queue(none, waiting=0, deadline=24, now=NOW)
    assert (seen.open, seen.late, seen.oldest) == (0, 0, None)
