"""The figures of a report as plain numbers: all of them for `--json`, and the few the next report compares itself with."""

from dataclasses import asdict
from typing import Any

from models.evaluation.estimate import Estimate
from models.planning.what_if import WhatIf
from review.report.figures import FieldRow, Figure, Report


def whole(report: Report) -> dict[str, Any]:
    """Every figure of the page, ready for `json.dumps`. Nothing is NaN: what is not known is null, with its `reason`.

    An estimate is {value, low, high, alpha, n, errors, method}, or {value: null, reason, n, errors}. Shares are in
    [0, 1], ages in hours, times on a task in seconds, times UTC in ISO 8601.

    stream, title, model, made_at     what the report is about
    cases, released, automation       of the epoch in force; automation = released / cases, known and not estimated
    error, promise, worst             among the released: two-sided; one-sided; one-sided, all unanswered samples wrong
    batch                             one-sided limit for the released as a closed batch; null: propensities differ, or groups
    audits_disputed                   blind labels of released cases that another person is to read; wrong until then
    audits_unsent                     samples of released cases that nobody was given yet: neither answered nor wrong
    target {error, delta, verdict, needed}   verdict: certified | contradicted | refused | kept | missed | open |
                                      nothing
    certificate {threshold, certified, needed, cheapest, carried, ...}   what the last look left, or null
    alarm {raised_at, labels, errors, suspects, ...}   the watchdog's newest that stopped release, or null
    past_alarms                       as alarm, of those about what was released before; while suspects are left
    era {number, ends_at, state}      whose evidence counts; own | carried | uncertified | nothing; or null
    readers {due, read, wrong, error, missed}   agreeing answers read twice, and the error corrected for what one reader
                                      misses, of the released or, while nothing is, of all cases; or null
    silence                           soon | stopped | unsettled | doubted: why release stops, or has stopped; or empty
    repeats                           cases held back, for as many of their group as the plan allows came before
    never_released, always_audited    code of a rule -> cases it sent to people; released cases that a rule had read
    verdict {state, threshold, certified, allowed, contradicted, refusals, target}   what may be proposed and adopted
    classes                           per class: threshold in force, certified, coverage, labels, errors, needed, verdict,
                                      samples; or empty
    fields                            of records, per field: name, target, error (among the released), everything (were all
                                      released), changed, cleared, added (readings with another value), kept; or empty
    others                            models asked beside this one: model_id, asked, labels, paired {ours, theirs, more},
                                      threshold (certified on its own score), coverage, needed, ours (share released now),
                                      cost, latency_ms, our_cost, our_latency_ms, spending {money, priced, groups, paired,
                                      today, reviews, break_even, lines: a finished case, of this model and of the other};
                                      or empty
    choices                           the owner's questions: question, state (known | open | unasked), missing, says, rests_on,
                                      would_change, figures (by name, hours and shares in [0, 1]), lines (of each channel)
    model_answers {cost, latency_ms, latency_ms_95}   of the last 28 days: the mean cost of an answer; what half of the answers
                                      and 95 in 100 stay below; null: the input does not say
    slices                            per predicted class and slice: error among the released, flagged (Holm)
    shift {distance, p, warn, ...}    of the newest day's confidences from those before, or null
    line {threshold, coverage, error, ...}   the policy in force, or null
    everything, aurc, augrc, curve    error were all released; areas; threshold, coverage, error, low, high, n, errors
    what_if {cases_per_day, minutes_per_review, minutes_known, audit_rate, rows, parts, labels}
                                      rows, per threshold (null: release nothing): coverage, error, low, high, n, errors;
                                      per day released, wrong, wrong_low, wrong_high, reviews, review_hours; cost,
                                      cost_low, cost_high of 1000 cases; certified; needed (labels until it is; null: none
                                      would do). parts: the same thresholds within classes and slices. labels: with a threshold
                                      per class, per label certified and needed. Six significant digits
    trust {auroc, ece, brier, bins, warnings, refusals}   bins: the reliability diagram
    looks, watch, pace                the certificate's looks; the watchdog's level; answers and arrivals of a week
    since                             the key figures of the report before, or null
    totals, days, queue, reviewers, history, faults, columns
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
        "audits_disputed": report.audits_disputed,
        "audits_unsent": report.audits_unsent,
        "target": {
            "error": report.target,
            "delta": report.delta,
            "verdict": report.verdict,
            "needed": report.needed,
        },
        "certificate": None if report.proposal is None else asdict(report.proposal),
        "alarm": None if report.alarm is None else asdict(report.alarm),
        "past_alarms": [asdict(alarm) for alarm in report.past_alarms],
        "era": None if report.era is None else asdict(report.era),
        "readers": None if report.readers is None else asdict(report.readers),
        "silence": report.silence,
        "repeats": report.repeats,
        "never_released": dict(report.never_released),
        "always_audited": report.always_audited,
        "verdict": asdict(report.ruling),
        "classes": [asdict(one) for one in report.classes],
        "slices": [
            {"slice": part.name, "flagged": part.flagged, "error": _plain(part.error)} for part in report.slices
        ],
        "fields": [_field(one) for one in report.fields],
        "others": [asdict(one) for one in report.others],
        "choices": [asdict(one) for one in report.choices],
        "model_answers": {
            name: None if figure is None else _plain(figure)
            for name, figure in (
                ("cost", report.model_answers.cost),
                ("latency_ms", report.model_answers.latency_ms),
                ("latency_ms_95", report.model_answers.latency_ms_95),
            )
        },
        "shift": None if report.shift is None else {**asdict(report.shift), "warn": report.shift.warn},
        "line": None
        if policy is None
        else {
            "threshold": policy.policy.threshold,
            "by_class": None if policy.policy.by_class is None else dict(policy.policy.by_class),
            "audit_rate": policy.policy.audit_rate,
            "by_band": policy.policy.by_band,
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
        "columns": list(report.columns),
        "seal": {"number": report.head[0], "digest": report.head[1]},
    }


def _what_if(what_if: WhatIf) -> dict[str, Any]:
    return {
        "cases_per_day": what_if.cases_per_day,
        "minutes_per_review": what_if.minutes,
        "minutes_known": what_if.minutes_known,
        "audit_rate": what_if.audit_rate,
        "rows": what_if.rows.to_dicts(),
        "parts": [{"name": part.name, "cases": part.cases, "rows": part.rows.to_dicts()} for part in what_if.parts],
        "labels": None
        if what_if.labels is None
        else {label: rows.to_dicts() for label, rows in what_if.labels.items()},
    }


def _field(row: FieldRow) -> dict[str, Any]:
    counts = {"changed": row.changed, "cleared": row.cleared, "added": row.added, "kept": row.stayed}
    return {
        "name": row.name,
        "target": row.target,
        "error": _plain(row.released),
        "everything": _plain(row.everything),
    } | counts


def _plain(figure: Figure) -> dict[str, Any]:
    return asdict(figure) if isinstance(figure, Estimate) else {"value": None, **asdict(figure)}


def key(report: Report) -> dict[str, Any]:
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
        "proposed": {row.label: row.verdict.threshold for row in report.classes}
        or (None if report.proposal is None else {"": report.ruling.threshold}),
        "automation": report.automation,
        "at_most": report.promise.high if isinstance(report.promise, Estimate) else None,
        "promised": report.target if report.verdict == "certified" else None,
        "verdict": report.verdict,
        "open": report.queue.open,
        "late": report.queue.late,
        "waiting": report.queue.waiting,
        "faults": report.totals["faults"],
        "silence": report.silence,
        "alarm": report.alarm.raised_at if report.alarm is not None and report.alarm.current else None,
        "past_alarms": [
            {"model": one.model, "raised_at": one.raised_at, "suspects": one.suspects} for one in report.past_alarms
        ],
    }
