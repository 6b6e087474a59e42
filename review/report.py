"""What a stream's owner should know today, from the states of the ledger. Pure.

`build` makes the figures; `as_json`, `lines` (for a terminal) and `page` (one HTML file) show the same ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import polars as pl

from models import certificate, limits, moment, reliability, risk
from models import policy as routing
from models.estimate import Estimate, NotEnoughEvidence
from models.slices import Slice
from models.stream import Stream
from models.watchdog import Shift
from review import proposal, sheet, states, terminal, what_if
from review.figures import Alarm, ClassLine, Figure, Pace, Queue, Report, Trust, Verdict, Watch

NO_PACE = Pace(hours=0.0, answered=0, arrived=0)

# Hours since a case was put before people, and how a reader says it.
AGES = ((1.0, "under 1 h"), (8.0, "1 to 8 h"), (24.0, "8 to 24 h"), (72.0, "1 to 3 days"), (math.inf, "over 3 days"))


def build(
    stream: Stream,
    *,
    policy: states.PolicyInForce | None,
    totals: Mapping[str, int],
    counts: pl.DataFrame,
    by_day: pl.DataFrame,
    open_cases: pl.DataFrame,
    reviewers: pl.DataFrame,
    faults: pl.DataFrame,
    history: pl.DataFrame,
    head: tuple[int, str],
    now: str,
    standings: Mapping[str, certificate.Standing] = MappingProxyType({}),
    alarm: Alarm | None = None,
    look_open: bool = False,
    slices: Sequence[Slice] = (),
    shift: Shift | None = None,
    at: Sequence[float] | None = None,
    parts: Sequence[what_if.Part] = (),
    looks: pl.DataFrame | None = None,
    watch: Watch | None = None,
    pace: Pace = NO_PACE,
    since: Mapping[str, Any] | None = None,
) -> Report:
    """The report from the states of the ledger (`review/states.py` has their shapes); `now` as the ledger writes times.

    `at`: the thresholds to look at, strictest first (None: those that occurred), `parts` the same within parts.
    """
    target, delta = stream.target.error, stream.target.delta
    if policy is not None:
        target, delta = policy.target_error, policy.delta
    released = counts.filter(pl.col("route") == routing.AUTOMATE)
    promise = risk.error_among_automated(counts, delta, one_sided=True)
    error = risk.error_among_automated(counts, delta)
    line = None if policy is None else policy.policy.threshold
    standing = standings.get("")
    proposed = None if standing is None else proposal.of(standing, counts, stream, by_day=by_day, reviewers=reviewers)
    verdict = _verdict(error, promise, target)
    if verdict != "missed" and proposed is not None and line in proposed.certified:
        verdict = "certified"
    classes = _classes(policy, {part: left for part, left in standings.items() if part})
    if verdict != "missed" and classes and policy is not None and policy.certified and policy.policy.releases:
        verdict = "certified"
    if at is None:
        at = what_if.thresholds((), counts, [line])
    sure = None if line is None else int(counts.filter(pl.col("confidence") >= line)["n"].sum())
    cases = int(counts["n"].sum())
    return Report(
        stream=stream.name,
        title=stream.title,
        model=stream.model.id if policy is None else policy.model_id,
        made_at=now,
        currency=stream.costs.currency,
        target=target,
        delta=delta,
        in_force=policy,
        cases=cases,
        released=int(released["n"].sum()),
        error=error,
        promise=promise,
        batch=_batch(released, promise),
        worst=risk.error_among_automated(counts, delta, one_sided=True, unanswered_wrong=True),
        proposal=proposed,
        classes=classes,
        look_open=look_open,
        slices=tuple(slices),
        shift=shift,
        alarm=alarm,
        verdict=verdict,
        needed=_needed(promise, target) if verdict == "open" else None,
        here=risk.error_at(counts, math.inf if line is None else line, delta),
        everything=risk.error_at(counts, 0.0, delta),
        coverage_here=sure / cases if sure is not None and cases else None,
        curve=risk.curve(counts, delta),
        what_if=what_if.of(
            counts,
            at,
            alpha=delta,
            prices=proposal.prices(stream, reviewers),
            minutes=proposal.minutes(stream, reviewers),
            by_day=by_day,
            standings=standings,
            parts=parts,
        ),
        trust=_trust(counts, delta),
        looks=states.NO_LOOKS if looks is None else looks,
        watch=watch,
        pace=pace,
        since=since,
        aurc=risk.aurc(counts, delta),
        augrc=risk.augrc(counts, delta),
        totals=totals,
        by_day=by_day,
        queue=_queue(open_cases, totals["waiting"], stream.review.deadline_hours, now),
        reviewers=reviewers,
        faults=faults,
        history=history,
        head=head,
    )


def _trust(counts: pl.DataFrame, delta: float) -> Trust:
    gate = reliability.gate(counts, delta)
    return Trust(
        auroc=reliability.auroc(counts, delta),
        ece=reliability.ece(counts, delta),
        brier=reliability.brier(counts, delta),
        bins=what_if.rounded(reliability.table(counts, delta)),
        warnings=gate.warnings,
        refusals=gate.refusals,
    )


def key_figures(report: Report) -> dict[str, Any]:
    """What the next report compares itself with."""
    policy = report.in_force
    return {
        "made_at": report.made_at,
        "epoch": None if policy is None else policy.epoch_id,
        "version": None if policy is None else policy.version,
        "cases": report.cases,
        "released": report.released,
        "labels": report.everything.n,
        "wrong": report.everything.errors,
        "certified": None if report.proposal is None else report.proposal.threshold,
        "proposed": {line.label: line.certified for line in report.classes}
        or (None if report.proposal is None else {"": report.proposal.threshold}),
        "automation": report.automation,
        "at_most": report.promise.high if isinstance(report.promise, Estimate) else None,
        "open": report.queue.open,
        "late": report.queue.late,
        "waiting": report.queue.waiting,
        "faults": report.totals["faults"],
        "alarm": report.alarm.raised_at if report.alarm is not None and report.alarm.current else None,
    }


def _classes(
    policy: states.PolicyInForce | None, standings: Mapping[str, certificate.Standing]
) -> tuple[ClassLine, ...]:
    """Each class's line, in the order of the labels."""
    if policy is None:
        return ()
    lines = []
    for label in policy.labels:
        left = standings.get(label)
        if left is None:
            continue
        at = left.certified[-1] if left.certified else len(left.plan.thresholds) - 1
        step = certificate.needed(left)
        lines.append(
            ClassLine(
                label=label,
                in_force=policy.policy.of_class(label).threshold,
                certified=left.threshold,
                coverage=left.cases[at] / left.cases[-1] if left.certified and left.cases[-1] else 0.0,
                labels=left.labels[at],
                errors=left.errors[at],
                needed=None if step is None else step.labels,
            )
        )
    return tuple(lines)


def _batch(released: pl.DataFrame, promise: Figure) -> float | None:
    """Hypergeometric limit of the released as a closed batch; it needs draws that were all alike."""
    if isinstance(promise, NotEnoughEvidence) or released["propensity"].n_unique() > 1:
        return None
    return limits.batch_upper(promise.errors, promise.n, int(released["n"].sum()), promise.alpha)


def _verdict(error: Figure, promise: Figure, target: float) -> Verdict:
    if isinstance(error, NotEnoughEvidence) or isinstance(promise, NotEnoughEvidence):
        return "nothing"
    if promise.high <= target:
        return "kept"
    return "missed" if error.low > target else "open"


def _needed(promise: Figure, target: float) -> int | None:
    """How many more labels, all of them right, would show the target. Only exact limits can be counted forward."""
    if isinstance(promise, NotEnoughEvidence) or not promise.method.startswith(risk.EXACT):
        return None
    return limits.labels_needed(target, promise.alpha, errors=promise.errors) - promise.n


def _queue(open_cases: pl.DataFrame, waiting: int, deadline: float, now: str) -> Queue:
    instant = moment.parse(now)
    waited = [(instant - moment.parse(sent)).total_seconds() / 3600 for sent in open_cases["sent_at"]]
    floors = (0.0, *(edge for edge, _ in AGES[:-1]))
    # A clock that runs behind the ledger's gives a case that was sent "later than now": it is new.
    ages = tuple(
        (name, sum(floor <= max(age, 0.0) < edge for age in waited))
        for floor, (edge, name) in zip(floors, AGES, strict=True)
    )
    return Queue(
        open=len(waited),
        late=sum(age > deadline for age in waited),
        skipped=int((open_cases["skips"] > 0).sum()),
        waiting=waiting,
        deadline=deadline,
        oldest=max(waited, default=None),
        ages=ages,
    )


def as_json(report: Report) -> dict[str, Any]:
    """Every figure of the page, ready for `json.dumps`. Nothing is NaN: what is not known is null, with its `reason`.

    An estimate is {value, low, high, alpha, n, errors, method}, or {value: null, reason, n, errors}. Shares are in
    [0, 1], ages in hours, times on a task in seconds, times UTC in ISO 8601.

    stream, title, model, made_at     what the report is about
    cases, released, automation       of the epoch in force; automation = released / cases, known and not estimated
    error, promise, worst             among the released: two-sided; one-sided; one-sided, all unanswered draws wrong
    batch                             one-sided limit for the released as a closed batch; null where draws were unequal
    target {error, delta, verdict, needed}   verdict: certified | kept | missed | open | nothing
    certificate {threshold, certified, needed, cheapest, carried, ...}   what the last look left, or null
    alarm {raised_at, labels, errors, suspects, ...}   the watchdog's newest, or null
    look_open                         whether a single look is registered and not taken
    classes                           per class: line in force, certified, coverage, labels, errors, needed; or empty
    slices                            per predicted class and slice: error among the released, flagged (Holm)
    shift {distance, p, warn, ...}    of the newest day's confidences from those before, or null
    line {threshold, coverage, error, ...}   the policy in force, or null
    everything, aurc, augrc, curve    error were all released; areas; threshold, coverage, error, low, high, n, errors
    what_if {cases_per_day, minutes_per_review, minutes_known, audit_rate, rows, parts, labels}
                                      rows, per threshold (null: release nothing): coverage, error, low, high, n, errors;
                                      per day released, wrong, wrong_low, wrong_high, reviews, review_hours; cost,
                                      cost_low, cost_high of 1000 cases; certified; needed (labels until it is; null: none
                                      would do). parts: the same thresholds within classes and slices. labels: with a line
                                      per class, per label certified and needed. Six significant digits
    trust {auroc, ece, brier, bins, warnings, refusals}   bins: the reliability diagram
    looks, watch, pace                the certificate's looks; the watchdog's level; answers and arrivals of a week
    since                             the key figures of the report before, or null
    totals, days, queue, reviewers, history, faults
    seal {number, digest}             the ledger's last seal when this was made
    """
    policy = report.in_force
    return {
        "stream": report.stream,
        "title": report.title,
        "model": report.model,
        "made_at": report.made_at,
        "cases": report.cases,
        "released": report.released,
        "automation": report.automation,
        "error": _plain(report.error),
        "promise": _plain(report.promise),
        "worst": _plain(report.worst),
        "batch": report.batch,
        "target": {
            "error": report.target,
            "delta": report.delta,
            "verdict": report.verdict,
            "needed": report.needed,
        },
        "certificate": None if report.proposal is None else asdict(report.proposal),
        "alarm": None if report.alarm is None else asdict(report.alarm),
        "look_open": report.look_open,
        "classes": [asdict(line) for line in report.classes],
        "slices": [
            {"slice": part.name, "flagged": part.flagged, "error": _plain(part.error)} for part in report.slices
        ],
        "shift": None if report.shift is None else {**asdict(report.shift), "warn": report.shift.warn},
        "line": None
        if policy is None
        else {
            "threshold": policy.policy.threshold,
            "by_class": None if policy.policy.by_class is None else dict(policy.policy.by_class),
            "audit_rate": policy.policy.audit_rate,
            "blind_rate": policy.policy.blind_rate,
            "coverage": report.coverage_here,
            "error": _plain(report.here),
            "version": policy.version,
            "epoch": policy.epoch_id,
            "adopted_by": policy.adopted_by,
            "adopted_at": policy.adopted_at,
            "because": policy.because,
            "certified": policy.certified,
        },
        "everything": _plain(report.everything),
        "aurc": _plain(report.aurc),
        "augrc": _plain(report.augrc),
        "curve": report.curve.to_dicts(),
        "what_if": _what_if(report.what_if),
        "trust": {
            "auroc": _plain(report.trust.auroc),
            "ece": _plain(report.trust.ece),
            "brier": _plain(report.trust.brier),
            "bins": report.trust.bins.to_dicts(),
            "warnings": list(report.trust.warnings),
            "refusals": list(report.trust.refusals),
        },
        "looks": report.looks.to_dicts(),
        "watch": None if report.watch is None else asdict(report.watch),
        "pace": asdict(report.pace),
        "since": None if report.since is None else dict(report.since),
        "totals": dict(report.totals),
        "days": report.by_day.to_dicts(),
        "queue": {**asdict(report.queue), "ages": dict(report.queue.ages)},
        "reviewers": report.reviewers.to_dicts(),
        "history": report.history.to_dicts(),
        "faults": report.faults.to_dicts(),
        "seal": {"number": report.head[0], "digest": report.head[1]},
    }


def _what_if(made: what_if.WhatIf) -> dict[str, Any]:
    return {
        "cases_per_day": made.cases_per_day,
        "minutes_per_review": made.minutes,
        "minutes_known": made.minutes_known,
        "audit_rate": made.audit_rate,
        "rows": made.rows.to_dicts(),
        "parts": [{"name": part.name, "cases": part.cases, "rows": part.rows.to_dicts()} for part in made.parts],
        "labels": None if made.labels is None else {label: rows.to_dicts() for label, rows in made.labels.items()},
    }


def _plain(figure: Figure) -> dict[str, Any]:
    return asdict(figure) if isinstance(figure, Estimate) else {"value": None, **asdict(figure)}


def lines(report: Report) -> str:
    """The first lines for a terminal, and a small curve."""
    return terminal.lines(report)


def markdown(report: Report) -> str:
    """The same lines as Markdown, for where a page does not fit."""
    return terminal.markdown(report)


def page(report: Report) -> str:
    """One HTML file that needs nothing else and asks nothing of a network; light, dark, phone and paper."""
    return sheet.html(report)
