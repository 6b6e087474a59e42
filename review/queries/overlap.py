"""Readers measured by readers: which answers that agree with the model another person reads, and what came of it."""

import json

import polars as pl

from models.routing import overlap
from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries import readings
from review.queries.readings import Reviewed

_SHARE = "review.overlap"  # its key among an epoch's terms


def salts(ledger: Ledger, stream: str) -> pl.DataFrame:
    """What each epoch of a stream samples by: epoch_id, salt, share (as registered; an epoch of the first version: 0)."""
    rows = ledger.read("SELECT epoch_id, salt, terms FROM epoch WHERE stream = :stream", stream=stream)
    shares = [float(json.loads(text).get(_SHARE, 0.0)) if text else 0.0 for text in rows["terms"]]
    return rows.select("epoch_id", "salt", share=pl.Series(shares, dtype=pl.Float64))


def mark(claims: pl.DataFrame, share: float) -> pl.DataFrame:
    """`claims` and `overlap`: whether another person reads the case even if the first reader agrees with the model.

    `claims`: case_id, member (UInt64, what the case belongs with; 0, as in extracts of the first version: nothing), and salt
    and share of its epoch. `share`: the stream's today, in [0, 1]. Of the two the smaller holds: what an epoch has not
    registered is not asked for afterwards, and what the stream no longer wants is asked for nowhere.
    """
    alone = rollups.members(claims.select("case_id", group_id=pl.lit(None, pl.String)))
    members = claims.select(pl.when(pl.col("member") == 0).then(alone).otherwise("member")).to_series()
    numbers = overlap.numbers(claims["salt"], members)
    return claims.with_columns(overlap=numbers < claims["share"].clip(upper_bound=share))


def claims(ledger: Ledger, stream: str, share: float) -> pl.DataFrame:
    """Cases sampled blind that somebody answered: `readings.claims`, member, salt, share, `overlap` and `contested`."""
    rows = readings.claims(ledger, stream)
    rows = rows.with_columns(member=rollups.members(rows)).join(salts(ledger, stream), on="epoch_id")
    return contested(ledger, stream, mark(rows, share))


def contested(ledger: Ledger, stream: str, claims: pl.DataFrame) -> pl.DataFrame:
    """`claims` and `contested`: whether another model that was asked about the case, which somebody answered, said something else
    than this one.

    Labels must be fair to each model that they compare: where a reader agrees with this one, another reads the case too. But what
    people have answered stays answered where a model takes over and says something else of it (`flows.scoring.rescored`).
    """
    rows = ledger.read(
        # From the answers on: other models may have said something of every sample, and people have read few.
        """
        SELECT DISTINCT s.case_id FROM (SELECT DISTINCT case_id FROM review WHERE stream = :stream AND outcome = 'answer') AS r
        CROSS JOIN shadow s CROSS JOIN decision d WHERE s.stream = :stream AND s.case_id = r.case_id
        AND d.stream = :stream AND d.case_id = s.case_id AND s.answer <> d.prediction AND s.model_id <> coalesce((
            SELECT e.model_id FROM epoch e WHERE e.stream = s.stream AND e.seal < s.seal ORDER BY e.seal DESC LIMIT 1
        ), '')
        """,
        stream=stream,
    )
    return claims.with_columns(contested=pl.col("case_id").is_in(rows["case_id"].implode()))


def sampled(kinds: pl.DataFrame, cases: pl.DataFrame, salts: pl.DataFrame, share: float) -> pl.DataFrame:
    """The same of cases at hand (`Cases`, `Outcomes`: their kinds and their sampled), answered or
    not, without another look at the ledger: case_id, member, epoch_id, route, prediction, confidence, propensity, salt, share
    and `overlap`, in the order of the cases."""
    of_kind = kinds.select("epoch_id", "route", "prediction", "propensity")[cases["kind"]]
    named = cases.select("case_id", "member", "confidence").hstack(of_kind)
    return mark(named.join(salts, on="epoch_id", maintain_order="left"), share)


def twice_read(claims: pl.DataFrame, people: Reviewed) -> pl.DataFrame:
    """What readers said of each case, one after the other: a row per case with a blind reading, in the order of `claims`.

    `claims`: case_id, epoch_id, route, prediction, confidence, propensity, member and overlap of cases sampled blind, such as
    `claims` gives of a whole stream; filter them for an epoch or for what was released. Returns of these all but
    prediction and confidence, and agree, second, third (whether that reading agrees with the model; null: not in), reader
    (who was the first) and wrong (what the majority of three says; null: a tie, or one disagreement), as
    `capture_recapture` takes them. Cases in which the model claimed nothing are left out: nothing can agree with it.
    """
    agrees = pl.col("answer") == pl.col("prediction")
    claimed = claims.filter(pl.col("prediction").is_not_null() & pl.col("confidence").is_not_null())
    blind = (
        people.readings.filter("blind")
        .join(claimed.select("case_id", "prediction"), on="case_id")
        .sort("case_id", "slot")
        .group_by("case_id", maintain_order=True)
        .agg(
            agree=agrees.get(0, null_on_oob=True),
            second=agrees.get(1, null_on_oob=True),
            third=agrees.get(2, null_on_oob=True),
            reader=pl.col("reviewer").first(),
        )
    )
    agree, second, third = (pl.col(name) for name in ("agree", "second", "third"))
    wrong = pl.when(agree & second.fill_null(True)).then(False).when(agree == second).then(True).otherwise(~third)
    return (
        claimed.select("case_id", "epoch_id", "route", "propensity", "member", "overlap")
        .join(blind, on="case_id", maintain_order="left")
        .with_columns(wrong=wrong)
    )
