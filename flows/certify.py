"""What the labels prove, each time they are looked at: the certificate, and the watchdog over the released."""

from typing import Any

import polars as pl

from flows import epochs, runs
from models import certificate, change_detection
from models.errors import LedgerInvalid
from models.stream import Stream
from review import certified
from review import judged as judged_
from review.figures import Watch
from review.judged import Judged
from review.states import governed

WATCHDOG = "the watchdog"


def judged(run: runs.Run, now: str) -> Judged:
    """The stream's decisions and what became of each."""
    return judged_.read(run.ledger, run.stream.name, now=now, **rules(run.stream))


def rules(stream: Stream) -> dict[str, Any]:
    """How the stream's answers are judged, for `review.judged.read`."""
    return {"deadline_hours": stream.review.deadline_hours, "second_opinion": stream.review.second_opinion}


def look(run: runs.Run, in_force: governed.PolicyInForce, cases: Judged, now: str) -> dict[str, certificate.Standing]:
    """Look at the labels of the epoch's mature days, and record what is certified if anything changed.

    By part: "" is of all cases, else the class. A certificate registered for a single look is left out until somebody
    takes it (`govern.look_once`), and never looked at again. Raises LedgerInvalid if the counts do not add up.
    """
    found = {}
    for part, plan in certified.plans(run.ledger, in_force.epoch_id).items():
        if plan.look == "once":
            taken = certified.standing(run.ledger, plan, part)
            if taken is not None:
                found[part] = taken
            continue
        try:
            found[part], new = certified.look(run.ledger, plan, cases, part=part)
        except ValueError as error:
            raise LedgerInvalid(
                f"the evidence of {run.stream.name} does not add up: {error}; run: second-reader verify"
            ) from None
        if new:
            row = certified.standing_row(found[part], run.stream.name, now, part)
            run.ledger.append({"certificate": row}, now=now)
    return found


def watch(run: runs.Run, in_force: governed.PolicyInForce, labels: pl.DataFrame, now: str) -> bool:
    """Whether the error among the released has risen. If so the epoch is closed at once: nothing is released any more.

    What the machine may do is taken back without asking; to give it back takes a named person.
    """
    wrong = labels["wrong"].to_numpy()
    raised = change_detection.alarm(wrong, run.stream.target.error)
    if raised is None:
        return False
    clean = change_detection.clean(wrong, run.stream.target.error, raised)
    alarm = {
        "epoch_id": in_force.epoch_id,
        "stream": run.stream.name,
        "labels": raised + 1,
        "errors": int(wrong[clean + 1 : raised + 1].sum()),
        "clean_until": labels["decided_at"][clean] if clean >= 0 else None,
        "raised_at": now,
    }
    because = (
        f"{alarm['errors']} of the last {raised - clean} blind labels of released cases are wrong, "
        f"with {run.stream.target.error:.3g} allowed"
    )
    with run.ledger.exclusive("govern", run.stream.name):
        # Somebody may have moved the line since we looked: a version that is taken would be left out without a word.
        now_in_force = runs.policy_in_force(run.ledger, run.stream)
        if now_in_force.epoch_id != in_force.epoch_id:
            return True  # closed by them
        epochs.open_epoch(
            run.ledger,
            run.stream,
            now_in_force,
            by=WATCHDOG,
            because=because,
            alarm=pl.DataFrame([alarm], schema_overrides={"clean_until": pl.String}),
        )
    return True


def standing_watch(labels: pl.DataFrame, target: float) -> Watch | None:
    """How near an alarm the labels are; None without any."""
    if labels.is_empty():
        return None
    wrong = labels["wrong"].to_numpy()
    return Watch(labels=len(wrong), errors=int(wrong.sum()), level=change_detection.level(wrong, target))
