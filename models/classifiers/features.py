"""The columns of raw items as a scikit-learn model takes them: texts, a matrix, or a table by column names.

CSV and JSONL bring every value as text, so it is the fitted model that says which columns are numbers, never the
values of one chunk: a postcode that looks like a number must not turn into one halfway through a file.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from models import columns
from models.errors import ModelInvalid

Rows = NDArray[np.bool_]


def read(frame: pl.DataFrame, model: Any) -> tuple[Rows, Any]:
    """Which rows the model can take (n booleans), and these rows. `frame` has the stream's features, of any type.

    Raises ModelInvalid if the model was trained on other columns, or on another number of them.
    """
    frame = columns.plain(frame)
    width = getattr(model, "n_features_in_", None)  # a model of texts has none
    if width is None:
        return _texts(frame)
    if not hasattr(model, "feature_names_in_"):
        if frame.width not in (1, width):
            raise ModelInvalid(f"model.file takes {width} columns; model.features names {frame.width}")
        if _transformer(model) is None:
            return _matrix(frame, width, model)
    return _table(frame, model)


def _texts(frame: pl.DataFrame) -> tuple[Rows, list[str]]:
    if frame.width != 1:
        raise ModelInvalid(f"model.file takes one column of text; model.features names {frame.width}")
    texts = columns.text(frame).to_series()
    return texts.is_not_null().to_numpy(), texts.drop_nulls().to_list()


def _matrix(frame: pl.DataFrame, width: int, model: Any) -> tuple[Rows, columns.Matrix]:
    matrix = columns.matrix(frame, width)
    rows = _usable(matrix, model)
    return rows, matrix[rows]


def _table(frame: pl.DataFrame, model: Any) -> tuple[Rows, Any]:
    """A table, for a model that treats its columns one by one."""
    names = [str(name) for name in getattr(model, "feature_names_in_", frame.columns)]
    if sorted(names) != sorted(frame.columns):
        raise ModelInvalid(
            f"model.file was trained on the columns {', '.join(names)}; model.features names {', '.join(frame.columns)}"
        )
    texts = _text_columns(model, names)
    table = frame.select(
        columns.text(frame.select(name)).to_series()
        if name in texts
        else columns.numbers(frame[name]).fill_null(np.nan)
        for name in names
    )
    numbers = table.drop(texts)
    rows = table.select(pl.all_horizontal(pl.col(texts).is_not_null()) if texts else pl.repeat(True, pl.len()))
    usable = rows.to_series().to_numpy() & _usable(numbers.to_numpy(), model)
    kept = table.filter(pl.Series(usable))
    return usable, kept if hasattr(model, "feature_names_in_") else kept.to_numpy()


def _usable(matrix: columns.Matrix, model: Any) -> Rows:
    """Rows without an infinity, nor a gap unless the model was built to fill gaps."""
    bad = np.isinf(matrix) if get_tags(model).input_tags.allow_nan else ~np.isfinite(matrix)
    return np.asarray(~bad.any(axis=1), dtype=np.bool_)


def _transformer(model: Any) -> ColumnTransformer | None:
    first = model.steps[0][1] if isinstance(model, Pipeline) else model
    return first if isinstance(first, ColumnTransformer) else None


def _text_columns(model: Any, names: list[str]) -> list[str]:
    """The columns a fitted model knows as text: those of a vectorizer, and of an encoder whose categories are text."""
    transformer = _transformer(model)
    if transformer is None:
        return []
    text_names: list[str] = []
    for _, step, which in transformer.transformers_:
        chosen = _chosen(which, names)
        first = step.steps[0][1] if isinstance(step, Pipeline) else step
        if hasattr(first, "analyzer"):
            text_names += chosen
        kinds = getattr(first, "categories_", [])
        text_names += [column for column, values in zip(chosen, kinds, strict=False) if values.dtype.kind in "OUS"]
    return list(dict.fromkeys(text_names))


def _chosen(which: Any, names: list[str]) -> list[str]:
    """The names a column transformer means by a name, a position, a mask, a slice, or a list of them."""
    if isinstance(which, slice):
        start, stop = which.start, which.stop  # by name, the last one is included
        start = names.index(start) if isinstance(start, str) else start
        return names[start : names.index(stop) + 1 if isinstance(stop, str) else stop : which.step]
    picked = np.atleast_1d(np.asarray(which))
    return [str(name) for name in (np.asarray(names, dtype=object)[picked] if picked.dtype.kind in "ib" else picked)]
