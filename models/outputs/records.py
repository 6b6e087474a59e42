"""What the model said of a record: its values as one text, the score of each field, and how sure it is of the least sure one.

A record is one case. It is released whole or read whole, so its score is the least among its fields: a threshold on it is
one threshold on every field. A field without a value or a score that it needs leaves the record to a person.
"""

import json
from collections.abc import Sequence

import polars as pl

from models import columns
from models.answers import record_text
from models.config.field_table import FieldTable
from models.config.stream import Stream
from models.outputs import field_values, score_source

_DECIMALS = 6  # of a field's score in the ledger, where it is shown and never compared
_NO_SCORE, _NO_COLUMN = score_source.MISSING, "the stream names no score for it"
NOTHING = "the model gave no value"


def columns_of(stream: Stream) -> list[str]:
    """The columns that the fields are read from, each once."""
    names = [name for field in stream.field for name in (field.column, field.score) if name is not None]
    return list(dict.fromkeys(names))


def read(frame: pl.DataFrame, fields: Sequence[FieldTable]) -> pl.DataFrame:
    """Columns `answer`, `score`, `unscored` and `field_scores`, in the order of the rows.

    `answer` is the record's text (`models.answers.record_text`), null where no field has a value. `score` is in [0, 1], null
    exactly where `unscored` says why. `field_scores` is a JSON list in the order of the fields, null where there is none.
    """
    each = by_field(frame, fields)
    rows = pl.DataFrame(
        [pl.Series(f"{name}{place}", one[name]) for place, one in enumerate(each) for name in one.columns]
    )
    places = range(len(fields))
    none = pl.all_horizontal(pl.col(f"value{place}") == field_values.NULL for place in places)
    why = pl.coalesce(*(f"why{place}" for place in places), pl.when(none).then(pl.lit(NOTHING)))
    return rows.select(
        answer=pl.when(~none).then(_object(fields)),
        score=pl.when(why.is_null()).then(pl.min_horizontal(f"score{place}" for place in places)),
        unscored=why,
        field_scores=_scores(len(fields)),
    )


def by_field(frame: pl.DataFrame, fields: Sequence[FieldTable]) -> list[pl.DataFrame]:
    """Of each field the columns `value` (JSON), `score` (in [0, 1] or null) and `why`: what of it leaves the record to a person.

    A field with neither `score` nor `why` has no say: it is empty, and may be.
    """
    return [_one(frame, field) for field in fields]


def unsure(
    field_scores: str | None, threshold: float | None, prediction: str | None, fields: Sequence[FieldTable]
) -> frozenset[str]:
    """The names of the fields that keep a record below the threshold, or would by themselves.

    `field_scores` and `prediction`: as `read` gives them, for these fields. `threshold`: that the case was decided by; None:
    nothing was released, so there is none to be below. A value or a score that a release needs and the model did not give counts.
    """
    scores = json.loads(field_scores or "[]")
    if threshold is None or len(scores) != len(fields):
        return frozenset()
    values = record_text.values(prediction)
    return frozenset(
        field.name
        for field, score in zip(fields, scores, strict=True)
        if _keeps_back(field, values.get(field.name), score, round(threshold, _DECIMALS))
    )


def _keeps_back(field: FieldTable, value: object, score: float | None, threshold: float) -> bool:
    if value is None and field.required:
        return True
    return value is not None if score is None else score < threshold


def _one(frame: pl.DataFrame, field: FieldTable) -> pl.DataFrame:
    """Columns value, score, and why: what is missing of a field that a release needs; null: nothing."""
    values = field_values.read(frame[field.column], field)
    if field.score is None:
        scored = pl.DataFrame(
            {"score": pl.repeat(None, len(frame), dtype=pl.Float64, eager=True)},
        ).with_columns(unscored=pl.lit(_NO_COLUMN))
    else:
        scored = score_source.read(frame[field.score], field.scale, ())
    empty = values["value"] == field_values.NULL
    lacks = scored["unscored"].is_in([_NO_SCORE, _NO_COLUMN])
    excused = empty & (not field.required) & lacks  # nothing there, and nothing had to be
    missing = pl.when(empty & field.required).then(pl.lit("no value"))
    why = pl.coalesce(pl.lit(values["unreadable"]), missing, pl.when(~excused).then(pl.lit(scored["unscored"])))
    named = columns.sentence(f"field '{field.name}': ", why)
    return pl.DataFrame({"value": values["value"], "score": scored["score"]}).with_columns(why=named)


def _object(fields: Sequence[FieldTable]) -> pl.Expr:
    """The JSON object of the values, keys sorted."""
    order = sorted(range(len(fields)), key=lambda place: fields[place].name)
    keys = field_values.quoted(pl.Series([fields[place].name for place in order]))
    parts: list[pl.Expr] = []
    for nth, (place, key) in enumerate(zip(order, keys, strict=True)):
        parts += [pl.lit(f"{',' if nth else '{'}{key}:"), pl.col(f"value{place}")]
    return pl.concat_str(*parts, pl.lit("}"))


def _scores(count: int) -> pl.Expr:
    texts = [
        pl.col(f"score{place}").round(_DECIMALS).cast(pl.String).fill_null(field_values.NULL) for place in range(count)
    ]
    return pl.concat_str(pl.lit("["), pl.concat_str(texts, separator=","), pl.lit("]"))
