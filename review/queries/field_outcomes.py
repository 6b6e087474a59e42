"""What became of each field of a stream's records: the outcomes of its cases, one field at a time, and what people corrected.

A record is read whole and is one unit of evidence. Of one field it is right where the majority of its blind readings has that
field as the model has it: the same cases, propensities and order as of the record, another question.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from models.answers import record_text
from models.certification import era_plan
from models.evaluation.outcome import SETTLED, Outcome
from review.ledger.ledger import Ledger
from review.queries.outcomes import Outcomes
from review.queries.readings import Reviewed

CHANGED, CLEARED, ADDED = "changed", "cleared", "added"
_COMPARED = 20_000  # letters: what it takes grows with their square
DIFFERENCES = pl.Schema(
    {
        "case_id": pl.String,
        "slot": pl.Int64,
        "blind": pl.Boolean,
        "field": pl.String,
        "kind": pl.String,  # changed | cleared (the model had a value) | added (it had none)
        "kept": pl.Float64,  # of a text that was changed: the share of its longer version that stayed; else null
    }
)


def differences(ledger: Ledger, stream: str, people: Reviewed, epoch_id: str) -> pl.DataFrame:
    """Every field in which a reading of a record of an epoch is another than the model's: DIFFERENCES."""
    predicted = ledger.read(
        """
        SELECT d.case_id, d.prediction
        FROM (SELECT DISTINCT case_id FROM review WHERE stream = :stream AND outcome = 'answer') AS r
        CROSS JOIN decision d WHERE d.stream = :stream AND d.case_id = r.case_id AND d.epoch_id = :epoch
            AND d.field_scores IS NOT NULL
        """,
        stream=stream,
        epoch=epoch_id,
    )
    read = people.readings.join(predicted, on="case_id").filter(pl.col("answer").ne_missing(pl.col("prediction")))
    rows = [
        {"case_id": case_id, "slot": slot, "blind": blind} | difference
        for case_id, slot, blind, prediction, answer in read.select(
            "case_id", "slot", "blind", "prediction", "answer"
        ).iter_rows()
        for difference in _differing(prediction, answer)
    ]
    return pl.DataFrame(rows, schema=DIFFERENCES)


def losses(ledger: Ledger, cases: Outcomes, plan: era_plan.Plan) -> dict[str, NDArray[np.float64]]:
    """Of each field with a target of its own in a plan: how wrong it is in each sample of `cases`, in their order.

    0 or 1, and 1 where that is not settled.
    """
    if not plan.by_field:
        return {}
    stream = ledger.read("SELECT stream FROM epoch WHERE epoch_id = :epoch", epoch=plan.epoch)["stream"].item()
    differing = differences(ledger, stream, cases.people, plan.epoch)
    right = {target.field: pl.col("settled") & (pl.col("outcome") == Outcome.RIGHT) for target in plan.by_field}
    return {
        name: of_field(cases, differing, name)
        .sampled.select(pl.when(is_right).then(0.0).otherwise(1.0))
        .to_series()
        .to_numpy()
        for name, is_right in right.items()
    }


def of_field(cases: Outcomes, differing: pl.DataFrame, field: str) -> Outcomes:
    """The cases with the outcome of one field: right where most of a record's blind readings leave it as it was.

    `differing`: `differences`. What nobody has answered stays as it is, and a dispute is one of a field only where somebody
    has it otherwise.
    """
    blind = differing.filter("blind")
    against = blind.filter(pl.col("field") == field).group_by("case_id").agg(against=pl.len().cast(pl.Int64))
    readings = (
        cases.people.readings.filter("blind")
        .group_by("case_id")
        .agg(readings=pl.len().cast(pl.Int64), unsure=pl.col("unsure").fill_null(False).any())
    )
    sampled = (
        cases.sampled.join(readings, on="case_id", how="left", maintain_order="left")
        .join(against, on="case_id", how="left", maintain_order="left")
        .with_columns(pl.col("against").fill_null(0))
    )
    decided = pl.col("outcome").is_in(SETTLED)
    # Who reads alone and is not sure is not sure of any field.
    sure = ~((pl.col("readings") == 1) & pl.col("unsure"))
    elsewhere = (pl.col("outcome") == Outcome.DISPUTED) & sure
    right = 2 * pl.col("against") < pl.col("readings")
    outcome = (
        pl.when((decided | elsewhere) & right)
        .then(pl.lit(Outcome.RIGHT))
        .when(decided)
        .then(pl.lit(Outcome.WRONG))
        .otherwise("outcome")
    )
    return replace(cases, sampled=sampled.with_columns(outcome=outcome).select(cases.sampled.columns))


def _differing(prediction: str | None, answer: str) -> list[dict[str, Any]]:
    ours = record_text.values(prediction)
    theirs = record_text.values(answer)
    rows = []
    for name in record_text.differing(prediction, answer):
        before, after = ours.get(name), theirs[name]
        if before in (None, []) and after in (None, []):
            continue  # the model gave no record, and of this field there is none
        kind = ADDED if before in (None, []) else CLEARED if after in (None, []) else CHANGED
        kept = None
        if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) <= _COMPARED:
            kept = Levenshtein.normalized_similarity(before, after)
        rows.append({"field": name, "kind": kind, "kept": kept})
    return rows
