"""Rows of one item: which column names the item, and whether its rows come several to one."""

import re
from dataclasses import dataclass

import polars as pl

_KIND = "case|item|doc|document|question|query|example|record|message|ticket|task|image|file|conversation|thread|request|sku"
_ITEM = re.compile(rf"(_?id|uid|uuid|guid|qid|item|case|doc|question|({_KIND})[_ -]?(id|key|no|nr|number|uid|hash))")
_CONTENT = re.compile(r"text|content|payload|prompt|input|question_text|body|message|comment|sentence|review|tweet")
RARE = 0.01  # of the rows are repeats, and fewer: the repeats are left out, which costs less than groups do
COMMON = 0.05  # of the rows repeat a content, and more: worth a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that names items: `values` different ones in `rows` rows."""

    name: str
    values: int
    rows: int

    @property
    def repeats(self) -> float:
        """The share of rows that repeat an item."""
        return 1 - self.values / self.rows if self.rows else 0.0


def names_item(column: str) -> bool:
    """Whether a column of this name holds the id of an item.

    >>> names_item("Case ID"), names_item("paid")
    (True, False)
    """
    return _ITEM.fullmatch(column.strip().lower()) is not None


def names_content(column: str) -> bool:
    """Whether a column of this name holds what the model was shown."""
    return _CONTENT.fullmatch(column.strip().lower()) is not None


def repeated(rows: pl.DataFrame) -> Column | None:
    """Of these columns the one with the most values that has fewer values than rows; None: none has.

    Rows without a value are each an item of their own.
    """
    repeats = [_column(column) for column in rows]
    several = [column for column in repeats if column.values < column.rows]
    return max(several, key=lambda column: column.values, default=None)


def units(group: pl.Series) -> pl.Series:
    """The groups as text, each row without one a group of its own (named so that no value can be the same)."""
    alone = pl.int_range(len(group), eager=True).cast(pl.String)
    return pl.select(pl.coalesce("=" + group.cast(pl.String), "row " + alone)).to_series().rename("group")


def _column(column: pl.Series) -> Column:
    known = column.drop_nulls()
    return Column(name=column.name, values=known.n_unique() + column.null_count(), rows=len(column))
