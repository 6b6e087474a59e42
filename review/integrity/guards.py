"""What guards the ledger beside its seals: the triggers, and the record of its versions."""

import hashlib
import json
from collections.abc import Callable, Iterator

import polars as pl

from review.ledger import layout, schema, seals

Read = Callable[..., pl.DataFrame]  # SQL and its parameters -> what it gives


def editions(read: Read) -> Iterator[seals.Finding]:
    """What the ledger says of its versions and of itself, where that is not what was written."""
    columns = ("schema_version", "ledger_id", "after_seal", "made_at")
    by_name = {row[0]: row for row in read(f"SELECT {', '.join(columns)}, digest FROM edition").rows()}  # noqa: S608
    for version in sorted({*by_name, *schema.VERSIONS[1:]}):
        if version not in by_name:
            kind = "removed"
        elif version not in schema.VERSIONS[1:]:
            kind = "added"
        elif hashlib.sha256(json.dumps(list(by_name[version][:-1])).encode()).hexdigest() != by_name[version][-1]:
            kind = "edited"
        else:
            continue
        yield seals.Finding(kind=kind, table="edition", key=seals.name({"schema_version": version}), seal=None)


def unguarded(read: Read, *, sqlite: bool) -> Iterator[seals.Finding]:
    """Tables whose triggers against change are gone, as they must be before a record can be changed."""
    present = read(
        "SELECT tbl_name AS name, COUNT(*) AS n FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name"
        if sqlite
        else "SELECT c.relname AS name, COUNT(*) AS n FROM pg_catalog.pg_trigger t "
        "JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid "
        "WHERE t.tgname = c.relname || '_append_only' AND t.tgenabled = 'A' "
        "AND pg_catalog.pg_table_is_visible(c.oid) GROUP BY c.relname"
    )
    counted = dict(present.iter_rows())
    for name in [*layout.names(), *layout.BESIDE]:
        if counted.get(name, 0) < (2 + (name not in ("decision", "retired")) if sqlite else 1):
            yield seals.Finding(kind="unguarded", table=name, key="", seal=None)
