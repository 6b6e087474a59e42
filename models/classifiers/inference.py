"""A scikit-learn classifier of the user's own, applied to raw items.

Model files are read with skops (`models.classifiers.skops_file`).
"""

import functools
from typing import Any

import numpy as np
import polars as pl

from models.answers import same
from models.classifiers import features, skops_file
from models.config.stream import Stream
from models.errors import ModelInvalid
from models.outputs import reserved

Classifier = Any  # scikit-learn ships no types; what is needed of it is checked by `load`


@functools.lru_cache(maxsize=2)  # a flow asks again for every chunk
def load(data: bytes) -> Classifier:
    """The classifier in a skops file. Raises ModelInvalid, naming what is wrong with the file."""
    model = skops_file.read(data)
    if not hasattr(model, "predict_proba") or not hasattr(model, "classes_"):
        raise ModelInvalid(f"the model file holds a {type(model).__name__}, not a fitted classifier with probabilities")
    return model


def apply(model: Classifier, frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """The frame with one probability column per label (`reserved.probabilities`), in the order of the labels.

    A row whose features are missing or not what the model takes has no probabilities, which sends it to a person.
    Raises ModelInvalid if the model's classes are not the stream's labels, or the stream's features are not its own.
    """
    classes = stream.rule.read(pl.Series([str(name) for name in model.classes_], dtype=pl.String)).to_list()
    if sorted(classes) != sorted(stream.labels):
        ours, theirs = (
            same.few(sorted(names, key=lambda name: (name in others, name)))  # those that differ first
            for names, others in ((stream.labels, set(classes)), (classes, set(stream.labels)))
        )
        raise ModelInvalid(f"model.file answers {theirs}; the stream's labels are {ours}")
    columns = stream.model.features or []
    rows, taken = features.read(frame.select(columns), model)
    probabilities = np.full((frame.height, len(classes)), np.nan)
    if rows.any():
        try:
            probabilities[rows] = model.predict_proba(taken)
        except (ValueError, TypeError, AttributeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelInvalid(f"model.file cannot take the columns {', '.join(columns)}: {reason}") from None
    order = [classes.index(label) for label in stream.labels]
    return frame.with_columns(
        pl.Series(name, probabilities[:, place])
        for name, place in zip(reserved.probabilities(stream), order, strict=True)
    )
