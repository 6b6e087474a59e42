"""What is in doubt: alarms, what was released before the newest of them, rows and answers that could not be read."""

import polars as pl

from review.ledger import Ledger
from review.states import reviewed


def alarms(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every alarm, newest first: epoch_id, labels, errors, clean_until, raised_at."""
    return ledger.read(
        "SELECT epoch_id, labels, errors, clean_until, raised_at FROM alarm WHERE stream = :stream ORDER BY raised_at DESC",
        stream=stream,
    )


def suspects(ledger: Ledger, stream: str) -> pl.DataFrame | None:
    """Cases released since the last clean point before the newest alarm, read by nobody and not recalled yet.

    case_id, decided_at. None if no alarm was ever raised.
    """
    alarm = ledger.read(
        "SELECT epoch_id, clean_until FROM alarm WHERE stream = :stream ORDER BY raised_at DESC LIMIT 1", stream=stream
    )
    if alarm.is_empty():
        return None
    epoch_id, clean = alarm.row(0)
    released = ledger.read(
        """
        SELECT d.case_id, d.decided_at FROM decision d
        WHERE d.stream = :stream AND d.epoch_id = :epoch AND d.route = 'AUTOMATE' AND d.decided_at > :clean
            AND NOT EXISTS (SELECT 1 FROM recall c WHERE c.stream = d.stream AND c.case_id = d.case_id)
        ORDER BY d.decided_at, d.case_id
        """,
        stream=stream,
        epoch=epoch_id,
        clean=clean or "",
    )
    read = reviewed.read(ledger, stream).readings.filter(pl.col("slot") == 0)
    return released.join(read, on="case_id", how="anti", maintain_order="left")


def faults(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Rows and answers that could not be read, newest first: source, line, reason, found_at. Not what they said."""
    return ledger.read(
        "SELECT source, line, reason, found_at FROM fault WHERE stream = :stream ORDER BY found_at DESC, source, line",
        stream=stream,
    )


def unscored(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Cases whose answer, or how sure the model was of it, cannot be used: case_id, source, line, doubt."""
    return ledger.read(
        "SELECT case_id, source, line, doubt FROM decision WHERE stream = :stream AND doubt IS NOT NULL "
        "ORDER BY source, line, case_id",
        stream=stream,
    )
