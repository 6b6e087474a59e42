"""What another model said of a stream's cases, read as this model's answers are: from a file of its own, or from columns beside.

Nothing of it goes out. It has no part in what makes two rows the same case, so it may come and go without a decision changing.
"""

from typing import Any

import polars as pl

from models.answers import record_text
from models.config.field_table import FieldTable
from models.config.input_table import Input
from models.config.score_table import Score
from models.config.shadow_table import ShadowTable
from models.config.stream import Stream
from models.outputs import contract, field_same, field_values, reserved, score_source

_OF_CASES = ["case_id", "model_id", "prediction", "raw_score", "doubt", "cost", "latency_ms", "content", "request"]
# The columns of cases, and what the stream's own model said (`ours`).
SCHEMA = pl.Schema(
    [(name, contract.CASE_SCHEMA[name]) for name in (*_OF_CASES, "source", "line")] + [("ours", pl.String)]
)


def of_file(stream: Stream, model_id: str, case_id: str) -> Stream:
    """The stream as a file of another model's answers is read by: nothing but the case, in column `case_id`, the answer and its
    score, in the columns that the stream reads them from (`prediction` and `confidence` where its own model answers)."""
    own = stream.model.file is not None
    table: dict[str, Any] = {
        "id": case_id,
        "payload": [case_id],
        "slices": [],
        "group": None,
        "rows": None,
        "join": None,
    }
    table |= {"files": None, "beside": [], "format": "auto", "model": None, "produced_at": None}
    table |= {"prediction": "prediction", "confidence": "confidence"} if own else {}
    return _bare(stream, model_id, stream.input.model_copy(update=table))


def of_columns(stream: Stream, other: ShadowTable) -> Stream:
    """The stream as the columns are read by in which a table [[shadow]] says what another model answered and how sure it was.

    A field that the table does not name is read from `reserved.NOTHING`. What an answer costs is no part of what it says.
    """
    own = score_source.of(stream)
    scale: Any = other.scale or own.scale
    by_name = scale in ("levels", "rank")  # which a table [score] alone can name
    keys: dict[str, Any] = {"prediction": other.prediction, "probabilities": other.probabilities}
    keys |= {"score": stream.input.score}
    if not by_name:
        keys |= {"confidence": other.confidence, "confidence_of": other.confidence_of}
        keys |= {"scale": scale} if other.scale is not None or own.named else {}
    score = None
    if by_name and other.confidence is not None:
        score = Score(columns=[other.confidence], scale=scale, levels=list(own.levels) or None)
    read = Input(source=stream.input.source, id=stream.input.id, payload=[stream.input.id], **keys)
    fields = [_field(field, other) for field in stream.field]
    return _bare(stream, other.model, read, score=score, field=fields)


def _field(field: FieldTable, other: ShadowTable) -> FieldTable:
    keys: dict[str, Any] = {
        "value": other.values.get(field.name, reserved.NOTHING),
        "score": other.scores.get(field.name),
    }
    return field.model_copy(update=keys | ({} if other.scale is None else {"scale": other.scale}))


def _bare(stream: Stream, model_id: str, read: Input, **more: Any) -> Stream:
    """The stream with another model and another way to read it, without what is of cases and not of answers."""
    return stream.model_copy(
        update={
            "model": stream.model.model_copy(update={"id": model_id, "file": None, "features": None}),
            "input": read,
            "review": stream.review.model_copy(update={"kind": "text", "box": None}),
            "never_release": [],
            "always_audit": [],
            "shadow": [],
        }
        | more
    )


def read(checked: contract.Validated, stream: Stream, source: str) -> pl.DataFrame:
    """What the other models of a stream said of the cases of a chunk: SCHEMA, a row per case and model.

    `checked`: the chunk, as `contract.validate` gives it for this stream; `source`: the file. A missing answer is null, and
    `doubt` says why. Raises as `contract.validate`.
    """
    rows = checked.rows.with_columns(pl.lit(None, pl.String).alias(reserved.NOTHING))
    answers = [SCHEMA.to_frame()]
    for other in stream.shadow:
        cases = contract.validate(rows, of_columns(stream, other), source=source).cases
        amounts = {name: contract.amount(rows, column) for name, column in other.amounts.items()}
        answers.append(cases.with_columns(**amounts, ours=checked.cases["prediction"]).select(SCHEMA.names()))
    return pl.concat(answers)


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
