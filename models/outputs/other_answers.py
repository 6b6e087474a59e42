"""What another model said of a stream's cases, written as this model's answers are. Nothing of it goes out."""

from typing import Any

import polars as pl

from models.answers import record_text
from models.config.stream import Stream
from models.outputs import field_same, field_values


def as_ours(answers: pl.DataFrame, stream: Stream) -> pl.Series:
    """The answers (`prediction`) as they are recorded: of a record each field that is the same as this model's, `ours`, is
    written as it is there, as people's are. So two answers are one exactly where their texts are."""
    if not stream.field:
        return answers["prediction"]
    fields = {field.name: field for field in stream.field}

    def same(name: str, one: Any, other: Any) -> bool:
        return field_values.fits(one, fields[name]) and field_same.same(one, other, fields[name])

    written = [
        None if theirs is None else record_text.answered(ours, record_text.values(theirs), same)
        for ours, theirs in answers.select("ours", "prediction").iter_rows()
    ]
    return pl.Series("prediction", written, dtype=pl.String)
