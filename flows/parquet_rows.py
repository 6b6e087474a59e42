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
            # Polars reads quicker, and holds whole row groups ahead: of a file of 10^7 rows more than 2 GB.
            for batch in file.iter_batches(batch_size=rows):
                batch.validate(full=True)  # Polars trusts Arrow that text is UTF-8; a file may lie
                frame = pl.DataFrame(pl.from_arrow(batch))
                lines = pl.int_range(first, first + len(frame), dtype=pl.Int64, eager=True).alias(reserved.LINE)
                yield first, frame.with_columns(lines), outputs.FAULT_SCHEMA.to_frame()
                first += len(frame)
        except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise InputInvalid(f"{path}: damaged after row {first - 1} ({reason}); have it written again") from None


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowException:
        raise InputInvalid(f"{path}: not a Parquet file, or cut off; have it written again") from None
