"""Batch beside real time: what each costs and delays, from cases whose times and prices are known by construction."""

import polars as pl
import pytest

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices import channels
from review.queries import waits

HOUR, DAY, DAYS, A_DAY = 3600.0, 86_400.0, 10, 12
NOW = (DAYS + 1) * DAY


def cases(
    channel: str | None, *, hours: float, cost: float | None, dated: bool = True, days: int = DAYS
) -> pl.DataFrame:
    """Twelve cases a day for people, finished so many hours after the model was asked, and three audits of the released."""
    rows = []
    for day in range(days):
        for place in range(A_DAY + 3):
            asked = day * DAY + (8 + place / 20) * HOUR
            people = place < A_DAY
            rows.append(
                {
                    "case_id": f"{channel}-{day}-{place}",
                    "route": "REVIEW" if people else "AUTOMATE",
                    "model_id": "m-1",
                    "channel": channel,
                    "asked": asked if dated else None,
                    "decided": asked + HOUR,
                    "final": asked + hours * HOUR,
                    "cost": None if cost is None else cost if people else cost / 2,
                    "weight": 1.0 if people else 10.0,
                }
            )
    return pl.DataFrame(rows, schema=waits.SCHEMA)


def compared(*parts: pl.DataFrame, model: str = "m-1") -> tuple[channels.Channel, ...]:
    return channels.of(pl.concat(parts), now=NOW, alpha=0.05, model=model)


def test_each_channel_has_a_line_with_what_it_costs_and_how_long_it_takes() -> None:
    both = compared(cases("batch", hours=9, cost=0.002), cases("realtime", hours=2, cost=0.004, days=9))
    assert [one.name for one in both] == ["batch", "realtime"], "the one with most cases first"
    mean = (A_DAY * 0.002 + 30 * 0.001) / (A_DAY + 30)
    assert isinstance(both[0].cost, Estimate)
    assert both[0].cost.value == pytest.approx(mean), "an audit stands for ten released, which cost half"
    lines = [formats.plain(line) for line in channels.lines(both, "EUR")]
    assert lines[0].startswith("batch: 120 cases for people; a thousand answers cost 1.29 EUR (limits 1.")
    assert lines[0].endswith("; half are finished 9 h (limits 9 h to 9 h) after the model was asked.")
    assert "half are finished 2 h" in lines[1]
    figures = channels.figures(both)
    assert (figures["channel_1"], figures["channel_2"], figures["channel_1_cases"]) == ("batch", "realtime", 120)
    assert (figures["channel_1_final_hours"], figures["channel_2_final_hours"]) == pytest.approx((9.0, 2.0))
    assert channels.change(pl.concat([cases("batch", hours=9, cost=0.002)]), both) == ""


def test_the_times_of_all_channels_begin_at_what_all_of_them_say() -> None:
    both = compared(cases("batch", hours=9, cost=0.002, dated=False), cases("realtime", hours=2, cost=0.004))
    assert {one.begins for one in both} == {"decided"}
    assert all(" after they were scored." in line for line in channels.lines(both, "EUR"))
    assert channels.figures(both)["channel_1_final_hours"] == pytest.approx(8.0)


def test_what_is_not_finished_counts_with_what_it_has_waited() -> None:
    batch = cases("batch", hours=9, cost=0.002)
    some = batch.with_columns(final=pl.when(pl.int_range(pl.len()) % 3 == 0).then(None).otherwise("final"))
    late, _ = compared(some, cases("realtime", hours=2, cost=0.004, days=5))
    assert isinstance(late.final, Estimate)
    assert late.final.errors == 40
    open_ = batch.with_columns(final=pl.lit(None, pl.Float64))
    none, _ = compared(open_, cases("realtime", hours=2, cost=0.004, days=5))
    assert "when half are finished is not known yet (no case is over yet)" in channels.lines([none], "EUR")[0]


def test_one_channel_or_few_cases_of_a_second_are_compared_with_nothing_and_said_so() -> None:
    one, few = cases("batch", hours=9, cost=0.002), cases("realtime", hours=2, cost=0.004, days=2)
    assert compared(one) == compared(one, few) == ()
    assert channels.lines((), "EUR") == ()
    asks = formats.plain(channels.change(pl.concat([one, few]), ()))
    assert "each is compared from 30 cases for people on, and so far there are batch 120, realtime 24." in asks
    nobody = cases(None, hours=9, cost=0.002)
    assert compared(nobody) == ()
    assert "(input.channel)" in channels.change(nobody, ())


def test_a_price_that_nobody_gives_is_asked_for_and_another_models_is_no_price_of_this_one() -> None:
    rows = (cases("batch", hours=9, cost=None), cases("realtime", hours=2, cost=0.004))
    both = compared(*rows)
    assert (both[0].cost, isinstance(both[1].cost, Estimate)) == (None, True)
    assert "what an answer costs is not asked for" in channels.lines(both, "EUR")[0]
    assert "input.cost, or input.tokens_in" in channels.change(pl.concat(rows), both)
    other = compared(*rows, model="m-2")
    assert [one.cost for one in other] == [None, None]
    young = cases("batch", hours=9, cost=0.004, days=3).with_columns(decided=pl.lit(9 * HOUR))
    first, _ = compared(young, cases("realtime", hours=2, cost=0.004, days=3))
    assert isinstance(first.cost, NotEnoughEvidence)
    assert (
        "what an answer costs is not known yet (answers of one day alone so far)" in channels.lines([first], "EUR")[0]
    )


def test_no_more_than_five_stand_side_by_side() -> None:
    assert len(compared(*(cases(f"c{n}", hours=2, cost=0.1, days=3) for n in range(7)))) == channels.MOST
