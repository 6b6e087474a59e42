"""Blind samples of a bench's ledger answered, as people would have, without Label Studio: estimates need the facts only."""

import numpy as np
import polars as pl

from flows.runtime import runs
from review.ledger import ledger
from tests.bench import outputs
from tests.integration import ledger_facts as facts

ONE_OF = 10  # samples are answered; the others stay silent
WRONG = 0.01  # share of the sampled answers of the model that people disagree with


def answer(url: str) -> None:
    """Dispatch and answer a tenth of the samples."""
    with ledger.open(url) as book:
        sampled = book.read(
            "SELECT case_id, prediction FROM decision WHERE stream = 'bench' AND blind ORDER BY case_id"
        ).gather_every(ONE_OF)
        sampled = sampled.with_columns(pl.int_range(1, pl.len() + 1).alias("number"))
        now = runs.clock()
        wrong = pl.Series(np.random.default_rng(2).random(len(sampled)) < WRONG)
        other = (
            pl.when(pl.col("prediction").str.starts_with("{"))  # of a record one field is another
            .then(pl.col("prediction").str.replace('"f0":"value', '"f0":"another'))
            .when(pl.col("prediction") == outputs.LABELS[0])
            .then(pl.lit(outputs.LABELS[1]))
            .otherwise(pl.lit(outputs.LABELS[0]))
        )
        sampled = sampled.select(
            "case_id",
            stream=pl.lit("bench"),
            task_id="number",
            annotation_id="number",
            task_key="case_id",
            blind=pl.lit(True),
            answer=pl.when(wrong).then(other).otherwise("prediction"),
            **dict.fromkeys(("sent_at", "revision", "submitted_at", "collected_at"), pl.lit(now)),
        )
        book.append(
            {"dispatch": _filled(facts.dispatches({}), sampled), "review": _filled(facts.reviews({}), sampled)}, now=now
        )


def _filled(template: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The template's row once for each row, with what these say in its columns."""
    own = [name for name in template.columns if name in rows.columns]
    return rows.select(own).join(template.drop(own), how="cross").select(template.columns)
