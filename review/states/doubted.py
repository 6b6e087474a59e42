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
    """Cases released after the last batch above suspicion before an alarm, read by nobody and not recalled yet.

    Of every alarm: one that nobody acted on is not over because another follows. case_id, decided_at, seal; None if no alarm
    was ever raised. Order is the number of the append, never a time: cases of a batch share one, and an older day's file may
    come last. An alarm of the first version names no batch: while it is the newest, all its epoch is suspect.
    """
    found = alarms(ledger, stream)
    if found.is_empty():
        return None
    parts = [
        _released_since(ledger, stream, alarm["epoch_id"], int(alarm["clean_seal"]))
        for place, alarm in enumerate(found.iter_rows(named=True))
        if place == 0 or alarm["detector"] is not None
    ]
    read = reviewed.read(ledger, stream).readings.filter(pl.col("slot") == 0)
    return pl.concat(parts).join(read, on="case_id", how="anti", maintain_order="left")


def _released_since(ledger: Ledger, stream: str, epoch_id: str, clean_seal: int) -> pl.DataFrame:
    """Cases of an epoch that were released under later seals and not recalled: case_id, decided_at, seal."""
    return ledger.read(
        """
        SELECT d.case_id, d.decided_at, d.seal FROM decision d
        WHERE d.stream = :stream AND d.epoch_id = :epoch AND d.route = 'AUTOMATE' AND d.seal > :clean
            AND NOT EXISTS (SELECT 1 FROM recall c WHERE c.stream = d.stream AND c.case_id = d.case_id)
        ORDER BY d.seal, d.case_id
        """,
        stream=stream,
        epoch=epoch_id,
        clean=clean_seal,
    )


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
