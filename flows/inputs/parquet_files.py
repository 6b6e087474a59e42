"""Rows of a Parquet file."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flows.inputs import class_names, headers, parquet_bounds, parquet_types
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, reserved

_BATCH = 100_000  # rows held at a time beside those that are wanted
_DAMAGE = (OSError, pa.ArrowException, pl.exceptions.PolarsError)


def check(path: Path, columns: list[str], stream: Stream) -> None:
    """Raises InputInvalid if the file is no Parquet, or lacks or doubles a column."""
    with _opened(path) as file:
        schema = file.schema_arrow
    headers.check(path, schema.names, _inside(columns), stream.shadow)
    parquet_types.check(path, schema, _inside(columns))
    class_names.check(path, schema, columns)
    with suppress(*_DAMAGE):  # of the rows: said when they are read, with how far it is sound
        parquet_bounds.check(path, schema.empty_table().select([c for c in columns if c in schema.names]).schema)


def names(path: Path) -> list[str]:
    """The names of the columns. Raises InputInvalid if the file is no Parquet."""
    with _opened(path) as file:
        return list(file.schema_arrow.names)


def read(path: Path, columns: list[str], rows: int) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
    """First row, rows, faults (none: Parquet rows are read or the file is broken). Raises InputInvalid."""
    first = 1
    with _opened(path) as file:
        try:
            for batch in _batches(file, columns, rows):
                yield first, _framed(batch, columns, first), contract.FAULT_SCHEMA.to_frame()
                first += len(batch)
        except _DAMAGE as error:
            raise _damaged(path, first, error) from None


def _batches(file: pq.ParquetFile, columns: list[str], rows: int) -> Iterator[pa.Table]:
    """All rows, `rows` at a time.

    Polars reads quicker, and holds whole row groups ahead: of a file of 10^7 rows more than 2 GB. A reader of Arrow's
    keeps each row group it has been through, so each row group has a reader of its own.
    """
    held: list[pa.RecordBatch] = []
    for number in range(file.num_row_groups):
        for batch in file.iter_batches(batch_size=rows, row_groups=[number], columns=_inside(columns)):
            held.append(batch)
            if sum(map(len, held)) >= rows:
                table = pa.Table.from_batches(held)
                yield table.slice(0, rows)
                held = table.slice(rows).to_batches()
    if held:
        yield pa.Table.from_batches(held)


def others(path: Path, columns: list[str], also: Callable[[str], bool]) -> list[str]:
    """The columns besides `columns` that can be read and whose name `also` takes. Raises InputInvalid, OSError."""
    with _opened(path) as file:
        schema = file.schema_arrow
    there = dict.fromkeys(columns)
    return [f.name for f in schema if f.name not in there and also(f.name) and parquet_types.readable(f.type)]


def row_count(path: Path) -> int:
    """How many rows a file says it has. Raises InputInvalid, OSError."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def read_span(path: Path, columns: list[str], first: int, rows: int) -> pl.DataFrame:
    """`rows` rows of a file from row `first` (1-based) on. Raises InputInvalid, also if it has fewer, and OSError.

    A row group cannot be entered in its middle: what stands before the span in it is read and dropped, a few
    hundredths of a second for each million rows.
    """
    batches: list[pa.RecordBatch] = []
    with _opened(path) as file:
        groups, ahead = _row_groups(file, first - 1, rows)
        try:
            for batch in file.iter_batches(batch_size=_BATCH, row_groups=groups, columns=_inside(columns)):
                wanted = batch.slice(ahead, rows)
                ahead, rows = max(ahead - len(batch), 0), rows - len(wanted)
                batches += [wanted] if len(wanted) else []
                if rows == 0:
                    break
        except _DAMAGE as error:
            raise _damaged(path, first, error) from None
    if rows:
        raise InputInvalid(f"{path}: has fewer rows than when this run began; leave a file as it is, and run it again")
    return _framed(pa.Table.from_batches(batches), columns, first)


def _row_groups(file: pq.ParquetFile, before: int, rows: int) -> tuple[list[int], int]:
    """The row groups that hold `rows` rows after the first `before`, and how many rows of them to pass over."""
    groups: list[int] = []
    start = ahead = 0
    for number in range(file.num_row_groups):
        end = start + file.metadata.row_group(number).num_rows
        if end > before and start < before + rows:
            ahead = ahead if groups else before - start
            groups.append(number)
        start = end
    return groups, ahead


def read_lines(
    path: Path, columns: list[str], lines: pl.Series, rows: int
) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
    """As `read`, but only the row groups that hold one of these rows (1-based). Raises InputInvalid, OSError."""
    with _opened(path) as file:
        end = 1
        for number in range(file.num_row_groups):
            first, end = end, end + file.metadata.row_group(number).num_rows
            if not lines.is_between(first, end, closed="left").any():
                continue
            try:
                for batch in file.iter_batches(batch_size=rows, row_groups=[number], columns=_inside(columns)):
                    yield first, _framed(batch, columns, first), contract.FAULT_SCHEMA.to_frame()
                    first += len(batch)
            except _DAMAGE as error:
                raise _damaged(path, first, error) from None


def _inside(columns: list[str]) -> list[str]:
    """The columns of the file that `columns` are made of, each once."""
    return list(dict.fromkeys(map(class_names.source, columns)))


def named_by_class(path: Path) -> list[str]:
    """The names of the columns, those with names of classes as they are read by these. Raises InputInvalid, OSError."""
    with _opened(path) as file:
        schema = file.schema_arrow
    known = class_names.of(schema)
    return [class_names.named(name) if name in known else name for name in schema.names]


def _framed(rows: pa.RecordBatch | pa.Table, columns: list[str], first: int) -> pl.DataFrame:
    """Of a name with a dot Arrow hands out its neighbours too, so the columns are picked once more."""
    inside = set(_inside(columns))
    rows = rows.select([name for name in rows.schema.names if name in inside])
    rows.validate(full=True)  # Polars trusts Arrow that text is UTF-8; a file may lie
    frame = class_names.added(parquet_types.framed(rows), rows.schema, columns)
    return frame.with_columns(pl.int_range(first, first + len(frame), dtype=pl.Int64, eager=True).alias(reserved.LINE))


def _damaged(path: Path, row: int, error: Exception) -> InputInvalid:
    reason = str(error).splitlines()[0]
    return InputInvalid(f"{path}: damaged after row {row - 1} ({reason}); have it written again")


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's word; Arrow's own errors have no number
            raise
        raise InputInvalid(f"{path}: not a Parquet file, or cut off; have it written again") from None
