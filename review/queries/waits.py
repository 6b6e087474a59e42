"""How long cases wait for people: when each arrived, was decided, read first, and had its final answer."""

import polars as pl

from models.routing.policy import Route
from review.ledger.ledger import Ledger
from review.queries import items, readings
from review.queries.readings import Reviewed

MOST = 20_000  # cases, the newest: more would tell no more, and a report is to be there in a second
SCHEMA = pl.Schema(
    {
        "case_id": pl.String,
        "route": pl.String,
        "model_id": pl.String,
        "channel": pl.String,  # how the model was asked; null: the input does not say
        "asked": pl.Float64,  # when; null: the input does not say
        "arrived": pl.Float64,  # when the model answered; null: the input does not say
        "decided": pl.Float64,
        "latency_ms": pl.Float64,  # as the input says, else from `asked` to `arrived`; null: neither is known
        "cost": pl.Float64,  # of the model's answer; null: not known
        "weight": pl.Float64,  # how many cases it stands for: 1, or 1 / propensity of what was released
        "first": pl.Float64,  # when the first reading was given; null: none was
        "final": pl.Float64,  # when the reading was given that settled the answer; null: it is not settled
        "reader": pl.String,  # who gave the first
        "seconds": pl.Float64,  # of the first; null: not measured
    }
)
_AT = ("asked", "arrived", "decided", "first", "final")


def of(ledger: Ledger, stream: str, people: Reviewed, *, since: str, second_opinion: bool) -> pl.DataFrame:
    """Cases for people that were decided since a time, of all epochs, at most MOST: SCHEMA, in the order of decision.

    Those that nobody will be asked about, since their item was decided anew, are left out. Times are seconds since 1970, UTC. A
    blind answer against the model, or one that its reader is not sure of, is final when another has decided it; any other is
    with the first reading.
    """
    decided = ledger.read(
        f"""
        SELECT case_id, route, model_id, blind, prediction, confidence, produced_at AS arrived, decided_at AS decided, latency_ms,
               cost, propensity, request
        FROM decision d WHERE stream = :stream AND (route = 'REVIEW' OR blind) AND decided_at >= :since
            {items.without_overtaken(ledger, stream, "d")}
        ORDER BY decided_at DESC, seal DESC, case_id LIMIT :most
        """,
        stream=stream,
        since=since,
        most=MOST,
    ).reverse()
    blind = pl.col("blind").cast(pl.Boolean)
    claims = decided.filter(blind).select("case_id", "prediction", "confidence")
    verdicts = readings.verdicts(people.readings, claims, second_opinion=second_opinion)
    rows = decided.join(_read(people), on="case_id", how="left", maintain_order="left").join(
        verdicts.select("case_id", "disputed"), on="case_id", how="left", maintain_order="left"
    )
    stands = ~blind | ~pl.lit(second_opinion) | ((pl.col("answer") == pl.col("prediction")) & ~pl.col("unsure"))
    final = pl.when("disputed").then(None).when(stands).then("first").otherwise("last")
    request = pl.col("request").cast(pl.String)
    rows = rows.with_columns(
        final=final,
        channel=request.str.json_path_match("$.channel"),
        asked=request.str.json_path_match("$.asked_at"),
        weight=pl.when(pl.col("route") == Route.AUTOMATE).then(1 / pl.col("propensity")).otherwise(1.0),
    ).with_columns(_seconds(name) for name in _AT)
    took = 1000 * (pl.col("arrived") - pl.col("asked"))
    latency = pl.coalesce(pl.col("latency_ms").cast(pl.Float64), pl.when(took >= 0).then(took))
    return rows.with_columns(latency_ms=latency).select(SCHEMA.names()).cast(SCHEMA)


def _read(people: Reviewed) -> pl.DataFrame:
    """case_id, and of the readings first, last (when they were given), reader, seconds, answer, unsure (of the first)."""
    return (
        people.readings.sort("case_id", "slot")
        .group_by("case_id", maintain_order=True)
        .agg(
            first=pl.col("submitted_at").first(),
            last=pl.col("submitted_at").max(),
            reader=pl.col("reviewer").first(),
            seconds=pl.col("seconds").first(),
            answer=pl.col("answer").first(),
            unsure=pl.col("unsure").first().fill_null(value=False),
        )
    )


def _seconds(column: str) -> pl.Expr:
    at = pl.col(column).cast(pl.String).str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_unit="us")
    return (at.dt.timestamp("us") / 1e6).alias(column)
