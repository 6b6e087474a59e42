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
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from models import policy

Floats = NDArray[np.float64]
Counts = NDArray[np.float64 | np.signedinteger[Any]]  # of weights, as NumPy makes them

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
    counts: pl.DataFrame,
    policies: Mapping[int, policy.Policy],
    *,
    epoch: str,
    thresholds: tuple[float, ...],
    apart: tuple[str, ...] = (),
) -> Tally:
    """Sum up one epoch's counts. `policies`: version -> the policy, all those that routed any case.

    `apart`: further columns of the counts that tell rows apart, and that the sums are over. Raises ValueError if the
    counts hold another epoch, a row twice (a case counted twice), an unknown version, outcome or bin, a propensity its
    policy does not give, or more or fewer draws than the propensities allow (1 in 10^9): then draws were lost on the way,
    or picked.
    """
    grid = np.array(thresholds)
    _check(counts, policies, epoch=epoch, size=len(grid), key=(*KEY, *apart))
    evident = counts.filter(pl.col("propensity").is_not_null())
    version = np.searchsorted(np.array(sorted(policies)), evident["version"].to_numpy())
    propensity, n = evident["propensity"].to_numpy(), evident["n"].to_numpy()
    drawn, agrees = evident["blind"].to_numpy(), (evident["outcome"] == "right").to_numpy()
    pairs, group = np.unique(np.column_stack([version, propensity]), axis=0, return_inverse=True)
    group, pair_version, rate = group.reshape(-1), pairs[:, 0].astype(np.int64), pairs[:, 1]
    _check_draws(np.bincount(group, n, len(pairs)), np.bincount(group, n * drawn, len(pairs)), rate)

    lowest = smallest({key: policies[key] for key in sorted(policies)}, grid)
    step = (
        evident["bin"].fill_null(len(grid)).to_numpy()
    )  # those that reach no threshold: a row more, left out at the end
    under = propensity < np.column_stack([lowest, np.zeros(len(lowest))])[version, step]
    if np.any(under):
        raise ValueError(
            f"propensity {propensity[np.argmax(under)]} is below what its policy gives: "
            "it must be the one logged with the decision"
        )

    def at_or_above(rows: NDArray[np.bool_]) -> Floats:
        sums = np.bincount(step * len(pairs) + group, n * rows, (len(grid) + 1) * len(pairs))
        total: Floats = sums.astype(np.float64).reshape(len(grid) + 1, len(pairs))[:-1].cumsum(axis=0)
        return total

    cases = at_or_above(np.ones_like(drawn))
    # A group without a case above a strict threshold may lie below that threshold's smallest propensity; it has no bets.
    ratio = np.minimum(lowest[pair_version].T / rate, 1.0)
    return Tally(
        cases=cases,
        right=at_or_above(drawn & agrees),
        wrong=at_or_above(drawn & ~agrees),
        ratio=ratio,
        effective=(cases * lowest[pair_version].T).sum(axis=1),
    )


def _check(
    counts: pl.DataFrame, policies: Mapping[int, policy.Policy], *, epoch: str, size: int, key: tuple[str, ...]
) -> None:
    missing = [name for name in (*key, "n") if name not in counts.columns]
    if missing:
        raise ValueError(f"the counts lack {', '.join(missing)}")
    allowed: dict[str, list[Any]] = {"epoch": [epoch], "version": sorted(policies), "outcome": list(OUTCOMES)}
    for name, values in allowed.items():  # plain Python: the rows are few, and each query of Polars takes longer
        strange = [value for value in counts[name].to_list() if value not in values]
        if strange:
            raise ValueError(f"{name} {strange[0]!r} among the counts: expected {', '.join(map(str, values))}")
    bins = counts["bin"].drop_nulls().to_numpy()
    if np.any((bins < 0) | (bins >= size)):
        raise ValueError(f"a bin is none of the {size} thresholds: the counts were made for another grid")
    if len(set(counts.select(key).rows())) < len(counts):
        raise ValueError("the counts hold a row twice: group them, and look for cases counted twice")
    if counts["n"].null_count() or np.any(counts["n"].to_numpy() < 0):
        raise ValueError("a count is missing, or below zero")


def _check_draws(cases: Counts, drawn: Counts, rate: Floats) -> None:
    if not np.all((rate > 0) & (rate <= 1)):
        raise ValueError("a propensity must be above 0 and at most 1")
    # The tails of the binomial distribution, as functions of reals: those of whole numbers end at 2^31 cases.
    few = np.where(drawn < cases, special.betaincc(drawn + 1, np.maximum(cases - drawn, 1), rate), 1.0)
    many = np.where(drawn > 0, special.betainc(np.maximum(drawn, 1), cases - drawn + 1, rate), 1.0)
    odd = np.flatnonzero(~(np.minimum(few, many) >= FALSE_ALARM))  # a NaN is no all-clear
    if len(odd):
        worst = odd[0]
        raise ValueError(
            f"{drawn[worst]:.0f} of {cases[worst]:.0f} cases drawn at propensity {rate[worst]}: "
            "draws were lost, doubled or picked"
        )
