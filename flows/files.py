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

from flows import csv_rows, headers, jsonl_rows, parquet_rows
from models import outputs, reserved
from models.errors import InputInvalid
from models.stream import Stream

T = TypeVar("T")


class _Reader(Protocol):
    """What a module that reads one kind of file offers."""

    def names(self, path: Path, /) -> list[str]:
        """The names of its columns. Raises InputInvalid if the file is not what it says."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some rows of one Parquet file, not read yet: small enough to be sent to a worker that sees the same files."""

    path: Path
    first_line: int
    rows: int


Piece = tuple[Chunk | Span, ...]  # what one worker does at a time, in the order of the input


def pieces(source: Path, stream: Stream, *, rows: int = 100_000, chunks: int = 3) -> Iterator[Piece]:
    """As `chunks`, but several together, and of Parquet only where they stand.

    A piece comes to as many rows as `chunks` chunks of `rows`, so that the cost of a task is small beside it; one of
    other files, which travel with it, to as many as one chunk. Raises as `chunks` does.
    """
    piece: list[Chunk | Span] = []
    room = most = chunks * rows
    for part in _parts(_plan(source, stream), outputs.named(stream), rows, most):
        weight = part.rows if isinstance(part, Span) else chunks * (len(part.frame) + len(part.faults))
        if piece and weight > room:
            yield tuple(piece)
            piece, room = [], most
        piece.append(part)
        room -= weight
    if piece:
        yield tuple(piece)


def _parts(plan: list[tuple[Path, _Reader]], columns: list[str], rows: int, most: int) -> Iterator[Chunk | Span]:
    for path, reader in plan:
        if reader is parquet_rows:
            count = _guarded(path, functools.partial(parquet_rows.row_count, path))
            for before in range(0, count, most):
                yield Span(path=path.absolute(), first_line=before + 1, rows=min(most, count - before))
        else:
            yield from _read([(path, reader)], columns, rows)


def read(piece: Piece, *, rows: int = 100_000) -> Iterator[Chunk]:
    """The chunks of a piece, as `chunks` makes them. Raises InputInvalid if a file is gone, or is not what it was."""
    for part in piece:
        if isinstance(part, Chunk):
            yield part
            continue
        whole = _guarded(part.path, functools.partial(parquet_rows.read_span, part.path, part.first_line, part.rows))
        for place, frame in enumerate(whole.iter_slices(rows)):
            yield Chunk(
                frame=frame,
                source=_name(part.path),
                first_line=part.first_line + place * rows,
                faults=outputs.FAULT_SCHEMA.to_frame(),
            )


def chunks(source: Path, stream: Stream, *, rows: int = 100_000) -> Iterator[Chunk]:
    """The rows of a file, or of every file of a folder in the order of their names, at most `rows` at a time.

    A folder's subfolders are not read, nor what is hidden or unfinished: names that start with `.` or `_` or end in
    `.tmp` or `.part`. Raises InputInvalid, at once if a file is not what it says, later only if a file breaks off.
    """
    return _read(_plan(source, stream), outputs.named(stream), rows)


def sample(source: Path, *, rows: int) -> pl.DataFrame:
    """The first rows of a file, or of a folder's first file, with all columns; for when no stream says what to read.

    Raises InputInvalid if the file is not what it says, or no row of it can be read.
    """
    listed = _listed(source)
    if not listed:
        raise InputInvalid(f"{source}: there is no file in it; name one with outputs of the model")
    path = listed[0]
    reader = _READERS[_kind(path, "auto")]
    found = _guarded(path, functools.partial(reader.names, path))
    headers.check(path, found, [])
    frame = _guarded(path, lambda: next((batch[1] for batch in reader.read(path, found, rows) if len(batch[1])), None))
    if frame is None:
        raise InputInvalid(f"{path}: no row in it can be read; name a file with outputs of the model")
    return frame.select(column for column in frame.columns if not column.startswith(reserved.PREFIX))


def picked(folder: Path, name: str, stream: Stream, lines: pl.Series, *, rows: int = 100_000) -> Iterator[pl.DataFrame]:
    """The rows at some lines of one file of a folder, once more; those of them that are there. `name` as in `Chunk.source`.

    Of a Parquet file only the row groups that hold them are read. Raises InputInvalid as `chunks` does.
    """
    listed = _guarded(folder, lambda: list(folder.iterdir())) if folder.is_dir() else []
    path = next((path for path in listed if path.is_file() and _name(path) == name), None)
    if path is None:
        raise InputInvalid(f"{folder / name}: there is no such file; put it back")
    reader, columns = _READERS[_kind(path, stream.input.format)], outputs.named(stream)
    _guarded(path, functools.partial(reader.check, path, columns, stream))
    by_group = reader is parquet_rows
    batches = parquet_rows.read_lines(path, lines, rows) if by_group else reader.read(path, columns, rows)
    wanted = lines.unique().alias(reserved.LINE).to_frame()
    last = lines.max()
    while (batch := _guarded(path, functools.partial(next, batches, None))) is not None:
        first_line, frame, _ = batch
        if first_line > last:
            return
        yield frame.join(wanted, on=reserved.LINE, how="semi", maintain_order="left")


def _plan(source: Path, stream: Stream) -> list[tuple[Path, _Reader]]:
    """The files to read, each found to be what it says."""
    plan = [(path, _READERS[_kind(path, stream.input.format)]) for path in _listed(source)]
    for path, reader in plan:
        _guarded(path, functools.partial(reader.check, path, outputs.named(stream), stream))
    return plan


def _read(plan: list[tuple[Path, _Reader]], columns: list[str], rows: int) -> Iterator[Chunk]:
    for path, reader in plan:
        batches = reader.read(path, columns, rows)
        source = _name(path)
        while (batch := _guarded(path, functools.partial(next, batches, None))) is not None:
            first_line, frame, faults = batch
            yield Chunk(
                frame=frame,
                source=source,
                first_line=first_line,
                faults=faults.select(pl.lit(source).alias("source"), "line", "reason", "raw"),
            )


def _name(path: Path) -> str:
    """A file's name; one that is no UTF-8 must still go into a message and a database."""
    return path.name.encode("utf-8", "backslashreplace").decode()


def _listed(source: Path) -> list[Path]:
    if not source.exists():
        raise InputInvalid(f"{source}: there is no such file or folder; check the name (of a stream: input.source)")
    if not source.is_dir():
        return [source]
    names = _guarded(source, lambda: sorted(source.iterdir(), key=lambda path: path.name))
    return [path for path in names if path.is_file() and not _passed_over(path.name)]


def _passed_over(name: str) -> bool:
    return name.startswith((".", "_")) or name.endswith((".tmp", ".part"))


def _kind(path: Path, form: str) -> str:
    if form != "auto":
        return form
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    kind = _ENDINGS.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise InputInvalid(
            f"{path}: cannot tell what it is; end it in {_ACCEPTED}, or have the stream set input.format"
        )
    return kind


def _guarded(path: Path, read: Callable[[], T]) -> T:
    """What `read` returns. A disk that fails, or says no, is one line too."""
    try:
        return read()
    except OSError as error:
        raise InputInvalid(
            f"{path}: cannot be read ({error.strerror or error}); check the file and its rights"
        ) from None
