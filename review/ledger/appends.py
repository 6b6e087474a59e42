"""One append, within the transaction that holds it: what is known already, what it refers to, the rows, their seals.

Every function takes an open cursor, and leaves beginning and ending to `review.ledger.ledger`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from models import errors
from review.ledger import database, frames, layout, removal, sealing, seals
from review.ledger.drivers import adbc_driver_manager, dbapi

# A known key with other content here is not the same fact said twice: it is given back, never dropped in silence.
_CONTENT = {"decision": ["content"], "adoption": ["policy_id", "adopted_by", "because"], "shadow": ["content"]}
_REFERENCES = {
    "decision": {"policy_id": "policy", "epoch_id": "epoch"}
}  # without a foreign key: see review/ledger/tables.py
_MANY = 10_000  # rows from which on they are inserted without asking first


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append did, by table given. `written`: the rows that were new. `known`: how many rows were recorded before.

    `conflicts` (decision, adoption and shadow): the rows given whose key is recorded with other content. They are not written.
    """

    written: dict[str, pl.DataFrame]
    known: dict[str, int]
    conflicts: dict[str, pl.DataFrame]


def nothing(ready: sealing.Ready) -> Appended:
    """Of each table given, no row."""
    empty = {name: frame.clear() for name, frame in ready.facts.items()}
    return Appended(written=empty, known=dict.fromkeys(ready.facts, 0), conflicts=dict(empty))


def write(
    where: database.Address,
    cursor: dbapi.Cursor,
    ready: sealing.Ready,
    *,
    now: str,
    in_force: Mapping[str, str],
    of_new: Mapping[str, str],
) -> Appended:
    """Insert what is new and seal it; `now`, `in_force` and `of_new` as in `ledger.append`, which says what is raised."""
    done = nothing(ready)
    _check_in_force(where, cursor, in_force)
    number, digest = head(cursor)
    all_batches: list[sealing.Batch] = []
    for name, prepared in ready.facts.items():
        other = of_new.get(name)
        whole = prepared if other is None else _of_written(prepared, other, done)
        batches = ready.batches.get(name)
        _check_references(where, cursor, name, whole)
        frame, changed = _unretired(where, cursor, whole) if name == "decision" else (whole, whole.clear())
        if len(frame) < len(prepared):
            batches = None
        done.written[name], done.conflicts[name] = frame, changed
        if batches is None or not _insert_new(where, cursor, name, batches, after=number):
            fresh, conflicts = _unrecorded(where, cursor, name, frame)
            batches = sealing.batches(name, fresh)
            insert(cursor, name, batches, after=number)
            done.written[name], done.conflicts[name] = fresh, pl.concat([changed, conflicts])
            done.known[name] = len(whole) - len(fresh) - len(done.conflicts[name])
        number += len(batches)
        all_batches += batches
    seal(cursor, all_batches, after=(number - len(all_batches), digest), now=now)
    return done


def _of_written(rows: pl.DataFrame, other: str, done: Appended) -> pl.DataFrame:
    """The rows that speak of what this append has written into another table."""
    return rows.join(done.written[other], on=layout.key(other), how="semi", maintain_order="left")


def head(cursor: dbapi.Cursor) -> tuple[int, str]:
    """Number and digest of the last seal; (0, 64 zeros) if there is none."""
    cursor.execute("SELECT seq, digest FROM seal ORDER BY seq DESC LIMIT 1")
    row = cursor.fetchone()
    return (0, seals.GENESIS) if row is None else (int(row[0]), str(row[1]))


def _unrecorded(
    where: database.Address, cursor: dbapi.Cursor, name: str, frame: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows whose key is not recorded, and rows whose key is recorded with other content."""
    if frame.is_empty():
        return frame, frame
    key, content = layout.key(name), _CONTENT.get(name, [])
    recorded = recorded_rows(where, cursor, name, frame, key + content)
    if recorded.is_empty():
        return frame, frame.clear()
    fresh = frame.join(recorded, on=key, how="anti", maintain_order="left")
    other = frame.join(recorded, on=key, how="semi").join(recorded, on=key + content, how="anti")
    return fresh, other if content else frame.clear()


def _unretired(where: database.Address, cursor: dbapi.Cursor, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decisions whose case was not retired, and those whose case was, with other content."""
    if not _has_retired(where, cursor, frame):
        return frame, frame.clear()
    key = layout.key("retired")
    gone = recorded_rows(where, cursor, "retired", frame, [*key, "content"])
    shortened = frame.with_columns(pl.col("content").str.head(removal.DIGITS))
    other = shortened.join(gone, on=key, how="semi").join(gone, on=[*key, "content"], how="anti").select(key)
    return frame.join(gone, on=key, how="anti", maintain_order="left"), frame.join(other, on=key, how="semi")


def _has_retired(where: database.Address, cursor: dbapi.Cursor, frame: pl.DataFrame) -> bool:
    """Whether anything of the frame's streams was ever retired."""
    mark = "$1" if where.kind == "postgresql" else "?"
    asked = f"SELECT count(*) FROM (SELECT 1 FROM retired WHERE stream = {mark} LIMIT 1) AS one"  # noqa: S608 (our own text)
    for stream in frame["stream"].unique():
        cursor.execute(asked, (stream,))
        if database.one(cursor) != 0:
            return True
    return False


def known(where: database.Address, cursor: dbapi.Cursor, name: str, keys: pl.DataFrame) -> pl.DataFrame:
    """Of some keys of a table, those that are recorded or were, and were retired, in any order. In a transaction."""
    recorded = recorded_rows(where, cursor, name, keys, layout.key(name))
    if name != "decision" or not _has_retired(where, cursor, keys):
        return recorded
    return pl.concat([recorded, recorded_rows(where, cursor, "retired", keys, layout.key("retired"))])


def recorded_rows(
    where: database.Address, cursor: dbapi.Cursor, name: str, frame: pl.DataFrame, columns: list[str]
) -> pl.DataFrame:
    """Of the rows of a table whose keys are in the frame: some columns, typed as in the frame. In a transaction."""
    rows = matching(where, cursor, name, frame.select(layout.key(name)), columns)
    return rows.cast(dict(frame.select(columns).schema))  # type: ignore[arg-type]


def matching(
    where: database.Address, cursor: dbapi.Cursor, name: str, keys: pl.DataFrame, columns: list[str]
) -> pl.DataFrame:
    """Some columns of the rows of a table that have, in the columns of `keys`, the values of one of its rows. In a transaction.

    A row of the table is there as often as its values are among `keys`.
    """
    cursor.adbc_ingest("stage", keys.to_arrow(), mode="create", temporary=True)
    if where.kind == "postgresql":
        # It knows nothing of the new table's rows, and would hash all of history to find some: each by the index.
        for way in ("hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    on = " AND ".join(f't."{column}" = s."{column}"' for column in keys.columns)
    names = database.quoted(columns, "t.")
    cursor.execute(f"SELECT {names} FROM stage s JOIN {database.quoted([name])} t ON {on}")  # noqa: S608 (our own names)
    rows = frames.frame(cursor.fetch_arrow_table())
    cursor.execute("DROP TABLE stage")
    return rows


def _check_references(where: database.Address, cursor: dbapi.Cursor, name: str, frame: pl.DataFrame) -> None:
    mark = "$1" if where.kind == "postgresql" else "?"
    for column, table in _REFERENCES.get(name, {}).items():
        for value in frame[column].unique():
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = {mark}", (value,))  # noqa: S608 (our own names)
            if database.one(cursor) == 0:
                raise errors.LedgerInvalid(
                    f"ledger {where.shown}: a decision was refused, nothing was written: there is no {table} {value!r}"
                )


def _check_in_force(where: database.Address, cursor: dbapi.Cursor, in_force: Mapping[str, str]) -> None:
    # Within the transaction: nobody else appends, so no halt can come between this and what is written.
    mark = "$1" if where.kind == "postgresql" else "?"
    for stream, policy_id in in_force.items():
        newest = f"SELECT policy_id FROM adoption WHERE stream = {mark} ORDER BY version DESC LIMIT 1"  # noqa: S608 (our own names)
        cursor.execute(newest, (stream,))
        if database.one(cursor) != policy_id:
            raise errors.Superseded(f"stream {stream}: another policy came into force meanwhile; run it again")


def _insert_new(
    where: database.Address, cursor: dbapi.Cursor, name: str, batches: list[sealing.Batch], *, after: int
) -> bool:
    """Insert many rows in the hope that none of them is known, which is quicker than to ask; else change nothing."""
    if sum(batch.content.row_count for batch in batches) < _MANY or _is_recorded(where, cursor, name, batches[0].rows):
        return False
    cursor.execute("SAVEPOINT hope")
    try:
        insert(cursor, name, batches, after=after)
    except adbc_driver_manager.Error as error:
        if not database.is_taken(error):
            raise
        cursor.execute("ROLLBACK TO SAVEPOINT hope")
        return False
    cursor.execute("RELEASE SAVEPOINT hope")
    return True


def _is_recorded(where: database.Address, cursor: dbapi.Cursor, name: str, rows: pa.Table) -> bool:
    """Whether the first of some rows is: then most of them are likely to be, and hope costs more than asking."""
    mark = "$" if where.kind == "postgresql" else "?"
    key = layout.key(name)
    condition = " AND ".join(f'"{column}" = {mark}{place}' for place, column in enumerate(key, 1))
    asked = f"SELECT count(*) FROM {database.quoted([name])} WHERE {condition}"  # noqa: S608 (our own names)
    cursor.execute(asked, [rows[column][0].as_py() for column in key])
    return database.one(cursor) != 0


def insert(cursor: dbapi.Cursor, name: str, batches: list[sealing.Batch], *, after: int) -> None:
    """Insert batches under the seals that follow number `after`."""
    for number, batch in enumerate(batches, after + 1):
        seal = pa.array(np.full(batch.content.row_count, number, dtype=np.int64))
        cursor.adbc_ingest(name, batch.rows.append_column("seal", seal), mode="append")
        if batch.extracts is not None:
            beside = batch.extracts.select(pl.lit(number, pl.Int64).alias("seal"), pl.all())
            cursor.adbc_ingest("extract", beside.to_arrow(), mode="append")


def seal(cursor: dbapi.Cursor, batches: Sequence[sealing.Batch], *, after: tuple[int, str], now: str) -> None:
    """Chain batches to the seal whose number and digest are `after`."""
    number, digest = after
    new_seals = []
    for batch in batches:
        number += 1
        new_seals.append(seals.make(batch.content, seq=number, previous=digest, now=now))
        digest = new_seals[-1].digest
    if new_seals:
        rows = pl.DataFrame([asdict(seal) for seal in new_seals], schema=seals.COLUMNS)
        cursor.adbc_ingest("seal", rows.to_arrow(), mode="append")
