"""Is every record of a ledger as it was sealed? What `checks` reads of an open ledger, in one call."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from review.integrity import checks
from review.ledger import seals
from review.ledger.ledger import Ledger


def ledger(book: Ledger, *, known: tuple[int, str] | None = None, archive: Path | None = None) -> list[seals.Finding]:
    """Everything in the ledger that is not as it was sealed; empty if all is well.

    `known` is a head that a report printed: a ledger cut short, or rewritten from the start, no longer has it.
    `archive`: the folder with the files of what was retired, to be read too.
    """
    return list(checks.findings(book.read, sqlite=book.is_sqlite, known=known, archive=archive))


def quick(book: Ledger) -> list[seals.Finding]:
    """What can be seen at once: the chain of seals, the triggers."""
    return list(checks.quick(book.read, sqlite=book.is_sqlite))


def sealed(
    book: Ledger, name: str, stream: str, numbers: Sequence[int], places: Mapping[int, tuple[int, int]]
) -> pl.DataFrame:
    """A stream's rows of a table from the first to the last of some seals, as `seals.prepared`.

    `places`: what `places` gave.
    """
    return checks.rows(book.read, name, numbers, places, sqlite=book.is_sqlite, stream=stream)


def seals_of(book: Ledger, name: str, *, low: int, high: int) -> dict[int, seals.Seal]:
    """The seals of a table from one number to another, by number."""
    return checks.seals_of(book.read, name, {"low": low, "high": high}, sqlite=book.is_sqlite)


def places(book: Ledger, name: str) -> dict[int, tuple[int, int]]:
    """Where the rows of each seal lie, for `sealed`. A walk over the table on SQLite; nothing on PostgreSQL."""
    return checks.places(book.read, name) if book.is_sqlite else {}
