"""Rows of a CSV file (RFC 4180, commas, UTF-8, a header); every value is text, an empty one is missing.

Readers of CSV guess types block by block, fill up short rows and lose the rest of a file to one stray quote. So the
records are found here, in NumPy: a line feed ends a record if an even number of quotes stands before it, and a quote
is sound if it stands at the edge of a field or doubled. A block where one is not is read record by record instead.
A last record without a line end is a fault: of 1e-05 that is cut nobody can tell that it was no 1.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.inputs import csv_repair, headers, text_blocks
from models.config import fields
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, reserved

_QUOTE, _COMMA, _FEED, _RETURN = b'",\n\r'
_MAX_OPEN = 4 * 2**20  # bytes: a record that goes on longer has lost its closing quote

Batch = tuple[int, pl.DataFrame, pl.DataFrame]
Bytes = NDArray[np.uint8]
Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """Where the whole records of a block stand, how many fields each has, and where the unfinished rest starts."""

    starts: Positions
    ends: Positions
    fields: Positions
    lines: Positions  # line feeds before the record
    rest: int


def check(path: Path, columns: list[str], stream: Stream, *, headed: bool = True) -> None:
    """Raises InputInvalid if the file is no CSV, or its header lacks or doubles a column."""
    header = names(path, headed=headed)  # all of them are read
    headers.check(path, header, [*columns, *filter(fields.is_pattern, header)], stream.shadow)


def names(path: Path, *, headed: bool = True) -> list[str]:
    """The names in the header; where there is none, `column 1` and so on. Raises InputInvalid if the file is no CSV."""
    return _header(path, text_blocks.first(path, "CSV"), headed=headed)[0]


def read(path: Path, _columns: list[str], rows: int, *, headed: bool = True) -> Iterator[Batch]:
    """First line, rows, faults, at most `rows` rows at a time. Raises InputInvalid if a gzip breaks off."""
    header: list[str] = []
    line, rest = 1, b""
    stream = text_blocks.read(path)
    block = next(stream, b"")
    while block:
        after = next(stream, b"")
        block = rest + block
        if not header:
            header, skipped = _header(path, block, headed=headed)
            line += block.count(b"\n", 0, skipped)
            block = block[skipped:]
        frame, faults, used = _parsed(block, header, line, final=not after)
        yield from _sliced(frame, faults, line, rows)
        line += block.count(b"\n", 0, used)
        rest = block[used:]
        block = after


def _header(path: Path, block: bytes, *, headed: bool) -> tuple[list[str], int]:
    """The column names, and the length of the header in bytes."""
    match = csv_repair.RECORD.match(block)
    try:
        fields = csv_repair.fields(match) if match else None
    except UnicodeDecodeError:
        raise InputInvalid(f"{path}: the header is not UTF-8; save the file as UTF-8") from None
    if match is None or fields is None:
        raise InputInvalid(f"{path}: not CSV; the header has a quote that is never closed")
    if len(fields) == 1 and ";" in fields[0]:
        raise InputInvalid(f"{path}: separated by semicolons; save it with commas")
    if len(fields) == 1 and "\t" in fields[0]:
        raise InputInvalid(f"{path}: separated by tabs; save it with commas")
    if not headed:
        return [f"column {place}" for place in range(1, len(fields) + 1)], 0
    # A column without a name is the row number some tools write; two of them are still two columns.
    return [name.strip() or f"column {place}" for place, name in enumerate(fields, start=1)], match.end()


def _parsed(block: bytes, names: list[str], line: int, *, final: bool) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Rows, faults, and how many bytes are used up."""
    records = _records(np.frombuffer(block, np.uint8), final=final)
    cut = records is not None and len(records.ends) > 0 and block[records.ends[-1] - 1] != _FEED
    if records is not None and cut:
        records, last = _without_last(records)
    frame = None if records is None else _frame(block, records, names, line)
    if records is None or frame is None:
        return csv_repair.parsed(block, names, line, final=final, max_open=_MAX_OPEN)
    faults = [
        csv_repair.Fault(
            line=line + int(records.lines[i]),
            reason=csv_repair.wrong_width(int(records.fields[i]), len(names)),
            raw=block[records.starts[i] : records.ends[i]],
        )
        for i in np.flatnonzero(records.fields != len(names))
    ]
    if cut:
        start, feeds = last
        faults.append(csv_repair.Fault(line=line + feeds, reason=csv_repair.UNENDED, raw=block[start:]))
    return frame, csv_repair.kept(faults), records.rest


def _records(text: Bytes, *, final: bool) -> _Records | None:
    """None where a quote is not sound, or a record goes on and on."""
    is_quote = text == _QUOTE
    quotes, feeds, commas = np.flatnonzero(is_quote), text == _FEED, text == _COMMA
    lines = np.flatnonzero(feeds)
    if len(quotes):
        inside = np.cumsum(is_quote, dtype=np.uint8) & 1 == 1  # uint8 wraps at 256, which keeps the parity
        if (final and len(quotes) % 2) or not _sound(text, quotes, inside):
            return None
        feeds, commas = feeds & ~inside, commas & ~inside
    ends = np.flatnonzero(feeds) + 1
    if final and len(text) > (ends[-1] if len(ends) else 0):  # no line feed at the end of the file
        ends = np.append(ends, len(text))
    rest = int(ends[-1]) if len(ends) else 0
    if len(text) - rest > _MAX_OPEN:
        return None
    starts = np.concatenate([[0], ends])[: len(ends)].astype(np.intp)
    filled = ~_blank(text, starts, ends)
    starts, ends = starts[filled], ends[filled]
    places = np.flatnonzero(commas)
    return _Records(
        starts=starts,
        ends=ends,
        fields=np.searchsorted(places, ends) - np.searchsorted(places, starts) + 1,
        lines=np.searchsorted(lines, starts),
        rest=rest,
    )


def _without_last(records: _Records) -> tuple[_Records, tuple[int, int]]:
    """The records but the last, and where that one starts, in bytes and in line feeds before it."""
    last = int(records.starts[-1]), int(records.lines[-1])
    kept = {name: getattr(records, name)[:-1] for name in ("starts", "ends", "fields", "lines")}
    return replace(records, **kept), last


def _sound(text: Bytes, quotes: Positions, inside: NDArray[np.bool_]) -> bool:
    """Whether each opening quote starts a field or doubles one, and each closing quote ends a field or is doubled."""
    opening = inside[quotes]
    before = np.where(quotes > 0, text[quotes - 1], _FEED)[opening]
    after = np.where(quotes + 1 < len(text), text[np.minimum(quotes + 1, len(text) - 1)], _FEED)[~opening]
    starts_or_doubles = np.isin(before, (_COMMA, _FEED, _QUOTE)).all()
    return bool(starts_or_doubles and np.isin(after, (_COMMA, _FEED, _RETURN, _QUOTE)).all())


def _blank(text: Bytes, starts: Positions, ends: Positions) -> NDArray[np.bool_]:
    """Records of nothing but a line end."""
    first = text[starts]
    return np.asarray((first == _FEED) | ((first == _RETURN) & (ends - starts <= 2)), dtype=np.bool_)


def _frame(block: bytes, records: _Records, names: list[str], line: int) -> pl.DataFrame | None:
    """The records of the right width as text; None where Polars reads them otherwise than we do."""
    right = records.fields == len(names)
    starts, ends = records.starts[right], records.ends[right]
    if not len(starts):
        return csv_repair.frame([], names, [])
    # Neighbours are cut out together: a slice per record would be a Python object per record.
    breaks = np.flatnonzero(starts[1:] != ends[:-1])
    spans = zip([starts[0], *starts[breaks + 1]], [*ends[breaks], ends[-1]], strict=True)
    good = b"".join(block[start:end] for start, end in spans)
    try:
        frame = pl.read_csv(io.BytesIO(good), has_header=False, schema=dict.fromkeys(names, pl.String()))
    except pl.exceptions.PolarsError:  # text that is no UTF-8, as a rule: one row's fault, not its neighbours'
        return None
    if len(frame) != len(starts):
        return None
    texts = [pl.when(pl.col(name) != "").then(name) for name in names]  # "" in quotes is as empty as nothing
    return frame.with_columns(*texts, pl.Series(reserved.LINE, records.lines[right] + line, dtype=pl.Int64))


def _sliced(frame: pl.DataFrame, faults: pl.DataFrame, line: int, rows: int) -> Iterator[Batch]:
    """The batch in pieces of at most `rows` rows; the faults go with the first."""
    yield line, frame.head(rows), faults
    for start in range(rows, len(frame), rows):
        piece = frame.slice(start, rows)
        yield int(piece[0, reserved.LINE]), piece, contract.FAULT_SCHEMA.to_frame()
