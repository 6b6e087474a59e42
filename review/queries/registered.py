"""What was registered and is held on to: the terms of an epoch, a stream's projects, what was to be read blind."""

import json

from models.config.terms import Terms
from review.ledger.ledger import Ledger


def terms(ledger: Ledger, epoch_id: str) -> Terms | None:
    """The terms that an epoch was opened under (`models.config.terms`); None: by the first version, which registered none.

    Raises LookupError if there is no such epoch.
    """
    rows = ledger.read("SELECT terms FROM epoch WHERE epoch_id = :epoch", epoch=epoch_id)
    if rows.is_empty():
        raise LookupError(f"no epoch {epoch_id!r}")
    text = rows["terms"].item()
    return None if text is None else json.loads(text)


def epochs(ledger: Ledger, stream: str) -> list[tuple[int, Terms | None]]:
    """Every epoch of the stream, the newest first: the seal it was opened under, and its terms as `terms` has them."""
    rows = ledger.read("SELECT seal, terms FROM epoch WHERE stream = :stream ORDER BY seal DESC", stream=stream)
    return [(int(seal), None if text is None else json.loads(text)) for seal, text in rows.iter_rows()]


def projects(ledger: Ledger, stream: str) -> set[int]:
    """The numbers of all projects that this ledger ever recorded as the stream's."""
    rows = ledger.read("SELECT DISTINCT project_id FROM project WHERE stream = :stream", stream=stream)
    return set(rows["project_id"])


def seen_before_read(ledger: Ledger, stream: str) -> int:
    """How many readings were sent to be blind and answered with a suggestion in sight: they are no blind labels."""
    rows = ledger.read(
        """
        SELECT count(*) AS n FROM (
            SELECT DISTINCT r.case_id, r.slot FROM review r
            JOIN dispatch d ON d.stream = r.stream AND d.case_id = r.case_id AND d.slot = r.slot
            WHERE r.stream = :stream AND r.outcome = 'answer' AND d.blind AND NOT r.blind
        ) AS seen
        """,
        stream=stream,
    )
    return int(rows["n"].item())
