"""The input of a stream: files of model outputs, read in chunks of bounded memory.

Every file is checked before the first row of any is handed out: a file that is not what it says stops the run while
nothing is written. Rows that cannot be read stop nothing; they are handed out beside the good ones, kept whole.
What a look at the inbox (`flows.inputs.taken_files`) knows to be taken already is not opened.
"""

import functools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl

from flows.inputs import (
    format_hint,
    listing,
    one_file,
    parquet_files,
    scale_check,
    taken_files,
    text_blocks,
    whole_rows,
)
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, paths, reserved

T = TypeVar("T")
log = logging.getLogger("second_reader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows of one file, in the order of the file.

    `frame` has the file's columns and `reserved.LINE`; `faults` has `contract.FAULT_SCHEMA`. Either may be empty.
    """

    frame: pl.DataFrame
    source: str  # the file's name, below the inbox
    first_line: int  # 1-based line (CSV, JSONL) or row (Parquet) the chunk starts at
    faults: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some rows of one Parquet file, not read yet: small enough to be sent to a worker that sees the same files."""

    path: Path
    source: str
    keys: listing.Keys
    columns: tuple[str, ...]
    plan: paths.Plan
    first_line: int
    rows: int


Piece = tuple[Chunk | Span, ...]  # what one worker does at a time, in the order of the input


def pieces(
    source: Path, stream: Stream, *, look: taken_files.Look | None = None, rows: int = 100_000, chunks: int = 3
) -> Iterator[Piece]:
    """As `chunks`, but several together, and of Parquet only where they stand. Long files are read for their scale first.

    A piece comes to as many rows as `chunks` chunks of `rows`, so that the cost of a task is small beside it; one of
    other files, which travel with it, to as many as one chunk. Raises as `chunks` does.
    """
    piece: list[Chunk | Span] = []
    room = most = chunks * rows
    for part in _parts(_plan(source, stream, look), look, rows, most, stream):
        weight = part.rows if isinstance(part, Span) else chunks * (len(part.frame) + len(part.faults))
        if piece and weight > room:
            yield tuple(piece)
            piece, room = [], most
        piece.append(part)
        room -= weight
    if piece:
        yield tuple(piece)


def _parts(
    plan: list[one_file.File], look: taken_files.Look | None, rows: int, most: int, stream: Stream
) -> Iterator[Chunk | Span]:
    for file in plan:
        if file.reader is not parquet_files or file.whole is not None:
            yield from _read([file], look, rows, stream)
            continue
        path = file.entry.path
        _opening(file, look)
        count = one_file.guarded(path, functools.partial(parquet_files.row_count, path))
        if count > most:
            one_file.guarded(
                path,
                functools.partial(
                    scale_check.check, functools.partial(one_file.batches, file, rows), stream, file.entry.name
                ),
            )
        for before in range(0, count, most):
            yield Span(
                path=path.absolute(),
                source=file.entry.name,
                keys=file.entry.keys,
                columns=tuple(file.columns),
                plan=file.plan,
                first_line=before + 1,
                rows=min(most, count - before),
            )


def read(piece: Piece, *, rows: int = 100_000) -> Iterator[Chunk]:
    """The chunks of a piece, as `chunks` makes them. Raises InputInvalid if a file is gone, or is not what it was."""
    for part in piece:
        if isinstance(part, Chunk):
            yield part
            continue
        columns, roots = list(part.columns), part.plan.roots
        whole = one_file.guarded(
            part.path, functools.partial(parquet_files.read_span, part.path, roots, part.first_line, part.rows)
        )
        whole = paths.applied(listing.keyed(whole, part.keys, columns), part.plan)
        for place, frame in enumerate(whole.iter_slices(rows)):
            yield Chunk(
                frame=frame,
                source=part.source,
                first_line=part.first_line + place * rows,
                faults=contract.FAULT_SCHEMA.to_frame(),
            )


def chunks(
    source: Path,
    stream: Stream,
    *,
    look: taken_files.Look | None = None,
    also: Callable[[str], bool] = lambda _: False,
    rows: int = 100_000,
    scale_first: bool = False,
    tell: bool = True,
    hint: format_hint.Hint = format_hint.named,
) -> Iterator[Chunk]:
    """The rows of a file, or of every file of a folder in the order of their names, at most `rows` at a time.

    Which files of a folder these are, says `flows.inputs.listing`. The columns are those the stream names and, of Parquet, the
    others whose name `also` takes; CSV comes with all it has. Without a `look` every file is read, and none is waited for.
    `scale_first`: long files are read through for the scale of their confidences before their first rows are handed out.
    `hint`: says what to do where a column is missing, for the files are of a format known by name.
    Raises InputInvalid, at once if a file is not what it says, later only if a file breaks off or is of another scale.
    """
    return _read(_plan(source, stream, look, also, tell=tell, hint=hint), look, rows, stream if scale_first else None)


def picked(folder: Path, name: str, stream: Stream, lines: pl.Series, *, rows: int = 100_000) -> Iterator[pl.DataFrame]:
    """The rows at some lines of one file of a folder, once more; those of them that are there. `name` as in `Chunk.source`.

    Of a Parquet file only the row groups that hold them are read. What other models said is not read again: files from before
    a table [[shadow]] need not have its columns. Raises InputInvalid as `chunks` does.
    """
    stream = _alone(stream)
    listed = one_file.guarded(folder, lambda: listing.listed(folder, _names(stream))[0]) if folder.is_dir() else []
    entry = next((entry for entry in listed if entry.name == name), None)
    if entry is None:
        raise InputInvalid(f"{folder / name}: there is no such file; put it back")
    file = one_file.checked(entry, stream, lambda _: False, _whole(stream))
    path = entry.path
    batches = (
        one_file.applied(parquet_files.read_lines(path, file.plan.roots, lines, rows), file, file.plan)
        if file.reader is parquet_files and file.whole is None
        else one_file.batches(file, rows, file.columns)
    )
    wanted = lines.unique().alias(reserved.LINE).to_frame()
    last = lines.max()
    while (batch := one_file.guarded(path, functools.partial(next, batches, None))) is not None:
        first_line, frame, _ = batch
        if first_line > last:
            return
        kept = frame.join(wanted, on=reserved.LINE, how="semi", maintain_order="left")
        yield kept


def _alone(stream: Stream) -> Stream:
    """The stream without other models, and without the other file where it is read for these only."""
    alone, join = stream.model_copy(update={"shadow": []}), stream.input.join
    if join is None or any(name.startswith(f"{join.name}.") for name in contract.named(alone)):
        return alone
    return alone.model_copy(update={"input": alone.input.model_copy(update={"join": None})})


def unread(source: Path, stream: Stream) -> str | None:
    """What to say of the folders of an inbox that are not read; None: there are none. Raises InputInvalid as `chunks`."""
    _, folders = one_file.guarded(source, lambda: listing.listed(source, _names(stream)))
    return listing.not_read(source, folders) if folders else None


def listed(source: Path, stream: Stream) -> list[listing.Entry]:
    """The files that are read. Raises InputInvalid as `chunks`."""
    return one_file.guarded(source, lambda: listing.listed(source, _names(stream)))[0]


def _plan(
    source: Path,
    stream: Stream,
    look: taken_files.Look | None,
    also: Callable[[str], bool] = lambda _: False,
    *,
    tell: bool = True,
    hint: format_hint.Hint = format_hint.named,
) -> list[one_file.File]:
    """The files to read, each found to be what it says."""
    listed, unread = one_file.guarded(source, lambda: listing.listed(source, _names(stream)))
    if unread and tell:
        log.warning("%s", listing.not_read(source, unread))
    plan, whole = [], _whole(stream)
    for file in listed:
        path, name = file.path, file.name
        if look is not None and one_file.guarded(path, functools.partial(look.passes_over, path, name)):
            continue
        try:
            plan.append(one_file.checked(file, stream, also, whole))
        except InputInvalid as error:
            if look is None or not _unbegun(path, stream) or not look.may_wait(path, name):
                raise hint(error, source, stream) from None
    return plan


def _unbegun(path: Path, stream: Stream) -> bool:
    """Whether a text file has no whole line yet. Raises InputInvalid."""
    if path.suffix.lower() == ".gz" or one_file.reader(path, stream) is parquet_files:
        return False
    return b"\n" not in one_file.guarded(path, lambda: next(text_blocks.read(path), b""))


def _whole(stream: Stream) -> whole_rows.Rows | None:
    return whole_rows.rows(stream, lambda path, theirs: chunks(path, theirs, tell=False))


def _read(
    plan: list[one_file.File], look: taken_files.Look | None, rows: int, scaled: Stream | None
) -> Iterator[Chunk]:
    for file in plan:
        path, source = file.entry.path, file.entry.name
        _opening(file, look)
        batches = one_file.batches(file, rows, file.columns)
        if scaled is not None:
            batches = scale_check.checked(functools.partial(one_file.batches, file, rows), file.columns, scaled, source)
        waits_from: int | None = (
            None  # the line of a record that may still be being written; what follows waits with it
        )
        while (batch := one_file.guarded(path, functools.partial(next, batches, None))) is not None:
            first_line, frame, faults = batch
            cut = faults.filter(pl.col("reason").str.starts_with(text_blocks.UNENDED))["line"]
            if look is not None and len(cut) and look.may_wait(path, source):
                waits_from = int(cut[0])
            if waits_from is not None:
                frame = frame.filter(pl.col(reserved.LINE) < waits_from)
                faults = faults.filter(pl.col("line") < waits_from)
            yield Chunk(
                frame=frame,
                source=source,
                first_line=first_line,
                faults=faults.select(pl.lit(source).alias("source"), "line", "reason", "raw"),
            )


def _opening(file: one_file.File, look: taken_files.Look | None) -> None:
    if look is not None:
        one_file.guarded(file.entry.path, functools.partial(look.opens, file.entry.path, file.entry.name))


def _names(stream: Stream) -> listing.Names:
    return listing.Names(files=stream.input.files, beside=stream.input.beside)
