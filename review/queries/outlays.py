"""What named persons say a stream costs beside its cases, and which models they may name."""

from datetime import date

import polars as pl

from models.evaluation.outlay import Outlay
from review.ledger import layout
from review.ledger.ledger import Ledger
from review.queries import shadows


def entries(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every entry of a stream as it stands in the ledger, oldest first; also what was taken back, and what took it back."""
    rows = ledger.read(
        "SELECT outlay_id, stream, model_id, what, amount, from_day, to_day, undoes, entered_by, because, entered_at "
        "FROM outlay WHERE stream = :stream ORDER BY seal, outlay_id",
        stream=stream,
    )
    return rows.cast(dict(layout.columns("outlay")))  # type: ignore[arg-type]


def in_force(ledger: Ledger, stream: str) -> pl.DataFrame:
    """The entries that nobody has taken back, by their first day: the columns of `entries`."""
    rows = entries(ledger, stream)
    undone = rows["undoes"].drop_nulls()
    kept = rows.filter(pl.col("undoes").is_null(), ~pl.col("outlay_id").is_in(undone.implode()))
    return kept.sort("from_day", "to_day", "what", maintain_order=True)


def spent(ledger: Ledger, stream: str) -> tuple[Outlay, ...]:
    """The entries in force as values."""
    rows = in_force(ledger, stream).select("model_id", "amount", "from_day", "to_day")
    return tuple(
        Outlay(model_id=model_id, amount=amount, from_day=date.fromisoformat(first), to_day=date.fromisoformat(last))
        for model_id, amount, first, last in rows.iter_rows()
    )


def models(ledger: Ledger, stream: str) -> list[str]:
    """The stream's models: those of its epochs, oldest first, and then those that were asked beside them."""
    rows = ledger.read("SELECT model_id FROM epoch WHERE stream = :stream ORDER BY seal", stream=stream)
    return list(dict.fromkeys([*rows["model_id"], *shadows.models(ledger, stream)]))
