"""Labels from the answers that stand in the rows of a table: those that are one but for their spelling, and lists of several."""

import json
from collections import Counter
from collections.abc import Sequence

import polars as pl

from models.answers import same

MOST = 200  # labels that are listed in a first stream file
LONGEST = 200  # letters of one
_REPEATS = 2  # times that a label of a list stands somewhere, in the mean


def spelt(answers: pl.Series, truths: Sequence[pl.Series] = ()) -> tuple[list[str], bool]:
    """The labels of answers, sorted, and whether some are written in other ways, which `fold` passes over.

    Of several spellings the one that most rows have. Where a column of `truths` has two spellings of one, they are two labels.

    >>> spelt(pl.Series(["bug", "bug", "Bug", "bug.", "other"]))
    (['bug', 'other'], True)
    """
    counts = Counter(answers.drop_nulls().to_list())
    bare: Counter[str] = Counter()
    for text, n in counts.items():
        bare[text.strip()] += n
    bare = Counter({text: n for text, n in bare.items() if text and len(text) <= LONGEST})
    if any(same.alike({text.strip() for text in one.drop_nulls().unique()}) for one in truths):
        return sorted(bare), False
    most: dict[str, str] = {}
    for text in sorted(bare, key=lambda one: (-bare[one], one)):
        most.setdefault(same.plain(text), text)
    if len(most) < 2:  # a stream has two labels at least
        return sorted(bare), False
    labels = set(most.values())
    return sorted(labels), any(text not in labels for text in counts if text.strip() and len(text) <= LONGEST)


def of_lists(column: pl.Series) -> list[str] | None:
    """The labels in a column of JSON lists, sorted; None: it holds something else, or texts that hardly repeat."""
    known = column.drop_nulls()
    if known.is_empty() or not known.str.strip_chars_start().str.starts_with("[").all():
        return None
    parts: Counter[str] = Counter()
    for text, n in known.rename("text").value_counts(name="n").iter_rows():
        labels = _labels(text)
        if labels is None:
            return None
        for label in set(labels):
            parts[label] += n
    few = 2 <= len(parts) <= MOST and parts.total() >= _REPEATS * len(parts)
    return sorted(parts) if few else None


def _labels(text: str) -> list[str] | None:
    try:
        labels = json.loads(text)
    except (ValueError, RecursionError):
        return None
    fits = isinstance(labels, list) and all(isinstance(one, str) and _is_label(one) for one in labels)
    return labels if fits else None


def _is_label(text: str) -> bool:
    return bool(text) and text == text.strip() and text.isprintable() and len(text) <= LONGEST
