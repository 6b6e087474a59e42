"""What became of each decision: the extracts of a stream, joined with what people answered.

Estimates, curves, slices, the certificate and the watchdog all start here, so that one reading of the ledger serves a
whole report, and there is one rule of what a draw's answers mean. Cases that were not drawn, nearly all of them, stay
plain sorted arrays: how many of ten million reach a threshold is then a few dozen look-ups.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import compress

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import moment
from review import extracts
from review.ledger import Ledger
from review.states import reviewed

SETTLED = ("right", "wrong")
_AT_ONCE = 1000  # extracts read in one query: a column of one result holds 2 GB at most
EXACT = 20_000  # undrawn cases of one kind up to which every confidence stays as it is
_STEPS = 4096  # beyond that, confidences between the drawn ones are told apart in so many steps of coverage, twice over
_KIND = ["route", "propensity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Decisions of a stream, or of one epoch of it.

    `drawn` has a row per case drawn for a blind label: the columns of `extracts.GROUP`, case_id, confidence (null: none),
    disputed (a blind answer against the model that no majority of people has settled), late, and `outcome`: waiting (not
    sent), open, skipped (open, passed on at least once), disputed, right or wrong. `late`: unanswered, and sent (or,
    unsent, decided) more than the deadline ago.
    """

    kinds: pl.DataFrame  # extracts.KIND and n, over all cases
    undrawn: tuple[NDArray[np.float64], ...]  # of each row of `kinds`: the confidences of its cases not drawn, rising
    drawn: pl.DataFrame


def read(ledger: Ledger, stream: str, *, now: str, deadline_hours: float, second_opinion: bool = True) -> Judged:
    """All decisions of a stream. Without `second_opinion` nothing is disputed: a tie, or one answer, is wrong."""
    cases = extracts.read(list(extracts_of(ledger, stream)))
    due = moment.text(moment.parse(now) - timedelta(hours=deadline_hours))
    drawn = cases.drawn.join(_agreement(cases.drawn, reviewed.readings(ledger, stream)), on="case_id", how="left").join(
        reviewed.sent(ledger, stream), on="case_id", how="left"
    )
    against = pl.col("readings") - pl.col("agree")
    claimed = pl.col("prediction").is_not_null() & pl.col("confidence").is_not_null()
    tie = against == pl.when(pl.col("agree") == 0).then(1).otherwise("agree")
    answered = pl.col("readings") > 0
    drawn = drawn.with_columns(disputed=(answered & tie & claimed).fill_null(False)).with_columns(
        outcome=pl.when(pl.col("disputed") & second_opinion)
        .then(pl.lit("disputed"))
        .when(pl.col("agree") > against)
        .then(pl.lit("right"))
        .when(answered)
        .then(pl.lit("wrong"))
        .when(pl.col("sent_at").is_null())
        .then(pl.lit("waiting"))
        .when(pl.col("skips") > 0)
        .then(pl.lit("skipped"))
        .otherwise(pl.lit("open"))
    )
    late = ~pl.col("outcome").is_in(SETTLED) & (pl.coalesce("sent_at", "decided_at") < due)
    return Judged(
        kinds=cases.kinds,
        undrawn=cases.undrawn,
        drawn=drawn.with_columns(late=late).select(
            *extracts.GROUP, "case_id", "confidence", "disputed", "outcome", "late"
        ),
    )


def of(judged: Judged, epoch_id: str) -> Judged:
    """Those of one epoch."""
    return _only(judged, judged.kinds["epoch_id"] == epoch_id)


def mature(judged: Judged) -> Judged:
    """Those of mature days: each draw of the day is answered, or its deadline has passed."""
    unripe = judged.drawn.filter(~pl.col("outcome").is_in(SETTLED) & ~pl.col("late"))["day"].unique()
    return _only(judged, ~judged.kinds["day"].is_in(unripe.to_list()))


def with_prediction(judged: Judged, label: str) -> Judged:
    """Those the model gave a label."""
    return _only(judged, (judged.kinds["prediction"] == label).fill_null(False))


def _only(judged: Judged, kept: pl.Series) -> Judged:
    if kept.all():
        return judged
    chosen = judged.kinds.filter(kept)
    return replace(
        judged,
        kinds=chosen,
        undrawn=tuple(compress(judged.undrawn, kept)),
        drawn=judged.drawn.join(chosen.select(extracts.KIND), on=extracts.KIND, how="semi", nulls_equal=True),
    )


def sizes(judged: Judged, by: Sequence[str]) -> pl.DataFrame:
    """Cases by columns of `extracts.GROUP`: these, blind, outcome ("undrawn" for who was not), disputed, late, n."""
    undrawn = judged.kinds.filter(~pl.col("blind")).group_by(by).agg(pl.col("n").sum())
    return _together(by, undrawn, judged.drawn)


def binned(judged: Judged, by: Sequence[str], thresholds: Sequence[float]) -> pl.DataFrame:
    """`sizes`, and `bin`: the index of the strictest threshold a case reaches; null: none. `thresholds` strictest first."""
    keys, code = _coded(judged, by)
    rising = np.asarray(thresholds, np.float64)[::-1]
    cells = np.zeros((len(keys), len(rising) + 1), np.int64)
    for row, size, known in zip(code, _missing(judged), judged.undrawn, strict=True):
        below = np.searchsorted(known, rising, "left")
        cells[row] += np.diff(below, prepend=0, append=len(known))[::-1]
        cells[row, -1] += size  # without a confidence: as one below all thresholds
    place, bin_ = np.nonzero(cells)
    undrawn = keys[place].with_columns(bin=pl.Series(bin_, dtype=pl.Int64), n=pl.Series(cells[place, bin_]))
    drawn = judged.drawn.with_columns(bin=pl.Series(_bins(judged.drawn["confidence"].to_numpy(), rising)))
    return _together([*by, "bin"], undrawn, drawn).with_columns(
        pl.when(pl.col("bin") < len(rising)).then("bin").cast(pl.Int64).alias("bin")
    )


def counts(judged: Judged, points: Sequence[float] = ()) -> pl.DataFrame:
    """What the estimates rest on: confidence, route, blind, propensity, outcome, late, n, sorted.

    A dispute counts as wrong: estimates must not look better for waiting. Of many thousand undrawn cases only those
    confidences are told apart at which something can change: drawn ones, `points`, and 4096 steps of coverage, even and
    finer towards the top. Each of the others counts as the lowest of its step, so that every count at or above any
    confidence listed is exact.
    """
    listed = np.unique(
        np.concatenate([judged.drawn["confidence"].drop_nulls().to_numpy(), np.asarray(points, np.float64)])
    )
    keys, code = _coded(judged, _KIND)
    made = []
    missing = np.bincount(code, _missing(judged), minlength=len(keys)).astype(np.int64)
    for number, (route, propensity) in enumerate(keys.iter_rows()):
        known = np.concatenate([*compress(judged.undrawn, code == number), np.empty(0)])
        known.sort()
        level, n = _told_apart(known, listed)
        made.append(
            pl.DataFrame({"confidence": np.append(level, np.nan), "n": np.append(n, missing[number])})
            .filter(pl.col("n") > 0)
            .with_columns(pl.col("confidence").fill_nan(None), route=pl.lit(route), propensity=pl.lit(propensity))
        )
    columns = ["confidence", *_KIND]
    empty = pl.DataFrame(schema={"confidence": pl.Float64, "route": pl.String, "propensity": pl.Float64, "n": pl.Int64})
    undrawn = pl.concat([empty, *(one.select(empty.columns).cast({"n": pl.Int64}) for one in made)])
    settled = judged.drawn.with_columns(
        pl.when(pl.col("outcome") == "disputed").then(pl.lit("wrong")).otherwise("outcome").alias("outcome"),
        late=pl.col("late") & (pl.col("outcome") != "disputed"),
        disputed=pl.lit(False),
    )
    found = _together(columns, undrawn, settled).drop("disputed")
    order = ["confidence", "route", "blind", "propensity", "outcome", "late"]
    return found.select(*order, "n").sort(order)


def extracts_of(ledger: Ledger, stream: str) -> Iterator[pl.DataFrame]:
    """All extracts of a stream, a thousand at a time."""
    last = 0
    while True:
        found = ledger.read(
            "SELECT seal, stream, groups, confidences, case_ids FROM extract "
            "WHERE stream = :stream AND seal > :last ORDER BY seal LIMIT :most",
            stream=stream,
            last=last,
            most=_AT_ONCE,
        )
        if found.is_empty():
            return
        yield found
        last = int(found["seal"][-1])


def _agreement(drawn: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """case_id, readings, agree: how many people have read a drawn case, and how many of them agree with the model."""
    return (
        readings.join(drawn.select("case_id", "prediction"), on="case_id")
        .group_by("case_id")
        .agg(
            readings=pl.len().cast(pl.Int64),
            agree=(pl.col("answer") == pl.col("prediction")).fill_null(False).sum().cast(pl.Int64),
        )
    )


def _coded(judged: Judged, by: Sequence[str]) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """The distinct values of columns of the kinds, and of each kind which of them it has."""
    keys = judged.kinds.select(by).unique(maintain_order=True)
    code = judged.kinds.select(by).join(
        keys.with_row_index("code"), on=list(by), how="left", nulls_equal=True, maintain_order="left"
    )["code"]
    return keys, code.cast(pl.Int64).to_numpy()


def _missing(judged: Judged) -> NDArray[np.int64]:
    """Of each kind, how many cases that were not drawn have no confidence."""
    known = np.array([len(confidences) for confidences in judged.undrawn], np.int64)
    return np.where(judged.kinds["blind"].to_numpy(), 0, judged.kinds["n"].to_numpy() - known)


def _bins(confidences: NDArray[np.float64], rising: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the strictest threshold each reaches, counted from the strictest; their number: none."""
    reached = np.searchsorted(rising, np.where(np.isnan(confidences), -1.0, confidences), side="right")
    return len(rising) - reached


def _told_apart(
    known: NDArray[np.float64], listed: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Levels and how many of the sorted confidences `known` count as each."""
    if len(known) <= EXACT:
        return np.unique(known, return_counts=True)
    even = np.linspace(0, len(known) - 1, _STEPS).astype(np.int64)
    near_the_top = len(known) - np.geomspace(1, len(known), _STEPS).astype(np.int64)  # where the area is most sensitive
    at = np.union1d(listed, known[np.union1d(even, near_the_top)])
    first, behind = np.searchsorted(known, at, "left"), np.searchsorted(known, at, "right")
    start, end = np.append(0, behind), np.append(first, len(known))
    between = end > start
    level = np.concatenate([at[behind > first], known[start[between]]])
    return level, np.concatenate([(behind - first)[behind > first], (end - start)[between]])


def _together(by: Sequence[str], undrawn: pl.DataFrame, drawn: pl.DataFrame) -> pl.DataFrame:
    undrawn = undrawn.with_columns(
        blind=pl.lit(False), outcome=pl.lit("undrawn"), disputed=pl.lit(False), late=pl.lit(False)
    )
    columns = [*by, "blind", "outcome", "disputed", "late"]
    columns = list(dict.fromkeys(columns))
    counted = drawn.group_by(columns).agg(n=pl.len())
    return pl.concat([frame.select(*columns, pl.col("n").cast(pl.Int64)) for frame in (undrawn, counted)])
