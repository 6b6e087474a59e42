"""The kinds of files that are read, by the ends of their names, and what a module that reads one offers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import polars as pl

from flows.inputs import csv_files, jsonl_files, parquet_files
from models.config.stream import Stream


class Reader(Protocol):
    """What a module that reads one kind of file offers."""

    def names(self, path: Path, /) -> list[str]:
        """The names of its columns. Raises InputInvalid if the file is not what it says."""

    def check(self, path: Path, columns: list[str], stream: Stream, /) -> None:
        """Raises InputInvalid if the file is not what it says."""

    def read(self, path: Path, columns: list[str], rows: int, /) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """First line, rows with `reserved.LINE`, faults. Raises InputInvalid if the file breaks off."""


READERS: dict[str, Reader] = {"parquet": parquet_files, "csv": csv_files, "jsonl": jsonl_files}
ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
ACCEPTED = ".parquet, .csv, .csv.gz, .jsonl or .jsonl.gz"
