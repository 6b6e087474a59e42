"""A model's own words about its certainty -> one score in [0, 1], higher = surer, null where unscorable.

Probabilities come as a matrix of n cases by k labels, NaN where one is missing. A single number given as the score is for
`models.scale`.

max      the highest probability; the Bayes-optimal rule of rejection when the probabilities are right (Chow 1970)
margin   the highest minus the second highest
entropy  1 - H(p) / log k: 1 for a certain answer, 0 for the uniform one
"""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.reals import Matrix

TOLERANCE = 1e-3  # how far from 1 probabilities may sum; models that write 3 decimals stay inside

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


def distributions(matrix: Matrix) -> NDArray[np.bool_]:
    """True for each row that is a distribution: no value missing or negative, sum within 1e-3 of 1."""
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinities compare false, which is the answer
        return np.asarray((matrix >= 0).all(axis=1) & (np.abs(matrix.sum(axis=1) - 1) <= TOLERANCE), dtype=np.bool_)


def _scores(matrix: Matrix, measure: Measure) -> pl.Series:
    known = distributions(matrix)
    scores = np.full(len(matrix), math.nan)
    if known.any():
        # Rounding, and a sum a little above 1, must not push a score out of its range.
        scores[known] = np.clip(measure(matrix[known]), 0.0, 1.0)
    return pl.Series("score", scores).fill_nan(None)
