"""What the labels prove, each time they are looked at: the certificate, and the change detection over the released."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import polars as pl

from flows import epochs, eras, runs
from models import certificate, change_detection, moment, names
from models.errors import LedgerInvalid
from models.stream import Stream
from review import certified, relook
from review import judged as judged_
from review.figures import Watch
from review.judged import Judged
from review.states import governed

WATCHDOG = names.WATCHDOG


def judged(run: runs.Run, now: str) -> Judged:
    """The stream's decisions and what became of each."""
    return judged_.read(run.ledger, run.stream.name, now=now, **rules(run.stream))


def rules(stream: Stream) -> dict[str, Any]:
    """How the stream's answers are judged, for `review.judged.read`."""
    given = stream.review
    return {"deadline_hours": given.deadline_hours, "second_opinion": given.second_opinion, "overlap": given.overlap}


def look(run: runs.Run, in_force: governed.PolicyInForce, cases: Judged, now: str) -> dict[str, certificate.Standing]:
    """Look at the draws of the era under way, and record what is certified if anything changed.

    At those of the era before, too, whose certificate may carry over: recorded if what is certified changed.
    By part: "" is of all cases, else the class. Raises LedgerInvalid if a draw is not one its policy gives.
    """
    found: dict[str, certificate.Standing] = {}
    era = eras.under_way(run.ledger, run.stream, in_force, now)
    if era is None:
        return found
    for part, plan in era.plans.items():
        with adding_up(run.stream):
            found[part], new = certified.look(run.ledger, plan, cases, part=part)
        if new:
            row = certified.standing_row(found[part], run.stream.name, now, part)
            run.ledger.append({"look": row}, now=now)
    before = next((one for one in certified.eras(run.ledger, era.epoch_id) if one.number == era.number - 1), None)
    for part, plan in ({} if before is None else before.plans).items():
        with adding_up(run.stream):
            again = relook.of_era_over(run.ledger, plan, cases, part=part)
        if again is not None:
            run.ledger.append({"look": certified.standing_row(again, run.stream.name, now, part)}, now=now)
    return found


@contextmanager
def adding_up(stream: Stream) -> Iterator[None]:
    """Raise LedgerInvalid where draws are not what their policies give."""
    try:
        yield
    except ValueError as error:
        raise LedgerInvalid(
            f"the evidence of {stream.name} does not add up: {error}; run: second-reader verify"
        ) from None


def labels(stream: Stream, in_force: governed.PolicyInForce, cases: Judged, now: str) -> pl.DataFrame:
    """What change detection looks at: `certified.watched`, with readings that nobody else has come to for too long."""
    due = moment.parse(now) - timedelta(days=stream.policy.max_silence)
    return certified.watched(cases, in_force.epoch_id, unsettled_before=moment.text(due))


def quiet(stream: Stream, in_force: governed.PolicyInForce, cases: Judged) -> bool:
    """Whether the labels say nothing of a rise, with every dispute counted as wrong however young it is."""
    labels = certified.watched(cases, in_force.epoch_id, unsettled_before=None)
    return change_detection.alarm(labels["wrong"].to_numpy(), stream.target.error) is None


def watch(run: runs.Run, in_force: governed.PolicyInForce, labels: pl.DataFrame, now: str) -> bool:
    """Whether the error among the released has risen. If so the epoch is closed: nothing is released any more.

    What the machine may do is taken back without asking; to give it back takes a named person.
    """
    target = run.stream.target.error
    wrong = labels["wrong"].to_numpy()
    raised = change_detection.alarm(wrong, target)
    if raised is None:
        return False
    clean = change_detection.clean(wrong, target, raised)
    alarm = {
        "epoch_id": in_force.epoch_id,
        "stream": run.stream.name,
        "labels": raised + 1,
        "errors": int(wrong[clean + 1 : raised + 1].sum()),
        "clean_until": labels["decided_at"][clean] if clean >= 0 else None,
        "raised_at": now,
        "clean_seal": _clean_seal(labels, clean),
        "detector": "CUSUM and Shiryaev-Roberts",
    }
    because = (
        f"{alarm['errors']} of the last {raised - clean} blind labels of released cases are wrong, "
        f"with {target:.3g} allowed"
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


def _clean_seal(labels: pl.DataFrame, clean: int) -> int:
    """The last batch above suspicion: a batch that holds one suspect label is suspect whole. 0: none is."""
    if clean < 0:
        return 0
    calm, suspect = int(labels["seal"][clean]), int(labels["seal"][clean + 1])
    return min(calm, suspect - 1)


def standing_watch(labels: pl.DataFrame, target: float) -> Watch | None:
    """How near an alarm the labels are; None without any."""
    if labels.is_empty():
        return None
    wrong = labels["wrong"].to_numpy()
    return Watch(labels=len(wrong), errors=int(wrong.sum()), level=change_detection.level(wrong, target))
