"""Whether labels are enough to learn from whether a model is right, and the folds of whole groups that are left out in turn."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from models.evaluation.estimate import NotEnoughEvidence

Places = NDArray[np.int64]

FEWEST, FEWEST_OF_EACH = 100, 20  # labels; of these right, and wrong
FOLDS = 5


def too_few(cases: pl.DataFrame) -> NotEnoughEvidence | None:
    """Why labels are not enough: fewer than 100, fewer than 20 right or wrong, or fewer than 5 groups of either; None: they are.

    `cases`: right (Boolean) and group.
    """
    n, errors = len(cases), int((~cases["right"]).sum())
    if n < FEWEST:
        return NotEnoughEvidence(reason=f"{n} labels to learn from, and it takes {FEWEST}", n=n, errors=errors)
    if min(errors, n - errors) < FEWEST_OF_EACH:
        what, few = ("wrong", errors) if errors < n - errors else ("right", n - errors)
        reason = f"{few} of {n} labels say that the model was {what}, and it takes {FEWEST_OF_EACH}"
        return NotEnoughEvidence(reason=reason, n=n, errors=errors)
    if cases.group_by("right").agg(pl.col("group").n_unique())["group"].min() < FOLDS:  # type: ignore[operator]
        reason = f"the right or the wrong answers are of fewer than {FOLDS} groups"
        return NotEnoughEvidence(reason=reason, n=n, errors=errors)
    return None


def left_out(cases: pl.DataFrame) -> Iterator[tuple[Places, Places]]:
    """Of each fold the places of the labels outside of it, to learn from, and of those in it. No group is in both."""
    member = cases["group"].rank("dense").to_numpy()
    yield from StratifiedGroupKFold(FOLDS).split(np.zeros(len(cases)), cases["right"].to_numpy(), member)
