"""What was handed out of the ledger, and what of it has arrived."""

import json
from dataclasses import dataclass

import polars as pl

from review.ledger import layout
from review.ledger.ledger import Ledger

FILE, WEBHOOK = "file", "webhook"  # channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Handout:
    """Rows that left the ledger together: what has become another between two seals. `number` counts from 1, without a gap."""

    stream: str
    number: int
    after_seal: int
    until_seal: int
    file: str
    digest: str  # SHA-256 of the file's bytes, hex
    row_count: int
    batch_rows: int
    recorded_at: str

    @property
    def batches(self) -> int:
        """In how many batches the webhook gets it."""
        return -(-self.row_count // self.batch_rows)

    def frame(self) -> pl.DataFrame:
        """The fact, as the ledger takes it."""
        names = layout.columns("handout")
        return pl.DataFrame([{name: getattr(self, name) for name in names}], schema=names)


def newest(ledger: Ledger, stream: str) -> Handout | None:
    """The last handout of a stream; None before the first."""
    rows = ledger.read(f"{_SELECT} ORDER BY h.number DESC LIMIT 1", stream=stream)
    return Handout(**rows.row(0, named=True)) if len(rows) else None


def unplaced(ledger: Ledger, stream: str) -> list[Handout]:
    """Handouts whose file is not known to stand in the outbox, in their order."""
    rows = ledger.read(
        f"{_SELECT} AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.stream = h.stream AND d.number = h.number "
        "AND d.channel = 'file') ORDER BY h.number",
        stream=stream,
    )
    return [Handout(**row) for row in rows.iter_rows(named=True)]


def unsent(ledger: Ledger, stream: str) -> list[tuple[Handout, list[int]]]:
    """Handouts that the webhook has not got whole, in their order, each with the batches that it lacks."""
    rows = ledger.read(
        f"{_SELECT} AND (SELECT COUNT(*) FROM delivery d WHERE d.stream = h.stream AND d.number = h.number "
        "AND d.channel = 'webhook') < (h.row_count + h.batch_rows - 1) / h.batch_rows ORDER BY h.number",
        stream=stream,
    )
    arrived = ledger.read(
        "SELECT number, batch FROM delivery WHERE stream = :stream AND channel = 'webhook' AND number IN :numbers",
        stream=stream,
        numbers=rows["number"].to_list() or [0],
    )
    there = set(arrived.iter_rows())
    whole = [Handout(**row) for row in rows.iter_rows(named=True)]
    return [(one, [n for n in range(1, one.batches + 1) if (one.number, n) not in there]) for one in whole]


def waiting(ledger: Ledger, stream: str) -> int:
    """Batches that the webhook has not got."""
    return sum(len(batches) for _, batches in unsent(ledger, stream))


def stopped_by(ledger: Ledger, stream: str) -> str | None:
    """Why the last run that sent to the webhook could not send all; None: it could."""
    rows = ledger.read(
        "SELECT counts FROM run WHERE stream = :stream AND flow = 'webhook' ORDER BY seal DESC LIMIT 1", stream=stream
    )
    return json.loads(rows["counts"].item()).get("error") if len(rows) else None


def delivered(handout: Handout, channel: str, batch: int, *, now: str) -> pl.DataFrame:
    """The fact that a handout's file stands in the outbox (`batch` 0), or that the webhook has got one of its batches."""
    row = {"stream": handout.stream, "number": handout.number, "channel": channel, "batch": batch, "delivered_at": now}
    return pl.DataFrame([row], schema=layout.columns("delivery"))


def anything_new(ledger: Ledger, stream: str, *, after: int) -> bool:
    """Whether a decision, an answer or a recall came after a seal: without one no answer can have become another."""
    # Of decisions their extracts: a row for each seal, by whose number they are found.
    asked = " UNION ALL ".join(
        f"SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM {name} WHERE stream = :stream AND seal > :after)"
        for name in ("extract", "review", "recall")
    )
    return len(ledger.read(asked, stream=stream, after=after)) > 0


def settled_seal(ledger: Ledger, stream: str, *, webhook: bool) -> int:
    """The seal up to which all has arrived, as files and, with `webhook`, there too; 0 before the first handout."""
    last = newest(ledger, stream)
    short = [one.after_seal for one in unplaced(ledger, stream)]
    short += [one.after_seal for one, _ in unsent(ledger, stream)] if webhook else []
    return min(short, default=last.until_seal if last else 0)


_SELECT = (
    f"SELECT {', '.join(f'h.{name}' for name in layout.columns('handout'))} FROM handout h WHERE h.stream = :stream"
)
