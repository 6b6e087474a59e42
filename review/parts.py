"""The parts a stream falls into: by predicted class, by slice, by day. What `models.slices` and `models.watchdog` look at."""

import json
from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from models import moment, slices, watchdog
from review import states, what_if
from review.ledger import Ledger

MOST = 200  # parts shown, those with most cases; more is no table but a search
MOST_CURVES = 40  # parts that follow the slider: what a page can hold
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
    parts = _named(found, ("route", "propensity", "blind", "outcome", "n"))
    largest = parts.group_by("slice").agg(pl.col("n").sum()).sort(["n", "slice"], descending=[True, False]).head(MOST)
    return slices.table(parts.filter(pl.col("slice").is_in(largest["slice"].to_list())), target, delta)


def curves(
    ledger: Ledger,
    stream: str,
    epoch_id: str,
    thresholds: Sequence[float],
    *,
    delta: float,
    now: str,
    deadline_hours: float,
    second_opinion: bool = True,
) -> list[what_if.Part]:
    """The thresholds (strictest first) within each predicted class and each value of a slice; the largest 40 parts."""
    bins, bound = _bins(thresholds)
    found = ledger.read(
        f"""
        {states.OUTCOMES}, binned AS (SELECT state.*, {bins} AS bin FROM state)
        SELECT prediction, slices, bin, propensity, blind,
            CASE WHEN outcome = 'disputed' THEN 'wrong' ELSE outcome END AS outcome, count(*) AS n
        FROM binned
        GROUP BY prediction, slices, bin, propensity, blind,
            CASE WHEN outcome = 'disputed' THEN 'wrong' ELSE outcome END
        """,
        stream=stream,
        epoch=epoch_id,
        due=moment.text(moment.parse(now) - timedelta(hours=deadline_hours)),
        second=int(second_opinion),
        **bound,
    )
    if found.is_empty():
        return []
    # Each case counts as sure as the strictest threshold it reaches; below all of them, as not sure at all.
    line = pl.Series([*thresholds, None], dtype=pl.Float64)
    counts = found.with_columns(
        pl.col("n").cast(pl.Int64),
        confidence=line.gather(found["bin"].cast(pl.Int64).fill_null(len(thresholds))),
    )
    named = _named(counts, ("confidence", "propensity", "blind", "outcome", "n"))
    largest = named.group_by("slice").agg(pl.col("n").sum()).sort(["n", "slice"], descending=[True, False])
    return [
        what_if.part(name, named.filter(pl.col("slice") == name), thresholds, delta)
        for name in sorted(largest["slice"].head(MOST_CURVES))
    ]


def _bins(thresholds: Sequence[float]) -> tuple[str, dict[str, float]]:
    """SQL for the index of the strictest threshold a confidence reaches (null: none), by halving, and its parameters.

    So the database sends a few hundred counts where it would send a row for each distinct confidence.
    """

    def between(low: int, high: int) -> str:
        if low == high:
            return str(low) if low < len(thresholds) else "NULL"
        middle = (low + high) // 2
        return f"CASE WHEN confidence >= :t{middle} THEN {between(low, middle)} ELSE {between(middle + 1, high)} END"

    bound = {f"t{place}": threshold for place, threshold in enumerate(thresholds)}
    return f"CASE WHEN confidence IS NOT NULL THEN {between(0, len(thresholds))} END", bound


def _named(found: pl.DataFrame, kept: Sequence[str]) -> pl.DataFrame:
    """The counts once per predicted class and once per slice column, `slice` naming the part."""
    named = [found.filter(pl.col("prediction").is_not_null()).select(*kept, slice="answer: " + pl.col("prediction"))]
    values = {text: json.loads(text) for text in found["slices"].unique()}
    for column in sorted({name for row in values.values() for name in row}):
        of = {text: f"{column}: {'(none)' if row.get(column) is None else row[column]}" for text, row in values.items()}
        named.append(found.select(*kept, slice=pl.col("slices").replace_strict(of, return_dtype=pl.String)))
    return pl.concat(named).group_by("slice", *kept[:-1]).agg(pl.col("n").sum())


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
