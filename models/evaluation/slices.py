"""Is the error worse in some class or slice? A table with flags that many slices do not raise by chance.

One threshold for all can keep its promise overall and break it in a class: 1 % overall, 5.4 % in the worst (docs/method.md 4.7).
"""

from dataclasses import dataclass

import polars as pl

from models.evaluation import risk
from models.evaluation.estimate import Estimate, NotEnoughEvidence

MINIMUM = 30  # answered samples: with fewer, one error decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice: its error among the released, and whether it is above the target at the level all slices share."""

    name: str
    error: Estimate | NotEnoughEvidence
    flagged: bool


def table(
    counts: pl.DataFrame, target: float, alpha: float, *, minimum: int = MINIMUM, design: float = 1.0
) -> list[Slice]:
    """Error among the released per slice, by name; `flagged` where it exceeds `target` for certain enough.

    `counts` as in `risk`, and `slice` (String). Flags are Holm's (1979): P(any flag on a slice whose error is at most
    `target`) <= alpha, one look. With m slices left each is tested at alpha / m; every round of flags leaves fewer. The
    limits shown are each slice's own, at `alpha`, two-sided. A slice with fewer than `minimum` answered samples is neither
    tested nor counted. `design` as in `risk`, one for all: a slice's groups are taken to be as alike as any. Raises
    ValueError if target or alpha is not in (0, 1).
    """
    if not 0 < target < 1 or not 0 < alpha < 1:
        raise ValueError(f"target {target!r} and alpha {alpha!r} must lie between 0 and 1")
    parts = {str(name): part for (name,), part in counts.sort("slice").partition_by("slice", as_dict=True).items()}
    errors = {name: _error(part, alpha, minimum, design) for name, part in parts.items()}
    waiting = [name for name, error in errors.items() if isinstance(error, Estimate)]
    flagged: set[str] = set()
    while waiting:
        level = alpha / len(waiting)
        worse = {name for name in waiting if _above(parts[name], target, level, design)}
        if not worse:
            break
        flagged |= worse
        waiting = [name for name in waiting if name not in worse]
    return [
        # Beside limits that reach down to the target, "above the target" would contradict them.
        Slice(name=name, error=error, flagged=name in flagged and isinstance(error, Estimate) and error.low > target)
        for name, error in errors.items()
    ]


def _error(part: pl.DataFrame, alpha: float, minimum: int, design: float) -> Estimate | NotEnoughEvidence:
    error = risk.error_among_automated(part, alpha, design=design)
    if error.n < minimum and isinstance(error, Estimate):
        return NotEnoughEvidence(
            reason=f"{error.n} answered samples, fewer than {minimum}", n=error.n, errors=error.errors
        )
    return error


def _above(part: pl.DataFrame, target: float, level: float, design: float) -> bool:
    if level >= 0.5:
        return False
    error = risk.error_among_automated(part, 2 * level, design=design)  # half of it on the side of `low`
    return isinstance(error, Estimate) and error.low > target
