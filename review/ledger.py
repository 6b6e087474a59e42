"""The ledger: append facts, read them back in columns, hold a stream for one flow, verify the seals.

The only way to the database. Every append is one transaction: all of it, or nothing. Writing twice equals writing once.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Self

import adbc_driver_manager
import numpy as np
import polars as pl
import pyarrow as pa
from adbc_driver_manager import dbapi

from models import errors, tables
from review import audit, database, extracts, holds, removal, schema, seals

# A known key with other content here is not the same fact said twice: it is given back, never dropped in silence.
_CONTENT = {"decision": ["content"], "adoption": ["policy_id", "adopted_by", "because"]}
_REFERENCES = {"decision": {"policy_id": "policy", "epoch_id": "epoch"}}  # without a foreign key: see models/tables.py
_MANY = 10_000  # rows from which on they are inserted without asking first
_WRITERS = 7_326_011_847_150  # PostgreSQL's advisory lock of those who append, for seals follow one another


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append did, by table given. `written`: the rows that were new. `known`: how many rows were recorded before.

    `conflicts` (decision and adoption): the rows given whose key is recorded with other content. They are not written.
    """

    written: dict[str, pl.DataFrame]
    known: dict[str, int]
    conflicts: dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Facts checked, sorted and hashed for an append: what takes time and needs no database. Made by `ready`."""

    facts: dict[str, pl.DataFrame]  # in the tables' order, rows in the order of their key
    batches: dict[str, list["_Batch"]]  # by table; of no table if they are made when written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What goes under one seal: at most `seals.ROWS` rows."""

    content: seals.Content
    rows: pa.Table
    extracts: pl.DataFrame | None  # of decisions


def ready(facts: Mapping[str, pl.DataFrame], *, hashed: bool = True) -> Ready:
    """Prepare an append, in any thread. `facts`: table name -> rows with its columns but `seal`.

    `hashed`: False if most of it is likely to be recorded already, for only what is written needs its hash.
    Raises ValueError if a frame is not what its table holds or has a key twice, LedgerInvalid if no ledger can hold it.
    """
    unknown = facts.keys() - set(tables.names())
    if unknown:
        raise ValueError(f"no table {min(unknown)!r} in the ledger")
    # Every row finds what it refers to, and an index grows at fewer places, if the rows come in this order.
    given = {name: schema.conform(name, facts[name]).sort(tables.key(name)) for name in tables.names() if name in facts}
    return Ready(facts=given, batches={name: _batches(name, frame) for name, frame in given.items()} if hashed else {})


def _batches(name: str, rows: pl.DataFrame) -> list[_Batch]:
    made = []
    for part in rows.iter_slices(seals.ROWS):
        if not part.is_empty():
            arrow = part.to_arrow()
            beside = extracts.make(part) if name == "decision" else None
            made.append(_Batch(content=seals.content(name, part, arrow), rows=arrow, extracts=beside))
    return made


def migrate(url: str) -> None:
    """Bring a ledger to this version's schema; makes the SQLite file if there is none. Does nothing if it is there.

    `url` is sqlite:///path or postgresql://... Raises LedgerInvalid, Refused or Unavailable.
    """
    where = database.address(url)
    if _version(where) != schema.VERSION:
        schema.upgrade(where)


def shown(url: str) -> str:
    """Where a ledger is, without a secret. Raises LedgerInvalid."""
    return database.address(url).shown


def open(url: str) -> "Ledger":  # noqa: A001 (called as ledger.open)
    """Open a ledger; use it in a `with`. Raises LedgerInvalid with the next step if it is missing or of another version."""
    where = database.address(url)
    version = _version(where)
    if version is None:
        raise errors.LedgerInvalid(f"there is no ledger at {where.shown}: make it with `second-reader init`")
    if version != schema.VERSION:
        raise errors.LedgerInvalid(
            f"the ledger at {where.shown} has schema {version}, this second-reader has {schema.VERSION}: "
            "run `second-reader init` to bring it up, or use the second-reader that made it"
        )
    return Ledger(where, database.connect(where))


def _version(where: database.Address) -> str | None:
    """The schema's version, None if there is no ledger yet."""
    if where.kind == "sqlite" and not Path(where.target).exists():
        return None
    with database.connect(where) as connection, connection.cursor() as cursor, database.mapped(where):
        cursor.execute(
            "SELECT COUNT(*) FROM sqlite_master WHERE name = 'alembic_version'"
            if where.kind == "sqlite"
            else "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('alembic_version')"
        )
        if _one(cursor) == 0:
            return None
        cursor.execute("SELECT MAX(version_num) FROM alembic_version")
        found = _one(cursor)
        return None if found is None else str(found)


def _one(cursor: dbapi.Cursor) -> object:
    row = cursor.fetchone()
    return None if row is None else row[0]


class Ledger:
    """An open ledger. Not for use from several threads at once."""

    def __init__(self, where: database.Address, connection: dbapi.Connection) -> None:
        self._where = where
        self._connection = connection

    def __repr__(self) -> str:
        return f"Ledger({self._where.shown!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. A second time does nothing."""
        self._connection.close()

    def append(
        self, facts: Mapping[str, pl.DataFrame] | Ready, *, now: str, in_force: Mapping[str, str] | None = None
    ) -> Appended:
        """Write what is new, sealed, in one transaction. `facts`: table name -> rows with its columns but `seal`.

        `now` is moment text. `in_force`: stream -> the id of the policy that must be in force when this is written.
        Raises ValueError if a frame is not what its table holds or has a key twice, LedgerInvalid if the database refuses
        a row, Superseded, Unavailable; in each case nothing was written.
        """
        given = facts if isinstance(facts, Ready) else ready(facts, hashed=False)
        empty = {name: frame.clear() for name, frame in given.facts.items()}
        done = Appended(written=empty, known=dict.fromkeys(given.facts, 0), conflicts=dict(empty))
        if all(frame.is_empty() for frame in given.facts.values()):
            return done
        with self._transaction() as cursor:
            self._check_in_force(cursor, in_force or {})
            number, digest = self._head(cursor)
            made: list[_Batch] = []
            for name, whole in given.facts.items():
                batches = given.batches.get(name)
                self._check_references(cursor, name, whole)
                frame, changed = self._unretired(cursor, whole) if name == "decision" else (whole, whole.clear())
                if len(frame) < len(whole):
                    batches = None
                done.written[name], done.conflicts[name] = frame, changed
                if batches is None or not self._insert_new(cursor, name, batches, after=number):
                    fresh, conflicts = self._unrecorded(cursor, name, frame)
                    batches = _batches(name, fresh)
                    self._insert(cursor, name, batches, after=number)
                    done.written[name], done.conflicts[name] = fresh, pl.concat([changed, conflicts])
                    done.known[name] = len(whole) - len(fresh) - len(done.conflicts[name])
                number += len(batches)
                made += batches
            _seal(cursor, made, after=(number - len(made), digest), now=now)
        return done

    def retire(self, gone: pl.DataFrame, facts: pl.DataFrame, *, now: str) -> None:
        """Take decisions out of the ledger: `gone` has the columns of the table `retired`, `facts` those of `retirement`.

        One transaction takes the rows out, keeps their keys and seals the facts. Whoever calls has the rows on the disk.
        Raises Refused if the user does not own the tables, LedgerInvalid if a person got one of the cases meanwhile;
        nothing was changed then.
        """
        batches = _batches("retirement", schema.conform("retirement", facts).sort(tables.key("retirement")))
        with self._transaction() as cursor:
            number, digest = self._head(cursor)
            removal.take_out(cursor, gone, sqlite=self._where.kind == "sqlite")
            self._insert(cursor, "retirement", batches, after=number)
            _seal(cursor, batches, after=(number, digest), now=now)

    def check_owner(self) -> None:
        """Raises Refused if the user of a ledger on PostgreSQL may not take rows out, which only the tables' owner may."""
        if self._where.kind == "sqlite":
            return
        owns = (
            "SELECT pg_has_role(relowner, 'USAGE') AS owns FROM pg_catalog.pg_class WHERE oid = to_regclass('decision')"
        )
        if not self.read(owns)["owns"].item():
            raise errors.Refused(
                f"ledger {self._where.shown}: retiring takes rows out, which only the role that owns the tables may; "
                "give this command that role's URL in SECOND_READER_LEDGER"
            )

    def read(self, sql: str, **parameters: database.Parameter) -> pl.DataFrame:
        """Run a query with `:name` parameters. A list or tuple parameter is written for IN: `task_id IN :task_ids`.

        A result column named like a column of the ledger has that column's type, on both databases; PostgreSQL's
        `numeric` (a SUM of integers, an AVG) is Float64. Raises LedgerInvalid on a query the database does not take.
        """
        text, values = database.translate(self._where, sql, parameters)
        options = database.cursor_options(self._where)
        with database.mapped(self._where), self._connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(text, values or None)
            return _typed(cursor.fetch_arrow_table())

    def exclusive(self, flow: str, stream: str) -> AbstractContextManager[None]:
        """Hold a stream for one flow while the `with` lasts. Raises Busy if another run holds it.

        The kernel (SQLite) or the server (PostgreSQL) lets go of it when the holder dies, however it dies.
        """
        return holds.hold(self._where, flow, stream)

    def verify(self, *, known: tuple[int, str] | None = None, archive: Path | None = None) -> list[seals.Finding]:
        """Everything in the ledger that is not as it was sealed; empty if all is well.

        `known` is a head that a report printed: a ledger cut short, or rewritten from the start, no longer has it.
        `archive`: the folder with the files of what was retired, to be read too.
        """
        return list(audit.findings(self.read, sqlite=self._where.kind == "sqlite", known=known, archive=archive))

    def sealed(
        self, name: str, stream: str, numbers: Sequence[int], places: Mapping[int, tuple[int, int]]
    ) -> pl.DataFrame:
        """A stream's rows of a table from the first to the last of some seals, as `seals.prepared`.

        `places`: what `places` gave.
        """
        return audit.rows(self.read, name, numbers, places, sqlite=self._where.kind == "sqlite", stream=stream)

    def seals_of(self, name: str, *, low: int, high: int) -> dict[int, seals.Seal]:
        """The seals of a table from one number to another, by number."""
        return audit.seals_of(self.read, name, {"low": low, "high": high}, sqlite=self._where.kind == "sqlite")

    def places(self, name: str) -> dict[int, tuple[int, int]]:
        """Where the rows of each seal lie, for `sealed`. A walk over the table on SQLite; nothing on PostgreSQL."""
        return audit.places(self.read, name) if self._where.kind == "sqlite" else {}

    def head(self) -> tuple[int, str]:
        """Number and digest of the last seal; (0, 64 zeros) if nothing was ever appended."""
        with database.mapped(self._where), self._connection.cursor() as cursor:
            return self._head(cursor)

    def _head(self, cursor: dbapi.Cursor) -> tuple[int, str]:
        cursor.execute("SELECT seq, digest FROM seal ORDER BY seq DESC LIMIT 1")
        row = cursor.fetchone()
        return (0, seals.GENESIS) if row is None else (int(row[0]), str(row[1]))

    @contextmanager
    def _transaction(self) -> Iterator[dbapi.Cursor]:
        """A transaction in which nobody else appends. Rolled back whatever goes wrong, so that nothing is half done."""
        with database.mapped(self._where), self._connection.cursor() as cursor:
            if self._where.kind == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            else:
                cursor.execute("BEGIN")
            try:
                if self._where.kind == "postgresql":
                    cursor.execute(f"SELECT pg_advisory_xact_lock({_WRITERS})")
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        # A broken connection has nothing to roll back, and its error must not hide the first one.
        with database.silent(), self._connection.cursor() as cursor:
            cursor.execute("ROLLBACK")

    def _unrecorded(self, cursor: dbapi.Cursor, name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows whose key is not recorded, and rows whose key is recorded with other content."""
        if frame.is_empty():
            return frame, frame
        key, content = tables.key(name), _CONTENT.get(name, [])
        recorded = self._found(cursor, name, frame, key + content)
        if recorded.is_empty():
            return frame, frame.clear()
        fresh = frame.join(recorded, on=key, how="anti", maintain_order="left")
        other = frame.join(recorded, on=key, how="semi").join(recorded, on=key + content, how="anti")
        return fresh, other if content else frame.clear()

    def _unretired(self, cursor: dbapi.Cursor, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Decisions whose case was not retired, and those whose case was, with other content."""
        mark = "$1" if self._where.kind == "postgresql" else "?"
        asked = f"SELECT count(*) FROM (SELECT 1 FROM retired WHERE stream = {mark} LIMIT 1) AS one"  # noqa: S608 (our own text)
        for stream in frame["stream"].unique():
            cursor.execute(asked, (stream,))
            if _one(cursor) != 0:
                break
        else:
            return frame, frame.clear()
        key = tables.key("retired")
        gone = self._found(cursor, "retired", frame, [*key, "content"])
        said = frame.with_columns(pl.col("content").str.head(removal.DIGITS))
        other = said.join(gone, on=key, how="semi").join(gone, on=[*key, "content"], how="anti").select(key)
        return frame.join(gone, on=key, how="anti", maintain_order="left"), frame.join(other, on=key, how="semi")

    def _found(self, cursor: dbapi.Cursor, name: str, frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """Of the rows of a table whose keys are in the frame: some columns, typed as in the frame."""
        key = tables.key(name)
        cursor.adbc_ingest("stage", frame.select(key).to_arrow(), mode="create", temporary=True)
        if self._where.kind == "postgresql":
            # It knows nothing of the new table's rows, and would hash all of history to find some: each by the index.
            for way in ("hashjoin", "mergejoin"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        on = " AND ".join(f't."{column}" = s."{column}"' for column in key)
        names = database.quoted(columns, "t.")
        cursor.execute(f"SELECT {names} FROM stage s JOIN {database.quoted([name])} t ON {on}")  # noqa: S608 (our own names)
        recorded = _typed(cursor.fetch_arrow_table()).cast(dict(frame.select(columns).schema))  # type: ignore[arg-type]
        cursor.execute("DROP TABLE stage")
        return recorded

    def _check_references(self, cursor: dbapi.Cursor, name: str, frame: pl.DataFrame) -> None:
        mark = "$1" if self._where.kind == "postgresql" else "?"
        for column, table in _REFERENCES.get(name, {}).items():
            for value in frame[column].unique():
                cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = {mark}", (value,))  # noqa: S608 (our own names)
                if _one(cursor) == 0:
                    raise errors.LedgerInvalid(
                        f"ledger {self._where.shown}: a decision was refused, nothing was written: "
                        f"there is no {table} {value!r}"
                    )

    def _check_in_force(self, cursor: dbapi.Cursor, in_force: Mapping[str, str]) -> None:
        # Within the transaction: nobody else appends, so no halt can come between this and what is written.
        mark = "$1" if self._where.kind == "postgresql" else "?"
        for stream, policy_id in in_force.items():
            newest = f"SELECT policy_id FROM adoption WHERE stream = {mark} ORDER BY version DESC LIMIT 1"  # noqa: S608 (our own names)
            cursor.execute(newest, (stream,))
            if _one(cursor) != policy_id:
                raise errors.Superseded(f"stream {stream}: another policy came into force meanwhile; run it again")

    def _insert_new(self, cursor: dbapi.Cursor, name: str, batches: list[_Batch], *, after: int) -> bool:
        """Insert many rows in the hope that none of them is known, which is quicker than to ask; else change nothing."""
        if sum(batch.content.row_count for batch in batches) < _MANY or self._is_recorded(
            cursor, name, batches[0].rows
        ):
            return False
        cursor.execute("SAVEPOINT hope")
        try:
            self._insert(cursor, name, batches, after=after)
        except adbc_driver_manager.Error as error:
            if not database.is_taken(error):
                raise
            cursor.execute("ROLLBACK TO SAVEPOINT hope")
            return False
        cursor.execute("RELEASE SAVEPOINT hope")
        return True

    def _is_recorded(self, cursor: dbapi.Cursor, name: str, rows: pa.Table) -> bool:
        """Whether the first of some rows is: then most of them are likely to be, and hope costs more than asking."""
        mark = "$" if self._where.kind == "postgresql" else "?"
        key = tables.key(name)
        given = " AND ".join(f'"{column}" = {mark}{place}' for place, column in enumerate(key, 1))
        asked = f"SELECT count(*) FROM {database.quoted([name])} WHERE {given}"  # noqa: S608 (our own names)
        cursor.execute(asked, [rows[column][0].as_py() for column in key])
        return _one(cursor) != 0

    def _insert(self, cursor: dbapi.Cursor, name: str, batches: list[_Batch], *, after: int) -> None:
        """Insert batches under the seals that follow number `after`."""
        for number, batch in enumerate(batches, after + 1):
            seal = pa.array(np.full(batch.content.row_count, number, dtype=np.int64))
            cursor.adbc_ingest(name, batch.rows.append_column("seal", seal), mode="append")
            if batch.extracts is not None:
                beside = batch.extracts.select(pl.lit(number, pl.Int64).alias("seal"), pl.all())
                cursor.adbc_ingest("extract", beside.to_arrow(), mode="append")


def _seal(cursor: dbapi.Cursor, batches: Sequence[_Batch], *, after: tuple[int, str], now: str) -> None:
    """Chain batches to the seal whose number and digest are `after`."""
    number, digest = after
    made = []
    for batch in batches:
        number += 1
        made.append(seals.make(batch.content, seq=number, previous=digest, now=now))
        digest = made[-1].digest
    if made:
        rows = pl.DataFrame([asdict(seal) for seal in made], schema=seals.COLUMNS)
        cursor.adbc_ingest("seal", rows.to_arrow(), mode="append")


@cache
def _types() -> dict[str, pl.DataType]:
    """Column names that mean one type wherever they stand."""
    found: dict[str, set[pl.DataType]] = {name: {kind} for name, kind in (seals.COLUMNS | extracts.COLUMNS).items()}
    for table in tables.names():
        for name, kind in tables.columns(table).items():
            found.setdefault(name, set()).add(kind)
    return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1} | {"seal": pl.Int64()}


def _typed(table: pa.Table) -> pl.DataFrame:
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if isinstance(column.type, pa.OpaqueType):
            column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=pa.string())
            series = pl.Series(name, column).cast(pl.Float64)
        else:
            series = pl.Series(name, column)
        wanted = _types().get(name)
        columns.append(series if wanted is None or series.dtype == wanted else series.cast(wanted))
    return pl.DataFrame(columns)
