"""Seals: what was appended together is hashed together, and chained to what came before.

    row digest   SHA-256 of the row: one netstring per column in table order, `~` for null, a float by its 64 bits
    seal digest  SHA-256 of the seal's number, the digest of the seal before, its table, time and columns, and every
                 row's digest in the order of the natural key

A seal also keeps the keys of its rows and the first 4 bytes of each row digest. The digest detects a change; keys and
marks name the row. Whoever rewrites the whole chain leaves no trace in it: the head printed in each report shows that.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import polars_hash as plh

from models import tables

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


def row_digests(table: str, rows: pl.DataFrame) -> pl.Series:
    """SHA-256 of each row, 64 hex characters, in the order of `rows`, which has the table's columns."""
    fields = [_netstring(name, kind) for name, kind in tables.columns(table).items()]
    return rows.select(pl.concat_str(fields).alias("row")).select(plh.col("row").chash.sha2_256()).to_series()


def _netstring(name: str, kind: pl.DataType) -> pl.Expr:
    if kind == pl.Float64:
        text = pl.col(name).reinterpret(dtype=pl.Int64).cast(pl.String)
    elif kind == pl.Boolean:
        text = pl.col(name).cast(pl.Int8).cast(pl.String)
    else:
        text = pl.col(name).cast(pl.String)
    return pl.concat_str(text.str.len_bytes().cast(pl.String), pl.lit(":"), text).fill_null("~")


def make(table: str, rows: pl.DataFrame, *, seq: int, previous: str, now: str) -> Seal:
    """Seal rows of one table, sorted by their natural key. `now` is when, as moment text."""
    digests = row_digests(table, rows)
    return Seal(
        seq=seq,
        table_name=table,
        row_count=len(rows),
        digest=_digest(table, digests, seq=seq, previous=previous, sealed_at=now),
        previous=previous,
        keys=zlib.compress(_lines(rows.select(_key_json(table).alias("key")).to_series()), level=1),
        marks=_marks(digests),
        sealed_at=now,
    )


def _digest(table: str, digests: pl.Series, *, seq: int, previous: str, sealed_at: str) -> str:
    head = json.dumps([seq, previous, table, sealed_at, list(tables.columns(table)), len(digests)])
    return hashlib.sha256(head.encode() + b"\n" + digests.str.join("").item().encode()).hexdigest()


def _marks(digests: pl.Series) -> bytes:
    return bytes.fromhex(digests.str.head(8).str.join("").item())


def _key_json(table: str) -> pl.Expr:
    return pl.struct(tables.key(table)).struct.json_encode()


def _lines(keys: pl.Series) -> bytes:
    return str(keys.str.join("\n").item()).encode()


def prepared(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """What `check` needs of rows: seal, key (JSON) and digest, in the order in which a seal takes them.

    `rows` has the table's columns, `seal`, and, if the database knows it, `mistyped`: true where a value has another
    type than its column, which SQLite allows.
    """
    rows = rows.sort("seal", *tables.key(table))
    digest = pl.col("digest")
    if "mistyped" in rows.columns:
        # No digest begins like this, so such a row counts as edited.
        digest = pl.when(pl.col("mistyped").cast(pl.Boolean)).then(pl.lit("mistyped") + digest).otherwise(digest)
    return rows.with_columns(_key_json(table).alias("key"), digest=row_digests(table, rows)).select(
        "seal", "key", digest.alias("digest")
    )


def check(seal: Seal, rows: pl.DataFrame) -> list[Finding]:
    """What is not as it was under one seal. `rows`: all rows that carry its number, as `prepared` gives them."""
    table = seal.table_name
    edited_seal = [Finding(kind="edited", table="seal", key=f"seq={seal.seq}", seal=seal.seq)]
    try:
        keys = zlib.decompress(seal.keys)
    except zlib.error:
        keys = b""
    digests = rows["digest"]
    recomputed = _digest(table, digests, seq=seal.seq, previous=seal.previous, sealed_at=seal.sealed_at)
    if len(rows) > 0 and seal.digest == recomputed:
        same = keys == _lines(rows["key"]) and seal.marks == _marks(digests) and seal.row_count == len(rows)
        return [] if same else edited_seal
    sealed = _sealed(seal, keys)
    if sealed is None:
        return edited_seal
    now = dict(zip(map(_read_key, rows["key"]), digests.str.head(8), strict=True))
    found = [
        *(("removed", key) for key in sealed if key not in now),
        *(("edited", key) for key, mark in sealed.items() if now.get(key, mark) != mark),
        *(("added", key) for key in now if key not in sealed),
    ]
    named = [Finding(kind=kind, table=table, key=name(dict(key)), seal=seal.seq) for kind, key in found]
    return named or edited_seal


Key = tuple[tuple[str, str | int], ...]


def _sealed(seal: Seal, keys: bytes) -> dict[Key, str] | None:
    """The mark of each key that was sealed; None if they are no keys of the seal's table."""
    try:
        sealed = [_read_key(line) for line in keys.decode().split("\n")]
    except (ValueError, AttributeError):
        return None
    if any([column for column, _ in key] != tables.key(seal.table_name) for key in sealed):
        return None
    return {key: seal.marks[4 * place : 4 * place + 4].hex() for place, key in enumerate(sealed)}


def _read_key(line: str) -> Key:
    return tuple(json.loads(line).items())


def name(key: Mapping[str, str | int]) -> str:
    """A row's natural key in words: `stream=digits, case_id=d-17`."""
    return ", ".join(f"{column}={value}" for column, value in key.items())


def chain(links: pl.DataFrame, damaged: set[int]) -> list[Finding]:
    """Seals that are gone, and seals that no longer follow the one before: that one was made anew.

    `links` has seq, digest and previous of every seal, by seq. `damaged` are seals already found edited: the broken
    link to one of them needs no second word.
    """
    found: list[Finding] = []
    expected, digest = 1, GENESIS
    for seq, own, previous in links.select("seq", "digest", "previous").iter_rows():
        if seq < 1:
            found.append(Finding(kind="added", table="seal", key=f"seq={seq}", seal=seq))
            continue
        if seq > expected:
            gone = f"seq={expected}" if seq == expected + 1 else f"seq={expected} to {seq - 1}"
            found.append(Finding(kind="removed", table="seal", key=gone, seal=expected))
        elif previous != digest and not {seq, seq - 1} & damaged:
            found.append(Finding(kind="broken chain", table="seal", key=f"seq={seq}", seal=seq))
        expected, digest = seq + 1, own
    return found
