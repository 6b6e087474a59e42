"""A second stage asks of each answer: is it right? It keeps the answer, and gives another score to rank it by.

    P(right | score, answer, slices, letters of the payload; of a record each field's score and the letters of its value)

by gradient boosted trees (Friedman 2001; scikit-learn's HistGradientBoostingClassifier), which may only rise with a score that
the model gave. Blind labels are weighted by 1 / propensity. Of several samples of an answer the score is the share that agrees.
Whether the new order is better is asked first of the training labels themselves, by folds of whole groups; whether it may
release anything is for the certificate, on labels that are kept for measuring (docs/method.md 4.7e).
"""

import functools
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting.predictor import PREDICTOR_RECORD_DTYPE, TreePredictor
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from models.classifiers import folds, skops_file
from models.config.stream import Stream
from models.errors import ModelInvalid
from models.evaluation.estimate import NotEnoughEvidence

Floats = NDArray[np.float64]
Trees = Any  # scikit-learn ships no types

KIND = "second stage 1"
TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)  # its trees, which `read` checks
_TREES: Mapping[str, Any] = MappingProxyType(
    {
        "max_iter": 100,
        "learning_rate": 0.05,
        "max_leaf_nodes": 4,
        "min_samples_leaf": 20,
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": 0,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStage:
    """The fitted trees, and the columns they take: the stream's labels, slices (with the values that were seen) and fields."""

    trees: Trees
    labels: tuple[str, ...]
    slices: Mapping[str, tuple[str, ...]]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A second stage, from `labels` of which `errors` were wrong.

    `auroc`, `auroc_before`: how often it and the model's own score put a right answer above a wrong one, each case scored by
    trees that saw no label of its group.
    """

    stage: SecondStage
    labels: int
    errors: int
    auroc: float
    auroc_before: float


def fit(cases: pl.DataFrame, stream: Stream) -> Fitted | NotEnoughEvidence:
    """Learn from labels whether the model is right.

    Args:
        cases: prediction, raw_score (in [0, 1]), slices, payload and field_scores as the ledger has them; group; right
            (Boolean, by the verdict of people); weight (above 0).
        stream: The stream whose model answered.

    Returns:
        What was learned; NotEnoughEvidence with fewer than 100 labels, fewer than 20 right or 20 wrong ones, fewer than 5
        groups of each, or where left-out groups are ordered no better than by the model's own score.
    """
    few = folds.too_few(cases)
    if few is not None:
        return few
    right, n = cases["right"].to_numpy(), len(cases)
    errors = int((~right).sum())
    shape = _shape(cases, stream)
    matrix, weight = _matrix(cases, shape), _weights(cases)
    score = cases["raw_score"].to_numpy()
    out = np.empty(n)
    for learn, rest in folds.left_out(cases):
        out[rest] = _right(_fitted(matrix[learn], right[learn], weight[learn], shape), matrix[rest])
    auroc, before = (float(roc_auc_score(right, one, sample_weight=weight)) for one in (out, score))
    if auroc <= before:
        reason = (
            f"of groups that it did not learn from it puts {auroc:.1%} of right answers above wrong ones, and the model's own "
            f"score {before:.1%}"
        )
        return NotEnoughEvidence(reason=reason, n=n, errors=errors)
    stage = replace(shape, trees=_fitted(matrix, right, weight, shape))
    return Fitted(stage=stage, labels=n, errors=errors, auroc=auroc, auroc_before=before)


def trained(cases: pl.DataFrame, stream: Stream) -> SecondStage:
    """The trees of these labels, whatever they are worth. `cases`: as for `fit`, right and wrong ones."""
    shape = _shape(cases, stream)
    return replace(shape, trees=_fitted(_matrix(cases, shape), cases["right"].to_numpy(), _weights(cases), shape))


def scores(stage: SecondStage, cases: pl.DataFrame, stream: Stream) -> pl.Series:
    """How likely each answer is right, Float64 in [0, 1]; null where the model's own score is.

    `cases` as for `fit`, without labels. Raises ModelInvalid if it was trained for other labels, slices or fields.
    """
    ours = {
        "labels": [] if stream.field else list(stream.labels),
        "slices": list(stream.input.slices),
        "fields": [field.name for field in stream.field],
    }
    for what, names in ours.items():
        theirs = list(getattr(stage, what))
        if theirs != names:
            raise ModelInvalid(
                f"the second stage was trained for the {what} {', '.join(theirs) or 'none'}; the stream has "
                f"{', '.join(names) or 'none'}: train one anew"
            )
    scored = cases["raw_score"].is_not_null()
    values = np.full(len(cases), np.nan)
    if scored.any():
        values[scored.to_numpy()] = _right(stage.trees, _matrix(cases.filter(scored), stage))
    return pl.Series("score", values).fill_nan(None)


def written(stage: SecondStage) -> bytes:
    """The skops file of a second stage."""
    lists = {name: list(values) for name, values in stage.slices.items()}
    parts = {"trees": stage.trees, "labels": list(stage.labels), "slices": lists, "fields": list(stage.fields)}
    return skops_file.written({"kind": KIND} | parts)


@functools.lru_cache(maxsize=2)  # a flow asks again for every chunk
def read(data: bytes) -> SecondStage:
    """The second stage in a skops file. Raises ModelInvalid if it is none, or not as `written` writes it."""
    content = skops_file.read(data, trusted=TRUSTED)
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ModelInvalid(
            "the file holds no second stage of this version; train one with: second-reader retrain STREAM"
        )
    lists, texts = content.get("slices"), (content.get("labels"), content.get("fields"))
    if not (isinstance(lists, dict) and all(map(_texts, (*texts, list(lists), *lists.values())))):
        raise ModelInvalid("the file of the second stage is not as it was written; train it anew")
    stage = SecondStage(
        trees=content.get("trees"),
        labels=tuple(content["labels"]),
        slices={name: tuple(values) for name, values in lists.items()},
        fields=tuple(content["fields"]),
    )
    if not _sound(stage.trees, _width(stage)):
        raise ModelInvalid("the trees of the second stage are not as they were grown; train it anew")
    return stage


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _sound(trees: Trees, width: int) -> bool:
    """Whether walking the trees ends, and stays within them: compiled code walks them without a look."""
    try:
        whole = (
            isinstance(trees, HistGradientBoostingClassifier)
            and (trees.n_features_in_, list(trees.classes_)) == (width, [False, True])
            and (trees.is_categorical_, trees._preprocessor) == (None, None)
        )
        grown = [one for stage in trees._predictors for one in stage] if whole else []
        return bool(grown) and all(isinstance(one, TreePredictor) and _walkable(one.nodes, width) for one in grown)
    except (AttributeError, TypeError, ValueError, IndexError):  # whatever else may stand in their places
        return False


def _walkable(nodes: NDArray[Any], width: int) -> bool:
    """Whether each inner node asks of a column that is there, and leads on to two nodes after it."""
    if nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1 or not len(nodes) or nodes["is_categorical"].any():
        return False
    place = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[place]
    onward = all(((inner[side] > place) & (inner[side] < len(nodes))).all() for side in ("left", "right"))
    return bool(onward and ((inner["feature_idx"] >= 0) & (inner["feature_idx"] < width)).all())


def _shape(cases: pl.DataFrame, stream: Stream) -> SecondStage:
    """What trees of these cases take, without the trees."""
    return SecondStage(
        trees=None,
        labels=() if stream.field else tuple(stream.labels),
        slices={name: _seen(cases, name) for name in stream.input.slices},
        fields=tuple(field.name for field in stream.field),
    )


def _seen(cases: pl.DataFrame, name: str) -> tuple[str, ...]:
    """The values of a slice, in their order."""
    return tuple(_values(cases["slices"], [name])[name].drop_nulls().unique().sort())


def _values(objects: pl.Series, names: Sequence[str]) -> pl.DataFrame:
    """Some values of JSON objects, each as text; null where there is none."""
    lines = objects.fill_null("{}").str.join("\n").item()
    return pl.read_ndjson(io.BytesIO(lines.encode()), schema=dict.fromkeys(names, pl.String()))


def _width(stage: SecondStage) -> int:
    return 2 + bool(stage.labels) + len(stage.slices) + 2 * len(stage.fields)


def _rising(stage: SecondStage) -> list[int]:
    """1 for each column that is a score, which the chance to be right may only rise with; else 0."""
    rest = bool(stage.labels) + len(stage.slices)
    return [1, 0, *[0] * rest, *[1] * len(stage.fields), *[0] * len(stage.fields)]


def _matrix(cases: pl.DataFrame, stage: SecondStage) -> Floats:
    """A row for each case, as the trees take it; NaN where there is nothing."""
    columns = [cases["raw_score"], cases["payload"].str.len_chars()]
    if stage.labels:
        columns.append(_places(cases["prediction"], stage.labels))
    if stage.slices:
        texts = _values(cases["slices"], list(stage.slices))
        columns += [_places(texts[name], seen) for name, seen in stage.slices.items()]
    if stage.fields:
        each = cases.select(pl.col("field_scores").str.json_decode(pl.List(pl.Float64))).to_series()
        columns += [each.list.get(place, null_on_oob=True) for place in range(len(stage.fields))]
        texts = _values(cases["prediction"], stage.fields)
        columns += [texts[name].str.len_chars() for name in stage.fields]
    return np.column_stack([column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in columns])


def _places(texts: pl.Series, known: Sequence[str]) -> pl.Series:
    return texts.replace_strict(list(known), list(range(len(known))), default=None, return_dtype=pl.Int64)


def _weights(cases: pl.DataFrame) -> Floats:
    """Of mean 1, since what a leaf is held back by is measured in cases."""
    weight = cases["weight"].to_numpy()
    return np.asarray(weight / weight.mean(), dtype=np.float64)


def _fitted(matrix: Floats, right: NDArray[np.bool_], weight: Floats, stage: SecondStage) -> Trees:
    with threadpool_limits(limits=1):  # the same sums in the same order; and small trees wait for threads, not for work
        trees = HistGradientBoostingClassifier(**_TREES, monotonic_cst=_rising(stage))
        known = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)  # it cannot cut a column of nothing
        return trees.fit(known, right, sample_weight=weight)


def _right(trees: Trees, matrix: Floats) -> Floats:
    with threadpool_limits(limits=1):
        return np.asarray(trees.predict_proba(matrix)[:, 1], dtype=np.float64)
