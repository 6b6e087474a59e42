"""What became of each decision: the extracts of a stream, joined with what people answered.

Estimates, curves, slices, the certificate and the watchdog all start here, so that one reading of the ledger serves a
whole report, and there is one rule of what a sample's answers mean. Cases that were not sampled, nearly all of them, stay
plain sorted arrays: how many of ten million reach a threshold is then a few dozen look-ups.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import compress

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import timestamps
from models.evaluation.outcome import SETTLED, Outcome
from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries import confidence_levels, items, readings
from review.queries import overlap as overlaps
from review.queries.readings import Reviewed

_AT_ONCE = 1000  # extracts read in one query: a column of one result holds 2 GB at most
_KIND = ["route", "propensity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Decisions of a stream, or of one epoch of it.

    `sampled` has a row per case sampled for a blind label, in the order of decision: `rollups.DRAWN`, disputed (a blind answer
    against the model that no majority of people has settled), late, settled (nothing more can change what is known of it:
    answered and, where another reading is due, decided), contested (due for another model's sake alone, which unsettles nothing
    of this one's), since (when the reading was given that made a dispute of it, else
    the first; null: unread), and `outcome`: waiting (not sent), open, skipped (open, passed on at
    least once), disputed, right or wrong. `late`: unanswered, and sent (or, unsent, decided) more than the deadline ago.
    """

    kinds: pl.DataFrame  # extracts.KIND and n, over all cases
    unsampled: tuple[
        NDArray[np.float64], ...
    ]  # of each row of `kinds`: the confidences of its cases not sampled, rising
    sampled: pl.DataFrame
    people: Reviewed  # what the outcomes rest on: of the whole stream, read once
    # Of epochs of records: where readings are other than the model's (`field_outcomes.differences`), where that is known.
    differing: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def read(
    ledger: Ledger,
    stream: str,
    *,
    now: str,
    deadline_hours: float,
    second_opinion: bool = True,
    overlap: float = 0.0,
) -> Outcomes:
    """All decisions of a stream. Without `second_opinion` nothing is disputed: a tie, or one answer, is wrong.

    `overlap`: the share of blind answers that agree with the model which another person reads, too. A sample that nobody will be
    asked about, for another case of its item has overtaken it, is left out: nothing that people said has decided that.
    """
    cases = rollups.read(list(extracts_of(ledger, stream)), eras(ledger, stream))
    if items.decides_anew(ledger, stream):
        cases = rollups.without(cases, items.overtaken(ledger, stream)["case_id"])
    due = timestamps.text(timestamps.parse(now) - timedelta(hours=deadline_hours))
    people = readings.read(ledger, stream)
    claims = overlaps.sampled(cases.kinds, cases.sampled, overlaps.salts(ledger, stream), overlap)
    claims = overlaps.contested(ledger, stream, claims)
    if (cases.kinds["prediction"] == rollups.RECORD).any():
        claims = _with_records(claims, readings.claims(ledger, stream))
    # What was decided together is in the order of the queue, and what belongs together stands together.
    in_order = cases.sampled.sort(
        "seal", pl.col("place").min().over("seal", "member"), "member", "place", "case_id", maintain_order=False
    )
    sampled = (
        in_order.join(
            readings.verdicts(people.readings, claims, second_opinion=second_opinion),
            on="case_id",
            how="left",
            maintain_order="left",
        )
        .join(readings.cases(people), on="case_id", how="left", maintain_order="left")
        .with_columns(pl.col("disputed", "due", "contested").fill_null(False))
    )
    sampled = sampled.with_columns(
        outcome=pl.when("disputed")
        .then(pl.lit(Outcome.DISPUTED))
        .when(2 * pl.col("agree") > pl.col("readings"))
        .then(pl.lit(Outcome.RIGHT))
        .when(pl.col("readings").is_not_null())
        .then(pl.lit(Outcome.WRONG))
        .when(pl.col("sent_at").is_null())
        .then(pl.lit(Outcome.WAITING))
        .when(pl.col("skips") > 0)
        .then(pl.lit(Outcome.SKIPPED))
        .otherwise(pl.lit(Outcome.OPEN))
    )
    late = ~pl.col("outcome").is_in(SETTLED) & (pl.coalesce("sent_at", "decided_at") < due)
    return Outcomes(
        kinds=cases.kinds,
        unsampled=cases.unsampled,
        sampled=sampled.select(
            *cases.sampled.columns,
            "disputed",
            "since",
            "outcome",
            "contested",
            late=late,
            settled=pl.col("outcome").is_in(SETTLED) & (~pl.col("due") | pl.col("contested")),
        ),
        people=people,
    )


def _with_records(claims: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """The claims with the records themselves where an extract has only that there is one; of those that somebody answered."""
    known = answered.select("case_id", record="prediction")
    joined = claims.join(known, on="case_id", how="left", maintain_order="left")
    return joined.with_columns(prediction=pl.coalesce("record", "prediction")).drop("record")


def of(cases: Outcomes, epoch_id: str) -> Outcomes:
    """Those of one epoch."""
    return _only(cases, cases.kinds["epoch_id"] == epoch_id)


def of_era(cases: Outcomes, era: int) -> Outcomes:
    """Those of one era of an epoch."""
    return _only(cases, cases.kinds["era"] == era)


def released_at_most(all_cases: Outcomes, group_size: int) -> Outcomes:
    """Those that a plan with at most `group_size` cases of a group speaks of: no held ones, and of each group its first.

    Cases beyond that size are held when they are decided, but for those of the batch the plan was laid on.
    """
    cases = _only(all_cases, ~all_cases.kinds["held"])
    nth = cases.sampled.select(n=pl.int_range(pl.len()).over("member"))["n"]
    if (nth < group_size).all():
        return cases
    return replace(cases, sampled=cases.sampled.filter(nth < group_size))


def eras(ledger: Ledger, stream: str) -> dict[str, list[int]]:
    """Of each epoch: the last seal before each of its eras, rising."""
    rows = ledger.read(
        "SELECT DISTINCT epoch_id, era, after_seal FROM era_plan WHERE stream = :stream ORDER BY epoch_id, era",
        stream=stream,
    )
    before: dict[str, list[int]] = {}
    for epoch_id, _, seal in rows.iter_rows():
        before.setdefault(epoch_id, []).append(int(seal))
    return before


def without(cases: Outcomes, case_ids: pl.Series) -> Outcomes:
    """Without some of those sampled for a blind label."""
    left = rollups.without(rollups.Cases(kinds=cases.kinds, unsampled=cases.unsampled, sampled=cases.sampled), case_ids)
    return replace(cases, kinds=left.kinds, sampled=left.sampled)


def with_prediction(cases: Outcomes, label: str) -> Outcomes:
    """Those the model gave a label."""
    return _only(cases, (cases.kinds["prediction"] == label).fill_null(False))


def _only(cases: Outcomes, kept: pl.Series) -> Outcomes:
    if kept.all():
        return cases
    place = kept.cast(pl.Int64).cum_sum() - 1  # of a kind that is kept, among those that are
    sampled = cases.sampled.filter(kept.gather(cases.sampled["kind"]))
    return replace(
        cases,
        kinds=cases.kinds.filter(kept),
        unsampled=tuple(compress(cases.unsampled, kept)),
        sampled=sampled.with_columns(kind=place.gather(sampled["kind"])),
    )


def sizes(cases: Outcomes, by: Sequence[str]) -> pl.DataFrame:
    """Cases by columns of `rollups.KIND` but blind: these, blind, outcome ("unsampled" for who was not), disputed, late, n."""
    unsampled = cases.kinds.filter(~pl.col("blind")).group_by(by).agg(pl.col("n").sum())
    return _together(cases, by, unsampled, cases.sampled)


def binned(cases: Outcomes, by: Sequence[str], thresholds: Sequence[float]) -> pl.DataFrame:
    """`sizes`, and `bin`: the index of the strictest threshold a case reaches; null: none. `thresholds` strictest first."""
    keys, code = _coded(cases, by)
    rising = np.asarray(thresholds, np.float64)[::-1]
    cells = np.zeros((len(keys), len(rising) + 1), np.int64)
    for row, size, known in zip(code, _missing(cases), cases.unsampled, strict=True):
        below = np.searchsorted(known, rising, "left")
        cells[row] += np.diff(below, prepend=0, append=len(known))[::-1]
        cells[row, -1] += size  # without a confidence: as one below all thresholds
    place, bin_ = np.nonzero(cells)
    unsampled = keys[place].with_columns(bin=pl.Series(bin_, dtype=pl.Int64), n=pl.Series(cells[place, bin_]))
    sampled = cases.sampled.with_columns(bin=pl.Series(_bins(cases.sampled["confidence"].to_numpy(), rising)))
    return _together(cases, by, unsampled, sampled, own=["bin"]).with_columns(
        pl.when(pl.col("bin") < len(rising)).then("bin").cast(pl.Int64).alias("bin")
    )


def counts(cases: Outcomes, points: Sequence[float] = ()) -> pl.DataFrame:
    """What the estimates rest on: confidence, route, blind, propensity, outcome, late, n, sorted; and loss where cases have one.

    A dispute counts as wrong: estimates must not look better for waiting. Of many thousand cases without an answer only
    those confidences are distinguished at which something can change: those of answered cases, `points`, and steps of
    coverage (`confidence_levels`). A case between two of them counts as the lower, so that every count at or above any
    confidence here is exact.
    """
    keys, code = _coded(cases, _KIND)
    sampled = cases.sampled.with_columns(
        pl.when(pl.col("outcome") == Outcome.DISPUTED)
        .then(pl.lit(Outcome.WRONG))
        .otherwise("outcome")
        .alias("outcome"),
        late=pl.col("late") & (pl.col("outcome") != Outcome.DISPUTED),
        blind=pl.lit(True),
        code=pl.Series(code).gather(cases.sampled["kind"]),
    )
    settled = pl.col("outcome").is_in(SETTLED)
    answered = sampled.filter(settled)
    of = ["code", "blind", "outcome", "late"]
    graded = ["loss"] if "loss" in sampled.columns else []
    silent = [
        (values, rollups.risen([group["confidence"].drop_nulls().to_numpy()]), group["confidence"].null_count())
        for values, group in sampled.filter(~settled).group_by(of)
    ]
    unknown = np.bincount(code, _missing(cases), minlength=len(keys)).astype(np.int64)
    for number in range(len(keys)):
        known = rollups.risen([*compress(cases.unsampled, code == number)])
        silent.append(((number, False, Outcome.UNSAMPLED, False), known, int(unknown[number])))
    listed = np.concatenate([answered["confidence"].drop_nulls().to_numpy(), np.asarray(points, np.float64)])
    at = confidence_levels.of([known for _, known, _ in silent], listed)
    frames = [answered.group_by(*of, *graded, "confidence").agg(n=pl.len().cast(pl.Int64))]
    for values, known, more in silent:
        n = pl.Series("n", np.append(confidence_levels.counted(known, at), more), dtype=pl.Int64)
        places = pl.DataFrame({"confidence": np.append(at, np.nan)}).with_columns(
            pl.col("confidence").fill_nan(None), n
        )
        named = [pl.lit(value).alias(name) for name, value in zip(of, values, strict=True)]
        named += [pl.lit(0.0).alias(name) for name in graded]
        frames.append(places.filter(pl.col("n") > 0).with_columns(*named))
    counted = pl.concat([frame.select(*frames[0].columns).cast({"code": pl.Int64}) for frame in frames])
    order = ["confidence", "route", "blind", "propensity", "outcome", "late", *graded]
    return keys[counted["code"]].hstack(counted).select(*order, "n").sort(order)


def extracts_of(ledger: Ledger, stream: str) -> Iterator[pl.DataFrame]:
    """All extracts of a stream, a thousand at a time."""
    last = 0
    while True:
        rows = ledger.read(
            "SELECT seal, stream, groups, confidences, case_ids FROM extract "
            "WHERE stream = :stream AND seal > :last ORDER BY seal LIMIT :most",
            stream=stream,
            last=last,
            most=_AT_ONCE,
        )
        if rows.is_empty():
            return
        yield rows
        last = int(rows["seal"][-1])


def _coded(cases: Outcomes, by: Sequence[str]) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """The distinct values of columns of the kinds, and of each kind which of them it has."""
    keys = cases.kinds.select(by).unique(maintain_order=True)
    return keys, rollups.code(cases.kinds, keys, by).to_numpy()


def _missing(cases: Outcomes) -> NDArray[np.int64]:
    """Of each kind, how many cases that were not sampled have no confidence."""
    known = np.array([len(confidences) for confidences in cases.unsampled], np.int64)
    return np.where(cases.kinds["blind"].to_numpy(), 0, cases.kinds["n"].to_numpy() - known)


def _bins(confidences: NDArray[np.float64], rising: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the strictest threshold each reaches, counted from the strictest; their number: none."""
    reached = np.searchsorted(rising, np.where(np.isnan(confidences), -1.0, confidences), side="right")
    return len(rising) - reached


def _together(
    cases: Outcomes, by: Sequence[str], unsampled: pl.DataFrame, sampled: pl.DataFrame, *, own: Sequence[str] = ()
) -> pl.DataFrame:
    """Counts of both by columns of the kinds, columns of their `own`, and what became of them."""
    flags = ["blind", "outcome", "disputed", "late"]
    unsampled = unsampled.with_columns(
        blind=pl.lit(False), outcome=pl.lit(Outcome.UNSAMPLED), disputed=pl.lit(False), late=pl.lit(False)
    )
    keys, code = _coded(cases, by)
    # By numbers, not by the names they stand for: there may be many sampled cases.
    numbered = sampled.with_columns(code=pl.Series(code).gather(sampled["kind"]), blind=pl.lit(True))
    counted = numbered.group_by("code", *own, *flags).agg(n=pl.len())
    named = keys[counted["code"]].hstack(counted.drop("code"))
    return pl.concat([frame.select(*by, *own, *flags, pl.col("n").cast(pl.Int64)) for frame in (unsampled, named)])
