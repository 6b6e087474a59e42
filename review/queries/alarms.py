"""What is under suspicion: alarms and what they put under suspicion, rows and answers that could not be read."""

import polars as pl

from models import names_and_reasons
from review.ledger.ledger import Ledger
from review.queries import readings, suspicion


def alarms(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every alarm, newest first: epoch_id, model_id, labels, errors, clean_until, clean_seal (0: nothing is above
    suspicion), raised_at, detector, field (of records, in which the error has risen; null: in any), seal, stopped (release
    stopped with it; else its epoch was closed before)."""
    return ledger.read(
        "SELECT a.epoch_id, e.model_id, a.labels, a.errors, a.clean_until, coalesce(a.clean_seal, 0) AS clean_seal, "
        "a.raised_at, a.detector, a.field, a.seal, a.detector IS NULL OR EXISTS ("
        "SELECT 1 FROM adoption d JOIN policy p ON p.policy_id = d.replaced "
        "WHERE d.stream = a.stream AND d.adopted_by = :watchdog AND p.epoch_id = a.epoch_id) AS stopped "
        "FROM alarm a JOIN epoch e ON e.epoch_id = a.epoch_id "
        "WHERE a.stream = :stream ORDER BY a.seal DESC, e.opened_at DESC",
        stream=stream,
        watchdog=names_and_reasons.WATCHDOG,
    ).cast({"stopped": pl.Boolean})


def suspicions(ledger: Ledger, stream: str) -> list[suspicion.Suspicion]:
    """What every alarm puts under suspicion by what people have said until now, the newest first.

    An alarm of the first version names no batch: all its epoch is suspect until a later one stops release.
    """
    raised = alarms(ledger, stream)
    claims = readings.claims(ledger, stream) if len(raised) else pl.DataFrame()
    listed, later = [], False
    for alarm in raised.iter_rows(named=True):
        if alarm["detector"] is not None or not later:
            listed.append(suspicion.of(ledger, stream, alarm, claims))
        later |= alarm["stopped"]
    return listed


def suspects(ledger: Ledger, stream: str) -> pl.DataFrame | None:
    """Cases released in a batch that an alarm puts under suspicion, read by nobody and not recalled yet.

    Of every alarm: one that nobody acted on is not over because another follows. case_id, decided_at, seal, epoch_id; None
    if no alarm was ever raised. Order is the number of the append, never a time: cases of a batch share one, and an older
    day's file may come last.
    """
    all_suspicions = suspicions(ledger, stream)
    if not all_suspicions:
        return None
    read = readings.read(ledger, stream).readings.filter(pl.col("slot") == 0)
    rows = pl.concat([_released(ledger, stream, one) for one in all_suspicions])
    return rows.join(read, on="case_id", how="anti", maintain_order="left")


def _released(ledger: Ledger, stream: str, suspected: suspicion.Suspicion) -> pl.DataFrame:
    """Cases of an epoch that were released in suspect batches and not recalled: case_id, decided_at, seal, epoch_id."""
    return ledger.read(
        """
        SELECT d.case_id, d.decided_at, d.seal, d.epoch_id FROM decision d
        WHERE d.stream = :stream AND d.epoch_id = :epoch AND d.route = 'AUTOMATE'
            AND (d.seal > :clean OR d.seal IN :doubted)
            AND NOT EXISTS (SELECT 1 FROM recall c WHERE c.stream = d.stream AND c.case_id = d.case_id)
        ORDER BY d.seal, d.case_id
        """,
        stream=stream,
        epoch=suspected.epoch_id,
        clean=suspected.clean,
        doubted=suspected.doubted,
    )
