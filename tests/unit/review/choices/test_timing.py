"""Batch or real time: what shortens the wait, from cases whose times are known by construction."""

import polars as pl
import pytest

from models.evaluation.estimate import Estimate
from review import formats
from review.choices import timing
from review.choices.answer import Answer
from review.choices.work import Work
from review.queries import waits

HOUR, DAY = 3600.0, 86_400.0
DAYS = 10
WORK = Work(minutes=2.0, minute_cost=0.5, currency="EUR")
NOW = DAYS * DAY


def cases(*, batch: float, queue: float, dated: bool = True, answered: bool = True, days: int = DAYS) -> pl.DataFrame:
    """Two cases an hour from 8 to 18 o'clock, scored so many hours later and read so many hours after that, each in 36 s."""
    rows = []
    for day in range(days):
        for step in range(20):
            arrived = day * DAY + (8 + step / 2) * HOUR
            decided = arrived + batch * HOUR
            first = decided + queue * HOUR + 36 + step
            rows.append(
                {
                    "case_id": f"c-{day}-{step}",
                    "route": "REVIEW",
                    "arrived": arrived if dated else None,
                    "decided": decided,
                    "latency_ms": 800.0 if dated else None,
                    "first": first if answered else None,
                    "final": first if answered else None,
                    "reader": "ann@example.org" if answered else None,
                    "seconds": 36.0 if answered else None,
                }
            )
    return pl.DataFrame(rows, schema=waits.SCHEMA)


def asked(rows: pl.DataFrame) -> Answer:
    return timing.answer(rows, now=NOW + DAY, alpha=0.05, work=WORK, model="m-1")


def test_the_time_is_cut_into_model_run_queue_and_reading() -> None:
    one = asked(cases(batch=3, queue=1))
    figures = one.figures
    assert one.state == "known"
    wanted = {
        "model": 0.8 / HOUR,
        "batch_wait": 3.0,
        "queue_wait": 1 + 9 / HOUR,
        "reading": 0.01,
        "final": 4 + 45 / HOUR,
    }
    for name, hours in wanted.items():
        assert figures[f"{name}_hours"] == pytest.approx(hours, abs=2e-4), name
    assert (
        "Half of the cases that people read are finished 4 h (limits 4 h to 4.1 h) after the model answered"
        in formats.plain(one.says)
    )
    assert "for half of them at most: model 800 ms, next run 3 h, reader 1 h, reading 36 s." in (
        formats.plain(one.says)
    )


def test_where_neither_would_shorten_it_batch_is_enough() -> None:
    assert asked(cases(batch=0, queue=20)).says.startswith(("Batch is enough: neither", "Readers before runs"))


def test_a_case_that_nobody_has_finished_counts_with_what_it_has_waited() -> None:
    rows = cases(batch=1, queue=1)
    late = rows.with_columns(final=pl.when(pl.int_range(pl.len()) % 3 == 0).then(None).otherwise("final"))
    known = timing.parts(late, now=NOW + DAY, alpha=0.05).final
    before = timing.parts(rows, now=NOW + DAY, alpha=0.05).final
    assert isinstance(known, Estimate)
    assert isinstance(before, Estimate)
    assert known.errors == 67
    assert known.value > before.value


def test_without_the_time_of_the_models_answer_the_column_is_named_and_no_schedule_replayed() -> None:
    one = asked(cases(batch=1, queue=1, dated=False))
    assert one.state == "unasked"
    assert "input.produced_at" in one.would_change
    assert "input.latency_ms" in one.rests_on
    assert "a run every quarter" not in one.says
    assert "with twice the readers" in one.says


def test_old_data_counts_from_when_it_was_scored_and_that_is_said() -> None:
    rows = cases(batch=1, queue=2)
    old = asked(rows.with_columns(arrived=pl.col("arrived") - 300 * DAY))
    assert (old.state, old.figures["batch_wait_hours"]) == ("known", None)
    assert old.figures["final_hours"] == asked(rows.with_columns(arrived=pl.col("decided"))).figures["final_hours"]
    text = "200 cases had the model's answer more than 28 days before a run took them, as old data has: the wait counts from that"
    assert text in formats.plain(old.rests_on)
    assert "input.produced_at" not in old.rests_on + old.would_change
    some = asked(rows.with_columns(arrived=pl.when(pl.col("case_id") == "c-0-0").then(-300 * DAY).otherwise("arrived")))
    assert "1 case had the model's answer more than 28 days before a run took it" in formats.plain(some.rests_on)
    assert some.figures["batch_wait_hours"] == 1


def test_with_few_days_or_no_answers_it_is_open() -> None:
    few = asked(cases(batch=1, queue=1, days=1))
    assert few.state == "open"
    assert "people have finished 20 cases that came on 1 day, and it takes about 5 more days." in formats.plain(
        few.says
    )
    none = asked(cases(batch=1, queue=1, answered=False))
    assert (none.state, none.figures["answered"]) == ("open", 0)
    empty = asked(pl.DataFrame(schema=waits.SCHEMA))
    assert (empty.state, empty.rests_on) == ("open", "No case came for people in the last 28 days.")


@pytest.mark.parametrize(("days", "state"), [(1, "open"), (5, "open"), (6, "known")])
def test_fewer_than_six_days_are_no_answer(days: int, state: str) -> None:
    one = asked(cases(batch=1, queue=1, days=days))
    assert (one.state, one.figures["final_hours"] is None) == (state, state == "open")
    assert ("fewer than 6 days say too little" in one.would_change) == (state == "open")
    assert ("Step by step" in one.says) == ("would have been finished" in one.says) == (state == "known")


def test_what_reading_takes_is_said_by_the_minutes_of_a_review() -> None:
    rows = cases(batch=1, queue=1)
    one = asked(rows)
    span = rows.select((pl.col("first").max() - pl.col("first").min()) / DAY).item()
    assert one.figures["reading_cost_a_day"] == pytest.approx(0.5 * 2 * len(rows) / span)
    assert "Reading took 43 min of people for 21.3 EUR a day, and takes the same in each of these" in formats.plain(
        one.says
    )
    backlog = asked(rows.with_columns(decided=pl.lit(0.0)))
    assert backlog.figures["reading_cost_a_day"] == one.figures["reading_cost_a_day"], "read as fast, decided at once"
    few = asked(cases(batch=1, queue=1, days=1))
    assert "of people for" not in few.says, "one day is no rule"
    assert few.would_change.startswith("About 5 more days whose cases people finish, and nothing else: fewer than 6")
