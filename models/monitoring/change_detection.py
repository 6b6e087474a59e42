"""Has the error among the released risen? An alarm on blind labels, soon after a jump and in time for a slow rise.

A certificate never forgets good evidence, so what was true keeps it alive after it ceases to be. The detector has a budget
of its own (docs/method.md 4.4): the average number of audits between false alarms, not a probability for ever.

Two detectors bet on an error of q = 1.25 to 10 times the target. The e-CUSUM (Page 1954) keeps, for each q, the start of the
rise that the labels favour most; Shiryaev-Roberts (Shiryaev 1963, Roberts 1966) sums the bets of all starts, and so sees a slow
rise, which has no one start:

    CUSUM_n = max(CUSUM_{n-1}, 1) * L_n      SR_n = (SR_{n-1} + 1) * L_n      L_n = q/alpha if wrong, else (1-q)/(1-alpha)

The pair shares one budget without splitting it: the largest of some numbers is at most their sum, so CUSUM_n <= SR_n for
every q and every row of labels, and whatever makes the CUSUM raise an alarm has made the SR raise it. While the error is at
most alpha, each L_n has mean at most 1 given the labels before, so SR_n - n never rises on average: at a first alarm T with
SR_T >= c, c <= E[SR_T] <= E[T] (Shin, Ramdas and Rinaldo, e-detectors, section 2). The mean over q keeps this.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

RISES = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)  # times alpha: the errors it looks out for
RUN_LENGTH = 10_000.0
ERRORS_APART = 100.0  # at least as many errors at the target between false alarms, or a lone error would be one
_UNLIKELY = 0.002  # share of the evidence that may lie on starts before the clean point
DAYS_A_YEAR = 365.25

# Labels until half of the alarms are raised after a jump from rest to 1.5 and 2 times alpha, by simulation of 40 000 rows
# each (tests/simulations/test_watchdog.py, `delays`).
_ALPHAS = (0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.49)
_MEDIANS = {
    1.5: (1767.0, 1382.5, 1149.5, 889.0, 620.0, 478.0, 348.0, 246.0, 180.0, 144.0, 117.0, 93.0, 77.0, 64.0, 55.0),
    2.0: (799.0, 602.0, 485.0, 357.0, 238.0, 180.0, 128.0, 88.0, 63.0, 49.0, 39.0, 31.0, 24.0, 18.0, 14.0),
}


def run_length(alpha: float) -> float:
    """The labels between false alarms that `alarm` keeps unless asked otherwise: 10 000, and at a target below 1 % more.

    100 errors at the target: 10 000 labels hold one error at a target of .01 %, and one error is no alarm. Raises
    ValueError if alpha is not above 0 and below 2/3.
    """
    _check_alpha(alpha)
    return max(RUN_LENGTH, float(np.ceil(ERRORS_APART / alpha)))


def statistic(wrong: ArrayLike, alpha: float) -> Floats:
    """The evidence of the pair after each label: mean over q of SR_n, as natural log, same length as `wrong`.

    `wrong`: 1-D, one truth value per blind label of the released cases, in the order the cases were decided. Never below
    `cusum`. Raises ValueError if `wrong` is not one row of truth values or alpha is not above 0 and below 2/3.
    """
    sums, before = _sums(wrong, alpha)
    # SR_n is the sum over starts j <= n of exp(sum of j..n): a running sum of exp(-before), no loop over labels.
    starts = np.logaddexp.accumulate(-before, axis=1)
    return _mean(sums + starts)


def cusum(wrong: ArrayLike, alpha: float) -> Floats:
    """The e-CUSUM alone: mean over q of CUSUM_n, as natural log. `wrong`, `alpha`, raises: as `statistic`.

    At most 0: over all q, no start of a rise is ahead.
    """
    sums, before = _sums(wrong, alpha)
    return _mean(sums - np.minimum.accumulate(before, axis=1))


def alarm(wrong: ArrayLike, alpha: float, labels_apart: float | None = None) -> int | None:
    """Position (from 0) of the label that raised the first alarm; None: none. Only a wrong label raises one.

    While the error is at most alpha, alarms are on average at least `labels_apart` labels apart (None: `run_length`);
    waiting for a wrong label only puts them further apart. `wrong`, `alpha` as for `statistic`. Raises ValueError as it does,
    and if `labels_apart` is not above 1.

    >>> alarm([0] * 50 + [1] * 5, alpha=0.02)  # the fourth wrong label in a row
    53
    """
    apart = run_length(alpha) if labels_apart is None else labels_apart
    if not apart > 1:
        raise ValueError(f"run length {apart!r}: give the labels between false alarms, above 1")
    above = np.flatnonzero((statistic(wrong, alpha) >= np.log(apart)) & np.asarray(wrong, bool))
    return int(above[0]) if len(above) else None


def level(wrong: ArrayLike, alpha: float, labels_apart: float | None = None) -> float:
    """How near the alarm the last label leaves the evidence, in [0, 1], for people to read.

    On a logarithmic scale from what many labels without an error leave (0; SR_n is then r / (1 - r), r the factor of a
    right label, for each q) to what raises an alarm (1). 0 without a label. `wrong`, `alpha`, `labels_apart`, raises: as `alarm`.
    """
    value = statistic(wrong, alpha)
    if not len(value):
        return 0.0
    worse = np.array([rise * alpha for rise in RISES if rise * alpha < 1])
    rest = np.log(np.mean((1 - worse) / (worse - alpha)))
    apart = run_length(alpha) if labels_apart is None else labels_apart
    return float(np.clip((value[-1] - rest) / (np.log(apart) - rest), 0.0, 1.0))


def clean(wrong: ArrayLike, alpha: float, raised: int) -> int:
    """Position (from 0) of the last label before the alarm that is above suspicion; -1: none is.

    `raised`: position of the alarm. The earlier of two: the last label at which `cusum` was not ahead (at most 0), and the
    last label such that the starts up to it together carry at most 0.2 % of the evidence at the alarm. The first alone names
    the start that is most likely, and a rise begins before that as often as after it. `wrong`, `alpha` as for `statistic`. Raises
    ValueError as it does, and if `raised` is no position.
    """
    sums, before = _sums(wrong, alpha)
    if not 0 <= raised < sums.shape[1]:
        raise ValueError(f"no label {raised!r} among {sums.shape[1]}")
    calm = np.flatnonzero(cusum(np.asarray(wrong)[:raised], alpha) <= 0)
    share = np.logaddexp.accumulate(_mean(sums[:, [raised]] - before[:, : raised + 1]))
    unlikely = int((share <= share[-1] + np.log(_UNLIKELY)).sum())
    return min(int(calm[-1]) if len(calm) else -1, unlikely - 1)


def false_alarm_years(labels_apart: float, audits_per_day: float) -> float:
    """Years between false alarms, at least, on average: `labels_apart` labels at the stream's pace.

    `audits_per_day`: blind labels of released cases a day. Raises ValueError unless both are above 0 and finite.
    """
    for name, value in (("run length", labels_apart), ("audits per day", audits_per_day)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name} {value!r}: give a number above 0")
    return labels_apart / audits_per_day / DAYS_A_YEAR


def unnoticed(alpha: float, rise: float, audits_per_day: float) -> float:
    """Days until a jump of the error to `rise` times the target is noticed in half of all cases (median).

    `alpha`: target error, in (0, 1/2). `rise`: 1.5 or 2. `audits_per_day`: blind labels of released cases a day. At the
    default run length, from a detector at rest: where the error stood near the target before, it is noticed sooner. Read
    off simulated medians, straight lines between them in log-log: within 4 % of a simulation, or one label.
    Raises ValueError outside these ranges.
    """
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha {alpha!r}: give a target error above 0 and below 1/2")
    if rise not in _MEDIANS:
        raise ValueError(f"rise {rise!r}: give {' or '.join(map(str, _MEDIANS))} times the target")
    if not 0 < audits_per_day < np.inf:
        raise ValueError(f"audits per day {audits_per_day!r}: give a number above 0")
    # Below the smallest target of the table errors come at random, one by one, and only their number counts.
    scale = max(_ALPHAS[0] / alpha, 1.0)
    labels = np.exp(np.interp(np.log(alpha), np.log(_ALPHAS), np.log(_MEDIANS[rise])))
    return float(labels * scale / audits_per_day)


def _sums(wrong: ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    """Per q, the sums of log L up to and with each label, and up to the label before: (q, labels) each."""
    seen = np.asarray(wrong)
    if seen.ndim != 1 or not np.isin(seen, (0, 1)).all():
        raise ValueError("give one row of labels, each wrong (true) or not")
    _check_alpha(alpha)
    worse = np.array([rise * alpha for rise in RISES if rise * alpha < 1])[:, None]
    sums = np.where(seen.astype(bool), np.log(worse / alpha), np.log1p(-worse) - np.log1p(-alpha)).cumsum(axis=1)
    return sums, np.hstack([np.zeros_like(worse), sums])[:, :-1]


def _mean(logs: Floats) -> Floats:
    """Log of the mean over q (the first axis) of what is given as logs."""
    if not logs.size:
        return np.empty(logs.shape[1])
    result: Floats = np.logaddexp.reduce(logs, axis=0) - np.log(len(logs))
    return result


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 2 / 3:
        raise ValueError(f"alpha {alpha!r}: must be above 0 and below 0.667")
