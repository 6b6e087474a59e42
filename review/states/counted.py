"""How many there are of everything, and what the runs said that they did."""

import json
from datetime import timedelta
from typing import Any

import polars as pl

from models import moment
from models.policy import AUTOMATE, REVIEW
from review import extracts
from review.ledger import Ledger
from review.states import reviewed


def totals(ledger: Ledger, stream: str) -> dict[str, int]:
    """Counts over all epochs: decisions, automated, review, audits, faults, dispatched, reviewed, open, recalled,
    waiting, disputed (a blind answer against the model that no majority of people has settled)."""
    found = ledger.read(
        f"""
        {reviewed.VERDICTS}
        SELECT
            (SELECT count(*) FROM recall c CROSS JOIN decision d
                WHERE d.stream = c.stream AND d.case_id = c.case_id AND c.stream = :stream
                    AND d.route = 'AUTOMATE' AND NOT d.blind) AS recalled,
            (SELECT count(*) FROM dispatch WHERE stream = :stream AND slot = 0) AS sent,
            (SELECT count(*) FROM dispatch WHERE stream = :stream) AS dispatched,
            (SELECT count(*) FROM reading) AS reviewed,
            (SELECT count(*) FROM (SELECT DISTINCT case_id, slot FROM live WHERE outcome = 'repeat') AS again
                WHERE NOT EXISTS (
                    SELECT 1 FROM reading r WHERE r.case_id = again.case_id AND r.slot = again.slot)) AS spent,
            (SELECT count(*) FROM verdict v CROSS JOIN decision d
                WHERE d.stream = :stream AND d.case_id = v.case_id AND {reviewed.DISPUTED}) AS disputed,
            (SELECT count(*) FROM fault WHERE stream = :stream) AS faults
        """,
        stream=stream,
    ).row(0, named=True)
    number = {name: int(value) for name, value in found.items()}
    released, for_people = pl.col("route") == AUTOMATE, (pl.col("route") == REVIEW) | pl.col("blind")
    number |= (
        _groups(ledger, stream)
        .select(
            decisions=pl.col("n").sum(),
            automated=pl.col("n").filter(released).sum(),
            audits=pl.col("n").filter(released & pl.col("blind")).sum(),
            for_people=pl.col("n").filter(for_people).sum(),
        )
        .row(0, named=True)
    )
    return {
        "decisions": number["decisions"],
        "automated": number["automated"],
        "review": number["decisions"] - number["automated"],
        "audits": number["audits"],
        "faults": number["faults"],
        "dispatched": number["dispatched"],
        "reviewed": number["reviewed"],
        "open": number["dispatched"] - number["reviewed"] - number["spent"],
        "recalled": number["recalled"],
        "disputed": number["disputed"],
        "waiting": number["for_people"] + number["recalled"] - number["sent"],
    }


def pace(ledger: Ledger, stream: str, *, now: str, days: float = 7.0) -> dict[str, Any]:
    """How fast people answer: `answered` readings and `arrived` cases for people since `hours` ago.

    `hours`: at most `days`, less where the stream is younger; 0 before its first case.
    """
    since = moment.text(moment.parse(now) - timedelta(days=days))
    groups = _groups(ledger, stream)
    first: str | None = groups["decided_at"].min()  # type: ignore[assignment]
    if first is None:
        return {"hours": 0.0, "arrived": 0, "answered": 0}
    for_people = (pl.col("route") == REVIEW) | pl.col("blind")
    answered = reviewed.readings(ledger, stream).filter(pl.col("submitted_at") >= since)
    return {
        "hours": max((moment.parse(now) - moment.parse(max(first, since))).total_seconds() / 3600, 0.0),
        "arrived": int(groups.filter(for_people, pl.col("decided_at") >= since)["n"].sum()),
        "answered": len(answered),
    }


def decided_after(ledger: Ledger, stream: str, seal: int) -> dict[str, int]:
    """What was decided since the seal of that number, in counts as the flow `score` has them."""
    found = ledger.read("SELECT groups FROM extract WHERE stream = :stream AND seal > :seal", stream=stream, seal=seal)
    groups = extracts.read_groups([found["groups"]])
    released = pl.col("route") == AUTOMATE
    counts = {
        "decided": groups,
        "automated": groups.filter(released),
        "audits": groups.filter(released & pl.col("blind")),
        "to_review": groups.filter(~released),
    }
    return {name: int(of["n"].sum()) for name, of in counts.items()}


def last_run(ledger: Ledger, stream: str, flow: str) -> tuple[str, dict[str, Any]]:
    """When the last run of a flow that ended began, and what it said it did; ("", {}) if none did."""
    found = ledger.read(
        "SELECT started_at, counts FROM run WHERE stream = :stream AND flow = :flow ORDER BY seal DESC LIMIT 1",
        stream=stream,
        flow=flow,
    )
    return ("", {}) if found.is_empty() else (found["started_at"].item(), json.loads(found["counts"].item()))


def last_report(ledger: Ledger, stream: str, *, today: str) -> dict[str, Any] | None:
    """The figures of the last report of an earlier day; on a stream's first day of the last one; None before that."""
    found = ledger.read(
        """
        SELECT counts FROM run WHERE stream = :stream AND flow = 'measure'
        ORDER BY CASE WHEN finished_at < :today THEN 1 ELSE 0 END DESC, finished_at DESC LIMIT 1
        """,
        stream=stream,
        today=today,
    )
    if found.is_empty():
        return None
    figures: dict[str, Any] | None = json.loads(found["counts"].item()).get("figures")
    return figures


def _groups(ledger: Ledger, stream: str) -> pl.DataFrame:
    """How many decisions there are of each kind (`review.extracts`), without a walk over them."""
    found = ledger.read("SELECT groups FROM extract WHERE stream = :stream", stream=stream)
    return extracts.read_groups([found["groups"]])
