"""What a change of model has cost in reviews: those of each model from its start to its first adopted threshold."""

import itertools
import operator
from dataclasses import dataclass

from review.ledger.ledger import Ledger
from review.queries import policy_history


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeover:
    """One start of a model. `reviews`: answers of people to its cases before its first threshold; `adopted_at`: of that; None:
    none yet.

    `epoch_id`, `opened_at`: of its first epoch. Where its epoch is opened anew before a threshold is adopted, as for another
    target, the start goes on; after one, an epoch with the same model is no start.
    """

    epoch_id: str
    model_id: str
    opened_at: str
    adopted_at: str | None
    reviews: int


def of(ledger: Ledger, stream: str) -> tuple[Changeover, ...]:
    """Every start of a model in a stream, oldest first: its first epoch, and each with another model than the one before."""
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
    starts = []
    for model_id, of_model in itertools.groupby(epochs.iter_rows(), key=operator.itemgetter(1)):
        rows = list(of_model)
        adopted = min((first[epoch_id] for epoch_id, _, _ in rows if epoch_id in first), default=None)
        read = [seal for epoch_id, _, _ in rows for seal in seals.get(epoch_id, ())]
        starts.append(
            Changeover(
                epoch_id=rows[0][0],
                model_id=model_id,
                opened_at=rows[0][2],
                adopted_at=None if adopted is None else adopted[1],
                reviews=sum(adopted is None or seal < adopted[0] for seal in read),
            )
        )
    return tuple(starts)
