"""One file of an input, found to be what it says, and its rows in the columns that the stream names."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flows.inputs import (
    class_names,
    listing,
    parquet_files,
    path_check,
    readers,
    scale_check,
    whole_rows,
)
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, paths

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to read, found to be what it says, and its columns that are read, by themselves or by a path into them."""

    entry: listing.Entry
    reader: readers.Reader
    columns: list[str]
    plan: paths.Plan
    whole: whole_rows.Rows | None  # None: a row of it is all there is of a case


def checked(entry: listing.Entry, stream: Stream, also: Callable[[str], bool], whole: whole_rows.Rows | None) -> File:
    """The file with its columns, paths and what makes its rows whole. Raises InputInvalid if it is not what it says."""
    kind, path = reader(entry.path, stream), entry.path
    columns = whole_rows.own(contract.named(stream), stream)
    keys = {listing.ROW, *(key for key, _ in entry.keys)}
    # The names of the file decide what is a path; of a packed file they take a whole reading of it.
    present = columns if paths.all_flat(columns, stream) else guarded(path, functools.partial(kind.names, path))
    by_class = [name for name in columns if class_names.source(name) != name] if kind is parquet_files else []
    plan = paths.plan(columns, [*present, *keys, *by_class], stream)
    there = set(present)
    inside = [column for column in plan.flat if column not in keys]
    # A path that starts nowhere is said as a whole; of JSON whose rows may come without an answer, once they were looked at.
    looked_at = bool(stream.input.failed) and readers.by_lines(kind)
    for one in plan.derived:
        inside += [root for root in one.roots if root in there] or ([] if looked_at else [one.name])
    guarded(path, functools.partial(kind.check, path, list(dict.fromkeys(inside)), stream))
    if kind is parquet_files:
        others = guarded(path, functools.partial(parquet_files.others, path, columns, also))
        columns, plan = columns + others, dataclasses.replace(plan, flat=tuple(dict.fromkeys([*plan.flat, *others])))
    file = File(entry=entry, reader=kind, columns=columns, plan=plan, whole=whole)
    if plan.derived:
        first = guarded(path, lambda: next((batch[1] for batch in batches(file, path_check.ROWS, columns)), None))
        if first is not None:
            path_check.check(path, first, plan, stream)
    return file


def batches(file: File, rows: int, columns: list[str]) -> Iterator[scale_check.Batch]:
    """The batches of a file with these columns; with all that are read of it, each row whole (`whole_rows`)."""
    if columns is file.columns and file.whole is not None:
        return file.whole.completed(batches(file, rows, [*columns]), lambda names: batches(file, rows, names))
    plan = file.plan if len(columns) == len(file.columns) else file.plan.only(columns)
    if readers.by_lines(file.reader):
        return applied(file.reader.read(file.entry.path, list(plan.flat), rows, plan.derived), file, plan)
    return applied(file.reader.read(file.entry.path, plan.roots, rows), file, plan)


def applied(batches: Iterator[scale_check.Batch], file: File, plan: paths.Plan) -> Iterator[scale_check.Batch]:
    """The batches with the keys of the folders and what the paths take."""
    for first_line, frame, faults in batches:
        rows = listing.keyed(frame, file.entry.keys, list(plan.flat))
        rows = paths.with_ids(rows, plan) if readers.by_lines(file.reader) else paths.applied(rows, plan)
        yield first_line, rows, faults


def reader(path: Path, stream: Stream) -> readers.Reader:
    """What reads a file. Raises InputInvalid where neither the stream nor its name says."""
    return guarded(path, functools.partial(readers.reader, path, stream.input.format, stream.input.rows))


def guarded(path: Path, read: Callable[[], T]) -> T:
    """What `read` returns. A disk that fails, or says no, is one line too."""
    try:
        return read()
    except OSError as error:
        raise InputInvalid(
            f"{path}: cannot be read ({error.strerror or error}); check the file and its rights"
        ) from None
