"""Take decisions out of the ledger: the one thing that its triggers against change are lifted for. Part of the ledger.

Within one transaction the trigger is lifted, the rows go, their keys are kept, and the trigger stands again. Whatever
breaks off leaves rows and trigger as they were. Rows that a person was sent stay: references to them refuse to let go.
"""

import polars as pl

from models import errors
from review.ledger.drivers import dbapi

DIGITS = 16  # of a content's 64, kept with a retired key: by chance no two of 10^9 contents of one case share them

_CASE = "t.stream = s.stream AND t.case_id = s.case_id"


def take_out(cursor: dbapi.Cursor, gone: pl.DataFrame, *, sqlite: bool) -> None:
    """Move decisions to their keys. `gone` has the columns of the table `retired`.

    Raises LedgerInvalid if one of them is not there as it should be, or a person has got it.
    """
    staged = gone.select("stream", "case_id", "of_seal").to_arrow()
    cursor.adbc_ingest("leaving", staged, mode="create", temporary=True)
    if not sqlite:
        cursor.execute("ANALYZE leaving")
    there = _count(cursor, f"decision t ON {_CASE} AND t.seal = s.of_seal AND t.route = 'AUTOMATE' AND NOT t.blind")
    held = sum(_count(cursor, f"{table} t ON {_CASE}") for table in ("dispatch", "recall"))
    if there != len(gone) or held:
        raise errors.LedgerInvalid(
            f"of {len(gone)} decisions to retire {len(gone) - there} are gone and {held} went to people meanwhile; "
            "nothing was taken out: run it again"
        )
    trigger = _lift(cursor, sqlite=sqlite)
    cursor.execute("DELETE FROM decision WHERE (stream, case_id) IN (SELECT stream, case_id FROM leaving)")
    cursor.execute(trigger)
    cursor.execute("DROP TABLE leaving")
    cursor.adbc_ingest("retired", gone.to_arrow(), mode="append")


def _lift(cursor: dbapi.Cursor, *, sqlite: bool) -> str:
    """Lift the trigger against deletion, until the statement that is given back is run in the same transaction."""
    if not sqlite:
        cursor.execute("ALTER TABLE decision DISABLE TRIGGER decision_append_only")
        return "ALTER TABLE decision ENABLE ALWAYS TRIGGER decision_append_only"
    cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'decision_no_delete'")
    row = cursor.fetchone()
    if row is None:
        raise errors.Tampered("the trigger against deletion is gone from decisions; run: second-reader verify")
    cursor.execute("DROP TRIGGER decision_no_delete")
    return str(row[0])


def _count(cursor: dbapi.Cursor, joined: str) -> int:
    """How many of the leaving there are, joined so."""
    cursor.execute(f"SELECT count(*) FROM leaving s JOIN {joined}")  # noqa: S608 (our own text)
    row = cursor.fetchone()
    return 0 if row is None else int(row[0])
