"""Rows with a model's answer and, some of them, a truth -> a history as `models.planning.study` takes it, and what to say of it.

Pure: columns in, columns and sentences out.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from models import columns
from models.answers import same
from models.monitoring import score_shift
from models.outputs import items, score_columns

MOST = 50_000_000  # cases that chances may stand for
_SHOWN = 5  # spellings


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the file's columns are called, and how they are read.

    `probabilities` (one column per label) instead of `confidence`, if given. `right`: instead of a truth, a verdict on the
    answer (accept, reject). `group`: what belongs together; None: found by its name if rows repeat, "": each row for itself.
    `item`: what names items, whatever it is called.
    `chance`: with which each row was chosen to be labelled. `scale`: of the numbers, None: they must be from 0 to 1.
    `of`: the label whose probability the confidence is. `fold`: spellings of one label are one. `rule`: the labels of a
    stream and how it reads them, in place of the labels of the file.
    """

    truth: str = "truth"
    prediction: str | None = "prediction"
    confidence: str | None = "confidence"
    probabilities: tuple[str, ...] = ()
    votes: tuple[str, ...] = ()  # answers of single people, to be compared with the truth
    truth_of_votes: bool = False  # whether the truth is what most of them say
    right: str | None = None
    group: str | None = None
    item: str | None = None
    chance: str | None = None
    scale: score_columns.Scale | None = None
    of: str | None = None
    fold: bool = False
    rule: same.Rule | None = None

    @property
    def labelled_by(self) -> str:
        """The column that says what is right: the truth, or a verdict."""
        return self.right or self.truth


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Rows that do not count among the answers marked right or wrong, and why.

    `unlabelled`: no truth, or what data sets write where there is none (`placeholders`: -1 or its like -> rows). `unreadable`:
    no row at all. `unscored`: no confidence or no answer, `first_reason`: why. `written`: spelling -> rows whose answer no
    label is written like. `undecided`: verdict -> rows that say neither right nor wrong. `repeats`: rows of an item that
    stands before. `without_chance`: no chance from above 0 to 1. `unread`: records of which a right value cannot be read,
    `first_unread`: which, and why. Unscored and otherwise written rows stay cases: they go to a
    person.
    """

    unlabelled: int = 0
    placeholders: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    unscored: int = 0
    first_reason: str | None = None
    written: dict[str, int] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)
    repeats: int = 0
    without_chance: int = 0
    unread: int = 0
    first_unread: str | None = None


def counted(answers: pl.Series) -> dict[str, int]:
    """How often each text occurs, most often first."""
    counts = answers.drop_nulls().rename("text").value_counts().sort(["count", "text"], descending=[True, False])
    return {str(text): int(n) for text, n in counts.iter_rows()}


def list_note(prediction: pl.Series, truth: pl.Series) -> str | None:
    """That lists are compared as sets, where it changes anything."""
    reordered = (same.as_sets(prediction) == same.as_sets(truth)) & (prediction != truth)
    if not reordered.any():
        return None
    return f"Answers that are lists are compared as sets: {int(reordered.sum())} come in another order than the truth"


def label_note(prediction: pl.Series, truth: pl.Series) -> str | None:
    """That labels which differ by spelling alone are taken as different ones."""
    both = set(prediction.drop_nulls()) & set(truth.drop_nulls())
    alike = same.alike({text for text in both if text == text.strip()})
    if not alike:
        return None
    shown = ", ".join(repr(text) for text in alike[:_SHOWN])
    return (
        f"Labels that differ by spelling alone ({shown}) are taken as different ones, for answers and truth both use them; "
        "--fold joins them"
    )


def shift_note(scored: pl.DataFrame) -> str | None:
    """That labelled and unlabelled rows differ in confidence: `confidence`, `labelled` (Boolean); None: not visibly."""
    sides = [scored.filter(pl.col("labelled") == side).select("confidence", n=pl.lit(1)) for side in (True, False)]
    moved = score_shift.shift(*sides)
    if moved is None or not moved.warn:
        return None
    middle = [side["confidence"].drop_nulls().to_numpy() for side in sides]
    halves = " and ".join(f"{np.median(scores):.3g}" if len(scores) else "none" for scores in middle)
    return (
        "The labelled rows are not like the rest: the middle confidence of those with and without a truth is "
        f"{halves} (Kolmogorov-Smirnov distance {moved.distance:.2f}). What follows holds for rows like the labelled ones only; "
        "if you know the chance with which each row was chosen, name its column with --chance"
    )


def side_note(confidence: pl.Series, prediction: pl.Series) -> str | None:
    """That the confidence looks like the probability of one of two answers."""
    label = score_columns.one_sided(confidence, prediction)
    if label is None:
        return None
    shown = label[:60]
    return (
        f"The confidence looks like the probability of {shown!r}, not of the answer given: it is low wherever the answer is "
        f"another one; if so, add --of {shown!r}"
    )


def item_column(rows: pl.DataFrame, known: str | None = None) -> items.Column | None:
    """Of the columns of labelled rows that name an item by their own name, one in which items repeat; None: none.

    `known`: a column that names items whatever it is called.
    """
    named = [name for name in rows.columns if name == known or items.names_item(name)]
    return items.repeated(rows.select(name for name in named if rows[name].null_count() < len(rows)))


def content_note(rows: pl.DataFrame) -> str | None:
    """That several rows have one content, where no column was taken to say what belongs together."""
    named = [name for name in rows.columns if items.names_content(name) and rows[name].null_count() < len(rows)]
    repeats = items.repeated(rows.select(named))
    if repeats is None or repeats.repeats < items.COMMON:
        return None
    return (
        f"Column {repeats.name!r} has {repeats.values} values in {repeats.rows} labelled rows: if rows of one are right or wrong "
        f"together, add --group {repeats.name}"
    )


def chances(column: pl.Series) -> pl.Series:
    """Chances of being labelled as Float64 in (0, 1]; null where there is none."""
    number = columns.numbers(column)
    return pl.select(pl.when((number > 0) & (number <= 1)).then(number)).to_series().rename("chance")


def population(cases: pl.DataFrame, name: str) -> tuple[pl.DataFrame, str | None]:
    """All cases the labels were sampled from, and what speaks against their number.

    `cases`: `right` (null: not labelled), `chance`. Where the rows that were not sampled are not there, each label brings
    as many of its like as it was sampled from. Raises ValueError if these are too many.
    """
    known = cases.filter(pl.col("right").is_not_null())
    rate = cases["chance"].to_numpy()
    size = int(cases.group_by("group").len()["len"].max()) if "group" in cases.columns else 1  # type: ignore[arg-type]
    expected, spread = float(rate.sum()), float(np.sqrt(size * (rate * (1 - rate)).sum()))
    if abs(len(known) - expected) <= 6 * spread + 1e-9:
        return cases, None
    stands = np.floor(np.cumsum(1 / known["chance"].to_numpy()) + 0.5)
    if stands[-1] > MOST:
        raise ValueError(f"the chances in column {name!r} stand for {stands[-1]:.3g} cases, more than {MOST}")
    more = np.maximum(np.diff(stands, prepend=0).astype(np.int64) - 1, 0)
    others = known[np.repeat(np.arange(len(known)), more)].with_columns(right=pl.lit(None, dtype=pl.Boolean))
    reason = (
        None
        if len(known) == len(cases)
        else f"By column {name!r} about {expected:.0f} of {len(cases)} rows are labelled, and {len(known)} are: the rows without "
        "a truth are not those the labels were sampled from, and were put aside"
    )
    return pl.concat([known, others]), reason


def answer(text: pl.Series) -> pl.Series:
    """A column of answers as text; empty is missing."""
    shown = columns.text(text.to_frame()).to_series()
    return pl.select(pl.when(shown.str.strip_chars() != "").then(shown)).to_series().rename(text.name)
