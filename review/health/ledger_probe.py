"""Look at the ledger from outside, for `doctor`. Part of the ledger."""

import shutil
import stat
from datetime import datetime
from pathlib import Path

from models import timestamps
from review.health import ledger_findings
from review.integrity import verify
from review.ledger import database
from review.ledger.ledger import Ledger


def look(ledger: Ledger, url: str, *, deep: bool) -> ledger_findings.Seen:
    """What an open ledger looks like; `deep` holds every record against its seal, which takes a while."""
    where = database.address(url)
    sqlite = where.kind == "sqlite"
    odd = verify.ledger(ledger) if deep else verify.quick(ledger)
    disk = shutil.disk_usage(Path(where.target).absolute().parent) if sqlite else None
    return ledger_findings.Seen(
        shown=where.shown,
        size=_files(Path(where.target)) if sqlite else _size(ledger),
        free=disk.free if disk else None,
        disk=disk.total if disk else None,
        journal=str(ledger.read("PRAGMA journal_mode").item()) if sqlite else None,
        head=ledger.head(),
        odd=odd,
        deep=deep,
        mode=stat.S_IMODE(Path(where.target).stat().st_mode) if sqlite else None,
    )


def now(ledger: Ledger, url: str) -> datetime | None:
    """What time it is on the ledger's server; None for SQLite, which has our own."""
    if database.address(url).kind == "sqlite":
        return None
    text = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at"
    return timestamps.parse(str(ledger.read(text).item()))


def _files(path: Path) -> int:
    """The database and what is written but not yet in it."""
    beside = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in beside if file.exists())


def _size(ledger: Ledger) -> int:
    return int(ledger.read("SELECT pg_database_size(current_database()) AS size").item())
