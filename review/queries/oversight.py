"""The log of decisions for who has to show how people oversee a model: each with the policy, the people and the seal behind it.

It holds what Regulation (EU) 2024/1689 asks of records and human oversight (Articles 12, 14 and 26): when and by which model a
case was answered, under whose policy it went out or to a person, who read it, what they said, and what was taken back.
"""

import json
from typing import Any

import polars as pl

from review.ledger.ledger import Ledger
from review.queries import finished, policy_history, readings

SCHEMA = pl.Schema(
    {
        "stream": pl.String,
        "case_id": pl.String,
        "decided_at": pl.String,
        "model_id": pl.String,
        "epoch_id": pl.String,
        "prediction": pl.String,
        "confidence": pl.Float64,
        "unscored": pl.String,  # why there is no confidence; null: there is one
        "held": pl.String,  # why a rule or a cap sent it to a person; null: none did
        "route": pl.String,  # AUTOMATE | REVIEW
        "propensity": pl.Float64,  # the chance to be sampled for a blind reading
        "blind": pl.Boolean,  # sampled for one
        "policy_version": pl.Int64,  # in force when it was decided
        "threshold": pl.Float64,  # of that policy, for the class of the prediction; null: nothing is released
        "target_error": pl.Float64,
        "adopted_by": pl.String,
        "adopted_at": pl.String,
        "because": pl.String,
        "certified": pl.Boolean,  # whether a certificate stood behind that version
        "readings": pl.String,  # JSON: reader, answer, blind, submitted_at, seconds of each
        "recalled_by": pl.String,
        "recalled_at": pl.String,
        "recalled_because": pl.String,
        "state": pl.String,  # released | reviewed; null: not finished
        "answer": pl.String,
        "answered_by": pl.String,
        "source": pl.String,
        "line": pl.Int64,
        "content": pl.String,  # SHA-256 of what the input row said
        "seal": pl.Int64,
        "seal_digest": pl.String,  # of the append that recorded the decision
    }
)
_READING = ("reader", "answer", "blind", "submitted_at", "seconds")


def log(ledger: Ledger, stream: str, *, until: int) -> pl.DataFrame:
    """Every decision of a stream as of the seal `until`: SCHEMA, in the order of decision. What was retired is in its archive."""
    decided = ledger.read(
        """
        SELECT d.case_id, d.decided_at, d.model_id, d.epoch_id, d.prediction, d.confidence, d.doubt AS unscored, d.held, d.route,
               d.propensity, d.blind, d.source, d.line, d.content, d.seal, s.digest AS seal_digest
        FROM decision d JOIN seal s ON s.seq = d.seal WHERE d.stream = :stream AND d.seal <= :until
        ORDER BY d.seal, d.case_id
        """,
        stream=stream,
        until=until,
    )
    recalled = ledger.read(
        "SELECT case_id, recalled_by, recalled_at, because AS recalled_because FROM recall "
        "WHERE stream = :stream AND seal <= :until",
        stream=stream,
        until=until,
    )
    ended = finished.at(ledger, stream, until=until).select("case_id", "state", "answer", "answered_by")
    rows = _with_policy(ledger, stream, decided)
    for more in (_read(ledger, stream, until), recalled, ended):
        rows = rows.join(more, on="case_id", how="left", maintain_order="left")
    return (
        rows.with_columns(stream=pl.lit(stream), blind=pl.col("blind").cast(pl.Boolean))
        .select(SCHEMA.names())
        .cast(SCHEMA)
    )


def _with_policy(ledger: Ledger, stream: str, decided: pl.DataFrame) -> pl.DataFrame:
    """The decisions with the version in force when each was made, and its threshold for the prediction's class."""
    past = policy_history.history(ledger, stream).cast({"seal": pl.Int64}).sort("seal")
    known = decided.cast({"seal": pl.Int64}).join_asof(
        past.select(
            "seal", "adopted_by", "adopted_at", "because", "threshold", "by_class", "target_error",
            pl.col("certified").cast(pl.Boolean), policy_version="version",
        ),
        on="seal",
        allow_exact_matches=False,
    )  # fmt: skip
    by_class = [
        {"policy_version": version, "prediction": label, "of_class": threshold}
        for version, thresholds in past.select("version", "by_class").drop_nulls().iter_rows()
        for label, threshold in json.loads(thresholds).items()
    ]
    kinds = {"policy_version": pl.Int64, "prediction": pl.String, "of_class": pl.Float64}
    classes = pl.DataFrame(by_class, schema=kinds)
    return (
        known.cast({"policy_version": pl.Int64, "prediction": pl.String})
        .join(classes, on=["policy_version", "prediction"], how="left", maintain_order="left")
        .with_columns(threshold=pl.when(pl.col("by_class").is_null()).then("threshold").otherwise("of_class"))
    )


def _read(ledger: Ledger, stream: str, until: int) -> pl.DataFrame:
    """case_id, readings: each case's in the order they came, as JSON."""
    by_case: dict[str, list[dict[str, Any]]] = {}
    people = readings.read(ledger, stream, until=until).readings.sort("case_id", "slot")
    for row in people.iter_rows(named=True):
        reading = row | {"reader": row["reviewer"]}
        by_case.setdefault(row["case_id"], []).append({name: reading[name] for name in _READING})
    texts = [json.dumps(one, ensure_ascii=False) for one in by_case.values()]
    return pl.DataFrame(
        {"case_id": list(by_case), "readings": texts}, schema={"case_id": pl.String, "readings": pl.String}
    )
