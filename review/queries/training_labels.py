"""Labels to train on: what people say of cases, with the chance each had to be sampled, and none that is for measuring."""

from dataclasses import dataclass

import polars as pl

from models.routing import measuring
from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries import finished

SCHEMA = pl.Schema(
    {
        "stream": pl.String,
        "case_id": pl.String,
        "group": pl.String,  # what the case belongs with; its own id where the stream names no group
        "payload": pl.String,  # JSON object: what a person was shown; null: by reference
        "source": pl.String,
        "line": pl.Int64,  # where its row stood
        "model_id": pl.String,
        "prediction": pl.String,
        "confidence": pl.Float64,
        "answer": pl.String,  # of people
        "corrected": pl.Boolean,  # whether it is another than the model's
        "answered_by": pl.String,
        "answered_at": pl.String,
        "readings": pl.Int64,
        "blind": pl.Boolean,  # sampled and read blind; others were chosen by the model's confidence
        "propensity": pl.Float64,  # the chance to be sampled
        "weight": pl.Float64,  # 1 / propensity where blind; null: stands for nothing but itself
    }
)


@dataclass(frozen=True, slots=True)
class Labels:
    """`rows`: SCHEMA, in the order of decision. `kept_back`: labels that are for measuring."""

    rows: pl.DataFrame
    kept_back: int


def at(ledger: Ledger, stream: str, *, until: int) -> Labels:
    """Every label of a stream that training may see, as of the seal `until`.

    A label is what people say of a case when nobody disputes it. Half of the groups are for measuring
    (`models.routing.measuring`): a model that has seen their labels could never be certified on them.
    """
    answered = finished.by_people(ledger, stream, until=until)
    cases = ledger.read(
        """
        SELECT d.case_id, d.group_id, d.payload, d.source, d.line, d.model_id, d.prediction, d.confidence, d.blind,
               d.propensity, d.seal
        FROM decision d WHERE d.stream = :stream AND d.seal <= :until
        """,
        stream=stream,
        until=until,
    )
    labels = cases.join(answered, on="case_id").sort("seal", "case_id")
    apart = (
        measuring.measuring(ledger.identity, rollups.members(labels))
        if len(labels)
        else pl.Series([], dtype=pl.Boolean)
    )
    blind = pl.col("blind").cast(pl.Boolean)
    rows = labels.filter(~apart).with_columns(
        stream=pl.lit(stream),
        group=pl.coalesce("group_id", "case_id"),
        corrected=pl.col("answer").ne_missing(pl.col("prediction")),
        answered_by="reader",
        answered_at="submitted_at",
        blind=blind,
        weight=pl.when(blind).then(1 / pl.col("propensity")),
    )
    return Labels(rows=rows.select(SCHEMA.names()).cast(SCHEMA), kept_back=int(apart.sum()))
