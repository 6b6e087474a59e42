"""Flow `measure`: from the ledger to a report: how much runs by itself, how wrong it is, how sure we are of that."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import polars as pl
from prefect import flow

from flows.governance import evidence, safeguards
from flows.inputs import first_look
from flows.planning import choices, other_models
from flows.runtime import artifacts, flow_states, runs, settings
from models import timestamps
from models.certification import certificate
from models.certification.era_plan import FieldTarget
from models.errors import Unavailable
from models.planning import what_if
from models.reviewers import capture_recapture
from models.reviewers.capture_recapture import Readers
from models.routing.policy import Route
from review import private_files
from review.adoption import evidence_counts
from review.queries import (
    alarms,
    breakdowns,
    certificates,
    field_outcomes,
    outcomes,
    overlap,
    policy_history,
    readings,
    rejected,
    ruled,
    silence,
    totals,
)
from review.queries.outcomes import Outcomes
from review.report import as_json, field_rows, model_answers, report, summary
from review.report.figures import Alarm, Era, FieldRow, Pace, Report, Watch


@flow(name="measure", flow_run_name="measure-{stream}")
def measure(stream: str) -> flow_states.Ended:
    """Write the stream's report, as a page and as JSON, and leave artifacts and events.

    Args:
        stream: the stream's name.
    """
    return flow_states.ended(lambda: _measure(stream))


def _measure(stream_name: str) -> runs.Counts:
    with runs.running("measure", stream_name) as run:
        now = runs.clock()
        in_force = runs.policy_in_force(run.ledger, run.stream)
        cases = evidence.cases(run, now)
        progress_by_scope = evidence.look(run, in_force, cases, now)
        labels = evidence.labels(run.stream, in_force, cases, now)
        by_field = evidence.field_labels(run, in_force, cases, now)
        if evidence.watch(run, in_force, labels, now, by_field=by_field):
            # Another epoch: what the closed one certified is history.
            in_force, progress_by_scope, labels = runs.policy_in_force(run.ledger, run.stream), {}, labels.clear()
        elif safeguards.act(run, in_force, progress_by_scope, now, cases):
            in_force = runs.policy_in_force(run.ledger, run.stream)
        evidence.watch_closed(run, in_force, cases, now)
        new_report = gather(run, in_force, cases, progress_by_scope, labels, now, by_field=by_field)
        folder = run.settings.reports / run.stream.name
        page = write(folder, now[:10], new_report)
        artifacts.artifacts(new_report, page, run.settings.reports_url)
        artifacts.events(new_report, totals.last_report(run.ledger, run.stream.name, today=""))
        run.finish({"report": str(page), "figures": as_json.key(new_report)})
        words = summary.of(new_report)
        return {"report": str(page), "summary": report.lines(new_report), "headline": f"{words.lead} {words.promise}"}


def read(stream_name: str) -> Report:
    """The report as the ledger has it now. Nothing is recorded, stopped or written."""
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    now = runs.clock()
    with runs.open_ledger(config) as book:
        run = runs.Run(run_id="", flow="read", started_at=now, stream=stream, settings=config, ledger=book)
        in_force = runs.policy_in_force(book, stream)
        cases = evidence.cases(run, now)
        with evidence.adding_up(stream):
            progress_by_scope = {
                part: certificates.look(book, plan, cases, part=part)[0]
                for part, plan in certificates.plans(book, in_force.epoch_id).items()
            }
        labels = evidence.labels(stream, in_force, cases, now)
        by_field = evidence.field_labels(run, in_force, cases, now)
        return gather(run, in_force, cases, progress_by_scope, labels, now, by_field=by_field)


def gather(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    cases: Outcomes,
    progress_by_scope: Mapping[str, certificate.Progress],
    labels: pl.DataFrame,
    now: str,
    *,
    by_field: Sequence[tuple[FieldTarget, pl.DataFrame]] = (),
) -> Report:
    """Everything the report rests on, from the ledger; `labels`, `by_field` those of the watchdog."""
    name, book = run.stream.name, run.ledger
    plans = certificates.plans(book, in_force.epoch_id)
    differing = None
    if run.stream.field:
        differing = field_outcomes.differences(book, name, cases, in_force.epoch_id)
    weighed = evidence_counts.of(cases, in_force, plans, progress_by_scope, differing)
    in_use = evidence_counts.thresholds(in_force, progress_by_scope)
    people = cases.people
    epoch = outcomes.of(cases, in_force.epoch_id)
    never_released = ruled.never_released(book, in_force.epoch_id, epoch)
    alarm, past_alarms = _alarms(run, in_force)
    at = what_if.thresholds(list(plans.values()), weighed.whole.counts, in_use)
    figures = report.build(
        run.stream,
        policy=in_force,
        totals=totals.totals(book, name, people)
        | {"disputed": int(cases.sampled["disputed"].sum())}
        | rejected.unshown(book, name),
        counts=weighed.whole.counts,
        weighed=weighed,
        by_day=breakdowns.by_day(cases),
        open_cases=readings.open_cases(people),
        reviewers=readings.reviewers(book, name, people),
        faults=rejected.faults(book, name),
        columns=first_look.noted(run.settings.data / run.stream.input.source, run.stream),
        history=policy_history.history(book, name),
        head=book.head(),
        now=now,
        progress_by_scope=progress_by_scope,
        alarm=alarm,
        past_alarms=past_alarms,
        era=_era(run, in_force, progress_by_scope, now),
        silence=_silence(run, in_force, now),
        goes_on=_goes_on(run, in_force, progress_by_scope, now),
        readers=_readers(run, in_force, people, releases=Route.AUTOMATE in epoch.kinds["route"]),
        repeats=int(epoch.kinds.filter("held")["n"].sum()) - sum(never_released.values()),
        never_released=never_released,
        always_audited=ruled.always_audited(book, in_force.epoch_id, epoch),
        slices=breakdowns.flags(epoch, target=in_force.target_error, delta=in_force.delta, design=weighed.whole.design),
        shift=breakdowns.shift(epoch),
        at=at,
        parts=breakdowns.curves(epoch, at, delta=in_force.delta, design=weighed.whole.design),
        looks=policy_history.looks(book, in_force.epoch_id),
        watch=_watch(labels, in_force.target_error, by_field),
        pace=Pace(**totals.pace(book, name, people, now=now)),
        since=totals.last_report(book, name, today=now[:10]),
        fields=_fields(run, in_force, epoch, differing, weighed),
        others=other_models.of(run, in_force, cases),
    )
    waited = choices.waited(run, cases, now)
    figures = replace(figures, model_answers=model_answers.of(waited, model=in_force.model_id, alpha=in_force.delta))
    answers = choices.of(
        run, in_force, cases, figures, progress_by_scope=progress_by_scope, whole=weighed.whole, waited=waited
    )
    return replace(figures, choices=answers)


def _fields(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    epoch: Outcomes,
    differing: pl.DataFrame | None,
    weighed: evidence_counts.Weighed,
) -> tuple[FieldRow, ...]:
    """The fields of a stream of records; of one with labels there are none."""
    if differing is None:
        return ()
    design = weighed.whole.design
    return field_rows.of(epoch, differing, run.stream.field, delta=in_force.delta, design=design)


def _era(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    progress_by_scope: Mapping[str, certificate.Progress],
    now: str,
) -> Era | None:
    """The era under way, and what the least of the thresholds in force rests on."""
    *past, newest = (None, *certificates.eras(run.ledger, in_force.epoch_id))
    if newest is None:
        return None
    held = safeguards.states(run.ledger, run.stream, in_force, progress_by_scope, now) or {}
    states = (
        {state.state for state in held.values() if state.threshold is not None} if in_force.policy.releases else set()
    )
    state = next((name for name in ("uncertified", "carried") if name in states), "own" if states else "nothing")
    left = min((one.days_left for one in held.values() if one.threshold is not None), default=0) if states else 0
    until = min(newest.ends_at, safeguards.lapses(newest, now, left)) if states else newest.ends_at
    return Era(
        number=newest.number,
        ends_at=newest.ends_at,
        until=until,
        state=state,  # type: ignore[arg-type] # one of its four words
        days=(timestamps.parse(newest.ends_at) - timestamps.parse(newest.registered_at)) / timedelta(days=1),
        revoked=any(one.revoked for one in held.values()),
        promoted=bool(past[-1] and any(plan.shadow_after is not None for plan in past[-1].plans.values())),
    )


def _silence(
    run: runs.Run, in_force: policy_history.PolicyInForce, now: str
) -> Literal["", "soon", "stopped", "unsettled", "doubted"]:
    if safeguards.stopped(in_force):
        return silence.stays(run.ledger, run.stream, in_force.epoch_id, now)
    soon = in_force.policy.releases and silence.begins(
        run.ledger, run.stream, in_force.epoch_id, now, early=safeguards.WARNING
    )
    return "soon" if soon else ""


def _goes_on(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    progress_by_scope: Mapping[str, certificate.Progress],
    now: str,
) -> bool:
    """Whether the era leaves anything to release of what stopped for want of readers."""
    if not safeguards.stopped(in_force):
        return True
    held = safeguards.states(run.ledger, run.stream, in_force, progress_by_scope, now)
    return held is None or any(state.threshold is not None for state in held.values())


def _readers(
    run: runs.Run, in_force: policy_history.PolicyInForce, people: readings.Reviewed, *, releases: bool
) -> Readers:
    """What is known of what one reader misses: among the released or, while nothing is released, everywhere."""
    claims = overlap.claims(run.ledger, run.stream.name, run.stream.review.overlap)
    claims = claims.filter(pl.col("epoch_id") == in_force.epoch_id)
    twice = overlap.twice_read(claims.filter(pl.col("route") == Route.AUTOMATE) if releases else claims, people)
    return capture_recapture.readers(twice, in_force.delta)


def _alarms(run: runs.Run, in_force: policy_history.PolicyInForce) -> tuple[Alarm | None, tuple[Alarm, ...]]:
    """The newest alarm that stopped release, and every other (or that, where somebody has released again since) whose
    suspects nobody has read or recalled."""
    suspects = alarms.suspects(run.ledger, run.stream.name)
    if suspects is None:
        return None, ()
    count = dict(suspects.group_by("epoch_id").len().iter_rows())
    pairs = [
        (
            row["stopped"],
            Alarm(
                raised_at=row["raised_at"],
                labels=row["labels"],
                errors=row["errors"],
                clean_until=row["clean_until"],
                suspects=count.get(row["epoch_id"], 0),
                model=row["model_id"],
                current=False,
                field=row["field"] or "",
            ),
        )
        for row in alarms.alarms(run.ledger, run.stream.name).iter_rows(named=True)
    ]
    newest = next((alarm for stopped, alarm in pairs if stopped), None)
    if newest is not None and in_force.adopted_by == evidence.WATCHDOG:
        current = replace(newest, current=True)
        return current, tuple(alarm for _, alarm in pairs if alarm.suspects and alarm is not newest)
    return newest, tuple(alarm for _, alarm in pairs if alarm.suspects)


def write(folder: Path, day: str, new_report: Report) -> Path:
    """The page and its figures, of this day and as the latest; each file appears whole or not at all.

    Raises Unavailable if they cannot be written: a disk is full, or says no.
    """
    texts = {".html": report.page(new_report), ".json": json.dumps(as_json.whole(new_report), indent=2) + "\n"}
    try:
        for ending, text in texts.items():
            for stem in (day, "latest"):
                private_files.replace(folder / f"{stem}{ending}", text)
    except OSError as error:
        raise Unavailable(
            f"{folder}: the report cannot be written ({error.strerror}); make room there, or give the right, and run it again"
        ) from None
    return folder / "latest.html"


def _watch(labels: pl.DataFrame, target: float, by_field: Sequence[tuple[FieldTarget, pl.DataFrame]]) -> Watch | None:
    """How near an alarm the labels are; None without any."""
    if labels.is_empty():
        return None
    wrong = labels["wrong"].to_numpy()
    return Watch(labels=len(wrong), errors=int(wrong.sum()), level=evidence.nearest(labels, target, by_field))
