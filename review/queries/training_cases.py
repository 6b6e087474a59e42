"""The cases that a candidate is trained on: labels of the training side of the wall, with what the model said of each.

`labels` never has a group that is for measuring; `wanted` of `review.queries.shadows`, by which the candidate is compared, has no
other.
"""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from review.ledger.ledger import Ledger
from review.queries import readings, training_labels

COLUMNS = pl.Schema(
    {
        "case_id": pl.String,
        "group": pl.String,
        "payload": pl.String,  # null: by reference
        "source": pl.String,
        "line": pl.Int64,
        "content": pl.String,  # SHA-256 of what the row said
        "model_id": pl.String,
        "prediction": pl.String,
        "raw_score": pl.Float64,  # the model's own, before any second stage; null: unscored
        "slices": pl.String,
        "field_scores": pl.String,
        "answer": pl.String,  # of people
        "right": pl.Boolean,  # whether it is the model's
        "blind": pl.Boolean,
        "weight": pl.Float64,  # 1 / propensity where blind, else 1: it stands for nothing but itself
        "first": pl.String,  # the answer of the first reading alone
        "first_seconds": pl.Float64,  # what it took; null: no reading of any label has a time
        "seconds": pl.Float64,  # of all readings that made it a label; one without a time counts as the median of the others
        "readings": pl.Int64,  # how many these are
    }
)


@dataclass(frozen=True, slots=True)
class TrainingCases:
    """`rows`: COLUMNS, in the order of decision. `kept_back`: labels that are for measuring."""

    rows: pl.DataFrame
    kept_back: int


def labels(ledger: Ledger, stream: str, *, until: int) -> TrainingCases:
    """Every label of a stream that training may see (`training_labels.at`), as of the seal `until`."""
    known = training_labels.at(ledger, stream, until=until)
    more = ledger.read(
        "SELECT case_id, content, raw_score, slices, field_scores FROM decision WHERE stream = :stream AND seal <= :until",
        stream=stream,
        until=until,
    )
    rows = (
        known.rows.drop("readings")
        .join(more, on="case_id", how="left", maintain_order="left")
        .join(_read(ledger, stream, known.rows, until), on="case_id", how="left", maintain_order="left")
        .with_columns(right=~pl.col("corrected"), weight=pl.col("weight").fill_null(1.0))
    )
    return TrainingCases(rows=rows.select(COLUMNS.names()).cast(COLUMNS), kept_back=known.kept_back)


def _read(ledger: Ledger, stream: str, labels: pl.DataFrame, until: int) -> pl.DataFrame:
    """What the labels took of people: case_id, first, first_seconds, seconds, readings. Where somebody read a case blind, only
    blind readings made it a label (`review.queries.finished`)."""
    answers = readings.read(ledger, stream, until=until).readings.join(labels.select("case_id"), on="case_id")
    heard = answers.filter(~pl.col("blind").any().over("case_id") | pl.col("blind"))
    timed = heard.with_columns(pl.col("seconds").cast(pl.Float64).fill_null(pl.col("seconds").median()))
    return (
        timed.sort("case_id", "slot")
        .group_by("case_id")
        .agg(
            first=pl.col("answer").first(),
            first_seconds=pl.col("seconds").first(),
            seconds=pl.when(pl.col("seconds").count() > 0).then(pl.col("seconds").sum()),
            readings=pl.len(),
        )
    )


def of_answers(known: TrainingCases, model_ids: Collection[str]) -> pl.DataFrame:
    """Those that say how often a model is right: its own scored answers, read blind. `model_ids`: all its names."""
    return known.rows.filter("blind", pl.col("model_id").is_in(model_ids), pl.col("raw_score").is_not_null())
