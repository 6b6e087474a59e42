"""Hold every record against its seal. Part of the ledger."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import polars as pl

from models import errors, tables
from review import database, extracts, seals

Read = Callable[..., pl.DataFrame]

NAMED = 20  # as many rows without a seal are named one by one; more went in, or lost it, together


def findings(read: Read, *, sqlite: bool, known: tuple[int, str] | None) -> Iterator[seals.Finding]:
    """Whatever is not as it was sealed: rows, seals, the chain, and triggers that are gone."""
    # Read before the rows: what is appended meanwhile has a higher seal and is left for the next time.
    columns = ["seq", "table_name", "row_count", "digest", "previous"]
    links = read(f"SELECT {_columns(columns, seals.COLUMNS, sqlite=sqlite)} FROM seal ORDER BY seq")  # noqa: S608
    damaged: set[int] = set()
    for name in tables.names():
        try:
            for finding in _table(read, name, links, sqlite=sqlite):
                if finding.table == "seal" and finding.seal is not None:
                    damaged.add(finding.seal)
                yield finding
        except (errors.LedgerInvalid, pl.exceptions.ComputeError):  # a table that is gone, text that is not UTF-8
            yield seals.Finding(kind="unreadable", table=name, key="", seal=None)
    for number in links.filter(~pl.col("table_name").is_in(tables.names()))["seq"]:
        damaged.add(number)
        yield seals.Finding(kind="edited", table="seal", key=f"seq={number}", seal=number)
    for name in tables.names():
        with suppress(errors.LedgerInvalid):  # found unreadable above
            yield from _unsealed(read, name, links, damaged)
    with suppress(errors.LedgerInvalid):
        strays = read(
            "SELECT seal, stream FROM extract WHERE NOT EXISTS "
            "(SELECT 1 FROM seal WHERE seal.seq = extract.seal AND seal.table_name = 'decision') ORDER BY seal, stream"
        )
        yield from (_extract_finding("added", number, stream) for number, stream in strays.iter_rows())
    yield from seals.chain(links, damaged)
    yield from _head(links, known)
    yield from _unguarded(read, sqlite=sqlite)


def quick(read: Read, *, sqlite: bool) -> Iterator[seals.Finding]:
    """Seals that are gone or made anew, and triggers that are gone. What it takes does not grow with the rows."""
    yield from seals.chain(read("SELECT seq, digest, previous FROM seal ORDER BY seq"), set())
    yield from _unguarded(read, sqlite=sqlite)


def _table(read: Read, name: str, links: pl.DataFrame, *, sqlite: bool) -> Iterator[seals.Finding]:
    """Check the seals of one table, as many at a time as cover about `seals.ROWS` rows."""
    schema = tables.columns(name)
    rows_sql = (
        f"SELECT {_columns(schema.names(), schema, sqlite=sqlite)}, seal FROM {name} WHERE seal BETWEEN :low AND :high"  # noqa: S608
    )
    if sqlite:
        # No index: rows of one seal lie together. Where they do not, somebody moved them, and the search is just wider.
        rows_sql += " AND rowid BETWEEN :first AND :last"
    places = _places(read, name) if sqlite else {}
    seals_sql = (
        f"SELECT {_columns(seals.COLUMNS.names(), seals.COLUMNS, sqlite=sqlite)} FROM seal "  # noqa: S608 (our own names)
        "WHERE table_name = :name AND seq BETWEEN :low AND :high ORDER BY seq"
    )
    own = links.filter(pl.col("table_name") == name)
    groups = own.with_columns(((pl.col("row_count").cum_sum() - 1) // seals.ROWS).alias("group"))
    for part in groups.partition_by("group", maintain_order=True):
        bounds = {"low": int(part["seq"][0]), "high": int(part["seq"][-1])}
        extent = _extent([places[seal] for seal in part["seq"] if seal in places]) if sqlite else {}
        rows = seals.prepared(name, read(rows_sql, **bounds, **extent))
        # Slices, not one frame per seal: a year of short runs makes some 10^5 seals of one row.
        start = rows.with_row_index("at").group_by("seal").agg(pl.col("at").min(), pl.len())
        place = {seal: (at, length) for seal, at, length in start.iter_rows()}
        odd = set()
        for row in read(seals_sql, name=name, **bounds).iter_rows(named=True):
            if row.pop("mistyped", False):
                found = [seals.Finding(kind="edited", table="seal", key=f"seq={row['seq']}", seal=row["seq"])]
            else:
                found = seals.check(seals.Seal(**row), rows.slice(*place.get(row["seq"], (0, 0))))
            odd |= {finding.seal for finding in found}
            yield from found
        if name == "decision":  # an extract of decisions that changed need not be named as well
            yield from (finding for finding in _extracts(read, rows, bounds) if finding.seal not in odd)


def _extracts(read: Read, rows: pl.DataFrame, bounds: dict[str, int]) -> Iterator[seals.Finding]:
    """Extracts that are not what the decisions under their seals give: estimates rest on them."""
    kept = read(
        "SELECT seal, stream, groups, confidences, case_ids FROM extract "
        "WHERE seal BETWEEN :low AND :high ORDER BY seal, stream",
        **bounds,
    ).select(extracts.COLUMNS.names())
    made = [
        extracts.make(part).select(pl.lit(number, pl.Int64).alias("seal"), pl.all())
        for (number,), part in sorted(rows.partition_by("seal", as_dict=True).items())
    ]
    wanted = pl.concat([extracts.COLUMNS.to_frame(), *made])
    key = ["seal", "stream"]
    found = [("removed", wanted.join(kept, on=key, how="anti")), ("added", kept.join(wanted, on=key, how="anti"))]
    edited = wanted.join(kept, on=key, how="semi").join(kept, on=wanted.columns, how="anti")
    for kind, odd in [*found, ("edited", edited)]:
        for number, stream in odd.select(key).iter_rows():
            yield _extract_finding(kind, number, stream)


def _extract_finding(kind: str, number: int, stream: str) -> seals.Finding:
    return seals.Finding(kind=kind, table="extract", key=seals.name({"seal": number, "stream": stream}), seal=number)


def _places(read: Read, name: str) -> dict[int, tuple[int, int]]:
    """SQLite's first and last row number of each seal's rows."""
    found = read(f"SELECT seal, min(rowid) AS first, max(rowid) AS last FROM {name} GROUP BY seal")  # noqa: S608
    return {seal: (first, last) for seal, first, last in found.iter_rows()}


def _extent(places: list[tuple[int, int]]) -> dict[str, int]:
    """The first and the last row of all these places; of none, a range without rows."""
    return {
        "first": min((first for first, _ in places), default=0),
        "last": max((last for _, last in places), default=-1),
    }


_STORED = {pl.String: "text", pl.Int64: "integer", pl.Boolean: "integer", pl.Float64: "real", pl.Binary: "blob"}


def _columns(names: list[str], schema: pl.Schema, *, sqlite: bool) -> str:
    """Columns to select. Of SQLite: each as its own type, and whether a value is stored as another, which it allows."""
    if not sqlite:
        return database.quoted(names)
    stored = {name: _STORED[type(schema[name])] for name in names}
    cast = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in stored.items())
    odd = " OR ".join(f"typeof(\"{name}\") NOT IN ('{kind}', 'null')" for name, kind in stored.items())
    return f"{cast}, ({odd}) AS mistyped"


def _unsealed(read: Read, name: str, links: pl.DataFrame, damaged: set[int]) -> Iterator[seals.Finding]:
    """Rows that no seal of their table covers: put in from outside, or left behind when their seal was removed."""
    key = database.quoted(tables.key(name), "t.")
    rows = read(
        f"SELECT {key}, t.seal FROM {name} t "  # noqa: S608 (our own names)
        "WHERE NOT EXISTS (SELECT 1 FROM seal WHERE seal.seq = t.seal AND seal.table_name = :name)",
        name=name,
    )
    present, last = set(links["seq"]), links["seq"].max() or 0
    for (number,), group in rows.partition_by("seal", as_dict=True, maintain_order=True).items():
        if number in damaged:
            continue
        kind = "unsealed" if number not in present and 0 < number < last else "added"
        group = group.drop("seal")
        if len(group) <= NAMED:
            for row in group.iter_rows(named=True):
                yield seals.Finding(kind=kind, table=name, key=seals.name(row), seal=number)
        else:
            first = seals.name(group.row(0, named=True))
            yield seals.Finding(kind="unsealed", table=name, key=f"{len(group)} rows, such as {first}", seal=number)


def _head(links: pl.DataFrame, known: tuple[int, str] | None) -> Iterator[seals.Finding]:
    if known is None or known[0] == 0:
        return
    there = links.filter(pl.col("seq") == known[0])["digest"].to_list()
    if not there:
        yield seals.Finding(kind="removed", table="seal", key=f"seq={known[0]}", seal=known[0])
    elif there != [known[1]]:
        yield seals.Finding(kind="edited", table="seal", key=f"seq={known[0]}", seal=known[0])


def _unguarded(read: Read, *, sqlite: bool) -> Iterator[seals.Finding]:
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
    for name in [*tables.names(), *tables.BESIDE]:
        if counted.get(name, 0) < (2 + (name != "decision") if sqlite else 1):
            yield seals.Finding(kind="unguarded", table=name, key="", seal=None)
