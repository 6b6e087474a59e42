"""How many there are of everything, and what the runs said that they did."""

import json
from datetime import timedelta
from typing import Any

import polars as pl

from models import timestamps
from models.routing.policy import Route
from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries import items, readings
from review.queries.readings import Reviewed

DAY = 86_400.0  # seconds


def totals(ledger: Ledger, stream: str, people: Reviewed) -> dict[str, int]:
    """Counts over all epochs: decisions, automated, review, audits, faults, dispatched, reviewed, open, recalled,
    waiting."""
    decided = _decided(ledger, stream)
    recalled = _recalled(ledger, stream)
    faults = ledger.read("SELECT count(*) AS n FROM fault WHERE stream = :stream", stream=stream)["n"].item()
    return {
        "decisions": decided["decisions"],
        "automated": decided["automated"],
        "review": decided["decisions"] - decided["automated"],
        "audits": decided["audits"],
        "faults": int(faults),
        "dispatched": len(people.sent),
        "reviewed": len(people.readings),
        "open": len(people.sent) - len(people.readings) - len(readings.spent(people)),
        "recalled": recalled,
        "waiting": decided["for_people"]
        + recalled
        - int((people.sent["slot"] == 0).sum())
        - _overtaken(ledger, stream),
    }


def waiting(ledger: Ledger, stream: str) -> int:
    """Cases that wait to be put before a person."""
    sent = ledger.read("SELECT count(*) AS n FROM dispatch WHERE stream = :stream AND slot = 0", stream=stream)
    wanted = _decided(ledger, stream)["for_people"] + _recalled(ledger, stream)
    return wanted - int(sent["n"].item()) - _overtaken(ledger, stream)


def _overtaken(ledger: Ledger, stream: str) -> int:
    """Cases that would wait, had their item not been decided anew."""
    return len(items.overtaken(ledger, stream)) if items.decides_anew(ledger, stream) else 0


def _decided(ledger: Ledger, stream: str) -> dict[str, int]:
    released, for_people = pl.col("route") == Route.AUTOMATE, (pl.col("route") == Route.REVIEW) | pl.col("blind")
    groups = _groups(ledger, stream).select(
        decisions=pl.col("n").sum(),
        automated=pl.col("n").filter(released).sum(),
        audits=pl.col("n").filter(released & pl.col("blind")).sum(),
        for_people=pl.col("n").filter(for_people).sum(),
    )
    return groups.row(0, named=True)


def _recalled(ledger: Ledger, stream: str) -> int:
    """Released cases that were recalled and were not sampled for a blind label anyway."""
    rows = ledger.read(
        """
        SELECT count(*) AS n FROM recall c CROSS JOIN decision d
        WHERE d.stream = c.stream AND d.case_id = c.case_id AND c.stream = :stream
            AND d.route = 'AUTOMATE' AND NOT d.blind
        """,
        stream=stream,
    )
    return int(rows["n"].item())


def pace(ledger: Ledger, stream: str, people: Reviewed, *, now: str, days: int = 7) -> dict[str, Any]:
    """How fast cases come and people answer: `arrived` for people in the last `hours`, `answered` in `answer_hours`.

    Whole days before now, at most `days`, since the first case and since the first answer; of something younger than a
    day its age, and 0 before there is any. So a file a day counts once a day, and no hour is taken for a day.
    """
    groups = _groups(ledger, stream)
    for_people = groups.filter((pl.col("route") == Route.REVIEW) | pl.col("blind"))
    hours, arrived = _lately(for_people.select(at="decided_at", n="n"), now, days)
    answer_hours, answered = _lately(people.readings.select(at="submitted_at", n=pl.lit(1)), now, days)
    return {"hours": hours, "arrived": arrived, "answer_hours": answer_hours, "answered": answered}


def _lately(events: pl.DataFrame, now: str, days: int) -> tuple[float, int]:
    """Hours of the whole days before now that events (`at`, `n`) span, at most `days`; and how many there were."""
    first: str | None = events["at"].min()  # type: ignore[assignment]
    if first is None:
        return 0.0, 0
    age = max((timestamps.parse(now) - timestamps.parse(first)).total_seconds() / DAY, 0.0)
    if age < 1:
        return 24 * age, int(events["n"].sum())
    whole = min(int(age), days)
    since = timestamps.text(timestamps.parse(now) - timedelta(days=whole))
    return 24.0 * whole, int(events.filter(pl.col("at") > since)["n"].sum())


def decided_after(ledger: Ledger, stream: str, seal: int) -> dict[str, int]:
    """What was decided since the seal of that number, in counts as the flow `score` has them."""
    rows = ledger.read("SELECT groups FROM extract WHERE stream = :stream AND seal > :seal", stream=stream, seal=seal)
    groups = rollups.read_groups([rows["groups"]])
    released = pl.col("route") == Route.AUTOMATE
    counts = {
        "decided": groups,
        "automated": groups.filter(released),
        "audits": groups.filter(released & pl.col("blind")),
        "to_review": groups.filter(~released),
    }
    return {name: int(of["n"].sum()) for name, of in counts.items()}


def last_run(ledger: Ledger, stream: str, flow: str) -> tuple[str, dict[str, Any]]:
    """When the last run of a flow that ended began, and what it said it did; ("", {}) if none did."""
    rows = ledger.read(
        "SELECT started_at, counts FROM run WHERE stream = :stream AND flow = :flow ORDER BY seal DESC LIMIT 1",
        stream=stream,
        flow=flow,
    )
    return ("", {}) if rows.is_empty() else (rows["started_at"].item(), json.loads(rows["counts"].item()))


def last_report(ledger: Ledger, stream: str, *, today: str) -> dict[str, Any] | None:
    """The figures of the last report of an earlier day; on a stream's first day of the last one; None before that."""
    rows = ledger.read(
        """
        SELECT counts FROM run WHERE stream = :stream AND flow = 'measure'
        ORDER BY CASE WHEN finished_at < :today THEN 1 ELSE 0 END DESC, finished_at DESC LIMIT 1
        """,
        stream=stream,
        today=today,
    )
    if rows.is_empty():
        return None
    figures: dict[str, Any] | None = json.loads(rows["counts"].item()).get("figures")
    return figures


def _groups(ledger: Ledger, stream: str) -> pl.DataFrame:
    """How many decisions there are of each kind (`review.ledger.rollups`), without a walk over them."""
    rows = ledger.read("SELECT groups FROM extract WHERE stream = :stream", stream=stream)
    return rollups.read_groups([rows["groups"]])
