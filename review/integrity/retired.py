"""What a retirement says of the decisions that left under one seal, and whether what is left agrees with it. Pure.

The rows are gone, so the seal's digest cannot be made anew from them. Instead the retirement, a sealed fact itself, holds
the digest of all rows that the seal was made of, that of the rows left, that of the keys kept of the others, and that of
the seal's extract. From these every part of the ledger is held against the seal, and the file against all of them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from models.routing.policy import Route
from review.ledger import layout, seals
from review.ledger.removal import DIGITS

TABLE = "decision"


def leaving(rows: pl.DataFrame, touched: pl.Series) -> pl.Series:
    """Which decisions may leave: released, not sampled, and never before a person. `touched`: the ids people have met."""
    untouched = (pl.col("route") == Route.AUTOMATE) & ~pl.col("blind") & ~pl.col("case_id").is_in(touched.implode())
    return rows.select(untouched.alias("leaving")).to_series()


def keys(rows: pl.DataFrame) -> pl.DataFrame:
    """Decisions as rows of the table `retired`, in the order of their key."""
    content = pl.col("content").str.head(DIGITS)
    return rows.select("stream", "case_id", content, pl.col("seal").alias("of_seal")).sort("stream", "case_id")


def facts(seal: seals.Seal, rows: pl.DataFrame, gone: pl.Series, extract: pl.DataFrame) -> dict[str, int | str | None]:
    """What a retirement holds of one seal. `rows`: all that it covers, as `seals.prepared`; `gone`: which of them leave."""
    kept = rows.filter(~gone)
    return {
        "row_count": int(gone.sum()),
        "all_digest": seals.content_digest(TABLE, rows.to_arrow()),
        "kept_digest": None if kept.is_empty() else seals.content_digest(TABLE, kept.to_arrow()),
        "keys_digest": digest(keys(rows.filter(gone))),
        "marks_digest": hashlib.sha256(seal.marks).hexdigest(),
        "extract_digest": digest(extract),
    }


def digest(rows: pl.DataFrame) -> str:
    """SHA-256 of a few columns: a line of JSON for each row, binary as hex. A `members` that holds nothing is left out."""
    hashed = hashlib.sha256()
    if "members" in rows.columns and rows["members"].null_count() == len(rows):
        rows = rows.drop("members")  # of an extract that an older version made
    if not rows.is_empty():
        plain = rows.with_columns(pl.col(pl.Binary).bin.encode("hex"))
        hashed.update(str(plain.select(pl.struct(pl.all()).struct.json_encode().str.join("\n")).item()).encode())
    return hashed.hexdigest()


def check(
    seal: seals.Seal, rows: pl.DataFrame, gone: pl.DataFrame, of: Mapping[str, str | None]
) -> list[seals.Finding]:
    """What is not as it was under a seal whose decisions were retired.

    `rows`: those left, as `seals.prepared`; `gone`: the seal's rows of `retired`, sorted by key; `of`: its retirement.
    """
    digest_now = seals.digest(
        TABLE,
        str(of["all_digest"]),
        seal.row_count,
        seq=seal.seq,
        previous=seal.previous,
        sealed_at=seal.sealed_at,
    )
    edited = [seals.Finding(kind="edited", table="seal", key=f"seq={seal.seq}", seal=seal.seq)]
    if digest_now != seal.digest or hashlib.sha256(seal.marks).hexdigest() != of["marks_digest"]:
        return edited
    kept = None
    if not rows.is_empty():
        kept = "" if rows["mark"].null_count() else seals.content_digest(TABLE, rows.to_arrow())
    key = layout.key(TABLE)
    exact, same_keys = kept == of["kept_digest"], digest(gone) == of["keys_digest"]
    if exact and same_keys and seals.covers(seal, pl.concat([rows.select(key), gone.select(key)]).sort(key)):
        return []
    findings = seals.named(seal, rows, seals.read_keys(TABLE, gone))
    if exact:  # what is missing is missing among the keys
        findings = [replace(one, table="retired") if one.kind == "removed" else one for one in findings]
    if not findings and not same_keys:
        findings = [seals.Finding(kind="edited", table="retired", key=f"of_seal={seal.seq}", seal=None)]
    return findings or edited
