"""The input of a stream: files of model outputs, read in chunks of bounded memory.

Every file is checked before the first row of any is handed out: a file that is not what it says stops the run while
nothing is written. Rows that cannot be read stop nothing; they are handed out beside the good ones, kept whole.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

from flows import csv_rows, jsonl_rows, parquet_rows
from models import outputs
from models.errors import InputInvalid
from models.stream import Stream

T = TypeVar("T")


class _Reader(Protocol):
    """What a module that reads one kind of file offers."""

    def check(self, path: Path, columns: list[str], stream: Stream, /) -> None:
        """Raises InputInvalid if the file is not what it says."""

    def read(self, path: Path, columns: list[str], rows: int, /) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """First line, rows with `reserved.LINE`, faults. Raises InputInvalid if the file breaks off."""


_READERS: dict[str, _Reader] = {"parquet": parquet_rows, "csv": csv_rows, "jsonl": jsonl_rows}
_ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_ACCEPTED = ".parquet, .csv, .csv.gz, .jsonl or .jsonl.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows of one file, in the order of the file.

    `frame` has the file's columns and `reserved.LINE`; `faults` has `outputs.FAULT_SCHEMA`. Either may be empty.
    """

    frame: pl.DataFrame
    source: str  # the file's name
    first_line: int  # 1-based line (CSV, JSONL) or row (Parquet) the chunk starts at
    faults: pl.DataFrame


def chunks(source: Path, stream: Stream, *, rows: int = 100_000) -> Iterator[Chunk]:
    """The rows of a file, or of every file of a folder in the order of their names, at most `rows` at a time.

    A folder's subfolders are not read, nor what is hidden or unfinished: names that start with `.` or `_` or end in
    `.tmp` or `.part`. Raises InputInvalid, at once if a file is not what it says, later only if a file breaks off.
    """
    columns = outputs.named(stream)
    plan = [(path, _READERS[_kind(path, stream)]) for path in _listed(source)]
    for path, reader in plan:
        _guarded(path, functools.partial(reader.check, path, columns, stream))
    return _read(plan, columns, rows)


def _read(plan: list[tuple[Path, _Reader]], columns: list[str], rows: int) -> Iterator[Chunk]:
    for path, reader in plan:
        batches = reader.read(path, columns, rows)
        # A name that is no UTF-8 must still go into a message and a database.
        source = path.name.encode("utf-8", "backslashreplace").decode()
        while (batch := _guarded(path, functools.partial(next, batches, None))) is not None:
            first_line, frame, faults = batch
            yield Chunk(
                frame=frame,
                source=source,
                first_line=first_line,
                faults=faults.select(pl.lit(source).alias("source"), "line", "reason", "raw"),
            )


def _listed(source: Path) -> list[Path]:
    if not source.exists():
        raise InputInvalid(f"{source}: there is no such file or folder; check input.source of the stream")
    if not source.is_dir():
        return [source]
    names = _guarded(source, lambda: sorted(source.iterdir(), key=lambda path: path.name))
    return [path for path in names if path.is_file() and not _passed_over(path.name)]


def _passed_over(name: str) -> bool:
    return name.startswith((".", "_")) or name.endswith((".tmp", ".part"))


def _kind(path: Path, stream: Stream) -> str:
    if stream.input.format != "auto":
        return stream.input.format
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    kind = _ENDINGS.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise InputInvalid(f"{path}: cannot tell what it is; end it in {_ACCEPTED}, or set input.format of the stream")
    return kind


def _guarded(path: Path, read: Callable[[], T]) -> T:
    """What `read` returns. A disk that fails, or says no, is one line too."""
    try:
        return read()
    except OSError as error:
        raise InputInvalid(
            f"{path}: cannot be read ({error.strerror or error}); check the file and its rights"
        ) from None
