"""Rows of a CSV file without a header, as SageMaker's batch transform writes it; its columns are `column 1` and so on."""

from collections.abc import Iterator
from pathlib import Path

from flows.inputs import csv_files
from models.config.stream import Stream


def check(path: Path, columns: list[str], stream: Stream) -> None:
    """Raises InputInvalid if the file is no CSV, or its first record has too few columns."""
    csv_files.check(path, columns, stream, headed=False)


def names(path: Path) -> list[str]:
    """The names of the columns. Raises InputInvalid if the file is no CSV."""
    return csv_files.names(path, headed=False)


def read(path: Path, columns: list[str], rows: int) -> Iterator[csv_files.Batch]:
    """First line, rows, faults, at most `rows` rows at a time. Raises InputInvalid if a gzip breaks off."""
    return csv_files.read(path, columns, rows, headed=False)
