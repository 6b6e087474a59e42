"""Rows of a Parquet file."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flows import headers
from models import outputs, reserved
from models.errors import InputInvalid
from models.stream import Stream

_DAMAGE = (OSError, pa.ArrowException, pl.exceptions.PolarsError)


def check(path: Path, columns: list[str], _stream: Stream) -> None:
    """Raises InputInvalid if the file is no Parquet, or lacks or doubles a column."""
    with _opened(path) as file:
        schema = file.schema_arrow
    headers.check(path, schema.names, columns)
    for field in schema:
        try:
            pl.from_arrow(schema.empty_table().select([field.name]))
        except (pl.exceptions.PolarsError, pa.ArrowException, NotImplementedError, ValueError) as error:
            raise InputInvalid(
                f"{path}: column {field.name!r} has a type we cannot read, {field.type} ({error})"
            ) from None


def read(path: Path, _columns: list[str], rows: int) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
    """First row, rows, faults (none: Parquet rows are read or the file is broken). Raises InputInvalid."""
    first = 1
    with _opened(path) as file:
        try:
            # Polars reads quicker, and holds whole row groups ahead: of a file of 10^7 rows more than 2 GB. A reader of
            # Arrow's keeps each row group it has been through, so no reader goes through many.
            for groups in _some(file, rows):
                for batch in file.iter_batches(batch_size=rows, row_groups=groups):
                    yield first, _framed(batch, first), outputs.FAULT_SCHEMA.to_frame()
                    first += len(batch)
        except _DAMAGE as error:
            raise _damaged(path, first, error) from None


def _some(file: pq.ParquetFile, rows: int) -> Iterator[list[int]]:
    """Row groups side by side that come to `rows` rows or, the last of them, go beyond."""
    groups: list[int] = []
    count = 0
    for number in range(file.num_row_groups):
        groups.append(number)
        count += file.metadata.row_group(number).num_rows
        if count >= rows:
            yield groups
            groups, count = [], 0
    if groups:
        yield groups


def row_groups(path: Path, rows: int) -> list[tuple[range, int, int]]:
    """Row groups side by side of up to `rows` rows together, or one that has more: which, their first row, how many."""
    found: list[tuple[range, int, int]] = []
    with _opened(path) as file:
        first = 1
        for number in range(file.num_row_groups):
            count = file.metadata.row_group(number).num_rows
            if found and found[-1][2] + count <= rows:
                span, start, before = found[-1]
                found[-1] = (range(span.start, number + 1), start, before + count)
            else:
                found.append((range(number, number + 1), first, count))
            first += count
    return found


def read_groups(path: Path, groups: range, first: int) -> pl.DataFrame:
    """The rows of some row groups, the first of them row `first` of the file. Raises InputInvalid, OSError."""
    with _opened(path) as file:
        try:
            return _framed(file.read_row_groups(list(groups)), first)
        except _DAMAGE as error:
            raise _damaged(path, first, error) from None


def _framed(rows: pa.RecordBatch | pa.Table, first: int) -> pl.DataFrame:
    rows.validate(full=True)  # Polars trusts Arrow that text is UTF-8; a file may lie
    frame = pl.DataFrame(pl.from_arrow(rows))
    return frame.with_columns(pl.int_range(first, first + len(frame), dtype=pl.Int64, eager=True).alias(reserved.LINE))


def _damaged(path: Path, row: int, error: Exception) -> InputInvalid:
    reason = str(error).splitlines()[0]
    return InputInvalid(f"{path}: damaged after row {row - 1} ({reason}); have it written again")


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowException:
        raise InputInvalid(f"{path}: not a Parquet file, or cut off; have it written again") from None
