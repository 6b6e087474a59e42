"""What readers miss: errors of the model estimated from cases that two people have read (Chapman 1951, two lists).

A first reader catches an error by disagreeing with the model. All they disagree with, and a share, sampled beforehand, of
what they agree with, is read by a second; where the two differ a third decides. So of the errors

    a   are caught by both,
    b   by the first only: the second agreed with the model, the third did not
    c   by the second only, seen on the sampled share of agreeing readings and weighted up to all of them

and were the third never wrong, there would be (a + b)(a + c) / a. But the third is a reader like the second, and confirms
of b and c only the share s that such a reader catches. Since b : a = (1 - s) : 1, that share can be known, and

    caught by the first     d / (1 - (1 - s)^2)      d = a + b
    missed by the first     c / s^2

A reader misses what they miss independently of the others: what all miss alike no list can tell (gold cases do), and a
disagreement that two people share is taken for an error of the model, right or not.

Limits by square and add (Zou and Donner 2008): d and c with Fay-Feuer limits, s with the exact ones of b against a, and
never below what second readings of disagreements say if each of these was right (Clopper-Pearson). Groups count as one.
Nothing here is taken at random: the same readings give the same limits.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation import intervals
from models.evaluation.estimate import Estimate, NotEnoughEvidence

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Pieces = tuple[float, ...]  # d and c as shares of all cases, and 1 - s

READ = 20  # agreeing readings read twice: none wrong among 20 still leaves 14 % possible
CAUGHT = 3  # errors caught by both: with fewer nothing is known of s
METHOD = "two-list capture-recapture"
_HOPELESS = 0.9999  # of 1 - s: readers that catch nothing; the limit is then 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """What is known of the readers of a region: how often it was looked, and what follows.

    `due` agreeing first readings were sampled for another reading, `read` of them have had one, and `wrong` of those were
    found wrong by two people. `error`: the share of cases that are wrong, corrected for what one reader misses; `missed`:
    the share of the errors that a first reader misses. Of both, n is `read` and errors is `wrong`.
    """

    due: int
    read: int
    wrong: int
    error: Estimate | NotEnoughEvidence
    missed: Estimate | NotEnoughEvidence


def readers(cases: pl.DataFrame, alpha: float) -> Readers:
    """Of cases sampled blind and read at least once, a row each; alpha / 2 on each side.

    propensity (Float64, in (0, 1]), member (what the case belongs with), overlap (Boolean: sampled for another reading even if
    the first agrees); agree, second, third (Boolean: whether that reading agrees with the model; null: not in yet). Readings
    that are due and not in are taken to be like those of the same kind that are in; ties of which none is decided count as
    wrong. Raises ValueError if alpha is not in (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha}: give a probability between 0 and 1")
    seen = _Seen.of(cases)
    due, read, wrong = (int(part.sum()) for part in (seen.chosen, seen.agreed_twice, seen.second_only))
    both = int(seen.both.sum())
    reason = ""
    if read < READ:
        reason = f"{_counted(read, 'agreeing reading')} read twice so far"
    elif both < CAUGHT:
        reason = f"{_counted(both, 'error')} caught by two readers so far"
    elif seen.slip() >= 1:
        reason = "two readers agree too rarely on what is wrong"
    if reason:
        unknown = NotEnoughEvidence(reason=reason, n=read, errors=wrong)
        return Readers(due=due, read=read, wrong=wrong, error=unknown, missed=unknown)
    at, bounds = _pieces(seen, alpha)
    fewest = bounds[0][0]  # no fewer are wrong than were found to be

    def estimate(share: Callable[[Pieces], float], least: float) -> Estimate:
        value, low, high = _square_and_add(share, at, bounds)
        return Estimate(value=value, low=max(low, least), high=high, alpha=alpha, n=read, errors=wrong, method=METHOD)

    return Readers(due=due, read=read, wrong=wrong, error=estimate(_error, fewest), missed=estimate(_missed, 0.0))


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A row per case. Weights stand for all cases of the region, those of readings not in yet too, and sum to 1."""

    group: NDArray[np.int64]
    chosen: Mask  # agreeing first readings that are due to be read again
    agreed_twice: Mask  # of these, those that were
    both: Mask  # both against the model: a
    tied: Mask  # only the first is
    first_only: Mask  # of these, those the third is against: b
    second_only: Mask  # c
    first_weight: Floats  # of `both`
    tied_weight: Floats  # of `first_only`
    second_weight: Floats  # of `second_only`
    settled: float  # share of `tied` that a third has decided

    @classmethod
    def of(cls, cases: pl.DataFrame) -> "_Seen":
        agree, overlap = (cases[name].to_numpy() for name in ("agree", "overlap"))
        second, third = (cases[name].fill_null(True).to_numpy() for name in ("second", "third"))
        second_in, third_in = (cases[name].is_not_null().to_numpy() for name in ("second", "third"))
        weight = 1 / cases["propensity"].to_numpy()
        weight = weight / weight.sum() if len(weight) else weight
        against, agreed_twice = ~agree & second_in, agree & overlap & second_in
        tied, late = against & second, agreed_twice & ~second
        first_only, of_tied = _decided(tied, third, third_in, weight)
        second_only, of_late = _decided(late, third, third_in, weight)
        first_weight = weight * _scale(weight, ~agree, against)
        return cls(
            group=np.unique(cases["member"].to_numpy(), return_inverse=True)[1],
            chosen=agree & overlap,
            agreed_twice=agreed_twice,
            both=against & ~second,
            tied=tied,
            first_only=first_only,
            second_only=second_only,
            first_weight=first_weight,
            tied_weight=first_weight * of_tied,
            second_weight=weight * _scale(weight, agree, agreed_twice) * of_late,
            settled=float((tied & third_in).sum() / tied.sum()) if (tied & third_in).any() else 1.0,
        )

    def slip(self) -> float:
        """1 - s: how often a later reader agrees with a wrong model. b : a = (1 - s) : 1, with a + 1 as in Chapman's
        estimate; 1 or more: by these readings they catch nothing."""
        return float(self.first_only.sum() / self.settled / (self.both.sum() + 1))


def _scale(weight: Floats, all_: Mask, known: Mask) -> float:
    """What one of those known stands for."""
    return float(weight[all_].sum() / weight[known].sum()) if known.any() else 1.0


def _decided(tie: Mask, third: Mask, third_in: Mask, weight: Floats) -> tuple[Mask, float]:
    """The ties that went against the model, and what each stands for; all of them while none is decided."""
    known = tie & third_in
    return (known & ~third, _scale(weight, tie, known)) if known.any() else (tie, 1.0)


def _pieces(seen: _Seen, alpha: float) -> tuple[Pieces, tuple[Pieces, Pieces]]:
    """d, c and 1 - s, and their limits."""
    caught = np.where(seen.both, seen.first_weight, np.where(seen.first_only, seen.tied_weight, 0.0))
    late = np.where(seen.second_only, seen.second_weight, 0.0)
    d, d_limits = _summed(caught, np.maximum(seen.first_weight, seen.tied_weight), seen.group, alpha)
    c, c_limits = _summed(late, np.where(seen.agreed_twice, seen.second_weight, 0.0), seen.group, alpha)
    slip, slip_limits = _slip(seen, alpha)
    return (d, c, slip), ((d_limits[0], c_limits[0], slip_limits[0]), (d_limits[1], c_limits[1], slip_limits[1]))


def _summed(part: Floats, could: Floats, group: NDArray[np.int64], alpha: float) -> tuple[float, tuple[float, float]]:
    """A weighted sum of errors and its limits, groups taken whole. `could`: what each case might have weighed."""
    totals, most = np.bincount(group, part), np.bincount(group, could).max()
    low, high = intervals.fay_feuer(totals.sum(), (totals**2).sum(), most, alpha)
    return math.fsum(part), (float(low), float(high))


def _slip(seen: _Seen, alpha: float) -> tuple[float, tuple[float, float]]:
    """1 - s and its limits.

    Of a only the share counts of which the third reading would be in, had the second agreed. If all first disagreements were
    right, 1 - s would be the share of them that the second does not share; false ones only raise it.
    """
    a, b, tied = (float(part.sum()) for part in (seen.both, seen.first_only, seen.tied))
    of_group = np.bincount(seen.group, seen.both | seen.tied)
    alike = float((of_group**2).sum() / of_group.sum())  # cases of a group that count as one
    slip = min(seen.slip(), _HOPELESS)
    low, high = (float(limit) for limit in intervals.clopper_pearson(b / alike, (b + a * seen.settled) / alike, alpha))
    most = float(intervals.upper(tied / alike, (tied + a) / alike, alpha / 2))
    if high < 1:
        most = min(most, high / (1 - high))
    return slip, (min(low / (1 - low), slip), min(max(most, slip), _HOPELESS))


def _error(pieces: Pieces) -> float:
    d, c, slip = pieces
    return min(d / (1 - slip**2) + c / (1 - slip) ** 2, 1.0)


def _missed(pieces: Pieces) -> float:
    d, c, slip = pieces
    missed = c / (1 - slip) ** 2
    return missed / (d / (1 - slip**2) + missed)


def _square_and_add(
    share: Callable[[Pieces], float], at: Pieces, bounds: tuple[Pieces, Pieces]
) -> tuple[float, float, float]:
    """A share and its limits: how far it moves when one piece goes to its limit, squared and added up over the pieces."""
    value = share(at)
    ends = [[share((*at[:place], bound[place], *at[place + 1 :])) for bound in bounds] for place in range(len(at))]
    down = math.sqrt(sum((value - min(value, *each)) ** 2 for each in ends))
    up = math.sqrt(sum((max(value, *each) - value) ** 2 for each in ends))
    return value, max(0.0, value - down), min(1.0, value + up)
