"""A table of probabilities, as scikit-learn, XGBoost and LightGBM give it: a column for each label, no answer beside them."""

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from models import columns

MOST_LABELS = 200
_FAMILY = re.compile(r"((?:p|prob|proba|probability|score)[_. ])")
_ROUNDING = 0.02  # of the sum of a row's probabilities
_SOME = 0.95  # share of the rows that must be such


def of(frame: pl.DataFrame, numbers: Sequence[str]) -> tuple[list[str], list[str]]:
    """The columns of a table of probabilities without an answer, and the labels they are of; nothing where it is none.

    All numbers of a row that are named alike (or are all there are) lie from 0 to 1 and sum to 1.
    """
    families: dict[str, list[str]] = {"": list(numbers)}
    for one in numbers:
        if match := _FAMILY.match(one):
            families.setdefault(match[1], []).append(one)
    # Where all numbers are named alike, their labels are without what is alike.
    for start, names in sorted(families.items(), key=lambda family: (-len(family[1]), not family[0])):
        if len(names) < 2 or len(names) > MOST_LABELS:
            continue
        matrix = np.column_stack([columns.numbers(frame[name]).fill_null(np.nan).to_numpy() for name in names])
        sums = np.abs(matrix.sum(axis=1) - 1) <= _ROUNDING
        if len(matrix) and ((matrix >= 0).all(axis=1) & sums).mean() >= _SOME:
            return names, [name.removeprefix(start) for name in names]
    return [], []
