"""Finished answers: what a case came to, and what has become another since.

A case is finished when the model's answer was released and not recalled, or when people have answered it and nobody
disputes that. Facts are only added, so what was finished at a seal can always be asked again, and what is new is the difference
between two seals: no list of what was handed out is kept, and none can be wrong.
"""

import json
from typing import Any

import polars as pl

from models.routing.policy import Route
from review.ledger.ledger import Ledger
from review.queries import policy_history, readings
from review.queries.suspicion import SECOND_OPINION

RELEASED, REVIEWED, WITHDRAWN = "released", "reviewed", "withdrawn"
SCHEMA = pl.Schema(
    {
        "stream": pl.String,
        "case_id": pl.String,
        "sequence": pl.Int64,  # the newest seal that the answer rests on: of two rows of a case the higher one holds
        "state": pl.String,  # released | reviewed | withdrawn: handed out before, and finished no more
        "answer": pl.String,  # null where withdrawn
        "answered_by": pl.String,  # the model's id, or the e-mail address of the reader
        "answered_at": pl.String,
        "prediction": pl.String,
        "confidence": pl.Float64,
        "readings": pl.Int64,  # people who have answered it
        "policy_version": pl.Int64,  # in force when it was decided
        "certified": pl.Boolean,  # whether a certificate stood behind that version
        "decided_at": pl.String,
    }
)
_TERMS = ["state", "answer", "answered_by"]  # where one of these is another, a case has become another
_DECISION = "d.case_id, d.epoch_id, d.prediction, d.confidence, d.model_id, d.route, d.blind, d.decided_at, d.seal"


def at(ledger: Ledger, stream: str, *, until: int) -> pl.DataFrame:
    """Every finished case of a stream, as of the seal `until`: SCHEMA, in the order of decision.

    What was retired is no longer in the ledger, so it is not here (`second-reader retire`).
    """
    decided = ledger.read(
        f"SELECT {_DECISION} FROM decision d WHERE d.stream = :stream AND d.seal <= :until",
        stream=stream,
        until=until,
    )
    return _shown(ledger, stream, _states(ledger, stream, decided, until))


def since(ledger: Ledger, stream: str, *, after: int, until: int) -> pl.DataFrame:
    """What has become another between the seal `after` and the seal `until`: as `at`, a row per case.

    A case whose state, answer and giver are what they were is not there, whatever was added; one that is finished no more is
    WITHDRAWN. So what `at` gave at `after`, with these rows in the place of their cases, is what it gives at `until`, but for
    cases that were retired between the two.
    """
    decided = ledger.read(
        f"""
        SELECT {_DECISION} FROM decision d WHERE d.stream = :stream AND d.seal > :after AND d.seal <= :until
        UNION ALL
        SELECT {_DECISION} FROM (
            SELECT case_id FROM review WHERE stream = :stream AND seal > :after AND seal <= :until
            UNION SELECT case_id FROM recall WHERE stream = :stream AND seal > :after AND seal <= :until
        ) AS t CROSS JOIN decision d WHERE d.stream = :stream AND d.case_id = t.case_id AND d.seal <= :after
        """,
        stream=stream,
        after=after,
        until=until,
    )
    now = _states(ledger, stream, decided, until)
    old = decided.filter(pl.col("seal") <= after)
    before = _states(ledger, stream, old, after).select("case_id", then="state", before=pl.struct(_TERMS))
    both = now.join(before, on="case_id", how="left", maintain_order="left")
    gone = pl.col("state").is_null() & pl.col("then").is_not_null()
    new = pl.col("state").is_not_null() & (pl.col("then").is_null() | (pl.struct(_TERMS) != pl.col("before")))
    changed = both.filter(gone | new).with_columns(pl.col("state").fill_null(WITHDRAWN))
    return _shown(ledger, stream, changed)


def of_case(ledger: Ledger, stream: str, case_id: str) -> dict[str, Any] | None:
    """What a case came to by now: a row of SCHEMA; None: it is not finished, or the stream has no such case."""
    decided = ledger.read(
        f"SELECT {_DECISION} FROM decision d WHERE d.stream = :stream AND d.case_id = :case",
        stream=stream,
        case=case_id,
    )
    rows = _shown(ledger, stream, _states(ledger, stream, decided, readings.LAST, case_id=case_id))
    return None if rows.is_empty() else rows.row(0, named=True)


def by_people(ledger: Ledger, stream: str, *, until: int) -> pl.DataFrame:
    """What people say of each case where nobody disputes it: case_id, answer, reader, submitted_at, readings."""
    decided = ledger.read(
        f"SELECT {_DECISION} FROM decision d WHERE d.stream = :stream AND d.seal <= :until", stream=stream, until=until
    )
    people = readings.read(ledger, stream, until=until)
    answered = _of_people(people.readings, decided, _single(ledger, stream)).drop_nulls("reader_answer")
    return answered.rename({"reader_answer": "answer"})


def _states(
    ledger: Ledger, stream: str, decided: pl.DataFrame, until: int, *, case_id: str | None = None
) -> pl.DataFrame:
    """The decisions with what each came to: state (null: not finished), answer, answered_by, answered_at, readings, sequence.

    `case_id`: what the decisions are those of.
    """
    people = readings.read(ledger, stream, until=until, case_id=case_id)
    where = "WHERE stream = :stream AND seal <= :until" + ("" if case_id is None else " AND case_id = :case")
    asked: dict[str, Any] = {"stream": stream, "until": until} | ({} if case_id is None else {"case": case_id})
    touched = ledger.read(
        f"""
        SELECT case_id, max(seal) AS newest, max(recalled) AS recalled FROM (
            SELECT case_id, seal, 0 AS recalled FROM review {where}
            UNION ALL SELECT case_id, seal, 1 AS recalled FROM recall {where}
        ) AS t GROUP BY case_id
        """,
        **asked,
    )
    # Only a case that people have touched differs from its decision.
    alone = decided.join(touched, on="case_id", how="anti", maintain_order="left").with_columns(
        newest=pl.col("seal"), recalled=pl.lit(0, pl.Int64), **_nobody()
    )
    met = decided.join(
        touched.cast({"newest": pl.Int64, "recalled": pl.Int64}), on="case_id", maintain_order="left"
    ).join(
        _of_people(people.readings, decided, _single(ledger, stream)), on="case_id", how="left", maintain_order="left"
    )
    cases = pl.concat([alone, met.select(alone.columns)])
    released = (pl.col("route") == Route.AUTOMATE) & (pl.col("recalled") == 0)
    by_people = pl.col("reader_answer").is_not_null() & ~(released & (pl.col("reader_answer") == pl.col("prediction")))
    by_model = released & ~by_people
    return cases.with_columns(
        state=pl.when(by_people).then(pl.lit(REVIEWED)).when(by_model).then(pl.lit(RELEASED)),
        answer=pl.when(by_people).then("reader_answer").when(by_model).then("prediction"),
        answered_by=pl.when(by_people).then("reader").when(by_model).then("model_id"),
        answered_at=pl.when(by_people).then("submitted_at").when(by_model).then("decided_at"),
        readings=pl.col("readings").fill_null(0),
        sequence=pl.max_horizontal("seal", "newest"),
    )


def _nobody() -> dict[str, pl.Expr]:
    return {name: pl.lit(None, dtype=pl.String) for name in ("reader_answer", "reader", "submitted_at")} | {
        "readings": pl.lit(0, pl.Int64)
    }


def _of_people(answers: pl.DataFrame, decided: pl.DataFrame, single: list[str]) -> pl.DataFrame:
    """What people say of the cases they answered: case_id, reader_answer (null: disputed), reader, submitted_at, readings.

    Where somebody has read a case blind, only blind readings speak. The majority decides, and where it is split among answers
    other than the model's, the last reader: nobody else will come. The reader shown is the last of those who gave that answer.
    `single`: epochs in which one reading is enough.
    """
    of_case = answers.join(
        decided.select("case_id", "epoch_id", "prediction", "confidence", sampled="blind"), on="case_id"
    )
    heard = of_case.filter(~pl.col("blind").any().over("case_id") | pl.col("blind"))
    votes = heard.with_columns(
        votes=pl.len().over("case_id", "answer"), readings=pl.len().cast(pl.Int64).over("case_id")
    )
    chosen = votes.sort("case_id", "votes", "submitted_at", "slot").unique("case_id", keep="last", maintain_order=True)
    contested = of_case.filter("sampled", ~pl.col("epoch_id").is_in(single))
    claims = contested.select("case_id", "prediction", "confidence").unique("case_id")
    disputed = readings.verdicts(answers, claims).filter("disputed")
    open_ = pl.col("case_id").is_in(disputed["case_id"].implode())
    return chosen.select(
        "case_id",
        reader_answer=pl.when(~open_).then("answer"),
        reader="reviewer",
        submitted_at="submitted_at",
        readings="readings",
    )


def _single(ledger: Ledger, stream: str) -> list[str]:
    """Epochs opened without `review.second_opinion`. The stream file may say otherwise by now; what was finished stays so."""
    rows = ledger.read("SELECT epoch_id, terms FROM epoch WHERE stream = :stream", stream=stream)
    return [epoch for epoch, terms in rows.rows() if terms and json.loads(terms).get(SECOND_OPINION) is False]


def _shown(ledger: Ledger, stream: str, cases: pl.DataFrame) -> pl.DataFrame:
    """The rows that have a state, with the policy that was in force when each was decided."""
    past = policy_history.history(ledger, stream).select("seal", "certified", policy_version="version")
    rows = cases.filter(pl.col("state").is_not_null()).sort("seal", maintain_order=True)
    known = rows.join_asof(past.cast({"seal": pl.Int64}).sort("seal"), on="seal", allow_exact_matches=False)
    return (
        known.with_columns(stream=pl.lit(stream), certified=pl.col("certified").cast(pl.Boolean))
        .select(SCHEMA.names())
        .cast(SCHEMA)
    )
