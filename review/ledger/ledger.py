"""The ledger: append facts, read them back in columns, hold a stream for one flow, verify the seals.

The only way to the database. Every append is one transaction: all of it, or nothing. Writing twice equals writing once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Self

import polars as pl

from models import errors
from review.ledger import appends, database, frames, layout, lock, removal, schema, sealing
from review.ledger.drivers import dbapi

_FOREIGN = -1  # what `_LOOK` finds where an SQLite file is something else's; a PostgreSQL database may be both's
_LOOK = {
    "sqlite": """
        SELECT CASE WHEN SUM(name = 'alembic_version') > 0 THEN 1 WHEN COUNT(*) = 0 THEN 0 ELSE -1 END
        FROM sqlite_master
    """,
    "postgresql": "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('alembic_version')",
}
_WRITERS = 7_326_011_847_150  # PostgreSQL's advisory lock of those who append, for seals follow one another


def migrate(url: str) -> None:
    """Bring a ledger to this version's schema; makes the SQLite file if there is none. Does nothing if it is there.

    One that an older version made is brought up: nothing in it changes.

    `url` is sqlite:///path or postgresql://... Raises LedgerInvalid, Refused or Unavailable; LedgerInvalid, too, of an
    SQLite file with tables of something else in it.
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
        raise errors.LedgerInvalid(f"there is no ledger at {where.shown}: make it with `second-reader init STREAM`")
    if version != schema.VERSION:
        raise errors.LedgerInvalid(
            f"{where.shown} has schema {version}, this second-reader has {schema.VERSION}: back it up, then bring it up with "
            "`second-reader init STREAM`"
        )
    return Ledger(where, database.connect(where))


def _version(where: database.Address) -> str | None:
    """The schema's version, None if there is no ledger yet. Raises LedgerInvalid if it is another's, or no ledger's."""
    if where.kind == "sqlite" and database.look(Path(where.target)) is None:
        return None
    with database.connect(where) as connection, connection.cursor() as cursor, database.mapped(where):
        cursor.execute(_LOOK[where.kind])
        version = database.one(cursor)
        if version == _FOREIGN:
            raise errors.LedgerInvalid(
                f"{where.shown} holds the tables of something else; name another file in SECOND_READER_LEDGER"
            )
        if version == 0:
            return None
        cursor.execute("SELECT MAX(version_num) FROM alembic_version")
        version = database.one(cursor)
    if version is not None and version not in schema.VERSIONS:
        raise errors.LedgerInvalid(
            f"{where.shown} has schema {version}, this second-reader has {schema.VERSION}: use the one that made it, or, "
            "if it is no ledger, name another in SECOND_READER_LEDGER"
        )
    return None if version is None else str(version)


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
        self,
        facts: Mapping[str, pl.DataFrame] | sealing.Ready,
        *,
        now: str,
        in_force: Mapping[str, str] | None = None,
        of_new: Mapping[str, str] | None = None,
        check: Callable[[appends.Appended], None] | None = None,
    ) -> appends.Appended:
        """Write what is new, sealed, in one transaction. `facts`: table name -> rows with its columns but `seal`.

        `now`: from `timestamps.text`. `in_force`: stream -> the id of the policy that must be in force when it is written.
        `of_new`: table -> a table before it in `layout.names` with whose new rows alone its rows are written, by the key of that.
        `check` sees what was done before the transaction ends; what it raises takes it all back. Raises ValueError if a
        frame is not what its table holds or has a key twice, LedgerInvalid if the database refuses a row, Superseded,
        Unavailable; in each case nothing was written.
        """
        ready = facts if isinstance(facts, sealing.Ready) else sealing.ready(facts, hashed=False)
        if all(frame.is_empty() for frame in ready.facts.values()):
            return appends.nothing(ready)
        with self._transaction() as cursor:
            done = appends.write(self._where, cursor, ready, now=now, in_force=in_force or {}, of_new=of_new or {})
            if check is not None:
                check(done)
            return done

    def retire(self, gone: pl.DataFrame, facts: pl.DataFrame, *, now: str) -> None:
        """Take decisions out of the ledger: `gone` has the columns of the table `retired`, `facts` those of `retirement`.

        One transaction takes the rows out, keeps their keys and seals the facts. Whoever calls has the rows on the disk.
        Raises Refused if the user does not own the tables, LedgerInvalid if a person got one of the cases meanwhile;
        nothing was changed then.
        """
        batches = sealing.batches("retirement", schema.conform("retirement", facts).sort(layout.key("retirement")))
        with self._transaction() as cursor:
            number, digest = appends.head(cursor)
            removal.take_out(cursor, gone, sqlite=self.is_sqlite)
            appends.insert(cursor, "retirement", batches, after=number)
            appends.seal(cursor, batches, after=(number, digest), now=now)

    def check_owner(self) -> None:
        """Raises Refused if the user of a ledger on PostgreSQL may not take rows out, which only the tables' owner may."""
        if self.is_sqlite:
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
            return frames.frame(cursor.fetch_arrow_table())

    def known(self, name: str, keys: pl.DataFrame) -> pl.DataFrame:
        """Of these natural keys of a table, those that are recorded, in any order. Writes nothing.

        A decision is recorded also after it was retired.
        """
        if keys.is_empty():
            return keys
        with self._looking() as cursor:
            return appends.known(self._where, cursor, name, keys)

    def recorded(self, name: str, rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """What these columns hold in the recorded rows of a table whose keys `rows` has, with the key, in any order.

        `rows` has the key and these columns, whose types it gives. Writes nothing. What was retired is not there.
        """
        wanted = [*layout.key(name), *columns]
        if rows.is_empty():
            return rows.select(wanted)
        with self._looking() as cursor:
            return appends.recorded_rows(self._where, cursor, name, rows, wanted)

    def matching(self, name: str, keys: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of the rows of a table that have, in the columns of `keys`, the values of one of its rows; in any order.

        However many keys there are, they are joined in the database. `keys` has no row twice. Writes nothing.
        """
        with self._looking() as cursor:
            return appends.matching(self._where, cursor, name, keys, list(columns))

    @contextmanager
    def _looking(self) -> Iterator[dbapi.Cursor]:
        """A transaction that is taken back, for what needs a table of its own to look things up by."""
        with database.mapped(self._where), self._connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                self._roll_back()

    def exclusive(self, flow: str, stream: str) -> AbstractContextManager[None]:
        """Hold a stream for one flow while the `with` lasts. Raises Busy if another run holds it.

        The kernel (SQLite) or the server (PostgreSQL) lets go of it when the holder dies, however it dies.
        """
        return lock.hold(self._where, flow, stream)

    @property
    def is_sqlite(self) -> bool:
        """Whether this ledger is an SQLite file; else it is on PostgreSQL."""
        return self._where.kind == "sqlite"

    @property
    def identity(self) -> str:
        """Who this ledger is, wherever it lies: 32 hex characters, chosen when it was made or brought up. Not a secret."""
        return str(self.read("SELECT ledger_id FROM edition ORDER BY schema_version LIMIT 1")["ledger_id"].item())

    def head(self) -> tuple[int, str]:
        """Number and digest of the last seal; (0, 64 zeros) if nothing was ever appended."""
        with database.mapped(self._where), self._connection.cursor() as cursor:
            return appends.head(cursor)

    @contextmanager
    def _transaction(self) -> Iterator[dbapi.Cursor]:
        """A transaction in which nobody else appends. Rolled back whatever goes wrong, so that nothing is half done."""
        with database.mapped(self._where), self._connection.cursor() as cursor:
            if self.is_sqlite:
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
