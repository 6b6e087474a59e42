"""Several answers to one item in a table: which column names the item."""

from collections.abc import Collection

import polars as pl

from models.outputs import items


def item(texts: pl.DataFrame, answer: str, numbers: Collection[str], others: Collection[str]) -> str | None:
    """The column that names an item whose rows are answers to it; None: there is none.

    The rows of an item say the same but for the answer, a number that counts them, and the columns of `others`; and more than
    one in ten items have different answers. `texts`: the columns as text; `numbers`: those that hold numbers alone.
    """
    for name in texts.columns:
        column = texts[name]
        if name == answer or not items.names_item(name) or column.null_count() or 2 * column.n_unique() > len(column):
            continue
        kinds = texts.group_by(name).agg(pl.len().alias("rows of the item"), pl.exclude(name).n_unique())
        several = [one for one in kinds.columns[2:] if (kinds[one] > 1).any()]
        differ = [one for one in several if one not in others and not (one in numbers and _counts(kinds, one, texts))]
        if differ == [answer] and 10 * int((kinds[answer] > 1).sum()) > len(kinds):
            return name
    return None


def _counts(kinds: pl.DataFrame, name: str, texts: pl.DataFrame) -> bool:
    """Whether a column of numbers counts the rows of each item."""
    rows = kinds["rows of the item"]
    return bool((kinds[name] == rows).all()) and texts[name].n_unique() == rows.max()
