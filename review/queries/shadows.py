"""What other models said of the stream's cases, beside what people settled of them.

Only labels that are kept for measuring count (`models.routing.measuring`): a model that was trained on the labels which
`export --for training` hands out has not seen these.
"""

from dataclasses import dataclass

import polars as pl

from models.routing import measuring
from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries.outcomes import Outcomes

ANSWERS = pl.Schema(
    {"case_id": pl.String, "answer": pl.String, "score": pl.Float64, "cost": pl.Float64, "latency_ms": pl.Float64}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The blind samples that are for measuring, in the order of decision, and what another model said of them.

    `cases`: case_id, seal, member, confidence, prediction, our_cost and our_latency_ms (of this model), settled, outcome,
    policy_id, propensity, truth (what most blind readings say; null: no one thing), and of the other model answer, score (null:
    none), cost, latency_ms and asked (whether it said anything). What comes after the last case it was asked about is left out.
    """

    model_id: str
    cases: pl.DataFrame


def models(ledger: Ledger, stream: str) -> list[str]:
    """The other models of a stream, in the order of their names."""
    rows = ledger.read("SELECT DISTINCT model_id FROM shadow WHERE stream = :stream ORDER BY model_id", stream=stream)
    return list(rows["model_id"])


def answers(ledger: Ledger, stream: str, model_id: str) -> pl.DataFrame:
    """What a model said: ANSWERS."""
    return ledger.read(
        "SELECT case_id, answer, score, cost, latency_ms FROM shadow WHERE stream = :stream AND model_id = :model",
        stream=stream,
        model=model_id,
    ).cast(ANSWERS)


def wanted(ledger: Ledger, stream: str, model_id: str) -> pl.DataFrame:
    """Blind samples for measuring that the model has not answered, in the order of decision.

    case_id, payload (null: by reference), source, line, content, prediction. Answered by people or not: who asks the model
    chooses none by its label.
    """
    rows = ledger.read(
        """
        SELECT d.case_id, d.payload, d.source, d.line, d.content, d.group_id, d.prediction FROM decision d
        WHERE d.stream = :stream AND d.blind AND NOT EXISTS (
            SELECT 1 FROM shadow s WHERE s.stream = d.stream AND s.case_id = d.case_id AND s.model_id = :model
        ) ORDER BY d.seal, d.content, d.case_id
        """,
        stream=stream,
        model=model_id,
    )
    if rows.is_empty():
        return rows.drop("group_id")
    return rows.filter(measuring.measuring(ledger.identity, rollups.members(rows))).drop("group_id")


def decided(ledger: Ledger, stream: str, case_ids: list[str]) -> pl.DataFrame:
    """Those of some cases that are decisions of the stream: case_id, prediction."""
    there = ledger.read("SELECT case_id, prediction FROM decision WHERE stream = :stream", stream=stream)
    return there.join(pl.DataFrame({"case_id": case_ids}, schema={"case_id": pl.String}), on="case_id", how="semi")


def compared(ledger: Ledger, stream: str, cases: Outcomes, model_id: str) -> Compared:
    """The samples of all epochs beside what a model said of them. `cases`: the stream's decisions."""
    theirs = answers(ledger, stream, model_id).with_columns(asked=pl.lit(value=True))
    kinds = cases.kinds.select("policy_id", "propensity")[cases.sampled["kind"]]
    named = cases.sampled.select("case_id", "seal", "member", "confidence", "settled", "outcome").hstack(kinds)
    # An extract knows a case that belongs with no other by its id.
    alone = rollups.members(named.select("case_id", group_id=pl.lit(None, pl.String)))
    member = named.select(pl.when(pl.col("member") == 0).then(alone).otherwise("member")).to_series()
    named = named.filter(measuring.measuring(ledger.identity, member)) if len(named) else named
    predictions = ledger.read(
        "SELECT case_id, prediction, cost AS our_cost, latency_ms AS our_latency_ms FROM decision "
        "WHERE stream = :stream AND blind",
        stream=stream,
    ).cast({"our_cost": pl.Float64, "our_latency_ms": pl.Float64})
    rows = (
        named.join(predictions, on="case_id", how="left", maintain_order="left")
        .join(_truths(cases), on="case_id", how="left", maintain_order="left")
        .join(theirs, on="case_id", how="left", maintain_order="left")
        .with_columns(pl.col("asked").fill_null(value=False))
    )
    last = rows["asked"].to_numpy().nonzero()[0].max(initial=-1)
    return Compared(model_id=model_id, cases=rows.head(int(last) + 1))


def _truths(cases: Outcomes) -> pl.DataFrame:
    """case_id, truth: what more than half of a case's blind readings say; null where they say nothing together."""
    votes = cases.people.readings.filter("blind").group_by("case_id", "answer").agg(votes=pl.len())
    return (
        votes.with_columns(readings=pl.col("votes").sum().over("case_id"))
        .filter(2 * pl.col("votes") > pl.col("readings"))
        .select("case_id", truth="answer")
    )
