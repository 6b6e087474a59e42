"""The kinds of candidates: what each learns from, how it is fitted, and what a fitted one says of cases.

scikit-learn takes seconds to import, so it is loaded only where something is fitted or asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.runtime import runs
from flows.scoring import reread
from models.config.stream import Stream
from models.errors import ModelInvalid, NothingTrained
from models.evaluation.estimate import NotEnoughEvidence
from models.evaluation.learned import Measure
from models.outputs import predictions
from review import formats
from review.queries import candidates, training_cases
from review.queries.candidates import Check

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

FEWEST, FEWEST_OF_EACH = 20, 5  # labels of a fit of the learning curve; of these right, and wrong

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Material:
    """The labels of the training side that a kind can learn from (`training_cases.COLUMNS`). `model`: what is fitted anew."""

    cases: pl.DataFrame
    kept_back: int
    model: Any = None


@dataclass(frozen=True, slots=True)
class Trained:
    """The file of a candidate, the labels it learned from, and what it was kept for."""

    data: bytes
    labels: int
    check: Check | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a kind of candidate comes to be.

    `material`: from all labels of the training side. `train`: raises Misuse where there is too little to learn from. `learn`:
    for the learning curve, as `learning_curve.Learn`; True: of first readings. `answers`: what the model in a file says of
    measuring cases, as `shadows.append` takes it, but for what a request says and costs. `keeps`: whether it keeps the
    answers of the model that is in force. `measure`: what its learning curve shows.
    """

    material: Callable[[runs.Run, training_cases.TrainingCases], Material]
    train: Callable[[runs.Run, Material], Trained]
    learn: Callable[[runs.Run, Material, Places, Places, bool], Floats | None]
    answers: Callable[[runs.Run, bytes, pl.DataFrame], pl.DataFrame]
    keeps: bool
    measure: Measure


def _of_answers(run: runs.Run, labels: training_cases.TrainingCases) -> Material:
    same = candidates.answering_as(run.ledger, run.stream.name, run.stream.model.id)
    return Material(training_cases.of_answers(labels, same), labels.kept_back)


def _second_stage(run: runs.Run, known: Material) -> Trained:
    from models.classifiers import second_stage

    fitted = _enough(run.stream, second_stage.fit(known.cases, run.stream), known.kept_back)
    check = Check(measure="order", after=fitted.auroc, before=fitted.auroc_before, reorders=True)
    return Trained(second_stage.written(fitted.stage), fitted.labels, check)


def _by_second_stage(run: runs.Run, known: Material, learn: Places, rest: Places, first: bool) -> Floats | None:
    from models.classifiers import second_stage

    part = _part(known.cases[learn], first=first)
    if part is None:
        return None
    return second_stage.scores(second_stage.trained(part, run.stream), known.cases[rest], run.stream).to_numpy()


def _calibrator(run: runs.Run, known: Material) -> Trained:
    from models.classifiers import calibrator

    fitted = _enough(run.stream, calibrator.fit(known.cases, run.stream), known.kept_back)
    check = Check(
        measure="probability", after=1 - fitted.brier, before=1 - fitted.brier_before, reorders=fitted.reorders
    )
    return Trained(calibrator.written(fitted.calibrator), fitted.labels, check)


def _by_calibrator(run: runs.Run, known: Material, learn: Places, rest: Places, first: bool) -> Floats | None:
    from models.classifiers import calibrator

    part = _part(known.cases[learn], first=first)
    fitted = None if part is None else calibrator.trained(part, run.stream)
    return None if fitted is None else calibrator.scores(fitted, known.cases[rest], run.stream).to_numpy()


def _part(cases: pl.DataFrame, *, first: bool) -> pl.DataFrame | None:
    """Labels to fit on; None: too few. `first`: as the first readings say."""
    if first:
        cases = cases.with_columns(right=pl.col("first").eq_missing(pl.col("prediction")))
    right = int(cases["right"].sum())
    return cases if len(cases) >= FEWEST and min(right, len(cases) - right) >= FEWEST_OF_EACH else None


def _ranked(run: runs.Run, data: bytes, wanted: pl.DataFrame) -> pl.DataFrame:
    """The answers that were given, with the scores of a second stage or a calibrator."""
    from models.classifiers import ranking

    scores = ranking.scores(ranking.read(data), wanted, run.stream)
    return wanted.select("case_id", "prediction", ours="prediction", raw_score=pl.lit(scores), doubt="doubt")


def _own(run: runs.Run, labels: training_cases.TrainingCases) -> Material:
    """The labels whose rows are still there, with the features of the stream's own classifier."""
    from models.classifiers import inference

    path = run.settings.data / str(run.stream.model.file)
    try:
        model = inference.load(path.read_bytes())
    except OSError as error:
        raise ModelInvalid(f"{path}: the model cannot be read ({error.strerror}); check model.file") from None
    except ModelInvalid as error:
        raise ModelInvalid(f"{path}: {error}") from None
    known = reread.rows(labels.rows, run.stream, run.settings.data / run.stream.input.source)
    return Material(known, labels.kept_back, model)


def _refit(run: runs.Run, known: Material) -> Trained:
    from models.classifiers import skops_file, training

    fitted = training.refit(known.model, reread.columns(known.cases, run.stream), known.cases, run.stream)
    fitted = _enough(run.stream, fitted, known.kept_back)
    return Trained(skops_file.written(fitted.model), fitted.labels, None)


def _by_refit(run: runs.Run, known: Material, learn: Places, rest: Places, first: bool) -> Floats | None:
    from models.classifiers import training

    cases, stream = known.cases[learn], run.stream
    if first:
        cases = cases.with_columns(answer="first")
    asked = known.cases[rest]
    try:
        fitted = training.refit(known.model, reread.columns(cases, stream), cases, stream, fewest=FEWEST)
        says = None if isinstance(fitted, NotEnoughEvidence) else _says(fitted.model, asked, stream)["prediction"]
    except ModelInvalid:  # some classifiers cannot be fitted on so few
        return None
    return None if says is None else says.eq_missing(asked["answer"]).cast(pl.Float64).to_numpy()


def _answered(run: runs.Run, data: bytes, wanted: pl.DataFrame) -> pl.DataFrame:
    """The answers of a refitted classifier to the cases whose rows are still there."""
    from models.classifiers import inference

    known = reread.rows(wanted, _unnamed(run.stream), run.settings.data / run.stream.input.source)
    answers = _says(inference.load(data), known, run.stream)
    return known.select("case_id", ours="prediction").hstack(answers.select("prediction", "raw_score", "doubt"))


def _says(model: Any, known: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """What a classifier answers to cases with their features."""
    from models.classifiers import inference

    stream = _unnamed(stream)
    return predictions.read(inference.apply(model, reread.columns(known, stream), stream), stream)


def _unnamed(stream: Stream) -> Stream:
    """The stream without the column that names the model of a row: the rows are answered anew."""
    return stream.model_copy(update={"input": stream.input.model_copy(update={"model": None})})


def _enough(stream: Stream, fitted: T | NotEnoughEvidence, kept_back: int) -> T:
    """What was fitted. Raises NothingTrained where it was not."""
    if isinstance(fitted, NotEnoughEvidence):
        kept = formats.plain(formats.count(kept_back, "label"))
        raise NothingTrained(
            f"stream {stream.name!r}: nothing was trained: {fitted.reason} ({kept} are kept for measuring)"
        )
    return fitted


KIND_OF: Mapping[str, Kind] = MappingProxyType(
    {
        "second-stage": Kind(
            material=_of_answers,
            train=_second_stage,
            learn=_by_second_stage,
            answers=_ranked,
            keeps=True,
            measure="order",
        ),
        "calibrator": Kind(
            material=_of_answers,
            train=_calibrator,
            learn=_by_calibrator,
            answers=_ranked,
            keeps=True,
            measure="order",
        ),
        "refit": Kind(material=_own, train=_refit, learn=_by_refit, answers=_answered, keeps=False, measure="right"),
    }
)
