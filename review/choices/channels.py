"""Batch beside real time: by each channel what an answer of the model costs, and how long the final one takes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.evaluation import amounts, waiting_times
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices import durations

FEWEST = 30  # cases for people of a channel that is compared
MOST = 5  # channels
_BEGINS = {"asked": "the model was asked", "arrived": "the model answered", "decided": "they were scored"}
_DAY = 86_400

Figure = Estimate | NotEnoughEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`cases`: for people. `cost`: of an answer of the model in force, over all its answers; None: no answer has a price.

    `final`: the hours by which half of its cases for people are finished, since `begins`, a column of the waits that is the same
    for each channel.
    """

    name: str
    cases: int
    cost: Figure | None
    begins: str
    final: Figure


def of(waits: pl.DataFrame, *, now: float, alpha: float, model: str) -> tuple[Channel, ...]:
    """The channels with enough cases, those with most first; empty where there are not two of them.

    `waits`: `review.queries.waits`; `now`: seconds since 1970; `model`: whose answers are priced.
    """
    waiting = waits.filter(pl.col("route") == "REVIEW")
    names = [name for name, n in counts(waits) if n >= FEWEST][:MOST]
    if len(names) < 2:
        return ()
    parts = {name: waiting.filter(pl.col("channel") == name) for name in names}
    begins = next(one for one in _BEGINS if all(part[one].count() >= FEWEST for part in parts.values()))
    return tuple(
        Channel(
            name=name,
            cases=len(part),
            cost=mean_cost(waits.filter(pl.col("channel") == name, pl.col("model_id") == model), alpha),
            begins=begins,
            final=_final(part.filter(pl.col(begins).is_not_null()), begins, now, alpha),
        )
        for name, part in parts.items()
    )


def counts(waits: pl.DataFrame) -> list[tuple[str, int]]:
    """Each channel with its cases for people, the most first."""
    waiting = waits.filter(pl.col("route") == "REVIEW", pl.col("channel").is_not_null())
    return waiting.group_by("channel").len().sort("len", "channel", descending=[True, False]).rows()


def mean_cost(answers: pl.DataFrame, alpha: float) -> Figure | None:
    """What an answer costs, weighted by what each of `answers` (as the waits) stands for; None: none has a price."""
    priced = answers.filter(pl.col("cost").is_not_null())
    if priced.is_empty():
        return None
    return amounts.mean(priced["cost"].to_numpy(), priced["weight"].to_numpy(), days(priced), alpha)


def days(rows: pl.DataFrame) -> amounts.Numbers:
    """The day of decision of each row, a number."""
    return (rows["decided"] // _DAY).cast(pl.Int64).to_numpy()


def _final(part: pl.DataFrame, begins: str, now: float, alpha: float) -> Figure:
    final = part["final"].to_numpy()
    still = np.isnan(final)
    waited = np.maximum(np.where(still, now, final) - part[begins].to_numpy(), 0.0) / durations.HOUR
    return waiting_times.quantile(waited, still, 0.5, alpha, groups=days(part))


def lines(channels: Sequence[Channel], currency: str) -> tuple[str, ...]:
    """A line for each channel."""
    return tuple(
        f"{one.name}: {formats.count(one.cases, 'case')} for people; {_price(one.cost, currency)}; {_finished(one)}."
        for one in channels
    )


def _price(cost: Figure | None, currency: str) -> str:
    if cost is None:
        return "what an answer costs is not asked for"
    if isinstance(cost, NotEnoughEvidence):
        return f"what an answer costs is not known yet ({cost.reason})"
    return f"a thousand answers cost {formats.thousand(cost, currency)}"


def _finished(one: Channel) -> str:
    if isinstance(one.final, NotEnoughEvidence):
        return f"when half are finished is not known yet ({one.final.reason})"
    return f"half are finished {durations.limits(one.final)} after {_BEGINS[one.begins]}"


def change(waits: pl.DataFrame, channels: Sequence[Channel]) -> str:
    """What would say more of channels: a key that is missing, or cases; empty where nothing is."""
    if any(one.cost is None for one in channels):
        return (
            "What an answer costs: input.cost, or input.tokens_in and input.tokens_out with their prices in [costs]. "
        )
    if channels:
        return ""
    seen = counts(waits)
    if not seen:
        return (
            "The column that says how the model was asked, as batch or realtime (input.channel), would show what batch saves and "
            "what it delays."
        )
    known = ", ".join(f"{name} {formats.count(n)}" for name, n in seen[:MOST])
    return (
        f"Cases by a second channel: each is compared from {FEWEST} cases for people on, and so far there are {known}. "
    )


def figures(channels: Sequence[Channel]) -> dict[str, float | int | str | None]:
    """For the JSON: `channel_1`, its name, and so on."""
    numbers: dict[str, float | int | str | None] = {}
    for place, one in enumerate(channels, start=1):
        of_it = f"channel_{place}"
        numbers |= {of_it: one.name, f"{of_it}_cases": one.cases, f"{of_it}_since": one.begins}
        for name, figure in (("cost", one.cost), ("final_hours", one.final)):
            ends = (figure.value, figure.low, figure.high) if isinstance(figure, Estimate) else (None, None, None)
            named = (f"{of_it}_{name}", f"{of_it}_{name}_low", f"{of_it}_{name}_high")
            numbers |= dict(zip(named, ends, strict=True))
    return numbers
