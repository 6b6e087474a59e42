"""What makes the score by which cases are ranked instead of the model's own: a second stage or a calibrator, from its file."""

import functools

import polars as pl

from models.classifiers import calibrator, second_stage, skops_file
from models.classifiers.calibrator import Calibrator
from models.classifiers.second_stage import SecondStage
from models.config.stream import Stream

Ranking = SecondStage | Calibrator


@functools.lru_cache(maxsize=2)  # a flow asks again for every chunk
def read(data: bytes) -> Ranking:
    """What a skops file holds. Raises ModelInvalid if it is neither."""
    content = skops_file.read(data, trusted=second_stage.TRUSTED)
    if isinstance(content, dict) and content.get("kind") == calibrator.KIND:
        return calibrator.read(data)
    return second_stage.read(data)


def scores(ranking: Ranking, cases: pl.DataFrame, stream: Stream) -> pl.Series:
    """How likely each answer is right, Float64 in [0, 1]; null where the model's own score is.

    `cases`: prediction, raw_score, slices, payload and field_scores. Raises ModelInvalid if it was trained for another stream.
    """
    if isinstance(ranking, Calibrator):
        return calibrator.scores(ranking, cases, stream)
    return second_stage.scores(ranking, cases, stream)
