"""The table [input] of a stream file: where the outputs of a model stand, and which of their columns says what."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from models.config import score_table
from models.config.failed import Failed
from models.config.fields import Column, Columns, Label
from models.config.table import Table


def of_one(value: object) -> object:
    """A confidence. Raises ValueError of a table that `taken_apart` left as it is."""
    if isinstance(value, dict):
        raise ValueError(
            'must be a column in quotes or, for the probability of a label, { of = "...", column = "..." }'
        )
    return value


def taken_apart(value: Any) -> Any:
    """`confidence = { of = "spam", column = "p" }` in a table as the two keys it stands for; anything else as it is."""
    table = value.get("confidence") if isinstance(value, dict) else None
    if not isinstance(table, dict) or set(table) != {"of", "column"} or "confidence_of" in value:
        return value
    if not all(isinstance(name, str) for name in table.values()):
        return value
    return value | {"confidence": table["column"], "confidence_of": table["of"]}


class Input(Table):
    """How to read the model's outputs. Columns are named as they stand in the file, or by a path into one (JMESPath)."""

    source: Annotated[str, Field(min_length=1)]  # a file, or a folder of them; relative to the data folder
    format: Literal["auto", "parquet", "csv", "csv-without-header", "jsonl", "json", "fasttext-lines"] = (
        "auto"  # auto: by the file's ending; or a preset's name
    )
    rows: Column | None = None  # of JSON: the path to the list in each object whose entries are rows; None: it is one
    files: Columns | None = None  # names of the files that are read, * for any letters; None: all
    beside: Columns = []  # the same, of files beside them that hold no outputs
    id: Annotated[Column, BeforeValidator(score_table.id_text)] = "id"  # of several columns: ["File", "Line"]
    group: Column | None = None  # what may be right or wrong together: a customer, a document; None: the same payload
    prediction: Column | None = None  # None: the label of the highest probability
    # A number, higher = surer, on the scale below; as { of = "spam", column = "p" } the probability of one of two labels.
    confidence: Annotated[Column, BeforeValidator(of_one)] | None = None
    confidence_of: Label | None = None  # the label of that table; None: the confidence is that of the answer given
    scale: Literal["unit", "percent", "logprob", "real"] = "unit"  # of the confidence: [0, 1], [0, 100], <= 0, any
    probabilities: Columns | None = None  # one column per label, in the order of `labels`; or one list column
    score: Literal["max", "margin", "entropy"] = "max"  # how probabilities become one score
    payload: Annotated[Columns, Field(min_length=1)]  # what a reviewer is shown
    payload_by: Literal["value", "reference"] = (
        "value"  # reference: of what nobody reads the ledger keeps file and line
    )
    slices: Columns = []
    failed: list[Failed] | None = None  # which rows came back without an answer
    model: Column | None = None  # the column that names the model; a row of another model goes to a person
    cost: Column | None = None  # of the model's answer, in the stream's currency
    latency_ms: Column | None = None
    produced_at: Column | None = None  # when the model answered: ISO 8601 text or a timestamp
    # Of the request to the model. No part of what makes a row the same: they may be named at any time.
    channel: Column | None = None  # how it was asked, in a word: batch, realtime
    asked_at: Column | None = None  # when, as produced_at
    tokens_in: Column | None = None  # how many it read
    tokens_out: Column | None = None  # how many it wrote
    join: score_table.Join | None = None  # what the other file says of the same id, beside each row

    @model_validator(mode="before")
    @classmethod
    def _taken_apart(cls, value: Any) -> Any:
        return taken_apart(value)
