"""The parts a stream falls into: by predicted class, by slice, by day. What `models.slices` and `models.watchdog` look at."""

import json
from datetime import timedelta

import polars as pl

from models import moment, slices, watchdog
from review import states
from review.ledger import Ledger

MOST = 200  # parts shown, those with most cases; more is no table but a search
FEWEST = 100  # cases before, and on the newest day, from which a shift is worth looking for
_DAY = "substr(coalesce(produced_at, decided_at), 1, 10)"


def flags(
    ledger: Ledger,
    stream: str,
    epoch_id: str,
    *,
    target: float,
    delta: float,
    now: str,
    deadline_hours: float,
    second_opinion: bool = True,
) -> list[slices.Slice]:
    """Error among the released for each predicted class and each value of each slice column, named `column: value`.

    The flags hold for all of them together (Holm). At most 200 parts, those with the most released cases.
    """
    found = ledger.read(
        f"""
        {states.OUTCOMES}
        SELECT prediction, slices, route, propensity, blind,
            CASE WHEN outcome = 'disputed' THEN 'wrong' ELSE outcome END AS outcome, count(*) AS n
        FROM state WHERE route = 'AUTOMATE'
        GROUP BY prediction, slices, route, propensity, blind,
            CASE WHEN outcome = 'disputed' THEN 'wrong' ELSE outcome END
        """,
        stream=stream,
        epoch=epoch_id,
        due=moment.text(moment.parse(now) - timedelta(hours=deadline_hours)),
        second=int(second_opinion),
    ).with_columns(pl.col("n").cast(pl.Int64))
    if found.is_empty():
        return []
    kept = ["route", "propensity", "blind", "outcome", "n"]
    named = [found.select(*kept, slice="answer: " + pl.col("prediction"))]
    values = {text: json.loads(text) for text in found["slices"].unique()}
    for column in sorted({name for row in values.values() for name in row}):
        of = {text: f"{column}: {'(none)' if row.get(column) is None else row[column]}" for text, row in values.items()}
        named.append(found.select(*kept, slice=pl.col("slices").replace_strict(of, return_dtype=pl.String)))
    parts = pl.concat(named).group_by("slice", *kept[:-1]).agg(pl.col("n").sum())
    largest = parts.group_by("slice").agg(pl.col("n").sum()).sort(["n", "slice"], descending=[True, False]).head(MOST)
    return slices.table(parts.filter(pl.col("slice").is_in(largest["slice"].to_list())), target, delta)


def shift(ledger: Ledger, stream: str, epoch_id: str) -> watchdog.Shift | None:
    """The confidences of the epoch's newest day beside those of its days before, in steps of 0.001.

    None with fewer than 100 cases on either side.
    """
    found = ledger.read(
        f"""
        SELECT {_DAY} AS day, round(confidence * 1000) AS step, count(*) AS n FROM decision
        WHERE stream = :stream AND epoch_id = :epoch
        GROUP BY {_DAY}, round(confidence * 1000)
        """,
        stream=stream,
        epoch=epoch_id,
    )
    steps = found.select("day", "n", confidence=pl.col("step").cast(pl.Float64) / 1000)
    if steps.is_empty():
        return None
    newest = steps["day"].max()
    before, after = (steps.filter(side) for side in (pl.col("day") < newest, pl.col("day") == newest))
    if min(before["n"].sum(), after["n"].sum()) < FEWEST:
        return None
    return watchdog.shift(before, after)
