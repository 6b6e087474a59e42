"""A column that says of each answer whether it is right: accept and reject, yes and no, true and false, 1 and 0."""

import polars as pl

from models.answers import same

RIGHT = frozenset({"accept", "accepted", "approve", "approved", "yes", "y", "true", "t", "right", "correct", "ok", "1"})
WRONG = frozenset({"reject", "rejected", "declined", "no", "n", "false", "f", "wrong", "incorrect", "not ok", "0"})


def right(answers: pl.Series) -> pl.Series:
    """Whether each verdict says right (Boolean); null where it says neither ("ignore"), or nothing.

    >>> right(pl.Series(["Accept", "no", "1", "ignore", None])).to_list()
    [True, False, True, None, None]
    """
    word = same.folded(answers)
    return pl.select(pl.when(word.is_in(list(RIGHT))).then(True).when(word.is_in(list(WRONG))).then(False)).to_series()


def are(answers: pl.Series) -> bool:
    """Whether a column looks like one of verdicts: at least nine of ten of its values say right or wrong, in words."""
    known = answers.drop_nulls()
    worded = known.filter(~same.folded(known).is_in(["0", "1"]))
    return 10 * int(right(worded).is_not_null().sum()) >= 9 * len(worded) > 0
