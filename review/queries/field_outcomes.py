"""What became of each field of a stream's records: the outcomes of its cases, one field at a time, and what people corrected.

A record is read whole and is one unit of evidence. Of one field it is right where the majority of its blind readings has that
field as the model has it: the same cases, propensities and order as of the record, another question.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from models.answers import record_text, row_lists
from models.certification import era_plan
from models.evaluation.outcome import SETTLED, Outcome
from review.ledger.ledger import Ledger
from review.queries.outcomes import Outcomes

CHANGED, CLEARED, ADDED = "changed", "cleared", "added"
UNASKED = "unasked"  # the answer says nothing of it, as where a field was renamed since: it confirms nothing
_COMPARED = 20_000  # letters: what it takes grows with their square
DIFFERENCES = pl.Schema(
    {
        "case_id": pl.String,
        "slot": pl.Int64,
        "blind": pl.Boolean,
        "field": pl.String,
        "kind": pl.String,  # changed | cleared (the model had a value) | added (it had none) | unasked
        "lost": pl.Float64,  # of a list: the share of the longer one that has no entry like it in the other; else 1
        "kept": pl.Float64,  # of a text that was changed: the share of its longer version that stayed; else null
    }
)


def differences(ledger: Ledger, stream: str, cases: Outcomes, epoch_id: str) -> pl.DataFrame:
    """Every field in which a reading of a record of an epoch is another than the model's: DIFFERENCES.

    Worked out anew only where `cases` do not have it: every record that people have changed is taken apart for it.
    """
    if epoch_id in cases.differing:
        return cases.differing[epoch_id]
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
    read = cases.people.readings.join(predicted, on="case_id").filter(pl.col("answer").ne_missing(pl.col("prediction")))
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

    In [0, 1], and 1 where that is not settled.
    """
    if not plan.by_field:
        return {}
    stream = ledger.read("SELECT stream FROM epoch WHERE epoch_id = :epoch", epoch=plan.epoch)["stream"].item()
    differing = differences(ledger, stream, cases, plan.epoch)
    lost = {}
    for target in plan.by_field:
        sampled = of_target(cases, differing, target).sampled
        wrong = pl.when(pl.col("outcome") == Outcome.RIGHT).then(0.0).otherwise("loss" if target.graded else 1.0)
        lost[target.field] = sampled.select(pl.when("settled").then(wrong).otherwise(1.0)).to_series().to_numpy()
    return lost


def of_target(cases: Outcomes, differing: pl.DataFrame, target: era_plan.FieldTarget) -> Outcomes:
    """The cases with the outcome of a field that has a target of its own; a graded one with how wrong it is, too."""
    return graded(cases, differing, target.field) if target.graded else of_fields(cases, differing, [target.field])


def of_fields(cases: Outcomes, differing: pl.DataFrame, fields: Collection[str]) -> Outcomes:
    """The cases with the outcome of some fields: right where most of a record's blind readings leave all of them as they were.

    `differing`: `differences`. What nobody has answered stays as it is, and a dispute is one of these fields only where
    somebody has one of them otherwise.
    """
    against = (
        differing.filter("blind", pl.col("field").is_in(list(fields)))
        .group_by("case_id")
        .agg(against=pl.col("slot").n_unique().cast(pl.Int64))
    )
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


def graded(cases: Outcomes, differing: pl.DataFrame, field: str) -> Outcomes:
    """The cases with a column `loss`, the share of a field's list that is wrong.

    Of several blind readings it is the middle one's, of two middle ones the larger. Right where it is 0, and disputed where it is
    not and another reader must come; what nobody has answered stays as it is.
    """
    lost = differing.filter("blind", pl.col("field") == field).select("case_id", "slot", "lost")
    each = cases.people.readings.filter("blind").join(lost, on=["case_id", "slot"], how="left")
    middle = pl.col("lost").fill_null(0.0).quantile(0.5, interpolation="higher")
    sampled = cases.sampled.join(
        each.group_by("case_id").agg(loss=middle), on="case_id", how="left", maintain_order="left"
    )
    read = pl.col("outcome").is_in(SETTLED)
    wrong = pl.when("disputed").then(pl.lit(Outcome.DISPUTED)).otherwise(pl.lit(Outcome.WRONG))
    outcome = pl.when(read).then(pl.when(pl.col("loss") > 0).then(wrong).otherwise(pl.lit(Outcome.RIGHT)))
    return replace(
        cases,
        sampled=sampled.with_columns(outcome=pl.coalesce(outcome, "outcome"), loss=pl.col("loss").fill_null(0.0)),
    )


def _differing(prediction: str | None, answer: str) -> list[dict[str, Any]]:
    ours = record_text.values(prediction)
    theirs = record_text.values(answer)
    unasked = {"kind": UNASKED, "lost": 1.0, "kept": None}
    rows: list[dict[str, Any]] = [{"field": name} | unasked for name in ours if name not in theirs]
    for name in record_text.differing(prediction, answer):
        before, after = ours.get(name), theirs[name]
        if before in (None, []) and after in (None, []):
            continue  # the model gave no record, and of this field there is none
        kind = ADDED if before in (None, []) else CLEARED if after in (None, []) else CHANGED
        kept = None
        if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) <= _COMPARED:
            kept = Levenshtein.normalized_similarity(before, after)
        lists = all(isinstance(value, list) or value is None for value in (before, after))
        lost = row_lists.share_wrong(before, after) if lists else 1.0
        rows.append({"field": name, "kind": kind, "lost": lost, "kept": kept})
    return rows
