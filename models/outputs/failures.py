"""Why a platform gave no answer to a row, in its own words: such a row is a case for a person."""

import polars as pl

from models import columns
from models.config.failed import Failed
from models.config.stream import Stream

_NOTHING = ("", "null", "false", "[]", "{}")
_LONGEST = 300  # characters of what a platform says


def reasons(frame: pl.DataFrame, stream: Stream) -> pl.Series:
    """Why each row has no answer, by the first of the stream's rules that it falls under; null: it falls under none.

    `frame` has the columns that the rules name, of any type.
    """
    rules = stream.input.failed or []
    if not rules:
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True).rename("failed")
    names = dict.fromkeys(name for rule in rules for name in (rule.when, rule.reason) if name is not None)
    texts = columns.text(frame.select(*names))
    return texts.select(failed=pl.coalesce(_one(rule) for rule in rules)).to_series()


def _one(rule: Failed) -> pl.Expr:
    there = pl.col(rule.when).str.strip_chars()
    falls = there.is_not_null() & ~there.is_in(_NOTHING)
    if rule.equals is not None:
        falls = there.is_in(rule.equals)
    if rule.other_than is not None:
        falls &= ~there.is_in(rule.other_than)
    sentence = pl.lit(rule.says)
    if rule.reason is not None:
        words = pl.col(rule.reason).str.replace_all(r"\p{Cc}", " ").str.strip_chars().str.slice(0, _LONGEST)
        known = words.is_not_null() & (words != "")
        sentence = pl.when(known).then(columns.sentence(rule.says, ": ", words)).otherwise(sentence)
    return pl.when(falls).then(sentence)
