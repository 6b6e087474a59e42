"""The stream's own classifier, fitted anew on what people answered.

It is the same estimator with the same settings (`sklearn.base.clone`), and nothing of what it knew: a label weighs what it stands
for, 1 / propensity where it was read blind. Fitting is repeatable, since what would choose at random gets a fixed seed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from models.classifiers import features
from models.config.stream import Stream
from models.errors import ModelInvalid
from models.evaluation.estimate import NotEnoughEvidence

FEWEST = 100  # labels
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refitted:
    """A classifier fitted on `labels`, of which the model that answered had `errors` wrong; `weighted`: it took weights."""

    model: Any
    labels: int
    errors: int
    weighted: bool


def refit(
    model: Any, table: pl.DataFrame, cases: pl.DataFrame, stream: Stream, *, fewest: int = FEWEST
) -> Refitted | NotEnoughEvidence:
    """Fit a classifier of the same kind and settings on labels.

    Args:
        model: The stream's fitted classifier; it stays as it is.
        table: The stream's features, a row for each label.
        cases: Of each label answer (of people); right (Boolean: whether it is the model's); weight (above 0).
        stream: The stream.
        fewest: Labels that it takes.

    Returns:
        The new one; NotEnoughEvidence with fewer labels than that, or where a label of the stream is nobody's answer.

    Raises:
        ModelInvalid: The features are not the model's, or it cannot be fitted.
    """
    rows, taken = features.read(table, model)
    known = cases.filter(pl.Series(rows))
    n, errors = len(known), int((~known["right"]).sum())
    if n < fewest:
        return NotEnoughEvidence(reason=f"{n} labels to learn from, and it takes {fewest}", n=n, errors=errors)
    if missing := [label for label in stream.labels if label not in set(known["answer"])]:
        return NotEnoughEvidence(reason=f"nobody answered {', '.join(missing)} so far", n=n, errors=errors)
    new = clone(model)
    new.set_params(**{key: _SEED for key, value in new.get_params().items() if _random(key) and value is None})
    weights = _weights(new, known["weight"].to_numpy())
    try:
        with threadpool_limits(limits=1):  # the same sums in the same order
            new.fit(taken, known["answer"].to_numpy(), **weights)
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelInvalid(f"model.file cannot be fitted anew: {str(error).splitlines()[0]}") from None
    return Refitted(model=new, labels=n, errors=errors, weighted=bool(weights))


def _random(key: str) -> bool:
    return key.rpartition("__")[2] == "random_state"


def _weights(model: Any, weight: Any) -> dict[str, Any]:
    """The parameter of `fit` that takes the weights, of mean 1; none where the classifier takes none."""
    name, last = "sample_weight", model
    while isinstance(last, Pipeline):
        name, last = f"{last.steps[-1][0]}__{name}", last.steps[-1][1]
    return {name: np.asarray(weight / weight.mean())} if has_fit_parameter(last, "sample_weight") else {}
