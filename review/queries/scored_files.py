"""What earlier runs of `score` kept of the files they took."""

from review.ledger.ledger import Ledger


def cursors(ledger: Ledger, stream: str) -> list[str]:
    """What each run kept, the earliest first (`flows.inputs.taken_files`); runs that kept nothing left out."""
    rows = ledger.read(
        "SELECT cursor FROM run WHERE stream = :stream AND flow = 'score' AND cursor IS NOT NULL ORDER BY seal",
        stream=stream,
    )
    return rows["cursor"].to_list()


def sources(ledger: Ledger, stream: str) -> set[str]:
    """The files, by their names below the inbox, of which a row was decided or rejected."""
    rows = ledger.read(
        "SELECT source FROM decision WHERE stream = :stream UNION SELECT source FROM fault WHERE stream = :stream",
        stream=stream,
    )
    return set(rows["source"])
