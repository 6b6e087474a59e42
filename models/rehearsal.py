"""The closed loop on a labelled history: what the first days would look like, with the product's own rules.

Every night the certificate looks at the labels that came home and its lowest certified threshold is adopted, which changes
the labels of the next day. All labels come home overnight, and reviewers do not err.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import certificate, grid, policy, study, tally

RUNS = 10
_EPOCH = "rehearsal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The loop to rehearse: `per_day` cases on each of `days` days; the rates are those of a stream's policy."""

    target: float
    delta: float
    days: int = 60
    per_day: int
    audit_rate: float = 0.05
    blind_rate: float = 0.2
    cold_blind_rate: float = 1.0

    def __post_init__(self) -> None:
        for name in ("days", "per_day"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)}: give at least 1")
        policy.Policy(threshold=None, audit_rate=self.audit_rate, blind_rate=self.blind_rate)
        policy.Policy(threshold=None, audit_rate=self.audit_rate, blind_rate=self.cold_blind_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """`days`, a row per day: `day` (from 1), `released` (median share over runs), `low`, `high` (the runs' 10th and 90th
    percentile), `read` (median cases a person reads), `error` (wrong among released up to that day, over all runs; null:
    nothing was). `above`: runs in which a threshold in force had an error above the target in the whole history.
    `repeats`: how often each case of the history was used in a run.
    """

    setting: Setting
    runs: int
    days: pl.DataFrame
    above: int
    repeats: float


def rehearse(
    history: pl.DataFrame, setting: Setting, *, runs: int = RUNS, tick: Callable[[], None] = lambda: None
) -> Rehearsal:
    """Play the loop `runs` times over a history (`study`), each with another order of cases and another draw.

    A history shorter than days times cases is used again, in another order. `tick` is called after every day. Raises
    ValueError if the history is empty.
    """
    if history.is_empty():
        raise ValueError("no case has a truth to compare with")
    played = [_play(history, setting, f"{run:032x}", tick) for run in range(1, runs + 1)]
    every = pl.concat([days for days, _ in played])
    released = pl.col("released")
    days = (
        every.with_columns(share=released / setting.per_day)
        .group_by("day")
        .agg(
            released=pl.col("share").median(),
            low=pl.col("share").quantile(0.1),
            high=pl.col("share").quantile(0.9),
            read=pl.col("read").median(),
            wrong=pl.col("wrong").sum(),
            out=pl.col("released").sum(),
        )
        .sort("day")
        .with_columns(out=pl.col("out").cum_sum(), wrong=pl.col("wrong").cum_sum())
        .select(
            "day",
            "released",
            "low",
            "high",
            "read",
            error=pl.when(pl.col("out") > 0).then(pl.col("wrong") / pl.col("out")),
        )
    )
    above = sum(
        any(study.error_at(history, threshold) > setting.target for threshold in thresholds) for _, thresholds in played
    )
    return Rehearsal(
        setting=setting,
        runs=runs,
        days=days,
        above=above,
        repeats=setting.days * setting.per_day / len(history),
    )


def _play(
    history: pl.DataFrame, setting: Setting, salt: str, tick: Callable[[], None]
) -> tuple[pl.DataFrame, set[float]]:
    """One run: a row per day, and the thresholds that were in force."""
    thresholds, starts, weights = grid.denser_near_one()
    plan = grid.Plan(
        epoch=_EPOCH,
        alpha=setting.target,
        delta=setting.delta,
        thresholds=thresholds,
        starts=starts,
        weights=weights,
    )
    cases = history.with_columns(bin=grid.bins(history["confidence"], thresholds))
    cold = policy.Policy(threshold=None, audit_rate=setting.audit_rate, blind_rate=setting.cold_blind_rate)
    policies = {1: cold}
    counts: pl.DataFrame | None = None
    standing: certificate.Standing | None = None
    rows = []
    for day, (taken, case_ids) in enumerate(_days(len(cases), setting, salt), start=1):
        version = max(policies)
        batch = cases[taken]
        routed = policy.route(batch["confidence"], case_ids, policy=policies[version], salt=salt)
        seen = batch.hstack(routed)
        out = seen["route"] == policy.AUTOMATE
        rows.append(
            {
                "day": day,
                "released": int(out.sum()),
                "read": int((~out | seen["blind"]).sum()),
                "wrong": int((out & ~seen["right"]).sum()),
            }
        )
        today = _counts(seen, version)
        counts = today if counts is None else pl.concat([counts, today]).group_by(tally.KEY).agg(pl.col("n").sum())
        standing = certificate.look(plan, counts, policies, standing)
        if standing.threshold is not None and standing.threshold != policies[version].threshold:
            policies[version + 1] = policy.Policy(
                threshold=standing.threshold, audit_rate=setting.audit_rate, blind_rate=setting.blind_rate
            )
        tick()
    used = {rule.threshold for rule in policies.values() if rule.threshold is not None}
    return pl.DataFrame(rows), used


def _days(size: int, setting: Setting, salt: str) -> list[tuple[NDArray[np.int64], pl.Series]]:
    """Per day, which cases come and under which id: the history in an order of the salt's, again and again."""
    wanted = setting.days * setting.per_day
    rounds = -(-wanted // size)
    names = [pl.int_range(size, eager=True).cast(pl.String) + f"/{turn}" for turn in range(rounds)]
    orders = [np.argsort(policy.draws(name, salt + "order").to_numpy(), kind="stable") for name in names]
    taken = np.concatenate(orders)[:wanted]
    case_ids = pl.concat([name.gather(order) for name, order in zip(names, orders, strict=True)])[:wanted]
    steps = range(0, wanted, setting.per_day)
    return [(taken[at : at + setting.per_day], case_ids[at : at + setting.per_day]) for at in steps]


def _counts(seen: pl.DataFrame, version: int) -> pl.DataFrame:
    labelled = pl.when("right").then(pl.lit("right")).otherwise(pl.lit("wrong"))
    return (
        seen.with_columns(
            epoch=pl.lit(_EPOCH),
            version=pl.lit(version, dtype=pl.Int64),
            outcome=pl.when("blind").then(labelled).otherwise(pl.lit("undrawn")),
        )
        .group_by(tally.KEY)
        .agg(n=pl.len().cast(pl.Int64))
    )
