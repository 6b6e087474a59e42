"""The types of a Parquet file's columns: which are read, and as what where Polars does not know them."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.types as kinds

from models import columns
from models.errors import InputInvalid

# What Arrow can keep in Parquet or in its own note beside it, and Polars cannot take or, worse, panics on.
_UNKNOWN = [
    kinds.is_decimal256, kinds.is_list_view, kinds.is_large_list_view, kinds.is_union, kinds.is_interval,
    kinds.is_run_end_encoded,
]  # fmt: skip
_HEX = [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)]  # the groups of a UUID: from where, how many digits


def check(path: Path, schema: pa.Schema, names: list[str]) -> None:
    """Raises InputInvalid if a column that is to be read has a type that cannot be. Nobody asks of the others."""
    wanted = set(names)
    for field in schema:
        if field.name in wanted and not readable(field.type):
            raise InputInvalid(
                f"{path}: column {field.name!r} has a type we cannot read, {field.type}; have it written as text, or as "
                "a list or struct of text and numbers"
            )


def framed(rows: pa.RecordBatch | pa.Table) -> pl.DataFrame:
    """The rows as Polars holds them; a UUID and JSON, of which it would keep bytes and text, as what they mean."""
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
    for place, field in enumerate(table.schema):
        if kinds.is_decimal256(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    frame = pl.DataFrame(pl.from_arrow(table))
    return frame.with_columns(
        _meant(frame[field.name], field.type)
        for field in table.schema
        if isinstance(field.type, pa.UuidType | pa.JsonType)
    )


def _meant(column: pl.Series, kind: pa.DataType) -> pl.Series:
    if isinstance(kind, pa.UuidType):
        digits = column.ext.storage() if isinstance(column.dtype, pl.BaseExtension) else column
        digits = digits.bin.encode("hex")
        groups = [digits.str.slice(start, length) for start, length in _HEX]
        return pl.select(pl.concat_str(map(pl.lit, groups), separator="-").alias(column.name)).to_series()
    text = column.ext.storage() if isinstance(column.dtype, pl.BaseExtension) else column
    try:
        spelled = columns.spelled(pl.select('{"x":' + pl.lit(text).fill_null("null") + "}").to_series())
    except pl.exceptions.PolarsError:  # no JSON after all
        return text
    return spelled.rename(column.name) if len(spelled) == len(text) else text


def readable(kind: pa.DataType) -> bool:
    """Whether a column of this type can be read."""
    return bool(kinds.is_decimal256(kind)) or _in_polars(kind)


def _in_polars(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _in_polars(kind.storage_type)
    if kinds.is_dictionary(kind):
        return _in_polars(kind.value_type)
    if kinds.is_map(kind):
        return _in_polars(kind.key_type) and _in_polars(kind.item_type)
    if kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind):
        return _in_polars(kind.value_type)
    if kinds.is_struct(kind):
        return all(_in_polars(field.type) for field in kind)
    return not any(unknown(kind) for unknown in _UNKNOWN)
