"""Logistic regression with an offset for each class, pooled in part: a random intercept whose spread is the likeliest of a few.

    logit P = intercept + slopes . columns + u[class],    u ~ Normal(0, spread^2)

by penalised maximum likelihood at each spread, and among these by the marginal likelihood in Laplace's approximation (Tierney and
Kadane 1986). A class with few labels lies near the others; where classes do not differ the spread is 0 and all are one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

SPREADS = (0.0, 0.25, 0.5, 1.0, 2.0)
_RIDGE = 1e-3  # on slopes of columns of spread 1, in labels: it only keeps them finite
_STEPS, _HALVES, _ENOUGH = 50, 20, 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """`slopes`: of each column; 0 of one that is the same everywhere. `offsets`: of each class, 0 where it was not seen."""

    intercept: float
    slopes: Floats
    offsets: Floats


def fit(columns: Floats, of: Places, classes: int, target: Floats, weight: Floats) -> Fit:
    """The likeliest coefficients.

    Args:
        columns: (n, p), finite.
        of: The class of each row, 0 to classes - 1; -1: of none, with no offset.
        classes: How many there are.
        target: The share of each row that is a 1, in (0, 1).
        weight: Of each row, above 0. They sum to the number of labels that tell as much.
    """
    mean, scale = columns.mean(axis=0), columns.std(axis=0)
    varied = scale > 1e-12 * np.maximum(np.abs(mean), 1.0)
    scaled = np.where(varied, (columns - mean) / np.where(varied, scale, 1.0), 0.0)
    design: Floats = np.column_stack([np.ones(len(scaled)), scaled])
    place = np.where(of < 0, classes, of)
    fits = [_at(spread, design, place, classes, target, weight) for spread in SPREADS]
    _, theta, offsets = max(fits, key=lambda one: one[0])
    slopes = np.where(varied, theta[1:] / np.where(varied, scale, 1.0), 0.0)
    return Fit(intercept=float(theta[0] - slopes @ mean), slopes=slopes, offsets=offsets)


def _at(
    spread: float, design: Floats, place: Places, classes: int, target: Floats, weight: Floats
) -> tuple[float, Floats, Floats]:
    """At one spread: the log marginal likelihood, the coefficients and the offsets, by Newton's steps.

    The second derivatives of the offsets lie on a diagonal, so a step costs no more than the rows times the columns.
    """
    theta, u = np.zeros(design.shape[1]), np.zeros(classes + 1)
    ridge = np.full(len(theta), _RIDGE)
    ridge[0] = 0.0
    held = np.full(classes + 1, np.inf if spread == 0 else spread**-2)
    held[classes] = np.inf  # rows of no class have no offset

    def value(theta: Floats, u: Floats) -> float:
        eta = design @ theta + u[place]
        fits = float(weight @ (target * eta - np.logaddexp(0.0, eta)))
        free = np.isfinite(held)
        return fits - float(ridge @ theta**2) / 2 - float(held[free] @ u[free] ** 2) / 2

    now = value(theta, u)
    for _ in range(_STEPS):
        p = special.expit(design @ theta + u[place])
        slope, bend = weight * (target - p), weight * p * (1 - p)
        cross = np.array([np.bincount(place, bend * column, classes + 1) for column in design.T])
        own = np.bincount(place, bend, classes + 1)
        inner = own + held  # infinite where an offset stays 0
        pull = np.bincount(place, slope, classes + 1) - np.where(np.isfinite(held), held, 0.0) * u
        middle = design.T @ (bend[:, None] * design) + np.diag(ridge) - (cross / inner) @ cross.T
        step = np.linalg.lstsq(middle, design.T @ slope - ridge * theta - cross @ (pull / inner), rcond=None)[0]
        shift = (pull - cross.T @ step) / inner
        for half in range(_HALVES):
            better = value(theta + step / 2**half, u + shift / 2**half)
            if better >= now:
                theta, u = theta + step / 2**half, u + shift / 2**half
                break
        else:
            break
        if better - now < _ENOUGH:
            break
        now = better
    spreads = 0.5 * float(np.log1p(spread**2 * own[:classes]).sum())
    curved = 0.5 * float(np.linalg.slogdet(middle + np.diag(np.where(ridge > 0, 0.0, _RIDGE)))[1])
    return (now - spreads - curved if math.isfinite(curved) else -math.inf), theta, u[:classes]
