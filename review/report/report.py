"""What a stream's owner should know today, from the states of the ledger. Pure.

`build` makes the figures; `lines` (for a terminal), `page` (one HTML file) and `review/report/as_json.py` show the same ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

import polars as pl

from models.certification import certificate
from models.config.stream import Stream
from models.evaluation import group_intervals, intervals, reliability, risk
from models.evaluation.estimate import NotEnoughEvidence
from models.evaluation.outcome import Outcome
from models.evaluation.slices import Slice
from models.monitoring.score_shift import Shift
from models.planning import what_if
from models.reviewers.capture_recapture import Readers
from models.routing import policy as routing
from review.adoption import proposal, verdict
from review.adoption.evidence_counts import Part, Weighed
from review.adoption.other_models import OtherModel
from review.queries import blind_samples, policy_history
from review.report import html_page, terminal, waiting
from review.report.figures import Alarm, ClassRow, Era, FieldRow, Figure, Pace, Report, Trust, Watch

NO_PACE = Pace(hours=0.0, answered=0, arrived=0)
NO_COUNTS = pl.DataFrame(
    schema={
        "confidence": pl.Float64,
        "route": pl.String,
        "blind": pl.Boolean,
        "propensity": pl.Float64,
        "outcome": pl.String,
        "late": pl.Boolean,
        "n": pl.Int64,
    }
)


def build(
    stream: Stream,
    *,
    policy: policy_history.PolicyInForce | None,
    totals: Mapping[str, int],
    counts: pl.DataFrame,
    by_day: pl.DataFrame,
    open_cases: pl.DataFrame,
    reviewers: pl.DataFrame,
    faults: pl.DataFrame,
    history: pl.DataFrame,
    head: tuple[int, str],
    now: str,
    progress_by_scope: Mapping[str, certificate.Progress] = MappingProxyType({}),
    alarm: Alarm | None = None,
    past_alarms: tuple[Alarm, ...] = (),
    weighed: Weighed | None = None,
    era: Era | None = None,
    readers: Readers | None = None,
    silence: Literal["", "soon", "stopped", "unsettled", "doubted"] = "",
    goes_on: bool = True,
    repeats: int = 0,
    never_released: Mapping[str, int] = MappingProxyType({}),
    always_audited: int = 0,
    slices: Sequence[Slice] = (),
    shift: Shift | None = None,
    at: Sequence[float] | None = None,
    parts: Sequence[what_if.Part] = (),
    looks: pl.DataFrame | None = None,
    watch: Watch | None = None,
    pace: Pace = NO_PACE,
    since: Mapping[str, Any] | None = None,
    columns: Sequence[str] = (),
    fields: Sequence[FieldRow] = (),
    others: Sequence[OtherModel] = (),
) -> Report:
    """The report from the states of the ledger (`review/queries/` has their shapes); `now` as the ledger writes times.

    `at`: the thresholds to look at, strictest first (None: those that occurred), `parts` the same within parts.
    `weighed`: the same counts with the samples, and those of each class (None: as `counts` has them).
    """
    target, delta = stream.target.error, stream.target.delta
    if policy is not None:
        target, delta = policy.target_error, policy.delta
    released = counts.filter(pl.col("route") == routing.Route.AUTOMATE)
    threshold = None if policy is None else policy.policy.threshold
    progress = progress_by_scope.get("")
    carried = era is not None and era.state == "carried"
    counted = weighed or Weighed(whole=Part(counts=counts, least=counts, samples=blind_samples.of(counts)), by_class={})
    design = counted.whole.design
    promise = risk.error_among_automated(counts, delta, one_sided=True, design=design.released)
    error = risk.error_among_automated(counts, delta, design=design.released)
    judging = counted.judging()
    ruling = verdict.of(
        progress,
        judging.counts,
        least=judging.least,
        epoch=counts,
        target=target,
        delta=delta,
        in_force=threshold,
        carried=carried,
        design=judging.design,
        fields=counted.fields,
    )
    proposed = None
    if progress is not None:
        proposed = proposal.of(
            progress, counts, stream, by_day=by_day, reviewers=reviewers, ruling=ruling, design=design
        )
    classes = _classes(policy, progress_by_scope, counted, carried=carried)
    own = judging if era is not None and era.state == "own" else counted.whole
    badge = verdict.badge(
        [(one.in_force, one.verdict) for one in classes] or [(threshold, ruling)],
        risk.error_among_automated(own.least, delta, design=own.design.released),
        promise,
        target=target,
        stands=None if era is None else era.state in ("own", "carried"),
        fields_kept=all(field.kept for field in fields),
    )
    if at is None:
        at = what_if.thresholds((), counts, [threshold])
    here, of_all, steps = math.inf if threshold is None else threshold, float(design.at([0.0])[0]), risk.steps(counts)
    sure = None if threshold is None else int(counts.filter(pl.col("confidence") >= threshold)["n"].sum())
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
        unscored=int(counts.filter(pl.col("confidence").is_null())["n"].sum()),
        released=int(released["n"].sum()),
        error=error,
        promise=promise,
        batch=_batch(released, promise, design.released),
        worst=risk.error_among_automated(counts, delta, one_sided=True, unanswered_wrong=True, design=design.worst),
        proposal=proposed,
        classes=classes,
        # What holds every label of the released is no part of them.
        slices=tuple(replace(one, flagged=one.flagged and one.error.n < error.n) for one in slices),
        shift=shift,
        alarm=alarm,
        past_alarms=past_alarms,
        verdict=badge,
        ruling=ruling,
        samples=counted.whole.samples,
        audits_disputed=_wrong(released)
        - _wrong(counted.whole.least.filter(pl.col("route") == routing.Route.AUTOMATE)),
        audits_unsent=int(released.filter("blind", pl.col("outcome") == Outcome.WAITING)["n"].sum()),
        needed=_needed(promise, target, design.released)
        if badge == "open" and all(field.kept for field in fields)
        else None,
        here=risk.error_at(counts, here, delta, design=float(design.at([here])[0])),
        everything=risk.error_at(counts, 0.0, delta, design=of_all),
        coverage_here=sure / cases if sure is not None and cases else None,
        curve=risk.at(counts, steps, delta, design=design.at(steps)),
        what_if=what_if.of(
            counts,
            at,
            alpha=delta,
            prices=proposal.prices(stream, reviewers),
            minutes=proposal.minutes(stream, reviewers),
            by_day=by_day,
            progress_by_scope=progress_by_scope,
            parts=parts,
            design=design,
        ),
        trust=_trust(counts, delta),
        looks=policy_history.NO_LOOKS if looks is None else looks,
        watch=watch,
        pace=pace,
        since=since,
        aurc=risk.aurc(counts, delta, design=of_all),
        augrc=risk.augrc(counts, delta, design=of_all),
        totals=totals,
        by_day=by_day,
        queue=waiting.queue(open_cases, totals["waiting"], stream.review.deadline_hours, now),
        reviewers=reviewers,
        faults=faults,
        columns=tuple(columns),
        history=history,
        head=head,
        era=era,
        readers=readers,
        overlap=stream.review.overlap,
        silence=silence,
        goes_on=goes_on,
        each=stream.policy.per_class == "each",
        repeats=repeats,
        never_released=never_released,
        always_audited=always_audited,
        fields=tuple(fields),
        others=tuple(others),
        second_opinion=stream.review.second_opinion,
        capacity=stream.review.capacity_per_day,
    )


def _wrong(counts: pl.DataFrame) -> int:
    return int(counts.filter("blind", pl.col("outcome") == Outcome.WRONG)["n"].sum())


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


def _classes(
    policy: policy_history.PolicyInForce | None,
    progress_by_scope: Mapping[str, certificate.Progress],
    counted: Weighed,
    *,
    carried: bool,
) -> tuple[ClassRow, ...]:
    """Each class's threshold, in the order of the labels."""
    if policy is None:
        return ()
    rows = []
    for label in policy.labels:
        left = progress_by_scope.get(label)
        if left is None:
            continue
        at = left.certified[-1] if left.certified else len(left.plan.thresholds) - 1
        step = certificate.needed(left)
        in_force, part = policy.policy.of_class(label).threshold, counted.by_class.get(label)
        judging = None if part is None else counted.judging(label)
        rows.append(
            ClassRow(
                label=label,
                in_force=in_force,
                certified=left.threshold,
                coverage=left.cases[at] / left.cases[-1] if left.certified and left.cases[-1] else 0.0,
                labels=left.labels[at],
                errors=left.errors[at],
                needed=None if step is None else step.labels,
                verdict=verdict.of(
                    left,
                    NO_COUNTS if judging is None else judging.counts,
                    least=None if judging is None else judging.least,
                    epoch=None if part is None else part.counts,
                    target=policy.target_error,
                    delta=policy.delta,
                    in_force=in_force,
                    carried=carried,
                    design=group_intervals.ALONE if judging is None else judging.design,
                ),
                samples=None if part is None else blind_samples.at(part.samples, left.plan.thresholds[at]),
            )
        )
    return tuple(rows)


def _batch(released: pl.DataFrame, promise: Figure, design: float) -> float | None:
    """Hypergeometric limit of the released as a closed batch; it needs samples that were all alike, each by itself."""
    if isinstance(promise, NotEnoughEvidence) or released["propensity"].n_unique() > 1 or design > 1:
        return None
    return intervals.batch_upper(math.ceil(promise.errors), promise.n, int(released["n"].sum()), promise.alpha)


def _needed(promise: Figure, target: float, design: float) -> int | None:
    """How many more labels, all of them right, would show the target. Only exact limits can be counted forward."""
    if isinstance(promise, NotEnoughEvidence) or not promise.method.startswith(risk.EXACT):
        return None
    errors = math.ceil(promise.errors / design)
    return math.ceil(design * intervals.labels_needed(target, promise.alpha, errors=errors)) - promise.n


def lines(report: Report) -> str:
    """The first lines for a terminal, and a small curve."""
    return terminal.lines(report)


def markdown(report: Report) -> str:
    """The same lines as Markdown, for where a page does not fit."""
    return terminal.markdown(report)


def page(report: Report) -> str:
    """One HTML file that needs nothing else and asks nothing of a network; light, dark, phone and paper."""
    return html_page.html(report)
