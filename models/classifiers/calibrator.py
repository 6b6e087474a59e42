"""A calibrator makes of the model's score P(the answer is right), with an offset for each class: another number, the same answer.

    logit P = m + a ln s - b ln(1 - s) + u[class]        a, b >= 0; u ~ Normal(0, tau^2)

is beta calibration (Kull, Silva Filho and Flach 2017; with a = b Platt's, 1999) of the score s, and the classes that the model
answers are pooled in part: tau is the likeliest of a few (Laplace's approximation), and 0 where classes do not differ. From
1000 labels on the shape is isotonic (Zadrozny and Elkan 2002): of all labels, and of a class with 1000 labels of its own by
those alone. Labels are blind and weighted by 1 / propensity.

A map that rises with the score moves no case past another, and changes little of what one threshold releases. It makes
numbers that can be priced. Offsets do move cases of one class past those of another (docs/method.md 4.7f).
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special
from sklearn.isotonic import IsotonicRegression

from models.classifiers import folds, pooled, skops_file
from models.config.stream import Stream
from models.errors import ModelInvalid
from models.evaluation.estimate import NotEnoughEvidence

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

KIND = "calibrator 1"
ISOTONIC_FROM = 1000  # labels; with fewer, isotonic regression follows the noise
RISING = (
    0.05  # the part of the beta map that stays in an isotonic one: no two scores become one, and nothing is certain
)
LEAST = 1e-12  # of the distance to 0 and 1 that a score of 0 or 1 is taken to have
ALL = ""  # of `Calibrator.steps`: the labels of all classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """The map, as numbers.

    `labels`: the classes, with their `offsets`; none of records. `edges`: how near a score is taken to be to 0 and to 1, at
    the nearest. `slopes`: of ln s and of -ln(1 - s). `steps`: by class (ALL: every other one) the knots (x, y) of an isotonic
    map of what the beta map gives, straight between them and flat beyond; empty: that map itself.
    """

    labels: tuple[str, ...]
    edges: tuple[float, float]
    intercept: float
    slopes: tuple[float, float]
    offsets: tuple[float, ...]
    steps: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]

    def __post_init__(self) -> None:
        numbers = [*self.edges, self.intercept, *self.slopes, *self.offsets]
        if not np.isfinite(numbers).all() or min(self.slopes) < 0 or len(self.offsets) != len(self.labels):
            raise ValueError("slopes of 0 or more, and one offset for each label, all finite")
        if not all(0 < edge <= 0.5 for edge in self.edges):
            raise ValueError("edges above 0, and at most one half")
        if not self.steps.keys() <= {ALL, *self.labels} or not all(_rises(*knots) for knots in self.steps.values()):
            raise ValueError("knots that rise from 0 to 1, of classes that are there")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A calibrator, from `labels` of which `errors` were wrong.

    `brier`, `brier_before`: the mean squared distance of its probability and of the model's own score from 1 where the answer is
    right and 0 where it is wrong, each case by a map that saw no label of its group.
    """

    calibrator: Calibrator
    labels: int
    errors: int
    brier: float
    brier_before: float

    @property
    def reorders(self) -> bool:
        """Whether cases of one class pass cases of another; else the order is that of the model's own score."""
        return len(set(self.calibrator.offsets)) > 1 or len(self.calibrator.steps) > 1


def fit(cases: pl.DataFrame, stream: Stream) -> Fitted | NotEnoughEvidence:
    """Learn from labels how likely an answer is right.

    Args:
        cases: prediction, raw_score (in [0, 1]), group, right (Boolean, by the verdict of people) and weight (above 0).
        stream: The stream whose model answered.

    Returns:
        What was learned; NotEnoughEvidence with too few labels (`folds.too_few`), where surer answers are not more often right,
        or where its probability is no nearer to the truth in groups that were left out than the model's own score.
    """
    few = folds.too_few(cases)
    if few is not None:
        return few
    n, errors = len(cases), int((~cases["right"]).sum())
    whole = trained(cases, stream)
    if whole is None:
        return NotEnoughEvidence(reason="surer answers are not more often right", n=n, errors=errors)
    out = np.empty(n)
    for learn, rest in folds.left_out(cases):
        part = trained(cases[learn], stream, isotonic=tuple(whole.steps))
        out[rest] = cases["raw_score"][rest] if part is None else _right(part, cases[rest])
    right, weight = cases["right"].to_numpy(), cases["weight"].to_numpy()
    brier, before = (float(np.average((one - right) ** 2, weights=weight)) for one in (out, cases["raw_score"]))
    if brier >= before:
        reason = (
            f"of groups that it did not learn from its probability is {brier:.4f} from the truth (mean square), and the model's "
            f"own score {before:.4f}"
        )
        return NotEnoughEvidence(reason=reason, n=n, errors=errors)
    return Fitted(calibrator=whole, labels=n, errors=errors, brier=brier, brier_before=before)


def trained(cases: pl.DataFrame, stream: Stream, *, isotonic: Sequence[str] | None = None) -> Calibrator | None:
    """The map that these labels make, whatever it is worth; None: surer answers are not more often right.

    `cases`: as for `fit`, right and wrong ones. `isotonic`: what has a map of its own; None: what has 1000 labels.
    """
    labels = () if stream.field else tuple(stream.labels)
    right, place = cases["right"].to_numpy(), _places(cases["prediction"], labels)
    score, weight = cases["raw_score"].to_numpy(), cases["weight"].to_numpy()
    if isotonic is None:
        counts = np.bincount(place[place >= 0], minlength=len(labels))
        many = [label for label, count in zip(labels, counts, strict=True) if count >= ISOTONIC_FROM]
        isotonic = [ALL, *many] if len(cases) >= ISOTONIC_FROM else []
    smooth = _beta(score, right, place, weight, labels)
    if smooth is None:
        return None
    steps = {}
    for name in isotonic:
        those = np.ones(len(cases), np.bool_) if name == ALL else place == labels.index(name)
        if those.any():
            steps[name] = _isotonic(_smooth(smooth, score[those], place[those]), right[those], weight[those])
    return replace(smooth, steps=MappingProxyType(steps))


def scores(calibrator: Calibrator, cases: pl.DataFrame, stream: Stream) -> pl.Series:
    """How likely each answer is right, Float64 in [0, 1]; null where the model's own score is.

    `cases` as for `fit`, without labels. Raises ModelInvalid if it was made for other labels.
    """
    ours = () if stream.field else tuple(stream.labels)
    if calibrator.labels != ours:
        raise ModelInvalid(
            f"the calibrator was trained for the labels {', '.join(calibrator.labels) or 'none'}; the stream has "
            f"{', '.join(ours) or 'none'}: train one anew"
        )
    scored = cases["raw_score"].is_not_null()
    values = np.full(len(cases), np.nan)
    if scored.any():
        values[scored.to_numpy()] = _right(calibrator, cases.filter(scored))
    return pl.Series("score", values).fill_nan(None)


def written(calibrator: Calibrator) -> bytes:
    """The skops file of a calibrator."""
    steps = {name: [list(x), list(y)] for name, (x, y) in calibrator.steps.items()}
    numbers = {"edges": list(calibrator.edges), "slopes": list(calibrator.slopes), "offsets": list(calibrator.offsets)}
    named = {"kind": KIND, "labels": list(calibrator.labels), "intercept": calibrator.intercept, "steps": steps}
    return skops_file.written(named | numbers)


@functools.lru_cache(maxsize=2)  # a flow asks again for every chunk
def read(data: bytes) -> Calibrator:
    """The calibrator in a skops file. Raises ModelInvalid if it is none, or not as `written` writes it."""
    content = skops_file.read(data)
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ModelInvalid("the file holds no calibrator of this version; train one with: second-reader retrain STREAM")
    try:
        (low, high), (of_log, of_rest) = content["edges"], content["slopes"]
        return Calibrator(
            labels=tuple(map(_text, content["labels"])),
            edges=(float(low), float(high)),
            intercept=float(content["intercept"]),
            slopes=(float(of_log), float(of_rest)),
            offsets=tuple(map(float, content["offsets"])),
            steps=MappingProxyType(
                {_text(name): (tuple(map(float, x)), tuple(map(float, y))) for name, (x, y) in content["steps"].items()}
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ModelInvalid("the file of the calibrator is not as it was written; train it anew") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _rises(x: Sequence[float], y: Sequence[float]) -> bool:
    knots = len(x) == len(y) > 0 and np.isfinite([*x, *y]).all()
    return bool(knots and np.all(np.diff(x) > 0) and np.all(np.diff(y) >= 0) and y[0] >= 0 and y[-1] <= 1)


def _beta(
    score: Floats, right: NDArray[np.bool_], place: Places, weight: Floats, labels: tuple[str, ...]
) -> Calibrator | None:
    """The beta map with offsets. A slope below 0 is left out, as its makers do; None: none is left."""
    edges = _edge(score), _edge(1 - score)
    columns = _logs(score, edges)
    weight = weight * weight.sum() / (weight**2).sum()  # to sum to the number that tells as much (Kish 1965)
    good, bad = float(weight[right].sum()), float(weight[~right].sum())
    target = np.where(right, (good + 1) / (good + 2), 1 / (bad + 2))  # Platt 1999, section 2.2
    kept = [0, 1]
    while True:
        fit = pooled.fit(columns[:, kept], place, len(labels), target, weight)
        if np.all(fit.slopes >= 0):
            break
        kept.pop(int(np.argmin(fit.slopes)))
    slopes = np.zeros(2)
    slopes[kept] = fit.slopes
    if not slopes.any() and (len(set(score.tolist())) > 1 or not fit.offsets.any()):
        return None
    return Calibrator(
        labels=labels,
        edges=edges,
        intercept=fit.intercept,
        slopes=(float(slopes[0]), float(slopes[1])),
        offsets=tuple(fit.offsets.tolist()),
        steps=MappingProxyType({}),
    )


def _edge(distance: Floats) -> float:
    """Half of the smallest distance that is none: what is at the end counts as half as far from it as the nearest that is not."""
    return max(float(np.min(distance[distance > 0], initial=0.5)) / 2, LEAST)


def _logs(score: Floats, edges: tuple[float, float]) -> Floats:
    return np.column_stack([np.log(np.maximum(score, edges[0])), -np.log(np.maximum(1 - score, edges[1]))])


def _isotonic(x: Floats, right: NDArray[np.bool_], weight: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    model = IsotonicRegression(y_min=0, y_max=1, increasing=True, out_of_bounds="clip")
    model.fit(x, right.astype(np.float64), sample_weight=weight)
    return tuple(model.X_thresholds_.tolist()), tuple(model.y_thresholds_.tolist())


def _smooth(calibrator: Calibrator, score: Floats, place: Places) -> Floats:
    """What the beta map gives."""
    offsets = np.array([*calibrator.offsets, 0.0])  # the last: of no class, or of one that nobody saw
    eta = _logs(score, calibrator.edges) @ np.array(calibrator.slopes) + calibrator.intercept + offsets[place]
    return np.asarray(special.expit(eta), dtype=np.float64)


def _right(calibrator: Calibrator, cases: pl.DataFrame) -> Floats:
    place = _places(cases["prediction"], calibrator.labels)
    smooth = _smooth(calibrator, cases["raw_score"].to_numpy(), place)
    if ALL not in calibrator.steps:
        return smooth
    stepped = np.interp(smooth, *calibrator.steps[ALL])
    for name, knots in calibrator.steps.items():
        if name != ALL:
            those = place == calibrator.labels.index(name)
            stepped[those] = np.interp(smooth[those], *knots)
    return np.asarray((1 - RISING) * stepped + RISING * smooth, dtype=np.float64)


def _places(answers: pl.Series, labels: Sequence[str]) -> Places:
    """The place of each answer among the labels; -1: it is none of them."""
    known = answers.replace_strict(list(labels), list(range(len(labels))), default=-1, return_dtype=pl.Int64)
    return known.fill_null(-1).to_numpy()
