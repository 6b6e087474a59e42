"""Names of classes that a Parquet file keeps beside its numbers, as Hugging Face `datasets` does.

A column that is named `class_name(label)` is the column `label` with its names in place of its numbers; -1 is no label.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from models import columns
from models.errors import InputInvalid

_NAMED = re.compile(r"class_name\((.+)\)", re.DOTALL)
_KEY = b"huggingface"


def source(column: str) -> str:
    """The column of the file that a column is made of."""
    match = _NAMED.fullmatch(column)
    return match[1] if match else column


def named(column: str) -> str:
    """How a column is named to be read by the names of its classes."""
    return f"class_name({column})"


def of(schema: pa.Schema) -> dict[str, list[str]]:
    """The columns of a file that have names of classes, with the names in the order of the numbers."""
    try:
        table: Any = json.loads((schema.metadata or {}).get(_KEY, b"{}"))
        features = table["info"]["features"].items()
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}
    return {
        name: [str(one) for one in feature["names"]]
        for name, feature in features
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list)
    }


def check(path: Path, schema: pa.Schema, wanted: Sequence[str]) -> None:
    """Raises InputInvalid if the names of a column's classes are asked for, and the file has none."""
    for column in wanted:
        if source(column) != column and source(column) not in of(schema):
            raise InputInvalid(
                f"{path}: column {source(column)!r} has no names of classes in the file's metadata; read it as it is, "
                "without class_name()"
            )


def added(frame: pl.DataFrame, schema: pa.Schema, wanted: Sequence[str]) -> pl.DataFrame:
    """The rows with the columns that are asked for by the names of their classes; null where a number has no name."""
    asked = [column for column in wanted if source(column) != column]
    if not asked:
        return frame
    known = of(schema)
    for column in asked:
        names = known.get(source(column), [])
        number = columns.text(frame.select(source(column))).to_series()
        built = number.replace_strict(
            [str(place) for place in range(len(names))], names, default=None, return_dtype=pl.String
        )
        frame = frame.with_columns(built.alias(column))
    return frame
