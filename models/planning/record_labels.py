"""Rows of records with the right value of some fields -> what is right, and how sure the model was, field by field.

Pure: columns in, columns out. A record is read as `score` reads it (`predictions`, `records`), and a right value as a value of
its field.
"""

from collections.abc import Mapping

import polars as pl

from models import columns
from models.config.field_table import SETS
from models.config.stream import Stream
from models.outputs import field_same, field_values, predictions, records

FIELD = "{field}"  # in a pattern, for the name of a field
PATTERN = f"truth_{FIELD}"


def truths(stream: Stream, pattern: str) -> dict[str, str]:
    """Field -> the column or path of its right value, by a pattern with `{field}` for its name; of a single field, as it stands.

    Raises ValueError if the pattern leads to one column for all fields, or to one that the model's records are read from.
    """
    if FIELD not in pattern and len(stream.field) > 1:
        raise ValueError(f"{pattern!r} must hold {FIELD}, for the name of each field, as in {PATTERN!r}")
    names = {field.name: pattern.replace(FIELD, field.name) for field in stream.field}
    for name, column in names.items():
        if column in records.columns_of(stream):
            raise ValueError(
                f"{pattern!r} names, for field {name!r}, the column {column!r} that the model's records are read from: it "
                "would always be right"
            )
    return names


def read(frame: pl.DataFrame, stream: Stream, truth_of: Mapping[str, str]) -> pl.DataFrame:
    """Of each row `confidence`, `unscored`, `truth`, `right` and `unread`, and of the n-th field `score n`, `right n`, `why n`.

    `truth` is null where no field has a right value, or one of them cannot be read: `unread` says why. `right`: every field
    that `truth_of` (field -> column) names is right; null without a truth. `score n` is 1 where the field has no say. `right n`
    is null without a truth, and for a field without a column of it. `why n`: what of the field leaves the record to a person.
    """
    answered = predictions.read(frame, stream)
    rows = {"confidence": answered["raw_score"], "unscored": answered["doubt"]}
    empty, unread, right = pl.lit(value=True), [pl.lit(None, dtype=pl.String)], pl.lit(value=True)
    for place, (field, one) in enumerate(zip(stream.field, records.by_field(frame, stream.field), strict=True)):
        rows[f"why {place}"] = one["why"]
        rows[f"score {place}"] = one["score"].set(one["score"].is_null() & one["why"].is_null(), 1.0)
        if field.name not in truth_of:
            rows[f"right {place}"] = pl.repeat(None, len(frame), dtype=pl.Boolean, eager=True)
            continue
        column = truth_of[field.name]
        values = field_values.read(frame[column], field)
        theirs = values["value"]
        if field.kind in SETS:
            theirs = theirs.replace(field_values.NULL, "[]")
        rows[f"right {place}"] = field_same.columns(one["value"], theirs, field)
        if not field.graded:
            right &= pl.col(f"right {place}")
        empty &= pl.lit(values["value"] == field_values.NULL) & pl.lit(values["unreadable"].is_null())
        unread.append(columns.sentence(f"{column}: ", pl.lit(values["unreadable"])))
    known = pl.col("truth").is_not_null()
    marked = pl.DataFrame(rows).with_columns(unread=pl.coalesce(unread), right=right)
    marked = marked.with_columns(truth=pl.when(~empty & pl.col("unread").is_null()).then(pl.lit("record")))
    return marked.with_columns(
        pl.when(known).then(name).alias(name) for name in marked.columns if name.startswith("right")
    )
