"""The closed loop on a labelled history: what the first days would look like, with the product's own rules.

The plan is laid on the scores of the first day, before any of its labels. Every night the certificate looks at the labels that
came home and its lowest certified threshold is adopted, which changes the labels of the next day. All labels come home
overnight, and reviewers do not err.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.certification import certificate, e_values, era_plan, group_e_values
from models.planning import arrivals, study
from models.routing import policy

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

RUNS = 10


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
    """Play the loop `runs` times over a history (`study`), each with another order of cases and another sample.

    A history shorter than days times cases is used again, in another order. Where labels were sampled with known chances,
    each labelled case stands for as many as it was sampled from. `tick` is called after every day. Raises ValueError if
    the history holds no label.
    """
    cases = arrivals.Cases.of(history)
    played = [_play(cases, setting, f"{run:032x}", tick) for run in range(1, runs + 1)]
    every = pl.concat([days for days, _ in played])
    released = pl.col("released")
    days = (
        every.with_columns(share=released / pl.col("came"))
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
        repeats=setting.days * setting.per_day / len(cases.right),
    )


@dataclass(slots=True)
class _Evidence:
    """The bets of one run so far, and the running maximum of the evidence they make."""

    thresholds: tuple[float, ...]
    starts: tuple[int, ...]
    weights: tuple[float, ...]
    step: Numbers  # per case of the history: index of the strictest threshold it reaches; len(thresholds): none
    bets: Floats  # (thresholds, stakes)
    grown: Floats  # (thresholds,)

    @classmethod
    def on(cls, scores: Floats, every: Floats) -> "_Evidence":
        """None so far, on the grid of a day's `scores`; `every` case of the history is placed on it."""
        thresholds, starts, weights = era_plan.ranks(pl.Series(scores))
        size, stakes = len(thresholds), len(e_values.stakes()[0])
        step = era_plan.bins(pl.Series(every), thresholds).fill_null(size).to_numpy()
        return cls(thresholds, starts, weights, step, np.zeros((size, stakes)), np.zeros(size))

    def look(self, setting: Setting) -> float | None:
        """Tonight's lowest certified threshold; None: none yet."""
        self.grown = e_values.running(self.grown, group_e_values.mixed(self.bets))
        walked = certificate.walk(self.grown, self.starts, self.weights, delta=setting.delta)
        return self.thresholds[max(walked.passed)] if walked.passed else None


def _play(
    cases: arrivals.Cases, setting: Setting, salt: str, tick: Callable[[], None]
) -> tuple[pl.DataFrame, set[float]]:
    """One run: a row per day, and the thresholds that were in force."""
    rule = policy.Policy(threshold=None, audit_rate=setting.audit_rate, blind_rate=setting.cold_blind_rate)
    held: _Evidence | None = None
    used: set[float] = set()
    rows = []
    for day, (taken, numbers) in enumerate(arrivals.days(cases, setting.days, setting.per_day, salt), start=1):
        place, sizes = arrivals.rows(cases.first, taken)
        confidence, right = cases.confidence[place], cases.right[place]
        if held is None and not np.isnan(confidence).all():
            held = _Evidence.on(confidence, cases.confidence)
        out = confidence >= (np.inf if rule.threshold is None else rule.threshold)  # NaN is not
        # One sample for the cases of a group, at the smallest of their chances.
        group = np.repeat(np.arange(len(taken)), sizes)
        chance = np.ones(len(taken))
        np.minimum.at(chance, group, np.where(out, rule.audit_rate, rule.blind_rate))
        sampled = numbers < chance
        rows.append(
            {
                "day": day,
                "came": len(out),
                "released": int(out.sum()),
                "read": int((~out | sampled[group]).sum()),
                "wrong": int((out & ~right).sum()),
            }
        )
        if held is not None:
            day_ = _Day(held.step[place], right, group, np.where(sampled, chance, 0.0))
            _bet(held, day_, _smallest(rule, np.array(held.thresholds)), cases.largest, setting.target)
            looked = held.look(setting)
            if looked is not None and (rule.threshold is None or looked < rule.threshold):
                rule = policy.Policy(threshold=looked, audit_rate=setting.audit_rate, blind_rate=setting.blind_rate)
                used.add(looked)
        tick()
    return pl.DataFrame(rows), used


@dataclass(frozen=True, slots=True)
class _Day:
    """The cases of a day: the threshold each reaches, whether its answer is right, its group, and per group the chance at
    which it was sampled (0: it was not)."""

    step: Numbers
    right: NDArray[np.bool_]
    group: Numbers
    chance: Floats


def _bet(held: _Evidence, today: _Day, smallest: Floats, largest: int, alpha: float) -> None:
    """Add a day's labels to the evidence: per threshold, each sampled group with a case at or above it."""
    width = len(held.thresholds)
    for rate in np.unique(today.chance[today.chance > 0]):
        mine = (today.chance[today.group] == rate) & (today.step < width)
        step, wrong = today.step[mine], ~today.right[mine]
        if largest == 1:
            alike = np.stack([np.bincount(step[wrong == k], minlength=width).cumsum() for k in (0, 1)], 1)
            kinds: tuple[Floats, Floats, Floats] = (np.ones(2), np.array([0.0, 1.0]), alike.astype(np.float64))
        else:
            kinds = _kinds(today.group[mine], step, wrong, width, largest)
        size, bad, times = kinds
        ratio = np.minimum(smallest / rate, 1.0)[:, None]
        held.bets += group_e_values.bets(size, bad, ratio, largest, alpha, times=times)


def _kinds(
    group: Numbers, step: Numbers, wrong: NDArray[np.bool_], width: int, largest: int
) -> tuple[Floats, Floats, Floats]:
    """Kinds of groups: cases and wrong of each (kinds,), and how many there are at each threshold (width, kinds)."""
    members, unit = np.unique(group, return_inverse=True)
    n, k = np.zeros((len(members), width)), np.zeros((len(members), width))
    np.add.at(n, (unit, step), 1)
    np.add.at(k, (unit, step), wrong)
    code = n.cumsum(axis=1) * (largest + 1) + k.cumsum(axis=1)
    kinds, where = np.unique(code, return_inverse=True)
    alike = np.zeros((width, len(kinds)))
    np.add.at(alike, (np.tile(np.arange(width), len(members)), where.reshape(-1)), 1)
    size, bad = np.divmod(kinds, largest + 1)
    return size, bad, alike


def _smallest(rule: policy.Policy, thresholds: Floats) -> Floats:
    """pm: the smallest chance the rule gives any case with confidence at or above each threshold (docs/method.md 4.1)."""
    if rule.threshold is None:
        return np.full(len(thresholds), rule.blind_rate)
    below = min(rule.audit_rate, rule.blind_rate)
    return np.where(thresholds >= rule.threshold, rule.audit_rate, below)
