"""The kinds of values that a stream file holds, each with what it may be."""

import re
import unicodedata
from typing import Annotated, Any

import polars as pl
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
)

from models.config import cron


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", text):
        raise ValueError("must be small letters, digits and hyphens, a letter first, at most 40")
    return text


def _unshown(letter: str) -> bool:
    """Whether a letter cannot stand in a line, or in XML."""
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in "\ufffe\uffff"


def _label(text: str) -> str:
    """Label Studio trims its choices, and no database takes a NUL: an answer must come back as the label it was."""
    if text != text.strip() or any(_unshown(letter) for letter in text):
        raise ValueError("must be one line of text without spaces at its ends")
    return text


def _names(labels: Any) -> Any:
    """The labels: the list, or `names` of the table in its place."""
    if not isinstance(labels, dict):
        return labels
    if "names" not in labels:
        raise ValueError('must name the labels, names = ["...", "..."]')
    return labels["names"]


def is_pattern(name: str) -> bool:
    """Whether Polars takes a name for several columns: `*`, or what begins with ^ and ends with $."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def _column(name: str) -> str:
    if is_pattern(name):
        raise ValueError("must be the name of one column; rename a column that is called so")
    return name


def _once(columns: list[str]) -> list[str]:
    if len(set(columns)) != len(columns):
        raise ValueError("must name each column once")
    return columns


_PART = re.compile(r"@|[\w$-]+(?:\.[\w$*-]+|\[[^\]]*\])*")  # of an expression: a path within it


def leads_into(column: str, path: str) -> bool:
    """Whether a path is a column or leads into it, also into the JSON that stands in its text.

    >>> leads_into("output", "from_json(output.text).label"), leads_into("out", "output.label")
    (True, False)
    """
    inner = path.removeprefix("from_json(")
    if path == column or inner.startswith((f"{column}.", f"{column}[", f"{column})")):
        return True
    ours = _bare(column)
    return ours == "@" or any(
        part == ours or part.startswith((f"{ours}.", f"{ours}[")) for part in _PART.findall(_bare(path))
    )


def _bare(path: str) -> str:
    """A path without what only says how a part of it is read: quotes, brackets around it, JSON within a text."""
    return re.sub(r'[)" ]', "", path.replace("from_json(", "").replace("(", ",")).strip(",")


def _timezone(name: str) -> str:
    try:
        pl.Series([], dtype=pl.Datetime).dt.replace_time_zone(name)  # Polars carries the time zones; no disk is read
    except pl.exceptions.PolarsError:
        raise ValueError('must be a time zone, as in "Europe/Berlin" or "UTC"') from None
    return name


Name = Annotated[str, AfterValidator(_name)]
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_label)]
Labels = Annotated[list[Label], Field(min_length=2), BeforeValidator(_names)]
Column = Annotated[str, Field(min_length=1), AfterValidator(_column)]
Columns = Annotated[list[Column], AfterValidator(_once)]
Rate = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
TargetError = Annotated[float, Field(gt=0, lt=2 / 3)]  # change detection looks for errors of 1.25 to 10 times it
LONGEST = 3650  # days that anything here may last
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Cron = Annotated[str, AfterValidator(cron.five_fields)]
Timezone = Annotated[str, AfterValidator(_timezone)]
