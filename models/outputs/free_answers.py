"""Answers that nearly all differ, such as amounts and names: values that people correct, and no labels."""

import polars as pl

from models import columns
from models.config.stream import Stream

_FEWEST = 10  # answers, from which it is the column and not a row
_DIFFERENT = 0.8  # of the answers, at least
HOW = "a value that people correct is a [[field]], in the place of labels: `second-reader guess FILE` writes one"


def hint(frame: pl.DataFrame, stream: Stream) -> str:
    """How to read the answers of rows if they are no labels but values to be corrected; empty: they are not.

    `frame` has the column of the answers.
    """
    name = stream.input.prediction
    return "" if name is None or name not in frame.columns else of(columns.text(frame.select(name)).to_series(), stream)


def of(answers: pl.Series, stream: Stream) -> str:
    """The same of the answers as text."""
    known = stream.rule.read(answers.drop_nulls().str.strip_chars())
    others = known.filter(~known.is_in(stream.labels))
    if len(known) < _FEWEST or known.n_unique() < _DIFFERENT * len(known) or 2 * len(others) < len(known):
        return ""
    return HOW
