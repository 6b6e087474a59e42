"""Hold every record against its seal. Part of the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from models import errors
from review.integrity import chain, guards, retired
from review.ledger import archive, database, layout, rollups, seals

NAMED = 20  # as many rows without a seal are named one by one; more went in, or lost it, together


def findings(
    read: guards.Read, *, sqlite: bool, known: tuple[int, str] | None, archive: Path | None
) -> Iterator[seals.Finding]:
    """Whatever is not as it was sealed: rows, seals, the chain, and triggers that are gone; with `archive`, its files."""
    # Read before the rows: what is appended meanwhile has a higher seal and is left for the next time.
    columns = ["seq", "table_name", "row_count", "digest", "previous"]
    links = read(f"SELECT {_columns(columns, seals.COLUMNS, sqlite=sqlite)} FROM seal ORDER BY seq")  # noqa: S608
    damaged: set[int] = set()
    for name in layout.names():
        try:
            for finding in _table(read, name, links, sqlite=sqlite):
                if finding.table == "seal" and finding.seal is not None:
                    damaged.add(finding.seal)
                yield finding
        except (errors.LedgerInvalid, pl.exceptions.ComputeError):  # a table that is gone, text that is not UTF-8
            yield seals.Finding(kind="unreadable", table=name, key="", seal=None)
    for number in links.filter(~pl.col("table_name").is_in(layout.names()))["seq"]:
        damaged.add(number)
        yield seals.Finding(kind="edited", table="seal", key=f"seq={number}", seal=number)
    for name in layout.names():
        with suppress(errors.LedgerInvalid):  # found unreadable above
            yield from _unsealed(read, name, links, damaged)
    with suppress(errors.LedgerInvalid):
        strays = read(
            "SELECT seal, stream FROM extract WHERE NOT EXISTS "
            "(SELECT 1 FROM seal WHERE seal.seq = extract.seal AND seal.table_name = 'decision') ORDER BY seal, stream"
        )
        yield from (_extract_finding("added", number, stream) for number, stream in strays.iter_rows())
    with suppress(errors.LedgerInvalid):
        yield from _stray_keys(read)
        if archive is not None:
            yield from _archived(read, archive, sqlite=sqlite)
    with suppress(errors.LedgerInvalid):
        yield from guards.editions(read)
    yield from chain.chain(links, damaged)
    yield from _head(links, known)
    yield from guards.unguarded(read, sqlite=sqlite)


def quick(read: guards.Read, *, sqlite: bool) -> Iterator[seals.Finding]:
    """Seals that are gone or made anew, and triggers that are gone. What it takes does not grow with the rows."""
    yield from chain.chain(read("SELECT seq, digest, previous FROM seal ORDER BY seq"), set())
    yield from guards.unguarded(read, sqlite=sqlite)


def _table(read: guards.Read, name: str, links: pl.DataFrame, *, sqlite: bool) -> Iterator[seals.Finding]:
    """Check the seals of one table, as many at a time as cover about `seals.ROWS` rows."""
    where = places(read, name) if sqlite else {}
    retirements = _retirements(read) if name == retired.TABLE else {}
    keys_at = places(read, "retired", "of_seal") if sqlite and retirements else {}
    own = links.filter(pl.col("table_name") == name)
    groups = own.with_columns(((pl.col("row_count").cum_sum() - 1) // seals.ROWS).alias("group"))
    for part in groups.partition_by("group", maintain_order=True):
        bounds = {"low": int(part["seq"][0]), "high": int(part["seq"][-1])}
        found_rows = rows(read, name, part["seq"].to_list(), where, sqlite=sqlite)
        keys = _keys(read, part["seq"].to_list(), keys_at, sqlite=sqlite) if retirements else {}
        # Slices, not one frame per seal: a year of short runs makes some 10^5 seals of one row.
        start = found_rows.with_row_index("at").group_by("seal").agg(pl.col("at").min(), pl.len())
        place = {seal: (at, length) for seal, at, length in start.iter_rows()}
        odd = set()
        for row in _seals(read, name, bounds, sqlite=sqlite):
            under = found_rows.slice(*place.get(row["seq"], (0, 0)))
            if row.pop("mistyped", False):
                problems = [seals.Finding(kind="edited", table="seal", key=f"seq={row['seq']}", seal=row["seq"])]
            elif row["seq"] in retirements:
                gone = keys.get(row["seq"], _NO_KEYS)
                problems = retired.check(seals.Seal(**row), under, gone, retirements[row["seq"]])
            else:
                problems = seals.check(seals.Seal(**row), under)
            odd |= {finding.seal for finding in problems}
            yield from problems
        if (
            name == "decision"
        ):  # an extract of decisions that changed need not be named as well, and may not be made again
            whole = found_rows.filter(~pl.col("seal").is_in(list(odd)))
            yield from (one for one in extract_findings(read, whole, bounds, retirements) if one.seal not in odd)


def rows(
    read: guards.Read,
    name: str,
    numbers: Sequence[int],
    where: Mapping[int, tuple[int, int]],
    *,
    sqlite: bool,
    stream: str | None = None,
) -> pl.DataFrame:
    """All rows of a table (of a stream) from the first to the last of some seals, as `seals.prepared`.

    `where`: of SQLite, `places`.
    """
    schema = layout.columns(name)
    sql = (
        f"SELECT {_columns(schema.names(), schema, sqlite=sqlite)}, seal FROM {name} WHERE seal BETWEEN :low AND :high"  # noqa: S608
    )
    extent = {}
    of = {}
    if stream is not None:
        sql, of = f"{sql} AND stream = :stream", {"stream": stream}
    if sqlite:
        # No index: rows of one seal lie together. Where they do not, somebody moved them, and the search is just wider.
        sql += " AND rowid BETWEEN :first AND :last"
        extent = _extent([where[number] for number in numbers if number in where])
    return seals.prepared(name, read(sql, low=min(numbers), high=max(numbers), **extent, **of))


def _seals(read: guards.Read, name: str, bounds: dict[str, int], *, sqlite: bool) -> Iterator[dict[str, Any]]:
    sql = (
        f"SELECT {_columns(seals.COLUMNS.names(), seals.COLUMNS, sqlite=sqlite)} FROM seal "  # noqa: S608 (our own names)
        "WHERE table_name = :name AND seq BETWEEN :low AND :high ORDER BY seq"
    )
    return read(sql, name=name, **bounds).iter_rows(named=True)


def seals_of(read: guards.Read, name: str, bounds: dict[str, int], *, sqlite: bool) -> dict[int, seals.Seal]:
    """The seals of a table from one number to another, by number."""
    seal_rows = _seals(read, name, bounds, sqlite=sqlite)
    return {row["seq"]: seals.Seal(**{key: row[key] for key in seals.COLUMNS}) for row in seal_rows}


_NO_KEYS = pl.DataFrame(schema=layout.columns("retired"))


def _retirements(read: guards.Read) -> dict[int, dict[str, Any]]:
    """The retirement of each seal that has one, if it is under a seal itself: whether it is as sealed is found there."""
    of_seal = read(
        "SELECT r.* FROM retirement r JOIN seal ON seal.seq = r.seal AND seal.table_name = 'retirement' ORDER BY r.of_seal"
    )
    return {row["of_seal"]: row for row in of_seal.iter_rows(named=True)}


def _keys(
    read: guards.Read, numbers: Sequence[int], where: Mapping[int, tuple[int, int]], *, sqlite: bool
) -> dict[int, pl.DataFrame]:
    """The keys kept of retired decisions, by seal, in the order of the key."""
    sql = "SELECT stream, case_id, content, of_seal FROM retired WHERE of_seal BETWEEN :low AND :high"
    extent = {}
    if sqlite:
        sql += " AND rowid BETWEEN :first AND :last"
        extent = _extent([where[number] for number in numbers if number in where])
    key_rows = read(sql, low=min(numbers), high=max(numbers), **extent).select(_NO_KEYS.columns)
    parts = key_rows.sort("stream", "case_id").partition_by("of_seal", as_dict=True, maintain_order=True)
    return {number: part for (number,), part in parts.items()}


def _stray_keys(read: guards.Read) -> Iterator[seals.Finding]:
    """Keys that no retirement covers: put in so that a case is never decided."""
    strays = read(
        "SELECT of_seal, count(*) AS n FROM retired "
        "WHERE NOT EXISTS (SELECT 1 FROM retirement r WHERE r.of_seal = retired.of_seal) GROUP BY of_seal ORDER BY of_seal"
    )
    for number, count in strays.iter_rows():
        yield seals.Finding(kind="added", table="retired", key=f"of_seal={number}, {int(count)} rows", seal=None)


def _archived(read: guards.Read, folder: Path, *, sqlite: bool) -> Iterator[seals.Finding]:
    """Files of retired decisions that are gone, or whose rows are not as they were sealed."""
    retirements = _retirements(read)
    files: dict[str, list[int]] = {}
    for number, row in retirements.items():
        files.setdefault(row["file"], []).append(number)
    for file, numbers in files.items():
        bounds = {"low": min(numbers), "high": max(numbers)}
        file_seals = seals_of(read, retired.TABLE, bounds, sqlite=sqlite)
        digest = str(retirements[numbers[0]]["file_digest"])
        yield from archive.check(
            folder / file, digest, [file_seals[number] for number in numbers if number in file_seals]
        )


def extract_findings(
    read: guards.Read, rows: pl.DataFrame, bounds: dict[str, int], held: Mapping[int, Mapping[str, Any]]
) -> Iterator[seals.Finding]:
    """Extracts that are not what the decisions under their seals give: estimates rest on them.

    `held`: the retirement of each seal whose decisions were retired.
    """
    kept = read(
        "SELECT seal, stream, groups, confidences, case_ids, members FROM extract "
        "WHERE seal BETWEEN :low AND :high ORDER BY seal, stream",
        **bounds,
    ).select(rollups.COLUMNS.names())
    for number, of in held.items():
        if bounds["low"] <= number <= bounds["high"]:
            yield from _held_extract(kept.filter(pl.col("seal") == number), number, of)
    without = pl.col("seal").is_in(list(held)).not_()
    kept, rows = kept.filter(without), rows.filter(without)
    since = int(read("SELECT coalesce(min(after_seal), 0) AS n FROM edition")["n"].item())
    # The first version's extracts have no members; none since may lack them.
    old = set(kept.filter(pl.col("members").is_null(), pl.col("seal") <= since)["seal"])
    frames = [
        rollups.make(part, first_version=number in old).select(pl.lit(number, pl.Int64).alias("seal"), pl.all())
        for (number,), part in sorted(rows.partition_by("seal", as_dict=True).items())
    ]
    wanted = pl.concat([rollups.COLUMNS.to_frame(), *frames])
    key = ["seal", "stream"]
    differences = [("removed", wanted.join(kept, on=key, how="anti")), ("added", kept.join(wanted, on=key, how="anti"))]
    edited = wanted.join(kept, on=key, how="semi").join(kept, on=wanted.columns, how="anti", nulls_equal=True)
    for kind, odd in [*differences, ("edited", edited)]:
        for number, stream in odd.select(key).iter_rows():
            yield _extract_finding(kind, number, stream)


def _held_extract(own: pl.DataFrame, number: int, of: Mapping[str, Any]) -> Iterator[seals.Finding]:
    """Whether a seal's extract is the one it had when its decisions were retired."""
    mine = own.filter(pl.col("stream") == of["stream"])
    if mine.is_empty():
        yield _extract_finding("removed", number, of["stream"])
    elif retired.digest(mine) != of["extract_digest"]:
        yield _extract_finding("edited", number, of["stream"])
    for stream in own.filter(pl.col("stream") != of["stream"])["stream"]:
        yield _extract_finding("added", number, stream)


def _extract_finding(kind: str, number: int, stream: str) -> seals.Finding:
    return seals.Finding(kind=kind, table="extract", key=seals.name({"seal": number, "stream": stream}), seal=number)


def places(read: guards.Read, name: str, by: str = "seal") -> dict[int, tuple[int, int]]:
    """SQLite's first and last row number of each seal's rows."""
    extents = read(f"SELECT {by}, min(rowid) AS first, max(rowid) AS last FROM {name} GROUP BY {by}")  # noqa: S608
    return {seal: (first, last) for seal, first, last in extents.iter_rows()}


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


def _unsealed(read: guards.Read, name: str, links: pl.DataFrame, damaged: set[int]) -> Iterator[seals.Finding]:
    """Rows that no seal of their table covers: put in from outside, or left behind when their seal was removed."""
    key = database.quoted(layout.key(name), "t.")
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
