"""The evidence of the best prefix of an era's samples, in the order of decision (docs/method.md 4.5).

Samples are taken in the order in which they were decided, which no answer can move. At a look every sample of a prefix counts,
and each that is not settled counts as wrong; the evidence is the largest over all prefixes. Valid: the pessimistic evidence
is never above that of the settled truth, and Ville's inequality covers all prefixes of that one at once. So nothing about
answers decides what is looked at: backlogs, holidays and skipped hard cases cannot create evidence.

While no settled sample changes, evidence never falls: what is not settled can only turn out better than wrong, and later samples
add prefixes and take none away. So nothing of an earlier look needs to be kept, and what is taken back takes evidence along.

A group is one bet (docs/method.md 4.1b). What it can win is fixed by the cases of it that were decided together first; cases that
join it later can only lose. So a group that grows, right or wrong as one, is never counted as new evidence. For a group with
G = the sum of pm/pi over those first cases and K = the same sum over all its wrong cases, m the most cases a group may have:

    factor = 1 + x (alpha G - K) / (m - alpha)

which for single cases is the bet of docs/method.md 4.1, and is at least 1 - x for every outcome of a group of at most m cases.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.certification import e_values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The samples of an era, one per place of each array, in the order of decision; those of one batch and group together.

    `bin`: index of the strictest threshold the case reaches, the number of thresholds for none. `version`: row of the
    smallest propensities. `propensity`: logged with the decision, in (0, 1]. `right`: settled, and it agrees with the model;
    everything else is wrong. `group`, `batch`: what the case belongs with, and the number of the append it was decided in.
    """

    bin: Ints
    version: Ints
    propensity: Floats
    right: NDArray[np.bool_]
    group: Ints
    batch: Ints


def log_e(
    samples: Samples, lowest: Floats, alpha: float, group_size: int = 1, *, losses: Floats | None = None
) -> Floats:
    """log E per threshold: the largest over all prefixes of the samples, at least 0 (the empty one).

    `lowest`: (V, T), the smallest propensity each version gives any case at or above each threshold. `losses`: in the place of
    right and wrong, how wrong each sample is, in [0, 1], and 1 where it is not settled; `alpha` is then the target of their mean.
    Raises ValueError if alpha is not in (0, 1), the arrays differ in length, a loss is not in [0, 1], or a sample's propensity is
    below the smallest its version gives.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha!r}: give a target error between 0 and 1")
    if len({len(getattr(samples, name)) for name in Samples.__dataclass_fields__}) > 1:
        raise ValueError("one bin, version, propensity, outcome, group and batch per sample")
    lost = np.where(samples.right, 0.0, 1.0) if losses is None else losses
    if len(lost) != len(samples.bin) or not np.all((lost >= 0) & (lost <= 1)):
        raise ValueError("one loss from 0 to 1 per sample")
    levels, level = _kinds(lost)  # few, of all samples that there are
    propensities, kind = _kinds(samples.propensity)
    pairs, pair = _kinds(samples.version * max(len(propensities), 1) + kind)
    version, place = np.divmod(pairs, max(len(propensities), 1))
    ratios = lowest[version] / propensities[place, None]  # (P, T)
    alone = len(np.unique(samples.group)) == len(samples.group)
    units = _starts(samples)
    logs = np.zeros(lowest.shape[1])
    for step in range(lowest.shape[1]):
        rows = np.flatnonzero(samples.bin <= step)
        if not len(rows):
            continue
        ratio: Floats = np.asarray(ratios[:, step], np.float64)
        odd = np.flatnonzero(np.bincount(pair[rows], minlength=len(pairs)) * (ratio > 1 + 1e-9))
        if len(odd):
            raise ValueError(
                f"propensity {propensities[place[odd[0]]]} is below what its policy gives: "
                "it must be the one logged with the decision"
            )
        if alone:
            grown = _alone(pair[rows], level[rows], ratio, levels, alpha, group_size)
        else:
            paid = ratio[pair[rows]]
            grown = _grouped(units[rows], samples.group[rows], paid, paid * lost[rows], alpha, group_size)
        logs[step] = _best(grown)
    return logs


def _kinds(values: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """The values that occur, rising, and which of them each is. Much sooner than by `return_inverse` where they are few."""
    met = np.unique(values)
    return met, np.searchsorted(met, values)


def _starts(samples: Samples) -> Ints:
    """Per sample, the number of its unit: the cases of one group in one batch."""
    if not len(samples.bin):
        return np.zeros(0, np.int64)
    new = (np.diff(samples.group) != 0) | (np.diff(samples.batch) != 0)
    return np.concatenate([[0], np.cumsum(new)])


def _best(grown: Floats) -> float:
    """log E of the best of some prefixes; `grown`: (prefixes, stakes), the log of each stake's bets."""
    if not len(grown):
        return 0.0
    # First the ends that are best for some stake. A mixture is at most its largest stake, so few others can be better; they are
    # looked at, too, for the largest over all ends never falls when samples come that add ends.
    best = _mixed(grown[np.unique(grown.argmax(axis=0))])
    others = grown[grown.max(axis=1) > best]
    return max(best, _mixed(others) if len(others) else 0.0, 0.0)


def _mixed(grown: Floats) -> float:
    """The largest mixture over the stakes among some prefixes, at least one."""
    peak = grown.max(axis=1, keepdims=True)
    value = peak[:, 0] + np.log(np.exp(grown - peak) @ e_values.stakes()[1])
    return float(value.max())


def _ends(gains: NDArray[np.bool_]) -> Ints:
    """Where a prefix may end best: at a gain before a loss, or the last one."""
    return np.flatnonzero(gains & np.concatenate([~gains[1:], [True]]))


def _alone(pair: Ints, level: Ints, ratio: Floats, levels: Floats, alpha: float, group_size: int) -> Floats:
    """(ends, stakes): the bets on samples of which no two belong together, in logs. `levels`: how wrong a sample can be."""
    ends = _ends(levels[level] < alpha)
    # Of pairs that no sample here has the ratio may be anything.
    met, kind = _numbered(len(levels) * pair + level, len(ratio) * len(levels))
    width = len(ends) + 1
    segment = np.searchsorted(ends, np.arange(len(pair)))
    counts = np.bincount(kind * width + segment, minlength=len(met) * width)
    upto = counts.reshape(len(met), width)[:, :-1].cumsum(axis=1)
    won = (ratio[:, None] * (alpha - levels)).reshape(-1, 1)[met]
    # Column by column, which is how the best of the ends is looked for.
    return np.asarray(np.log1p(won * e_values.stakes()[0] / (group_size - alpha)).T @ upto, np.float64).T


def _grouped(units: Ints, group: Ints, ratio: Floats, lost: Floats, alpha: float, group_size: int) -> Floats:
    """(ends, stakes): the bets on groups, in logs."""
    first_row = np.flatnonzero(np.concatenate([[True], np.diff(units) != 0]))
    stake_of = np.add.reduceat(ratio, first_row)
    loss_of = np.add.reduceat(lost, first_row)
    group_of = group[first_row]
    _, opened = np.unique(group_of, return_index=True)
    opens: NDArray[np.bool_] = np.zeros(len(first_row), np.bool_)
    opens[opened] = True
    kept: NDArray[np.bool_] = opens | (loss_of > 0)  # what joins a group later, and is right, changes nothing
    opens, stake_of, loss_of, group_of = opens[kept], stake_of[kept], loss_of[kept], group_of[kept]
    ends = _ends(opens & (alpha * stake_of > loss_of))
    scale = e_values.stakes()[0] / (group_size - alpha)
    grown = _opened(opens, stake_of, loss_of, ends, alpha, scale)
    return grown if opens.all() else grown + _joined(opens, stake_of, loss_of, group_of, ends, alpha, scale)


def _opened(
    opens: NDArray[np.bool_], stake_of: Floats, loss_of: Floats, ends: Ints, alpha: float, scale: Floats
) -> Floats:
    """(ends, stakes): what the groups' first cases won and lost up to each end, in logs."""
    stakes, stake = np.unique(np.round(stake_of[opens], 12), return_inverse=True)
    losses, loss = np.unique(np.round(loss_of[opens], 12), return_inverse=True)
    met, kind = _numbered(len(losses) * stake + loss, len(stakes) * len(losses))
    segment = np.searchsorted(ends, np.flatnonzero(opens))  # up to and with which end each unit counts
    width = len(ends) + 1
    counts = np.bincount(kind * width + segment, minlength=len(met) * width)
    upto = counts.reshape(len(met), width)[:, :-1].cumsum(axis=1)
    won = (alpha * stakes[:, None] - losses).reshape(-1, 1)[met]
    return np.asarray(upto.T @ np.log1p(won * scale), np.float64)


def _numbered(codes: Ints, most: int) -> tuple[Ints, Ints]:
    """The codes that occur, rising, and which of them each is; `most`: all are below it."""
    met = np.flatnonzero(np.bincount(codes, minlength=most))
    number = np.zeros(most, np.int64)
    number[met] = np.arange(len(met))
    return met, number[codes]


def _joined(
    opens: NDArray[np.bool_],
    stake_of: Floats,
    loss_of: Floats,
    group_of: Ints,
    ends: Ints,
    alpha: float,
    scale: Floats,
) -> Floats:
    """(ends, stakes): what cases that joined a group later lost up to each end, in logs."""
    order = np.lexsort([np.arange(len(group_of)), group_of])
    starts = np.flatnonzero(np.concatenate([[True], np.diff(group_of[order]) != 0]))
    spread = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(order))))
    first = order[starts][spread]  # the unit that opened each one's group
    lost = loss_of[order].cumsum()
    before_group = (lost[starts] - loss_of[order[starts]])[spread]
    after = lost - before_group  # of the group, this unit included
    late = np.flatnonzero(~opens[order])
    won = alpha * stake_of[first[late]][:, None]
    now = 1 + (won - after[late][:, None]) * scale
    then = 1 + (won - (after[late] - loss_of[order[late]])[:, None]) * scale
    # A group that outgrew the plan (its later cases went to people, and still were wrong) has nothing left to lose.
    tiny = np.finfo(np.float64).tiny
    change = np.log(np.maximum(now, tiny)) - np.log(np.maximum(then, tiny))
    segment = np.searchsorted(ends, order[late])
    total = np.zeros((len(ends) + 1, len(scale)))
    np.add.at(total, segment, change)
    return np.asarray(total[:-1].cumsum(axis=0), np.float64)
