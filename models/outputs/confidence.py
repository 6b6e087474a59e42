"""A model's own words about its certainty -> one score in [0, 1], higher = surer, null where unscorable.

Probabilities come as a matrix of n cases by k labels, NaN where one is missing. A single number given as the score is for
`models.outputs.scale`.

max      the highest probability; the Bayes-optimal rule of rejection when the probabilities are right (Chow 1970)
margin   the highest minus the second highest
entropy  1 - H(p) / log k: 1 for a certain answer, 0 for the uniform one

Rounded probabilities need not sum to 1: k numbers of d decimals are off by up to k/2 units of the last one. A row whose sum
that can explain is a distribution, if it is within 0.1 of 1; off by more than 1e-3, it is divided by its sum.
"""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.columns import Matrix

TOLERANCE = 1e-3  # how far from 1 probabilities may sum, whatever their decimals
FEWEST_CASES = 20  # of fewer, a confidence that is the same everywhere says nothing
FEWEST_KINDS = 3  # of `kinds`, that a confidence can order anything by
MOST = 0.1  # how far they may sum at most, however many are rounded
_DECIMALS = (2, 3, 4)  # a row of one decimal is taken for one of two: 0.5 and 0.5 say little of how they were made

Measure = Callable[[Matrix], Matrix]


def max_probability(matrix: Matrix) -> pl.Series:
    """The highest probability of each row; null where the row is not a distribution."""
    return _scores(matrix, lambda p: p.max(axis=1))


def margin(matrix: Matrix) -> pl.Series:
    """The highest probability minus the second highest; null where the row is not a distribution."""

    def gap(p: Matrix) -> Matrix:
        top = np.partition(p, p.shape[1] - 2, axis=1)[:, -2:]
        return np.asarray(top[:, 1] - top[:, 0], dtype=np.float64)

    return _scores(matrix, gap)


def entropy(matrix: Matrix) -> pl.Series:
    """1 - H(p) / log k with p scaled to sum to 1; null where the row is not a distribution."""

    def certainty(p: Matrix) -> Matrix:
        p = p / p.sum(axis=1, keepdims=True)
        logs = np.log(p, out=np.zeros_like(p), where=p > 0)  # 0 log 0 = 0
        return np.asarray(1 + (p * logs).sum(axis=1) / math.log(p.shape[1]), dtype=np.float64)

    return _scores(matrix, certainty)


def of_label(matrix: Matrix, place: NDArray[np.intp]) -> pl.Series:
    """The probability of the label at `place` of each row; null where the row is not a distribution."""
    place = place[distributions(matrix)]
    return _scores(matrix, lambda p: np.take_along_axis(p, place[:, None], axis=1)[:, 0])


def kinds(scores: pl.Series, n: pl.Series | None = None) -> int:
    """How many different scores stand in the middle of each tenth of the cases, from the least sure to the surest: 0 to 10.

    One or two of them leave hardly a choice of thresholds, whatever the scale of the scores. Nulls do not count. `n`: how
    many cases have each score; 1 where it is left out.
    """
    counted = pl.DataFrame({"score": scores, "n": 1 if n is None else n}).drop_nulls("score").sort("score")
    up_to = counted["n"].cum_sum()
    if not len(up_to) or not up_to[-1]:
        return 0
    places = pl.Series([(2 * tenth + 1) * up_to[-1] // 20 for tenth in range(10)])
    return counted["score"].gather(up_to.search_sorted(places, side="right")).n_unique()


def distributions(matrix: Matrix) -> NDArray[np.bool_]:
    """True for each row that is a distribution: no value missing or negative, a sum of 1 but for rounding."""
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinities compare false, which is the answer
        off = np.abs(matrix.sum(axis=1) - 1)
        sound = (matrix >= 0).all(axis=1) & (off <= MOST)
    known = np.asarray(sound & (off <= TOLERANCE), dtype=np.bool_)
    doubtful = np.flatnonzero(sound & ~known)
    if len(doubtful):
        known[doubtful] = off[doubtful] <= _rounding(matrix[doubtful]) + 1e-9
    return known


def rounded(matrix: Matrix) -> NDArray[np.bool_]:
    """True for each row that is a distribution only because its numbers are rounded: it is divided by its sum."""
    known = distributions(matrix)
    known[known] = np.abs(matrix[known].sum(axis=1) - 1) > TOLERANCE
    return known


def _rounding(matrix: Matrix) -> Matrix:
    """How far from 1 rounding to the decimals of each row can take its sum; 0 where it has too many, or one is above 1."""
    far = np.zeros(len(matrix))
    for decimals in reversed(_DECIMALS):
        units = matrix * 10**decimals
        # Of 32 bits they are off by 6e-8.
        whole = (np.abs(units - np.rint(units)) < 1e-7 * 10**decimals).all(axis=1)
        far[whole] = matrix.shape[1] / 2 * 10.0**-decimals
    return np.asarray(np.where((matrix <= 1).all(axis=1), far, 0.0), dtype=np.float64)


def _scores(matrix: Matrix, measure: Measure) -> pl.Series:
    known = distributions(matrix)
    scores = np.full(len(matrix), math.nan)
    if known.any():
        p = matrix[known]
        total = p.sum(axis=1, keepdims=True)
        p = p / np.where(np.abs(total - 1) > TOLERANCE, total, 1.0)
        # Rounding, and a sum a little above 1, must not push a score out of its range.
        scores[known] = np.clip(measure(p), 0.0, 1.0)
    return pl.Series("score", scores).fill_nan(None)
