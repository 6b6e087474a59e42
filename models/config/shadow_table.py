"""The table [[shadow]] of a stream file: what another model said of the same cases, in columns of the input."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from models.config import input_table
from models.config.fields import Column, Columns, Label
from models.config.table import Table

LONGEST_NAME = 200  # characters of a model's name


def _model(name: str) -> str:
    if not name.strip() or "\0" in name:
        raise ValueError("must be the name of a model")
    return name


class ShadowTable(Table):
    """One other model. Nothing of it goes out, and nothing of it is part of what makes two rows the same case."""

    model: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_model)]
    prediction: Column | None = None  # its answer; None: the label of the highest probability
    # As input.confidence: how sure it was of its answer or, as { of = "spam", column = "p" }, the probability of a label.
    confidence: Annotated[Column, BeforeValidator(input_table.of_one)] | None = None
    confidence_of: Label | None = None
    scale: Literal["unit", "percent", "logprob", "real"] | None = (
        None  # of the confidence or scores; None: the stream's
    )
    probabilities: Columns | None = None  # one column per label, in the order of `labels`; or one list column
    values: dict[str, Column] = {}  # of a record: name of a field -> column or path of its value; others: no value
    scores: dict[str, Column] = {}  # and of how sure it was of that
    cost: Column | None = None  # of its answer, in the stream's currency
    latency_ms: Column | None = None

    @model_validator(mode="before")
    @classmethod
    def _taken_apart(cls, value: Any) -> Any:
        return input_table.taken_apart(value)

    @property
    def telling(self) -> list[str]:
        """The columns that tell its answer or how sure it was of it."""
        named = (self.prediction, self.confidence, *(self.probabilities or []))
        return [name for name in (*named, *self.values.values(), *self.scores.values()) if name is not None]

    def needed(self, spare: Collection[str]) -> set[str]:
        """The columns that an input cannot do without. `spare`: the fields that need no value."""
        of_spare = {one for by_field in (self.values, self.scores) for name, one in by_field.items() if name in spare}
        return set(self.telling) - of_spare

    @property
    def amounts(self) -> dict[str, str | None]:
        """The columns of what its answer took, by their keys."""
        return {"cost": self.cost, "latency_ms": self.latency_ms}

    @property
    def columns(self) -> list[str]:
        """The columns that it is read from, each once."""
        named = (*self.telling, *self.amounts.values())
        return list(dict.fromkeys(name for name in named if name is not None))


def check(tables: Sequence[ShadowTable], model: str, labels: Sequence[str], fields: Sequence[str]) -> None:
    """Raises ValueError, which names the key at fault, where the tables do not agree with each other or with the stream.

    `model`: model.id. `labels`: of the stream; `fields`: the names of its fields, if it has records.
    """
    names = [table.model for table in tables]
    for place, table in enumerate(tables):
        key = f"shadow[{place}]"
        if table.model == model:
            raise ValueError(
                f"{key}.model: {model!r} is the stream's own model (model.id); name the other one, or drop the table"
            )
        if table.model in names[:place]:
            raise ValueError(f"{key}.model: another table is of {table.model!r}; give each model one")
        if table.scale is not None and table.confidence is None and not table.scores:
            raise ValueError(f"{key}.scale: speaks of confidence or scores, which are not given; drop it")
        if fields:
            _check_record(table, key, fields)
        else:
            _check_label(table, key, labels)


def _check_record(table: ShadowTable, key: str, fields: Sequence[str]) -> None:
    for name, value in (
        ("prediction", table.prediction),
        ("confidence", table.confidence),
        ("probabilities", table.probabilities),
    ):
        if value is not None:
            raise ValueError(
                f'{key}.{name}: this stream has fields; name its columns by field, values = {{ {_key(fields[0])} = "..." }}'
            )
    if not table.values:
        raise ValueError(f'{key}.values: missing; name a column by field, as {{ {_key(fields[0])} = "..." }}')
    for name, by_field in (("values", table.values), ("scores", table.scores)):
        if strange := [field for field in by_field if field not in fields]:
            raise ValueError(
                f"{key}.{name}: {strange[0]!r} is no field of the stream; its fields are {', '.join(fields)}"
            )
    if alone := [field for field in table.scores if field not in table.values]:
        raise ValueError(f"{key}.scores: {alone[0]!r} has no column in values; name it there too")


def _check_label(table: ShadowTable, key: str, labels: Sequence[str]) -> None:
    if table.values or table.scores:
        raise ValueError(
            f"{key}.values: values and scores are of a record, and this stream has labels; name prediction"
        )
    if table.prediction is None and table.probabilities is None:
        raise ValueError(f"{key}: name the prediction column, or the probabilities it follows from")
    if table.probabilities is not None and table.confidence is not None:
        raise ValueError(f"{key}: give confidence or probabilities, not both")
    if table.probabilities is not None and len(table.probabilities) not in (1, len(labels)):
        raise ValueError(
            f"{key}.probabilities: {len(table.probabilities)} columns for {len(labels)} labels; give one column per label, in "
            "the order of labels, or one list column"
        )
    if table.confidence_of is None:
        return
    if table.confidence is None or table.prediction is None:
        raise ValueError(f'{key}.confidence: {{ of = "...", column = "..." }} needs prediction')
    if table.confidence_of not in labels or len(labels) != 2:
        raise ValueError(
            f"{key}.confidence: of = {table.confidence_of!r}: must be one of two labels; of more, give a confidence of the "
            "answer, or probabilities"
        )
    if table.scale == "real":
        raise ValueError(f'{key}.scale: "real" is no probability, and the confidence is that of a label')


def _key(field: str) -> str:
    """The name of a field as a key of TOML."""
    return field if field.replace("_", "").replace("-", "").isalnum() and field.isascii() else f'"{field}"'


def asker(tables: Sequence[ShadowTable], column: str) -> str | None:
    """The table that reads a column or path, in words; None: none does."""
    return next((f"the table [[shadow]] of {table.model!r}" for table in tables if column in table.columns), None)
