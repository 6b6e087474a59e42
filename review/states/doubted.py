"""What is in doubt: alarms, what was released before the newest of them, rows and answers that could not be read."""

import polars as pl

from review.ledger import Ledger
from review.states import reviewed


def alarms(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every alarm, newest first: epoch_id, labels, errors, clean_until, clean_seal (0: nothing is above suspicion),
    raised_at, detector."""
    return ledger.read(
        "SELECT epoch_id, labels, errors, clean_until, coalesce(clean_seal, 0) AS clean_seal, raised_at, detector FROM alarm "
        "WHERE stream = :stream ORDER BY seal DESC",
        stream=stream,
    )


def suspects(ledger: Ledger, stream: str) -> pl.DataFrame | None:
    """Cases released after the last batch above suspicion before the newest alarm, read by nobody and not recalled yet.

    case_id, decided_at. None if no alarm was ever raised. Order is the number of the append, never a time: cases of a batch
    share one, and an older day's file may come last. An alarm of the first version names no batch: all its epoch is suspect.
    """
    found = alarms(ledger, stream).head(1)
    if found.is_empty():
        return None
    alarm = found.row(0, named=True)
    released = ledger.read(
        """
        SELECT d.case_id, d.decided_at FROM decision d
        WHERE d.stream = :stream AND d.epoch_id = :epoch AND d.route = 'AUTOMATE' AND d.seal > :clean
            AND NOT EXISTS (SELECT 1 FROM recall c WHERE c.stream = d.stream AND c.case_id = d.case_id)
        ORDER BY d.seal, d.case_id
        """,
        stream=stream,
        epoch=alarm["epoch_id"],
        clean=int(alarm["clean_seal"]),
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
