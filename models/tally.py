"""Counts of an epoch, as they come out of one GROUP BY, summed up for the certificate.

A row per distinct (epoch, bin, version, propensity, blind, outcome), mature days only:

    epoch       String    of one epoch only: a label does not outlive the model it was given for
    bin         Int64     index of the strictest threshold the case reaches (`grid.bins`); null: none
    version     Int64     of the policy in force when the case was routed
    propensity  Float64   of a blind label, fixed before the draw; null: a label somebody asked for, never evidence
    blind       Boolean   drawn for a blind label
    outcome     String    undrawn | waiting | open | skipped | disputed | right | wrong
    n           Int64     cases

A draw that is not "right" is wrong here: skipped, still without an answer, or disputed and not settled when its day was
mature (statistics 4.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from models import policy

Floats = NDArray[np.float64]

KEY = ("epoch", "bin", "version", "propensity", "blind", "outcome")
OUTCOMES = ("undrawn", "waiting", "open", "skipped", "disputed", "right", "wrong")
FALSE_ALARM = 1e-9  # of the check that as many cases were drawn as the propensities say


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over the cases at or above each of T thresholds, by G groups of policy version and propensity."""

    cases: Floats  # (T, G) routed, labelled or not
    right: Floats  # (T, G) blind labels that agree with the model
    wrong: Floats  # (T, G) all other draws
    ratio: (
        Floats  # (T, G) in (0, 1]: the smallest propensity of the version at or above the threshold, over the group's
    )
    effective: Floats  # (T,) n_eff: sum over versions of that smallest propensity times cases; knows no label


def smallest(policies: Mapping[int, policy.Policy], thresholds: Floats) -> Floats:
    """pm: the smallest propensity each policy gives any case with confidence at or above each threshold, (V, T).

    From the rules, not from the cases that happened to come: the stake must be fixed before the draw.
    """
    rows = []
    for rule in policies.values():
        line = np.inf if rule.threshold is None else rule.threshold
        released = rule.audit_rate if rule.threshold is not None else rule.blind_rate
        rows.append(np.where(thresholds >= line, released, min(released, rule.blind_rate)))
    return np.array(rows, np.float64).reshape(len(policies), len(thresholds))


def of(
    counts: pl.DataFrame, policies: Mapping[int, policy.Policy], *, epoch: str, thresholds: tuple[float, ...]
) -> Tally:
    """Sum up one epoch's counts. `policies`: version -> the policy, all those that routed any case.

    Raises ValueError if the counts hold another epoch, a row twice (a case counted twice), an unknown version, outcome
    or bin, a propensity its policy does not give, or more or fewer draws than the propensities allow (1 in 10^9): then
    draws were lost on the way, or picked.
    """
    grid = np.array(thresholds)
    _check(counts, policies, epoch=epoch, size=len(grid))
    reached = counts.filter(pl.col("bin").is_not_null(), pl.col("propensity").is_not_null())
    version = np.searchsorted(np.array(sorted(policies)), reached["version"].to_numpy())
    lowest = smallest({key: policies[key] for key in sorted(policies)}, grid)
    propensity, step = reached["propensity"].to_numpy(), reached["bin"].to_numpy()
    pairs, group = np.unique(np.column_stack([version, propensity]), axis=0, return_inverse=True)
    group, pair_version = group.reshape(-1), pairs[:, 0].astype(np.int64)
    if np.any(propensity < lowest[version, step]):
        low = propensity[np.argmax(propensity < lowest[version, step])]
        raise ValueError(
            f"propensity {low} is below what its policy gives: it must be the one logged with the decision"
        )

    def at_or_above(rows: NDArray[np.bool_]) -> Floats:
        cells = step * len(pairs) + group
        sums = np.bincount(cells, weights=reached["n"].to_numpy() * rows, minlength=len(grid) * len(pairs))
        total: Floats = sums.astype(np.float64).reshape(len(grid), len(pairs)).cumsum(axis=0)
        return total

    drawn = reached["blind"].to_numpy()
    right = drawn & (reached["outcome"] == "right").to_numpy()
    cases = at_or_above(np.ones_like(drawn))
    # A group without a case above a strict threshold may lie below that threshold's smallest propensity; it has no bets.
    ratio = np.minimum(lowest[pair_version].T / pairs[:, 1], 1.0)
    return Tally(
        cases=cases,
        right=at_or_above(right),
        wrong=at_or_above(drawn & ~right),
        ratio=ratio,
        effective=(cases * lowest[pair_version].T).sum(axis=1),
    )


def _check(counts: pl.DataFrame, policies: Mapping[int, policy.Policy], *, epoch: str, size: int) -> None:
    missing = [name for name in (*KEY, "n") if name not in counts.columns]
    if missing:
        raise ValueError(f"the counts lack {', '.join(missing)}")
    for name, allowed in (("epoch", [epoch]), ("version", sorted(policies)), ("outcome", list(OUTCOMES))):
        strange = counts.filter(~pl.col(name).is_in(allowed) | pl.col(name).is_null())[name]
        if len(strange):
            raise ValueError(f"{name} {strange[0]!r} among the counts: expected {', '.join(map(str, allowed))}")
    if counts.filter(~pl.col("bin").is_between(0, size - 1)).height:
        raise ValueError(f"a bin is none of the {size} thresholds: the counts were made for another grid")
    if counts.select(KEY).is_duplicated().any():
        raise ValueError("the counts hold a row twice: group them, and look for cases counted twice")
    if counts.filter(pl.col("n") < 0).height:
        raise ValueError("a count is below zero")
    draws = (
        counts.filter(pl.col("propensity").is_not_null())
        .group_by("version", "propensity")
        .agg(cases=pl.col("n").sum(), drawn=pl.col("n").filter("blind").sum())
        .sort("version", "propensity")
    )
    cases, drawn, rate = (draws[name].to_numpy() for name in ("cases", "drawn", "propensity"))
    if not np.all((rate > 0) & (rate <= 1)):
        raise ValueError("a propensity must be above 0 and at most 1")
    few, many = stats.binom.cdf(drawn, cases, rate), stats.binom.sf(drawn - 1, cases, rate)
    odd = np.flatnonzero(np.minimum(few, many) < FALSE_ALARM)
    if len(odd):
        worst = odd[0]
        raise ValueError(
            f"{drawn[worst]} of {cases[worst]} cases drawn at propensity {rate[worst]}: draws were lost, doubled or picked"
        )
