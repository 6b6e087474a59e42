"""Whether readers look at what the machine releases: when a silence begins, how it ends, and why it lasts.

A silence begins while samples of released cases wait unread and no label of any was settled for `policy.max_silence` days. It
ends by settled labels alone: what nobody else has confirmed may say that the machine is wrong.
"""

from datetime import timedelta
from typing import Literal

import polars as pl

from models import names_and_reasons, timestamps
from models.config.stream import Stream
from models.routing.policy import Route
from review.ledger.ledger import Ledger
from review.queries import items, overlap, policy_history, readings

NONE = timedelta(0)

_BY_ITSELF = [names_and_reasons.ERA, names_and_reasons.SILENCE]


def begins(ledger: Ledger, stream: Stream, epoch_id: str, now: str, *, early: timedelta = NONE) -> bool:
    """Whether a released sample has waited unread for so many days while no label of any was settled.

    A named person who releases again has as many days anew. `early`: whether that will be so, so long from now.
    """
    due = _due(stream, now, early)
    unread = oldest_wait(ledger, stream.name, epoch_id)
    if unread is None or unread >= due:
        return False
    return not _settled_since(due, read(ledger, stream, epoch_id), given_back(ledger, stream.name, epoch_id))


def lasts(ledger: Ledger, stream: Stream, epoch_id: str, now: str) -> bool:
    """Whether a silence that began goes on: a sample waits, unread or for another reader, and no label was settled."""
    due = _due(stream, now)
    silences = read(ledger, stream, epoch_id)
    waits = [oldest_wait(ledger, stream.name, epoch_id), *silences.filter("due")["decided_at"]]
    if all(at is None or at >= due for at in waits):
        return False
    return not _settled_since(due, silences, given_back(ledger, stream.name, epoch_id))


def stays(ledger: Ledger, stream: Stream, epoch_id: str, now: str) -> Literal["stopped", "unsettled", "doubted"]:
    """Why what a silence has stopped stays stopped: nobody has read, no answer is settled, or the silence is over and the
    labels say that the error has risen."""
    if not lasts(ledger, stream, epoch_id, now):
        return "doubted"
    newest = read(ledger, stream, epoch_id)["newest"].max()
    return "unsettled" if newest is not None and str(newest) >= _due(stream, now) else "stopped"


def given_back(ledger: Ledger, stream: str, epoch_id: str) -> str | None:
    """When a named person last released something after nothing had been; None: nobody has, in this epoch."""
    releases = pl.col("threshold").is_not_null() | pl.col("by_class").is_not_null()
    past = policy_history.history(ledger, stream).filter(pl.col("epoch_id") == epoch_id)
    returned = past.filter(releases & ~releases.shift(1) & ~pl.col("adopted_by").is_in(_BY_ITSELF))
    newest: str | None = returned["adopted_at"].max()  # type: ignore[assignment] # a column of text
    return newest


def _due(stream: Stream, now: str, early: timedelta = NONE) -> str:
    return timestamps.text(timestamps.parse(now) - timedelta(days=stream.policy.max_silence) + early)


def _settled_since(due: str, silences: pl.DataFrame, returned: str | None) -> bool:
    return any(at is not None and at >= due for at in [*silences.filter(~pl.col("due"))["newest"], returned])


def read(ledger: Ledger, stream: Stream, epoch_id: str) -> pl.DataFrame:
    """Released samples of the epoch that somebody has read blind: decided_at, newest (when the newest reading was given), due
    (for another reader: its label is not settled)."""
    people = readings.read(ledger, stream.name)
    claims = overlap.claims(ledger, stream.name, stream.review.overlap).filter(
        pl.col("epoch_id") == epoch_id, pl.col("route") == Route.AUTOMATE
    )
    verdicts = readings.verdicts(people.readings, claims, second_opinion=stream.review.second_opinion)
    newest = people.readings.filter("blind").group_by("case_id").agg(newest=pl.col("submitted_at").max())
    return (
        claims.select("case_id", "decided_at")
        .join(verdicts, on="case_id")
        .join(newest, on="case_id")
        .select("decided_at", "newest", due=pl.col("due") & ~pl.col("contested"))
    )


def oldest_wait(ledger: Ledger, stream: str, epoch_id: str) -> str | None:
    """When the oldest released sample of the epoch was decided that nobody has answered; None: there is none.

    One that nobody will be asked about, for people have another case of its item, is left out.
    """
    rows = ledger.read(
        f"""
        SELECT min(d.decided_at) AS oldest FROM decision d
        WHERE d.stream = :stream AND (d.route = 'REVIEW' OR d.blind) AND d.epoch_id = :epoch AND d.route = 'AUTOMATE'
            AND NOT EXISTS (
                SELECT 1 FROM review r WHERE r.stream = d.stream AND r.case_id = d.case_id AND r.outcome = 'answer'
            ){items.without_overtaken(ledger, stream, "d")}
        """,
        stream=stream,
        epoch=epoch_id,
    )
    oldest: str | None = rows["oldest"].item()
    return oldest
