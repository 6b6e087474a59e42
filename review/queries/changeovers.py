"""What a change of model has cost in reviews: those of each epoch from its opening to its first adopted threshold."""

from dataclasses import dataclass

from review.ledger.ledger import Ledger
from review.queries import policy_history


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeover:
    """One epoch. `reviews`: answers of people to its cases before its first threshold; `adopted_at`: of that; None: none yet."""

    epoch_id: str
    model_id: str
    opened_at: str
    adopted_at: str | None
    reviews: int


def of(ledger: Ledger, stream: str) -> tuple[Changeover, ...]:
    """Every epoch of a stream, oldest first."""
    first: dict[str, tuple[int, str]] = {}
    for row in policy_history.history(ledger, stream).iter_rows(named=True):
        if policy_history.rule_of({name: row[name] for name in policy_history.RULE}).releases:
            first.setdefault(row["epoch_id"], (int(row["seal"]), row["adopted_at"]))
    # A task's answer that was changed is one review: it counts when it was first answered.
    answered = ledger.read(
        """
        SELECT d.epoch_id, min(r.seal) AS seal FROM review r CROSS JOIN decision d
        WHERE r.stream = :stream AND r.outcome = 'answer' AND d.stream = r.stream AND d.case_id = r.case_id
        GROUP BY d.epoch_id, r.project_id, r.annotation_id
        """,
        stream=stream,
    )
    seals: dict[str, list[int]] = {}
    for epoch_id, seal in answered.iter_rows():
        seals.setdefault(epoch_id, []).append(int(seal))
    epochs = ledger.read(
        "SELECT epoch_id, model_id, opened_at FROM epoch WHERE stream = :stream ORDER BY seal", stream=stream
    )
    return tuple(
        Changeover(
            epoch_id=epoch_id,
            model_id=model_id,
            opened_at=opened_at,
            adopted_at=first[epoch_id][1] if epoch_id in first else None,
            reviews=sum(epoch_id not in first or seal < first[epoch_id][0] for seal in seals.get(epoch_id, ())),
        )
        for epoch_id, model_id, opened_at in epochs.iter_rows()
    )
