"""From how many cases a day a model with dearer keep and cheaper cases pays. Pure.

    volume = outlays that one has a day more / what it saves with each case

The numerator is known exactly, since it was entered; the saving is estimated. By Fieller's theorem (1954) the limits of the
volume are all volumes v at which outlays - v * saving could be nothing; with a known numerator those are the outlays over the
limits of the saving. Where these hold zero the set has no end, and no break-even is claimed.
"""

from typing import Literal

from models.evaluation.estimate import Estimate, NotEnoughEvidence

METHOD = "Fieller, known numerator"
Better = Literal["above", "below", "always", "never"]


def volume(outlay: float, saved: Estimate) -> Estimate | NotEnoughEvidence:
    """Cases a day from which the other model pays, or, where it keeps cheaper and costs more a case, up to which.

    Args:
        outlay: By how much the other model's outlays of a day are higher, finite; below zero: lower.
        saved: What it saves with each case, with limits; below zero: what it costs more.

    Returns:
        The volume, above zero; or why there is none: the limits of the saving hold zero, or one model is cheaper at any volume.

    >>> saved = Estimate(value=0.5, low=0.4, high=0.8, alpha=0.05, n=200, errors=40, method="an example")
    >>> at = volume(40.0, saved)
    >>> at.low, at.value, at.high
    (50.0, 80.0, 100.0)
    """
    if saved.low <= 0 <= saved.high:
        return _none("the limits of what a case saves hold zero", saved)
    if outlay == 0:
        return _none("the outlays of both are the same", saved)
    if (outlay > 0) != (saved.value > 0):
        return _none("one model is cheaper at any number of cases", saved)
    ends = sorted((outlay / saved.low, outlay / saved.high))
    return Estimate(
        value=outlay / saved.value,
        low=ends[0],
        high=ends[1],
        alpha=saved.alpha,
        n=saved.n,
        errors=saved.errors,
        method=METHOD,
    )


def better(outlay: float, saved: Estimate) -> Better | None:
    """At which volumes the other model is the cheaper one; None: that is not known, as the limits of the saving hold zero."""
    if saved.low <= 0 <= saved.high:
        return None
    if saved.value > 0:
        return "above" if outlay > 0 else "always"
    return "below" if outlay < 0 else "never"


def _none(reason: str, saved: Estimate) -> NotEnoughEvidence:
    return NotEnoughEvidence(reason=reason, n=saved.n, errors=saved.errors)
