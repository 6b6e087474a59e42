"""Whether a model that was only asked may take over, and at which of its certified thresholds. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from models.certification import certificate
from models.certification.era_plan import FieldTarget
from review import formats
from review.adoption import shadow_look
from review.queries import certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that may take over: what its answers in shadow certify, and what speaks against it.

    `refusals`: against its score at all. `exceeding`: certified thresholds at which more is surely wrong than asked for, with
    the lower limit of that share.
    """

    progress: certificate.Progress
    refusals: tuple[str, ...]
    exceeding: Mapping[float, float]

    @property
    def held(self) -> list[float]:
        """The certified thresholds, strictest first."""
        return certificates.held(self.progress)

    @property
    def allowed(self) -> tuple[float, ...]:
        """Those of them that nothing speaks against."""
        return () if self.refusals else tuple(at for at in self.held if at not in self.exceeding)

    @property
    def barred(self) -> str:
        """Why none is allowed though some are certified, as a clause; else empty."""
        if not self.held or self.allowed:
            return ""
        if self.refusals:
            return self.refusals[0]
        least = formats.at_least(self.exceeding[self.held[-1]])
        return f"a threshold is certified, but at least {least} of what it would release is wrong"


def of(
    progress: certificate.Progress,
    cases: pl.DataFrame,
    assessed: shadow_look.Assessed,
    by_field: tuple[FieldTarget, ...],
    *,
    target: float,
    delta: float,
) -> Candidate:
    """From a look (`shadow_look`) at `cases`, as of `review.queries.shadows.Compared`. The rest is the promise."""
    held = tuple(certificates.held(progress))
    exceeding = shadow_look.contradicted(cases, assessed, held, target, delta)
    for one in by_field:
        if not one.graded:
            of_field = replace(assessed, right=assessed.losses[one.field] == 0)
            exceeding |= shadow_look.contradicted(cases, of_field, held, one.alpha, delta)
    return Candidate(progress=progress, refusals=shadow_look.refusals(cases, assessed, delta), exceeding=exceeding)
