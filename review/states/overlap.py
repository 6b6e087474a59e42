"""Readers measured by readers: which answers that agree with the model another person reads, and what came of it."""

import polars as pl

from models import overlap
from review import extracts
from review.ledger import Ledger
from review.states import reviewed
from review.states.reviewed import Reviewed


def salts(ledger: Ledger, stream: str) -> pl.DataFrame:
    """The salt of each epoch of a stream: epoch_id, salt."""
    return ledger.read("SELECT epoch_id, salt FROM epoch WHERE stream = :stream", stream=stream)


def mark(claims: pl.DataFrame, share: float) -> pl.DataFrame:
    """`claims` and `overlap`: whether another person reads the case even if the first reader agrees with the model.

    `claims`: case_id, member (UInt64, what the case belongs with; 0, as in extracts of the first version: nothing) and salt
    (of its epoch). `share`: of the agreeing cases, in [0, 1].
    """
    alone = extracts.members(claims.select("case_id", group_id=pl.lit(None, pl.String)))
    members = claims.select(pl.when(pl.col("member") == 0).then(alone).otherwise("member")).to_series()
    return claims.with_columns(overlap=overlap.numbers(claims["salt"], members) < share)


def claims(ledger: Ledger, stream: str, share: float) -> pl.DataFrame:
    """Cases drawn blind that somebody answered: `reviewed.claims`, member, salt and `overlap`."""
    found = reviewed.claims(ledger, stream)
    found = found.with_columns(member=extracts.members(found)).join(salts(ledger, stream), on="epoch_id")
    return mark(found, share)


def twice_read(claims: pl.DataFrame, people: Reviewed) -> pl.DataFrame:
    """What readers said of each case, one after the other: a row per case with a blind reading, in the order of `claims`.

    `claims`: case_id, epoch_id, route, prediction, confidence, propensity, member and overlap of cases drawn blind, such as
    `claims` gives of a whole stream; filter them for an epoch or for what was released. Returns of these all but
    prediction and confidence, and agree, second, third (whether that reading agrees with the model; null: not in), reader
    (who was the first) and wrong (what the majority of three says; null: a tie, or one disagreement), as
    `models.capture_recapture` takes them. Cases in which the model claimed nothing are left out: nothing can agree with it.
    """
    said = pl.col("answer") == pl.col("prediction")
    claimed = claims.filter(pl.col("prediction").is_not_null() & pl.col("confidence").is_not_null())
    readings = (
        people.readings.filter("blind")
        .join(claimed.select("case_id", "prediction"), on="case_id")
        .sort("case_id", "slot")
        .group_by("case_id", maintain_order=True)
        .agg(
            agree=said.get(0, null_on_oob=True),
            second=said.get(1, null_on_oob=True),
            third=said.get(2, null_on_oob=True),
            reader=pl.col("reviewer").first(),
        )
    )
    agree, second, third = (pl.col(name) for name in ("agree", "second", "third"))
    wrong = pl.when(agree & second.fill_null(True)).then(False).when(agree == second).then(True).otherwise(~third)
    return (
        claimed.select("case_id", "epoch_id", "route", "propensity", "member", "overlap")
        .join(readings, on="case_id", maintain_order="left")
        .with_columns(wrong=wrong)
    )
