"""What each other model of a stream costs beside the one that answers: its prices, outlays and thresholds from the ledger."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.governance import safeguards
from flows.runtime import runs
from models.evaluation import outlay
from models.planning import what_if
from review.adoption import equal_risk, proposal, shadow_look
from review.adoption.equal_risk import Money
from review.adoption.other_models import OtherModel
from review.queries import breakdowns, certificates, outlays, policy_history, readings
from review.queries.outcomes import Outcomes
from review.queries.shadows import Compared

_BLOCKS, _ROWS = 20, 100  # resamples, so many at a time


def of(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    cases: Outcomes,
    compared: Sequence[Compared],
    others: Sequence[OtherModel],
) -> tuple[OtherModel, ...]:
    """The models with what each spends, delta shared as for their certificates. `cases`: the stream's decisions."""
    book, name = run.ledger, run.stream.name
    reviewers = readings.reviewers(book, name, cases.people)
    prices = proposal.prices(run.stream, reviewers)
    shared: dict[str, Any] = {
        "review": prices.review,
        "minutes_known": proposal.minutes(run.stream, reviewers)[1],
        "audit_rate": prices.audit_rate,
        "cases": int(cases.kinds["n"].sum()),
        "cases_a_day": what_if.daily(breakdowns.by_day(cases)),
    }
    spent, today = outlays.spent(book, name), date.fromisoformat(runs.clock()[:10])
    ours = _certified(run, in_force)
    spending = (
        equal_risk.of(
            one.cases,
            _money(shared, spent, today, in_force.model_id, one.model_id),
            ours=ours,
            theirs=other.threshold,
            resamples=partial(resamples, "\n".join([book.identity, name, in_force.model_id, one.model_id])),
            alpha=shadow_look.level(in_force.delta, one.nth),
        )
        for one, other in zip(compared, others, strict=True)
    )
    return tuple(replace(other, spending=one) for other, one in zip(others, spending, strict=True))


def _certified(run: runs.Run, in_force: policy_history.PolicyInForce) -> dict[str, float | None]:
    """The least strict certified threshold of the model in force by scope: what the era under way certifies, or what is carried
    over into it."""
    looked = certificates.progress_by_scope(run.ledger, in_force.epoch_id)
    held = safeguards.states(run.ledger, run.stream, in_force, looked, runs.clock()) or {}
    by_scope: dict[str, float | None] = {}
    for scope in looked or held or ("",):
        own = [looked[scope].threshold] if scope in looked else []
        carried = [held[scope].threshold] if scope in held and held[scope].state in safeguards.CERTIFIED else []
        by_scope[scope] = min((at for at in own + carried if at is not None), default=None)
    return by_scope


def _money(shared: dict[str, Any], spent: Sequence[outlay.Outlay], today: date, ours: str, theirs: str) -> Money:
    by_model = (outlay.of(spent, ours), outlay.of(spent, theirs))
    a_day = [outlay.on(one, today) for one in by_model]
    so_far = [outlay.until(one, today) for one in by_model]
    return Money(
        **shared,
        outlay_a_day=(a_day[0], a_day[1]),
        outlay=(so_far[0], so_far[1]),
        for_all_a_day=outlay.on(outlay.shared(spent), today),
        entered=(bool(by_model[0]), bool(by_model[1])),
    )


def resamples(seed: str, groups: int) -> Iterator[NDArray[np.float64]]:
    """How often each group is counted, by Poisson's law with mean 1 (Hanley and MacGibbon 2006): a row per resample, in blocks.

    The same for the same `seed`: a report that is made anew says the same.
    """
    rng = np.random.default_rng(list(hashlib.sha256(seed.encode()).digest()))
    for _ in range(_BLOCKS):
        yield rng.poisson(1.0, (_ROWS, groups)).astype(np.float64)
