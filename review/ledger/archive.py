"""Files of decisions that left the ledger: Parquet, whole or not there at all, and never overwritten."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from models import errors
from review import private_files
from review.ledger import layout, seals

_TABLE = "decision"
_COLUMNS = {**dict(layout.columns(_TABLE)), "seal": pl.Int64()}


def write(folder: Path, name: str, rows: pl.DataFrame) -> str:
    """Write decisions, with `seal`, to a file in a folder; they are on the disk when this returns. The SHA-256 of the file.

    A file of that name is left alone: `check` says whether it holds these rows. Raises LedgerInvalid if it cannot be written.
    """
    path = folder / name
    try:
        private_files.folder(folder)
        if not path.exists():
            part = path.with_name(f"{name}.part")
            with private_files.opened(part) as file:
                rows.write_parquet(file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
            private_files.sync(folder)
        return _digest(path)
    except OSError as error:
        raise errors.LedgerInvalid(
            f"cannot write the archive {path}: {error.strerror or error}; nothing was retired into it"
        ) from None


def check(path: Path, digest: str, sealed: Sequence[seals.Seal]) -> list[seals.Finding]:
    """What is not as it should be of a file. `digest`: its SHA-256 when it was written; `sealed`: the seals it holds."""

    def whole(kind: str) -> list[seals.Finding]:
        return [seals.Finding(kind=kind, table="archive", key=path.name, seal=None)]

    try:
        same = _digest(path) == digest
        rows = pl.read_parquet(path)
        # A file that an older version wrote lacks the columns that were added since.
        lacks = [pl.lit(None, _COLUMNS[name]).alias(name) for name in layout.ADDED[_TABLE] if name not in rows.columns]
        rows = rows.with_columns(lacks).select(pl.col(column).cast(kind) for column, kind in _COLUMNS.items())
        rows = seals.prepared(_TABLE, rows)
    except FileNotFoundError:
        return whole("removed")
    except (OSError, pl.exceptions.PolarsError):
        return whole("unreadable")
    findings = [
        replace(one, table="archived decision") if one.table == _TABLE else one
        for seal in sealed
        for one in seals.check(seal, rows.filter(pl.col("seal") == seal.seq))
    ]
    others = rows.filter(~pl.col("seal").is_in([seal.seq for seal in sealed]))
    findings += [
        seals.Finding(kind="added", table="archived decision", key=seals.name(row), seal=None)
        for row in others.select(layout.key(_TABLE)).iter_rows(named=True)
    ]
    return findings or ([] if same else whole("edited"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
