"""The first rows of a file or folder of which no stream says what to read."""

import functools
from pathlib import Path

import polars as pl

from flows.inputs import headers, listing, one_file, parquet_files, readers
from models.config import fields
from models.errors import InputInvalid
from models.outputs import reserved

_SAMPLED = 20  # files that are looked at


def first(source: Path, *, rows: int) -> pl.DataFrame:
    """The first rows of a file, or of a folder's first files, with all columns; for when no stream says what to read.

    Of JSON, several files of which are looked at, they come with `reserved.RAW`. Raises InputInvalid if a file is not what
    it says, or no row can be read.
    """
    frames = [frame for _, frame in _looked_at(source, rows)]
    return pl.concat(frames, how="diagonal")


def files(source: Path, *, rows: int) -> list[Path]:
    """The files that the rows of `first` are of."""
    return [path for path, _ in _looked_at(source, rows)]


def _looked_at(source: Path, rows: int) -> list[tuple[Path, pl.DataFrame]]:
    listed, _ = one_file.guarded(source, lambda: listing.listed(source, listing.Names(beside=readers.BESIDE)))
    if not listed:
        raise InputInvalid(f"{source}: there is no file in it; name one with outputs of the model")
    frames: list[tuple[Path, pl.DataFrame]] = []
    left = rows
    for path in [one.path for one in listed[:_SAMPLED]]:
        frames.append((path, _sampled(path, left)))
        left -= len(frames[-1][1])
        if reserved.RAW not in frames[-1][1].columns or left <= 0:
            break
    by_lines = reserved.RAW in frames[0][1].columns
    return [(path, frame) for path, frame in frames if (reserved.RAW in frame.columns) == by_lines]


def _sampled(path: Path, rows: int) -> pl.DataFrame:
    reader = readers.READERS[one_file.guarded(path, functools.partial(readers.looked_at, path))]
    names = one_file.guarded(path, functools.partial(reader.names, path))
    headers.check(path, names, list(filter(fields.is_pattern, names)))
    if reader is parquet_files:
        names = one_file.guarded(path, functools.partial(parquet_files.named_by_class, path))
    frame = one_file.guarded(
        path, lambda: next((batch[1] for batch in reader.read(path, names, rows) if len(batch[1])), None)
    )
    if frame is None:
        raise InputInvalid(f"{path}: no row in it can be read; name a file with outputs of the model")
    return frame.select(column for column in frame.columns if column == reserved.RAW or column in names)
