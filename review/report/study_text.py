"""A study in words, for a terminal of 100 columns, and as JSON. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from models.evaluation.estimate import Estimate
from models.planning.labelled import LeftOut
from models.planning.record_study import ByField
from models.planning.simulation import Rehearsal
from models.planning.study import Attainable, Study
from review import formats
from review.report import detection_delay, study_fields, study_words

CURVE = tuple(step / 10 for step in range(1, 11))
SHOWN_DAYS = (1, 2, 3, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 365)
BAR = 24
FAR = 20  # times the labels there are: who needs more will not get there


def lines(
    name: str,
    study: Study,
    loop: Rehearsal,
    votes: Estimate | None,
    people: Mapping[str, float],
    left_out: LeftOut | None = None,
    notes: Sequence[str] = (),
    by_field: ByField | None = None,
) -> str:
    """How good the model is, what is left out, what could be released, what the first days would look like."""
    parts = [
        [
            *study_words.model(name, study, votes, people, left_out),
            *study_words.left_out(left_out),
            *(f"{note}." for note in notes),
        ],
        _targets(study),
        _steps(study),
        _curve(study),
        study_fields.lines(by_field, study),
        _days(loop),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def as_json(
    study: Study,
    loop: Rehearsal,
    votes: Estimate | None,
    people: Mapping[str, float],
    left_out: LeftOut | None = None,
    notes: Sequence[str] = (),
    by_field: ByField | None = None,
) -> dict[str, Any]:
    """Every figure, ready for `json.dumps`; shares in [0, 1]; what is not known is null.

    cases, labelled (of them), unscorable, groups (null: each case by itself), largest_group, weighted (by known chances),
    left_out (rows, and why: `LeftOut`), notes (sentences), target, delta; accuracy, ece, brier, auroc, aurc,
    augrc: {value, low, high, alpha, n, errors, method} or {reason, n, errors}; warnings; curve: rows of threshold, coverage,
    error, low, high, n, errors; attainable: per target, the share the oracle and the certificate (one look; anytime: looking
    as labels come) would release, and the labels it took; steps: labels, share certified anytime; reviewers: agreement of
    single people with the truth, or null; fields: of records, `record_study.ByField`, or null; people: column of votes ->
    accuracy, measured by the others; loop: its setting, runs, runs above, and a row per day.
    """
    figures = ("accuracy", "ece", "brier", "auroc", "aurc", "augrc")
    return {
        "cases": study.cases,
        "labelled": study.labelled,
        "unscorable": study.unscorable,
        "groups": study.groups,
        "largest_group": study.largest_group,
        "weighted": study.weighted,
        "left_out": None if left_out is None else asdict(left_out),
        "notes": list(notes),
        "target": study.target,
        "delta": study.delta,
        **{name: asdict(getattr(study, name)) for name in figures},
        "warnings": [*study.gate.refusals, *study.gate.warnings],
        "curve": study.curve.to_dicts(),
        "attainable": [asdict(row) for row in study.attainable],
        "steps": [{"labels": labels, "certified": share} for labels, share in study.steps],
        "reviewers": None if votes is None else asdict(votes),
        "people": dict(people),
        "fields": study_fields.as_json(by_field),
        "loop": {
            **asdict(loop.setting),
            "runs": loop.runs,
            "runs_above_target": loop.above,
            "repeats": loop.repeats,
            "by_day": loop.days.to_dicts(),
        },
    }


def _targets(study: Study) -> list[str]:
    if not any(row.oracle or row.certified for row in study.attainable):
        least, most = study.attainable[0].target, study.attainable[-1].target
        return [
            f"Nothing could be released alone at any target from {formats.whole(least)} to {formats.whole(most)}: even the "
            "surest answers are wrong more often."
        ]
    estimated = "; what could be: estimated from the labels" if study.weighted else ""
    head = (
        f"{'at most wrong':>14}  {'could be released':>18}  {'certified':>10}  {'at confidence':>14}  "
        f"{'labels used':>12}  {'first certified after':>22}"
    )
    text = [
        f"What could be released alone (certified: with {formats.whole(1 - study.delta)} confidence, by one look at "
        f"these labels; first: by looking as they come{estimated})",
        head,
    ]
    certified = [row.certified_threshold for row in study.attainable if row.certified_threshold is not None]
    shown = dict(zip(certified, formats.thresholds(certified, study.scores), strict=True))
    for row in study.attainable:
        at = "\u2013" if row.certified_threshold is None else shown[row.certified_threshold]
        first = "not yet" if row.first is None else formats.count(row.first, "label")
        mark = "  <- asked for" if row.target == study.target else ""
        text.append(
            f"{formats.whole(row.target):>14}  {formats.share(row.oracle):>18}  {formats.share(row.certified):>10}  "
            f"{at:>14}  {formats.count(row.labels):>12}  {first:>22}{mark}"
        )
    if any(row.certified < row.anytime for row in study.attainable):
        text.append(
            "('certified' is one look at all labels; 'first certified after' looks as they come, as a stream does, and begins at "
            "other thresholds: where the two differ, expect of a stream what the second says.)"
        )
    return text


def _steps(study: Study) -> list[str]:
    """How the certified share grows with the labels, at the target asked for, in at most eight lines."""
    asked = next(row for row in study.attainable if row.target == study.target)
    if not asked.oracle and not asked.certified:
        return []
    changes = [step for at, step in enumerate(study.steps) if step[1] > (study.steps[at - 1][1] if at else 0)]
    if len(changes) > 8:
        changes = [changes[round(at * (len(changes) - 1) / 7)] for at in range(8)]
    text = [f"Blind labels it takes at {formats.whole(study.target)}, looking whenever one likes, as a stream does:"]
    text += [f"{formats.count(labels):>10}  {formats.share(share)} certified" for labels, share in changes]
    return [*text, *_next(study, asked)]


def _next(study: Study, asked: Attainable) -> list[str]:
    """What would take the next step; nothing where all is certified, or where a confidence that is one number fails."""
    if asked.anytime >= 1 - study.unscorable / study.cases:
        return []
    if asked.needed is None or asked.needed.labels > FAR * max(asked.labels, 1):
        return ["At the errors seen here, more labels would hardly certify more."]
    unit = "label" if study.groups is None else "item"
    at = formats.thresholds([asked.needed.threshold], study.scores)[0]
    return [
        f"About {formats.count(asked.needed.labels, f'more {unit}')} at confidence {at} and above would take the next step."
    ]


def _curve(study: Study) -> list[str]:
    known = study.curve.filter(pl.col("error").is_not_null())
    if not known.height:
        return ["No case has a confidence: nothing could be released."]
    picked = [known.filter(pl.col("coverage") >= step).head(1) for step in CURVE]
    rows = pl.concat([row for row in picked if row.height] + [known.tail(1)]).unique(maintain_order=True)
    scale = max(study.target, *rows["high"])
    limits = f"{formats.whole(1 - study.delta)} limits"
    shown = formats.thresholds(rows["threshold"].to_list(), study.scores)
    width = max(10, *map(len, shown))
    text = [f"{'released':>10}  {'confidence':>{width}}  {'wrong':>7}  {limits:>18}"]
    for at, row in zip(shown, rows.iter_rows(named=True), strict=True):
        error, high = (round(BAR * row[name] / scale) for name in ("error", "high"))
        between = f"{formats.at_least(row['low'])} to {formats.at_most(row['high'])}"
        figures = f"{formats.share(row['coverage']):>10}  {at:>{width}}  {formats.share(row['error']):>7}"
        text.append(f"{figures}  {between:>18}  {chr(0x2588) * error}{chr(0xB7) * (high - error)}".rstrip())
    return text


def _days(loop: Rehearsal) -> list[str]:
    setting = loop.setting
    again = f"; each case is used about {loop.repeats:.1f} times" if loop.repeats > 1 else ""
    how = (
        f"The first {setting.days} days, rehearsed {loop.runs} times: {formats.count(setting.per_day, 'case')} a day, "
        f"{formats.whole(setting.audit_rate)} of the released audited, the certified threshold adopted every night{again}"
    )
    premise = "Rehearsed without drift, late answers or mistakes of reviewers; the order of the file is not kept."
    if loop.days["error"].is_null().all():
        return [f"{how}: nothing was released on any day.", premise]
    text = [
        f"{how}.",
        f"{'day':>5}  {'released':>9}  {'in 8 of 10 runs':>18}  {'read by people':>15}  {'wrong of all released so far':>29}",
    ]
    days = [day for day in SHOWN_DAYS if day < setting.days]
    for row in loop.days.filter(pl.col("day").is_in([*days, setting.days])).iter_rows(named=True):
        between = f"{formats.share(row['low'])} to {formats.share(row['high'])}"
        text.append(
            f"{row['day']:>5}  {formats.share(row['released']):>9}  {between:>18}  {formats.count(row['read']):>15}  "
            f"{formats.share(row['error']):>29}"
        )
    text.append(
        f"A threshold whose error in the whole history is above {formats.whole(setting.target)} was in force in "
        f"{loop.above} of {loop.runs} runs."
    )
    released = loop.days["released"][-1] * setting.per_day
    noticed = detection_delay.sentence(setting.target, released * setting.audit_rate)
    return [*text, premise, *([noticed] if noticed else [])]
