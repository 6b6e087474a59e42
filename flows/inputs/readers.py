"""The kinds of files that are read, by the ends of their names, and what a module that reads one offers."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeGuard

import polars as pl

from flows.inputs import (
    archives,
    bare_csv_files,
    converted_lines,
    csv_files,
    json_files,
    jsonl_files,
    parquet_files,
    text_blocks,
)
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import paths


class Reader(Protocol):
    """What a module that reads one kind of file offers."""

    def names(self, path: Path, /) -> list[str]:
        """The names of its columns. Raises InputInvalid if the file is not what it says."""

    def check(self, path: Path, columns: list[str], stream: Stream, /) -> None:
        """Raises InputInvalid if the file is not what it says."""

    def read(self, path: Path, columns: list[str], rows: int, /) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """First line, rows with `reserved.LINE`, faults. Raises InputInvalid if the file breaks off."""


class LineReader(Reader, Protocol):
    """What a reader of rows of JSON offers."""

    def read(
        self, path: Path, columns: list[str], rows: int, derived: Sequence[paths.Path] = (), /
    ) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """As `Reader.read`, with what the paths of `derived` take from within the rows."""


LINE_READERS: dict[str, LineReader] = {
    "jsonl": jsonl_files,
    "json": json_files,
    "fasttext-lines": converted_lines.FASTTEXT,
}
READERS: dict[str, Reader] = {
    "parquet": parquet_files,
    "csv": csv_files,
    "csv-without-header": bare_csv_files,
    **LINE_READERS,
}
ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
ACCEPTED = ".parquet, .csv, .csv.gz, .jsonl, .jsonl.gz or .json"

BESIDE = ("manifest.json.out", "prediction.errors_stats-*")  # what platforms put beside their outputs


def looked_at(path: Path) -> str:
    """What a file is by its name, or else by how it begins. Raises as `kind`."""
    if path.name.lower().endswith(".csv.out"):
        return "csv-without-header"
    try:
        return kind(path, "auto")
    except InputInvalid:
        start = next(text_blocks.pieces(path), b"").lstrip()
        if start[:1] in (b"{", b"["):
            return "jsonl" if start[:1] == b"{" else "json"
        if converted_lines.FASTTEXT.sign in start[:4096]:
            return "fasttext-lines"
        raise


def kind(path: Path, form: str) -> str:
    """What a file is read as: as `form` says, or by its name; of an archive by that of the file in it.

    Raises InputInvalid where neither says; OSError.
    """
    if form != "auto":
        return form
    name = path
    if archives.is_archive(path):
        name = Path(archives.member_name(path, most=text_blocks.most_of(path)))
    suffixes = [suffix.lower() for suffix in name.suffixes[-3:]]
    while suffixes and suffixes[-1] in (".gz", ".out"):
        suffixes.pop()
    by_ending = ENDINGS.get(suffixes[-1]) if suffixes else None
    if by_ending is None:
        raise InputInvalid(f"{path}: cannot tell what it is; end it in {ACCEPTED}, or have the stream set input.format")
    return by_ending


def reader(path: Path, form: str, rows: str | None) -> Reader:
    """What reads a file; with `rows`, the rows within its objects. Raises InputInvalid as `kind`, or if it has no objects."""
    name = kind(path, form)
    if rows is None:
        return READERS[name]
    if name not in ("json", "jsonl"):
        raise InputInvalid(f"{path}: input.rows is a path into JSON, and this is {name}; drop it, or set input.format")
    return converted_lines.lists(name, rows)


def by_lines(reader: Reader) -> TypeGuard[LineReader]:
    """Whether it reads rows of JSON."""
    return reader in LINE_READERS.values() or isinstance(reader, converted_lines.Reader)
