"""Whether readers look at what the machine releases: the newest answer, and the oldest draw that waits for one."""

from review.ledger import Ledger


def newest_answer(ledger: Ledger, epoch_id: str) -> str | None:
    """When the newest blind answer to a released case of the epoch was given, as moment text; None: there is none."""
    found = ledger.read(
        """
        SELECT max(r.submitted_at) AS newest FROM review r CROSS JOIN decision d
        WHERE r.outcome = 'answer' AND r.blind AND d.stream = r.stream AND d.case_id = r.case_id
            AND d.epoch_id = :epoch AND d.route = 'AUTOMATE' AND d.blind
        """,
        epoch=epoch_id,
    )
    newest: str | None = found["newest"].item()
    return newest


def oldest_wait(ledger: Ledger, stream: str, epoch_id: str) -> str | None:
    """When the oldest released draw of the epoch was decided that nobody has answered; None: there is none."""
    found = ledger.read(
        """
        SELECT min(d.decided_at) AS oldest FROM decision d
        WHERE d.stream = :stream AND (d.route = 'REVIEW' OR d.blind) AND d.epoch_id = :epoch AND d.route = 'AUTOMATE'
            AND NOT EXISTS (
                SELECT 1 FROM review r WHERE r.stream = d.stream AND r.case_id = d.case_id AND r.outcome = 'answer'
            )
        """,
        stream=stream,
        epoch=epoch_id,
    )
    oldest: str | None = found["oldest"].item()
    return oldest
