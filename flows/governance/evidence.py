"""What the labels prove, each time they are looked at: the certificate, and the change detection over the released."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import polars as pl

from flows.governance import epochs, eras
from flows.runtime import runs
from models import names_and_reasons, timestamps
from models.certification import certificate
from models.certification.era_plan import FieldTarget
from models.config.stream import Stream
from models.errors import LedgerInvalid
from models.monitoring import change_detection
from models.routing.policy import Route
from review.queries import alarms, certificates, policy_history, record_outcomes, relook, suspicion, watched
from review.queries.outcomes import Outcomes

WATCHDOG = names_and_reasons.WATCHDOG


def cases(run: runs.Run, now: str) -> Outcomes:
    """The stream's decisions and what became of each."""
    return record_outcomes.read(run.ledger, run.stream.name, now=now, **rules(run.stream))


def rules(stream: Stream) -> dict[str, Any]:
    """How the stream's answers are assessed, for `review.queries.outcomes.read`."""
    rules = stream.review
    return {
        "deadline_hours": rules.deadline_hours,
        "second_opinion": rules.second_opinion,
        "overlap": rules.overlap,
    }


def look(
    run: runs.Run, in_force: policy_history.PolicyInForce, cases: Outcomes, now: str
) -> dict[str, certificate.Progress]:
    """Look at the samples of the era under way, and record what is certified if anything changed.

    At those of the era before, too, whose certificate may carry over: recorded if what is certified changed.
    By part: "" is of all cases, else the class. Raises LedgerInvalid if a sample is not one its policy gives.
    """
    by_scope: dict[str, certificate.Progress] = {}
    era = eras.under_way(run.ledger, run.stream, in_force, now)
    if era is None:
        return by_scope
    for part, plan in era.plans.items():
        with adding_up(run.stream):
            by_scope[part], new = certificates.look(run.ledger, plan, cases, part=part)
        if new:
            row = certificates.progress_row(by_scope[part], run.stream.name, now, part)
            run.ledger.append({"look": row}, now=now)
    before = next((one for one in certificates.eras(run.ledger, era.epoch_id) if one.number == era.number - 1), None)
    for part, plan in ({} if before is None else before.plans).items():
        with adding_up(run.stream):
            if plan.shadow_after is None:
                again = relook.of_era_over(run.ledger, plan, cases, part=part)
            else:
                from flows.governance import shadow_evidence  # with SciPy, which `score` starts without

                again = shadow_evidence.again(run.ledger, run.stream, cases, plan, in_force.model_id)
        if again is not None:
            run.ledger.append({"look": certificates.progress_row(again, run.stream.name, now, part)}, now=now)
    return by_scope


@contextmanager
def adding_up(stream: Stream) -> Iterator[None]:
    """Raise LedgerInvalid where samples are not what their policies give."""
    try:
        yield
    except ValueError as error:
        raise LedgerInvalid(
            f"the evidence of {stream.name} does not add up: {error}; run: second-reader verify"
        ) from None


def labels(stream: Stream, in_force: policy_history.PolicyInForce, cases: Outcomes, now: str) -> pl.DataFrame:
    """What change detection looks at: `watched.labels`, with readings that nobody else has come to for too long."""
    due = timestamps.parse(now) - timedelta(days=stream.policy.max_silence)
    return watched.labels(cases, in_force.epoch_id, unsettled_before=timestamps.text(due))


def field_labels(
    run: runs.Run, in_force: policy_history.PolicyInForce, cases: Outcomes, now: str
) -> list[tuple[FieldTarget, pl.DataFrame]]:
    """The same for each field of records that has a target of its own, with that target."""
    due = timestamps.parse(now) - timedelta(days=run.stream.policy.max_silence)
    return watched.by_field(
        run.ledger, cases, run.stream.name, in_force.epoch_id, unsettled_before=timestamps.text(due)
    )


def quiet(run: runs.Run, in_force: policy_history.PolicyInForce, cases: Outcomes) -> bool:
    """Whether the labels say nothing of a rise, with every dispute counted as wrong however young it is."""
    labels = watched.labels(cases, in_force.epoch_id, unsettled_before=None)
    by_field = watched.by_field(run.ledger, cases, run.stream.name, in_force.epoch_id, unsettled_before=None)
    return _first_alarm(labels, run.stream.target.error, by_field) is None


def watch(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    labels: pl.DataFrame,
    now: str,
    *,
    by_field: Sequence[tuple[FieldTarget, pl.DataFrame]] = (),
) -> bool:
    """Whether the error among the released has risen, of the cases or of a field. If so the epoch is closed: nothing is released
    any more.

    What the machine may do is taken back without asking; to give it back takes a named person. `labels`, `by_field`: of the
    functions `labels` and `field_labels`.
    """
    raised = _first_alarm(labels, run.stream.target.error, by_field)
    if raised is None:
        return False
    alarm, since = _alarm_row(run.stream, in_force.epoch_id, raised, now)
    wrong = f"are wrong in the field {raised.field}" if raised.field else "are wrong"
    if raised.graded:
        wrong = f"count as wrong in the field {raised.field}, each as often as the share of it that is wrong says"
    because = (
        f"{alarm['errors'].item()} of the last {since} blind labels of released cases {wrong}, with "
        f"{raised.target:.3g} allowed"
    )
    with run.ledger.exclusive("govern", run.stream.name):
        # Somebody may have moved the threshold since we looked: a version that is taken would be left out without a word.
        now_in_force = runs.policy_in_force(run.ledger, run.stream)
        if now_in_force.epoch_id != in_force.epoch_id:
            return True  # closed by them
        epochs.open_epoch(
            run.ledger,
            run.stream,
            now_in_force,
            by=WATCHDOG,
            because=because,
            alarm=alarm,
        )
    return True


def watch_closed(run: runs.Run, in_force: policy_history.PolicyInForce, cases: Outcomes, now: str) -> int:
    """Look at what was released in epochs that are closed, too: answers come after a model has changed. How many alarms.

    Such an alarm closes nothing, for what is in force is another model's; its suspects can be recalled. `in_force`: after
    `watch`. An epoch that had its alarm has its suspects reported anew with every answer, and needs none again.
    """
    released = cases.kinds.filter(pl.col("route") == Route.AUTOMATE)["epoch_id"].unique().sort().to_list()
    done = {in_force.epoch_id, *alarms.alarms(run.ledger, run.stream.name)["epoch_id"]}
    closed = [epoch_id for epoch_id in released if epoch_id not in done]
    targets = policy_history.targets(run.ledger, run.stream.name) if closed else {}
    raised = []
    for epoch_id in closed:
        epoch_labels = labels(run.stream, replace(in_force, epoch_id=epoch_id), cases, now)
        by_field = field_labels(run, replace(in_force, epoch_id=epoch_id), cases, now)
        raised.append((epoch_id, _first_alarm(epoch_labels, targets[epoch_id], by_field)))
    alarm_rows = [_alarm_row(run.stream, epoch_id, one, now)[0] for epoch_id, one in raised if one is not None]
    if alarm_rows:
        run.ledger.append({"alarm": pl.concat(alarm_rows)}, now=now)
    return len(alarm_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raised:
    """An alarm: the place of the label that raised it, among which labels, against what target. `field`: empty, of the cases."""

    labels: pl.DataFrame
    target: float
    place: int
    field: str = ""
    graded: bool = False


def nearest(labels: pl.DataFrame, target: float, by_field: Sequence[tuple[FieldTarget, pl.DataFrame]]) -> float:
    """How near an alarm the labels are, of the cases or of the field that is nearest, in [0, 1] (`change_detection.level`)."""
    watched = [(target, labels), *((one.alpha, frame) for one, frame in by_field)]
    return max(
        change_detection.level(frame["wrong"].to_numpy(), alpha, len(watched) * change_detection.run_length(alpha))
        for alpha, frame in watched
    )


def _first_alarm(
    labels: pl.DataFrame, target: float, by_field: Sequence[tuple[FieldTarget, pl.DataFrame]]
) -> _Raised | None:
    """The alarm of the cases or else of a field; None: there is none. All of them share one budget of false alarms."""
    share = 1 + len(by_field)
    watched = [("", target, False, labels), *((one.field, one.alpha, one.graded, frame) for one, frame in by_field)]
    for field, alpha, graded, frame in watched:
        apart = share * change_detection.run_length(alpha)
        place = change_detection.alarm(frame["wrong"].to_numpy(), alpha, apart)
        if place is not None:
            return _Raised(labels=frame, target=alpha, place=place, field=field, graded=graded)
    return None


def _alarm_row(stream: Stream, epoch_id: str, alarm: _Raised, now: str) -> tuple[pl.DataFrame, int]:
    """An alarm as a fact, and how many labels it rests on."""
    labels, raised = alarm.labels, alarm.place
    wrong = labels["wrong"].to_numpy()
    clean = change_detection.clean(wrong, alarm.target, raised)
    row = {
        "epoch_id": epoch_id,
        "stream": stream.name,
        "labels": raised + 1,
        "errors": int(wrong[clean + 1 : raised + 1].sum()),
        "clean_until": labels["decided_at"][clean] if clean >= 0 else None,
        "raised_at": now,
        "clean_seal": suspicion.clean_seal(labels, clean),
        "detector": "CUSUM and Shiryaev-Roberts",
        "field": alarm.field or None,
    }
    return pl.DataFrame([row], schema_overrides={"clean_until": pl.String, "field": pl.String}), raised - clean
