"""Seals: what was appended together is hashed together, and chained to what came before.

    content digest   SHA-256 of the rows in the order of their natural key, column after column in table order
    seal digest      SHA-256 of the seal's number, the digest of the seal before, its table, time and columns, its number
                     of rows, and the content digest

A column is written as its name and count, then its texts' lengths (8 bytes each, -1 for null) and the texts, or its
numbers (8 bytes each, 0 for null) and a byte per value that says whether it is null; one that holds a single value
throughout is written as that value, once. So no two contents are written alike, nothing is made per row, and the long
columns that say the same of a whole batch cost nothing. A column that a later version added (`layout.ADDED`) is left out
where it holds nothing.

A seal also keeps the keys of its rows and a mark of 4 bytes for each. The digest detects a change; keys and marks name
the row: a mark is no cryptographic hash and need not be one. Whoever rewrites the whole chain leaves no trace in it:
the head printed in each report shows that.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import polars_hash as plh
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from review.ledger import layout

GENESIS = "0" * 64  # the digest before the first seal
ROWS = 100_000  # the most that one seal covers, so that checking a seal needs bounded memory

COLUMNS = pl.Schema(
    {
        "seq": pl.Int64,
        "table_name": pl.String,
        "row_count": pl.Int64,
        "digest": pl.String,
        "previous": pl.String,
        "keys": pl.Binary,
        "marks": pl.Binary,
        "sealed_at": pl.String,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was sealed.

    `kind` is edited | added | removed (a row, or a seal: `table` is then "seal"), unsealed (rows whose seal is gone),
    broken chain (the seal before this one was made anew), unguarded (a table's triggers are gone) or unreadable.
    `key` names the row, such as "stream=digits, case_id=d-17"; `seal` is the number it carries, None for none.
    """

    kind: str
    table: str
    key: str
    seal: int | None

    def __str__(self) -> str:
        where = "" if self.seal is None or self.table == "seal" else f" (seal {self.seal})"
        return f"{self.kind}: {self.table} {self.key}".rstrip() + where


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One row of the table `seal`."""

    seq: int
    table_name: str
    row_count: int
    digest: str
    previous: str
    keys: bytes
    marks: bytes
    sealed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a seal says of rows of one table, before it has its place in the chain."""

    table: str
    row_count: int
    digest: str
    keys: bytes
    marks: bytes


def content(table: str, rows: pl.DataFrame, arrow: pa.Table | None = None) -> Content:
    """Hash rows of one table, which are sorted by its natural key and have its columns. `arrow`: the same, if at hand."""
    return Content(
        table=table,
        row_count=len(rows),
        digest=content_digest(table, rows.to_arrow() if arrow is None else arrow),
        keys=zlib.compress(_lines(rows.select(_key_json(table).alias("key")).to_series()), level=1),
        marks=marks(table, rows).to_numpy().astype(">u4").tobytes(),
    )


def make(of: Content, *, seq: int, previous: str, now: str) -> Seal:
    """Seal a content as number `seq`, after the seal whose digest is `previous`. `now` is when, as the ledger writes times."""
    return Seal(
        seq=seq,
        table_name=of.table,
        row_count=of.row_count,
        digest=digest(of.table, of.digest, of.row_count, seq=seq, previous=previous, sealed_at=now),
        previous=previous,
        keys=of.keys,
        marks=of.marks,
        sealed_at=now,
    )


def digest(table: str, of: str, row_count: int, *, seq: int, previous: str, sealed_at: str) -> str:
    head = json.dumps([seq, previous, table, sealed_at, layout.original(table), row_count, of])
    return hashlib.sha256(head.encode()).hexdigest()


def content_digest(table: str, rows: pa.Table) -> str:
    hashed = hashlib.sha256()
    added = layout.ADDED.get(table, ())
    for name in layout.columns(table):
        if name in added and rows[name].null_count == len(rows):
            continue
        for piece in _written(name, rows[name].combine_chunks()):
            hashed.update(piece)
    return hashed.hexdigest()


def _written(name: str, column: pa.Array) -> Iterator[bytes | memoryview]:
    """A column as bytes, taken from where Arrow holds them."""
    same = _single(column)
    yield f"{name}:{len(column)}:{'one' if same else 'each'}\n".encode()
    if same:
        column = column.slice(0, 1)
    if pa.types.is_large_string(column.type):
        texts = column.fill_null("")
        ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
        lengths = np.diff(ends)
        if column.null_count:
            lengths[column.is_null().to_numpy(zero_copy_only=False)] = -1
        yield lengths.tobytes()
        if ends[-1] > ends[0]:
            yield memoryview(texts.buffers()[2])[ends[0] : ends[-1]]
    else:
        missing = column.is_null().to_numpy(zero_copy_only=False)
        plain = column.cast(pa.int64()) if pa.types.is_boolean(column.type) else column
        yield memoryview(plain.fill_null(0).to_numpy(zero_copy_only=False)).cast("B")
        yield memoryview(missing.view(np.uint8))


def _single(column: pa.Array) -> bool:
    """Whether a column holds one value throughout."""
    if len(column) == 0 or column.null_count:
        return bool(column.null_count == len(column))
    return bool(column[0] == column[-1] and pc.all(pc.equal(column, column[0])).as_py())


_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: multiplying by it spreads a change over all bits
_NULL = np.uint64(0xD6E8FEB86659FD93)


def marks(table: str, rows: pl.DataFrame) -> pl.Series:
    """A mark of 32 bits per row, in the order of `rows`, which has the table's columns."""
    mark: NDArray[np.uint64] = np.zeros(len(rows), dtype=np.uint64)
    added = layout.ADDED.get(table, ())
    for name in layout.columns(table):
        column, before = rows[name], mark
        if name in added and column.null_count() == len(column):
            continue
        if len(column) > 1 and column[0] == column[-1] and column.eq_missing(column[0]).all():
            column = column.head(1)  # NumPy repeats it
        if column.dtype == pl.String:
            hashes = pl.DataFrame({"text": column}).select(plh.col("text").nchash.xxhash64()).to_series()
            bits = hashes.cast(pl.UInt64).fill_null(0).to_numpy()
        else:
            numbers = column.reinterpret(dtype=pl.Int64) if column.dtype == pl.Float64 else column.cast(pl.Int64)
            bits = numbers.fill_null(0).to_numpy().view(np.uint64)
        if column.null_count():
            bits = np.where(column.is_null().to_numpy(), _NULL, bits)
        mark = (mark + bits) * _ODD
        mark ^= mark >> np.uint64(32)
        if name in added:
            mark = np.where(rows[name].is_null().to_numpy(), before, mark)
    return pl.Series("mark", (mark * _ODD) >> np.uint64(32), dtype=pl.UInt32)


def _key_json(table: str) -> pl.Expr:
    return pl.struct(layout.key(table)).struct.json_encode()


def _lines(keys: pl.Series) -> bytes:
    return str(keys.str.join("\n").item()).encode()


def prepared(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as `check` needs them: in the order in which a seal takes them, with `key` (JSON) and `mark`.

    `rows` has the table's columns, `seal`, and, if the database knows it, `mistyped`: true where a value has another
    type than its column, which SQLite allows. Such a row counts as edited, and has no mark. Raises polars' ComputeError on
    text that is not UTF-8.
    """
    # A database may hold text that is not UTF-8, on which hashing would crash.
    rows = rows.with_columns(pl.col(pl.String).cast(pl.Binary).cast(pl.String)).sort("seal", *layout.key(table))
    mark: pl.Series | pl.Expr = marks(table, rows)
    if "mistyped" in rows.columns:
        mark = pl.when(~pl.col("mistyped").cast(pl.Boolean)).then(pl.lit(mark))
    return rows.with_columns(_key_json(table).alias("key"), mark=mark)


def check(seal: Seal, rows: pl.DataFrame) -> list[Finding]:
    """What is not as it was under one seal. `rows`: all rows that carry its number, as `prepared` gives them."""
    table = seal.table_name
    edited_seal = [Finding(kind="edited", table="seal", key=f"seq={seal.seq}", seal=seal.seq)]
    try:
        keys = zlib.decompress(seal.keys)
    except zlib.error:
        keys = b""
    if len(rows) > 0 and not rows["mark"].null_count():
        of, link = content_digest(table, rows.to_arrow()), {"previous": seal.previous, "sealed_at": seal.sealed_at}
        if seal.digest == digest(table, of, len(rows), seq=seal.seq, **link):
            recorded = rows["mark"].to_numpy().astype(">u4").tobytes()
            same = keys == _lines(rows["key"]) and seal.marks == recorded and seal.row_count == len(rows)
            return [] if same else edited_seal
    return named(seal, rows) or edited_seal


def covers(seal: Seal, keys: pl.DataFrame) -> bool:
    """Whether a seal was made of rows with just these natural keys, which are sorted."""
    try:
        return zlib.decompress(seal.keys) == _lines(keys.select(_key_json(seal.table_name).alias("key")).to_series())
    except zlib.error:
        return False


def named(seal: Seal, rows: pl.DataFrame, gone: frozenset["Key"] = frozenset()) -> list[Finding]:
    """The rows that differ from what was sealed, as far as keys and marks tell. `gone`: keys of rows that may be missing.

    A row that is there although it is in `gone` was added.
    """
    table = seal.table_name
    try:
        sealed = _sealed(seal, zlib.decompress(seal.keys))
    except zlib.error:
        sealed = None
    if sealed is None:
        return [Finding(kind="edited", table="seal", key=f"seq={seal.seq}", seal=seal.seq)]
    now = dict(zip(map(_read_key, rows["key"]), rows["mark"], strict=True))
    differences = [
        *(("removed", key) for key in sealed if key not in now and key not in gone),
        *(("edited", key) for key, mark in sealed.items() if now.get(key, mark) != mark),
        *(("added", key) for key in now if key not in sealed or key in gone),
    ]
    return [Finding(kind=kind, table=table, key=name(dict(key)), seal=seal.seq) for kind, key in differences]


def read_keys(table: str, rows: pl.DataFrame) -> frozenset["Key"]:
    """The natural keys of some rows of a table."""
    columns = layout.key(table)
    return frozenset(tuple(zip(columns, row, strict=True)) for row in rows.select(columns).iter_rows())


Key = tuple[tuple[str, str | int], ...]


def _sealed(seal: Seal, keys: bytes) -> dict[Key, int] | None:
    """The mark of each key that was sealed; None if they are no keys of the seal's table."""
    try:
        sealed = [_read_key(line) for line in keys.decode().split("\n")]
    except (ValueError, AttributeError):
        return None
    if any([column for column, _ in key] != layout.key(seal.table_name) for key in sealed):
        return None
    return {key: int.from_bytes(seal.marks[4 * place : 4 * place + 4]) for place, key in enumerate(sealed)}


def _read_key(line: str) -> Key:
    return tuple(json.loads(line).items())


def name(key: Mapping[str, str | int]) -> str:
    """A row's natural key in words: `stream=digits, case_id=d-17`."""
    return ", ".join(f"{column}={value}" for column, value in key.items())
