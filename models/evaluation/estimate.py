"""Never a bare number: what a statistic is, and what takes its place when there is too little to go by."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its limits, and what they rest on.

    `value` lies in [`low`, `high`], all three finite and in one unit (a share in [0, 1] unless the maker says
    otherwise). `alpha` is the probability, before looking, that the limits miss the truth: alpha / 2 on each side, or
    all of it above where `low` is zero by construction (`method` then says one-sided). `n` is the number of labels,
    `errors` how many of them were wrong; of labels that can be wrong in part, what their losses add up to. Raises
    ValueError on anything that cannot be.
    """

    value: float
    low: float
    high: float
    alpha: float
    n: int
    errors: float  # whole where each label is right or wrong
    method: str

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high)):
            raise ValueError(f"estimate {self.value} ({self.low} to {self.high}): must be finite")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"estimate {self.value} lies outside its own limits {self.low} to {self.high}")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha {self.alpha}: give a probability between 0 and 1")
        if not 0 <= self.errors <= self.n or self.n < 1:
            raise ValueError(f"{self.errors} errors in {self.n} labels cannot be")
        if not self.method:
            raise ValueError("an estimate names its method")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnoughEvidence:
    """Too little data is an answer: why nothing can be said, in one clause, and what there is so far."""

    reason: str
    n: int
    errors: float
