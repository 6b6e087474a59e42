"""Facts made ready for an append: checked, sorted and hashed, in batches of what goes under one seal."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from review.ledger import layout, rollups, schema, seals


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Facts checked, sorted and hashed for an append: what takes time and needs no database. Made by `ready`."""

    facts: dict[str, pl.DataFrame]  # in the tables' order, rows in the order of their key
    batches: dict[str, list["Batch"]]  # by table; of no table if they are made when written


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What goes under one seal: at most `seals.ROWS` rows."""

    content: seals.Content
    rows: pa.Table
    extracts: pl.DataFrame | None  # of decisions


def ready(facts: Mapping[str, pl.DataFrame], *, hashed: bool = True) -> Ready:
    """Prepare an append, in any thread. `facts`: table name -> rows with its columns but `seal`.

    `hashed`: False if most of it is likely to be recorded already, for only what is written needs its hash.
    Raises ValueError if a frame is not what its table holds or has a key twice, LedgerInvalid if no ledger can hold it.
    """
    unknown = facts.keys() - set(layout.names())
    if unknown:
        raise ValueError(f"no table {min(unknown)!r} in the ledger")
    # Every row finds what it refers to, and an index grows at fewer places, if the rows come in this order.
    conformed = {
        name: schema.conform(name, facts[name]).sort(layout.key(name)) for name in layout.names() if name in facts
    }
    return Ready(
        facts=conformed, batches={name: batches(name, frame) for name, frame in conformed.items()} if hashed else {}
    )


def batches(name: str, rows: pl.DataFrame) -> list[Batch]:
    """Rows of a table as they go into it, cut into what goes under one seal each."""
    all_batches = []
    for part in rows.iter_slices(seals.ROWS):
        if not part.is_empty():
            arrow = part.to_arrow()
            beside = rollups.make(part) if name == "decision" else None
            all_batches.append(Batch(content=seals.content(name, part, arrow), rows=arrow, extracts=beside))
    return all_batches
