"""The kinds of files that are read, by the ends of their names, and what a module that reads one offers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import polars as pl

from flows.inputs import archives, bare_csv_files, csv_files, json_files, jsonl_files, parquet_files, text_blocks
from models.config.stream import Stream
from models.errors import InputInvalid


class Reader(Protocol):
    """What a module that reads one kind of file offers."""

    def names(self, path: Path, /) -> list[str]:
        """The names of its columns. Raises InputInvalid if the file is not what it says."""

    def check(self, path: Path, columns: list[str], stream: Stream, /) -> None:
        """Raises InputInvalid if the file is not what it says."""

    def read(self, path: Path, columns: list[str], rows: int, /) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """First line, rows with `reserved.LINE`, faults. Raises InputInvalid if the file breaks off."""


READERS: dict[str, Reader] = {
    "parquet": parquet_files,
    "csv": csv_files,
    "csv-without-header": bare_csv_files,
    "jsonl": jsonl_files,
    "json": json_files,
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
        start = next(text_blocks.pieces(path), b"").lstrip()[:1]
        if start not in (b"{", b"["):
            raise
        return "jsonl" if start == b"{" else "json"


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
