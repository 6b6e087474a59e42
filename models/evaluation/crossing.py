"""Two lines of cumulative cost: which of two models is cheaper so far, and after how many cases the lines cross. Pure.

    so far     D + n * (theirs - ours)          D: outlays of the other model until today, less those of this one; n: cases so far
    crossing   (D - n r / v) / (saved - r / v)  cases; r: its outlays of a day, less ours; v: cases a day

as if each had finished all cases so far as it would today. Outlays are known exactly, so the limits of both are those of what a
case saves, carried through: Fieller's for the crossing.
"""

from dataclasses import dataclass, replace

from models.evaluation import break_even
from models.evaluation.estimate import Estimate, NotEnoughEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """`cheaper`: by how much the other model is cheaper so far, with limits; below zero: dearer.

    `each`: what it saves with every case from now on, with the outlays of today. `cross`: after how many cases in all both have
    cost the same, before or after today; or why none is claimed.
    """

    cheaper: Estimate
    each: Estimate
    cross: Estimate | NotEnoughEvidence

    @property
    def ahead(self) -> int:
        """1: the other model is surely cheaper so far; -1: surely dearer; 0: that is not known."""
        return int(self.cheaper.low > 0) - int(self.cheaper.high < 0)


def of(saved: Estimate, *, cases: float, outlay: float, outlay_a_day: float, cases_a_day: float) -> Lines:
    """The two lines.

    Args:
        saved: What the other model saves with each case, without outlays.
        cases: How many there have been, 0 or more.
        outlay: D above. `outlay_a_day`: r above, as today and from now on.
        cases_a_day: Above zero.

    >>> saved = Estimate(value=0.5, low=0.4, high=0.8, alpha=0.05, n=200, errors=40, method="an example")
    >>> lines = of(saved, cases=1000, outlay=600.0, outlay_a_day=0.0, cases_a_day=50.0)
    >>> lines.cheaper.low, lines.cheaper.value, lines.cheaper.high
    (-200.0, -100.0, 200.0)
    >>> lines.cross.low, lines.cross.value, lines.cross.high
    (750.0, 1200.0, 1500.0)
    """
    each = outlay_a_day / cases_a_day
    saves = moved(saved, by=-each)
    return Lines(
        cheaper=moved(saved, factor=cases, by=-outlay),
        each=saves,
        cross=break_even.volume(outlay - cases * each, saves),
    )


def moved(estimate: Estimate, *, factor: float = 1.0, by: float = 0.0) -> Estimate:
    """The estimate times a known factor of 0 or more, plus what is known exactly."""
    ends = {name: getattr(estimate, name) * factor + by for name in ("value", "low", "high")}
    return replace(estimate, **ends)
