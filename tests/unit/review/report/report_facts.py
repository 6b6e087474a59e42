"""A report on a small stream, made of counts that fit on a page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

import polars as pl

from models.certification import certificate, era_plan
from models.config.stream import Stream
from models.evaluation.slices import Slice
from models.planning import what_if
from models.routing.policy import Policy
from review.adoption.evidence_counts import Part, Weighed
from review.queries import blind_samples, policy_history
from review.report import report
from review.report.figures import Alarm, Era, Pace, Report

NOW = "2026-01-10T08:30:00.000000Z"
A, R = "AUTOMATE", "REVIEW"
Row = tuple[float | None, str, bool, float, str, bool, int]
STREAM = Stream.model_validate(
    {
        "name": "digits",
        "title": "Handwritten <digits> & more",
        "labels": ["0", "1"],
        "input": {"source": "inbox", "prediction": "p", "confidence": "c", "payload": ["image"]},
        "model": {"id": "m-1"},
        "review": {"kind": "text", "question": "Which?", "project": "Digits", "deadline_hours": 48.0},
        "target": {"error": 0.05},
        "costs": {"error": 1.0, "review_minute": 0.5},
    }
)
IN_FORCE = policy_history.PolicyInForce(
    version=2,
    policy_id="p2",
    epoch_id="e1",
    salt="0f" * 16,
    model_id="m-1",
    labels=("0", "1"),
    policy=Policy(threshold=0.9, audit_rate=0.1, blind_rate=0.3),
    target_error=0.05,
    delta=0.05,
    adopted_by="ada@example.org",
    adopted_at="2026-01-06T09:12:00.000000Z",
    because="two <wrong> in 300",
    certified=False,
    replaced="p1",
    seal=2,
)
COUNTS: tuple[Row, ...] = (
    (0.95, A, False, 0.1, "unsampled", False, 1200),
    (0.95, A, True, 0.1, "right", False, 129),
    (0.95, A, True, 0.1, "wrong", False, 1),
    (0.95, A, True, 0.1, "open", True, 3),
    (0.4, R, True, 0.3, "right", False, 60),
    (0.4, R, True, 0.3, "wrong", False, 15),
    (0.4, R, False, 0.3, "unsampled", False, 180),
    (None, R, True, 0.3, "wrong", False, 2),
)


def table(rows: tuple[Row, ...]) -> pl.DataFrame:
    schema = {
        "confidence": pl.Float64,
        "route": pl.String,
        "blind": pl.Boolean,
        "propensity": pl.Float64,
        "outcome": pl.String,
        "late": pl.Boolean,
        "n": pl.Int64,
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def weighed(rows: tuple[Row, ...]) -> Part:
    """The counts as the ledger's own: a dispute is wrong in the estimates, and distinguished among the samples."""

    def settled(word: str) -> pl.DataFrame:
        return table(tuple((*row[:4], row[4].replace("disputed", word), *row[5:]) for row in rows))

    return Part(counts=settled("wrong"), least=settled("right"), samples=blind_samples.of(table(rows)))


def report_of(
    rows: tuple[Row, ...] = COUNTS,
    policy: policy_history.PolicyInForce | None = IN_FORCE,
    totals: Mapping[str, int] | None = None,
    progress: certificate.Progress | None = None,
    alarm: Alarm | None = None,
    parts: Sequence[what_if.Part] = (),
    since: Mapping[str, object] | None = None,
    *,
    stream: Stream = STREAM,
    classes: Mapping[str, tuple[certificate.Progress, tuple[Row, ...]]] = MappingProxyType({}),
    era: Era | None = None,
    pace: Pace = report.NO_PACE,
    silence: Literal["", "soon", "stopped", "unsettled", "doubted"] = "",
    goes_on: bool = True,
    slices: Sequence[Slice] = (),
) -> Report:
    """A report on a stream of these counts, with a few open cases, one reader, one adoption and one fault."""
    number = dict.fromkeys(
        (
            "decisions",
            "automated",
            "review",
            "audits",
            "faults",
            "dispatched",
            "reviewed",
            "open",
            "disputed",
            "unshown",
            "unshown_samples",
            "waiting",
        ),
        0,
    )
    filled = bool(rows)
    sent = ["2026-01-10T08:00:00.000000Z", "2026-01-10T01:00:00.000000Z", "2026-01-07T08:30:00.000000Z"]
    frames: dict[str, pl.DataFrame] = {
        "by_day": pl.DataFrame(
            {
                "day": ["2026-01-08", "2026-01-09"],
                "decisions": [790, 800],
                "automated": [600, 733],
                "audited": [60, 70],
                "audited_wrong": [0, 1],
                "labelled": [90, 115],
            }
        ),
        "open_cases": pl.DataFrame(
            {"case_id": ["a", "b", "c"], "slot": 0, "blind": True, "sent_at": sent, "skips": [0, 2, 0]}
        ),
        "reviewers": pl.DataFrame(
            {
                "reviewer": ["ada@example.org"],
                "answers": [205],
                "skips": [1],
                "assisted": [90],
                "corrections": [12],
                "median_seconds": [2.4],
            }
        ),
        "faults": pl.DataFrame(
            {
                "source": ["day-3.csv"],
                "line": [7],
                "reason": ["<no> image"],
                "found_at": ["2026-01-07T09:00:00.000000Z"],
            }
        ),
        "history": pl.DataFrame(
            {
                "version": [2],
                "adopted_at": [IN_FORCE.adopted_at],
                "adopted_by": ["ada@example.org"],
                "because": ["two <wrong> in 300"],
                "certified": [False],
                "threshold": [0.9],
                "audit_rate": [0.1],
                "blind_rate": [0.3],
            }
        ),
    }
    if not filled:
        frames = {name: frame.clear() for name, frame in frames.items()}
    progress_by_scope = {label: left for label, (left, _) in classes.items()}
    result = Weighed(whole=weighed(rows), by_class={label: weighed(some) for label, (_, some) in classes.items()})
    return report.build(
        stream,
        policy=policy,
        totals={**number, "faults": int(filled), "reviewed": 205 * filled, "waiting": 4 * filled, **(totals or {})},
        counts=result.whole.counts,
        head=(12, "ab" * 32) if filled else (0, "0" * 64),
        now=NOW,
        progress_by_scope=progress_by_scope if progress is None else {"": progress},
        weighed=result,
        era=era,
        pace=pace,
        silence=silence,
        goes_on=goes_on,
        slices=slices,
        alarm=alarm,
        at=None if progress is None else progress.plan.thresholds,
        parts=parts,
        since=since,
        by_day=frames["by_day"],
        open_cases=frames["open_cases"],
        reviewers=frames["reviewers"],
        faults=frames["faults"],
        history=frames["history"],
    )


PLAN = era_plan.Plan(epoch="e" * 64, alpha=0.05, delta=0.05, thresholds=(0.9, 0.3), starts=(0,), weights=(1.0,))
PROGRESS = certificate.Progress(
    plan=PLAN,
    looks=3,
    log_e=(4.0, 0.0),
    certified=(0,),
    cases=(1333, 1590),
    labels=(133.0, 150.0),
    errors=(1.0, 9.0),
    pending=(3, 3),
    unsent=(0, 0),
    stops=(certificate.Stop(at=1, level=0.05),),
)


def part(name: str, rows: Sequence[Row] = COUNTS) -> what_if.Part:
    """A part with these counts, at the thresholds of PLAN."""
    return what_if.part(name, table(tuple(rows)), PLAN.thresholds, 0.05)


EMPTY = report_of((), policy=None)
COLD = report_of(
    ((0.9, R, True, 1.0, "right", False, 90), (0.5, R, True, 1.0, "wrong", False, 9)),
    policy=replace(IN_FORCE, policy=Policy(threshold=None, audit_rate=0.1, blind_rate=1.0)),
)
UNANSWERED = report_of(((0.95, A, False, 0.1, "unsampled", False, 90), (0.95, A, True, 0.1, "open", False, 10)))
TINY = report_of(((0.95, A, True, 0.1, "right", False, 1),))
RUNNING = report_of()
ALARMED = report_of(
    policy=replace(IN_FORCE, policy=Policy(threshold=None, audit_rate=0.1, blind_rate=1.0), adopted_by="the watchdog"),
    alarm=Alarm(raised_at=NOW, labels=127, errors=8, clean_until=None, suspects=161, current=True),
)
STATES = {
    "empty": EMPTY,
    "cold": COLD,
    "tiny": TINY,
    "unanswered": UNANSWERED,
    "running": RUNNING,
    "alarmed": ALARMED,
    "certified": report_of(progress=PROGRESS, parts=(part("answer: 1"), part("language: <b>de</b>", COUNTS[:3]))),
}
