"""What SQLite and PostgreSQL each need: an address, a connection, a way to pass parameters, and words for their errors.

Part of the ledger, and used by its files only. Both are reached through ADBC, which moves whole columns: measured for
10^6 narrow rows on two cores, SQLAlchemy Core took 5 times (SQLite) and 11 times (PostgreSQL) as long.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from models import errors
from review.ledger.drivers import adbc_driver_manager, dbapi, postgresql, sqlite

WAIT_SECONDS = 30  # for another writer, before giving up
_TYPES = {
    "adbc.postgresql.type_resolver_mode": "builtin"
}  # else the driver reads a database's types at each connection
REFUSAL = "second-reader: facts are append-only"  # the triggers say it: review/ledger/migrations

LATE = ("psycopg.conninfo",)  # loaded where it is used; what wants to be quick later loads it before

Parameter = str | int | float | bool | Sequence[str] | Sequence[int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a ledger is. `target` is a file path or a libpq connection string and may hold a password; `shown` never does."""

    kind: Literal["sqlite", "postgresql"]
    target: str = field(repr=False)
    shown: str


def address(url: str) -> Address:
    """Read `sqlite:///path` (four slashes for an absolute one) or `postgresql://...`. LedgerInvalid on anything else."""
    scheme, separator, rest = url.partition("://")
    kind = scheme.partition("+")[0]  # SQLAlchemy's way to name a driver means nothing here
    if separator and kind == "sqlite" and rest.startswith("/") and rest not in ("/", "/:memory:"):
        path = str(Path(rest[1:]).expanduser())
        return Address(kind="sqlite", target=path, shown=path)
    if separator and kind in ("postgresql", "postgres"):
        import psycopg.conninfo  # only where it is used: a fifth of a second of a start

        try:
            read = psycopg.conninfo.conninfo_to_dict(f"postgresql://{rest}")
            parts = {name: str(value) for name, value in read.items() if value is not None}
        except psycopg.ProgrammingError:
            raise errors.LedgerInvalid("the ledger's PostgreSQL URL cannot be read: check its spelling") from None
        parts.setdefault("connect_timeout", "10")
        parts.setdefault("application_name", "second-reader")
        server = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"
        shown = f"PostgreSQL {server}/{parts.get('dbname') or ''}"
        return Address(kind="postgresql", target=psycopg.conninfo.make_conninfo(**parts), shown=shown)
    # Without its head the URL might hold a password, so only the scheme is repeated.
    raise errors.LedgerInvalid(
        f"a ledger URL starting with {scheme!r}: give sqlite:///path/to/ledger.db or postgresql://user@host/database"
        if separator
        else "the ledger's URL names no database: give sqlite:///path/to/ledger.db or postgresql://user@host/database"
    )


def look(path: Path) -> os.stat_result | None:
    """What the file system says of `path`; None: there is nothing. LedgerInvalid if it may not be asked."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise errors.LedgerInvalid(
            f"{path}: the ledger cannot be looked for there ({error.strerror}); correct SECOND_READER_LEDGER"
        ) from None


def connect(where: Address) -> dbapi.Connection:
    """Connect, in autocommit mode. Raises Unavailable, Refused or LedgerInvalid. Creates no SQLite file."""
    with mapped(where):
        if where.kind == "postgresql":
            connection: dbapi.Connection = postgresql.connect(where.target, _TYPES, autocommit=True)
            settings = [f"SET lock_timeout = '{WAIT_SECONDS}s'", "SET timezone = 'UTC'"]
        else:
            connection = sqlite.connect(where.target, autocommit=True)
            settings = [
                f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}",
                # FULL: a commit is on the disk when append returns. With NORMAL a power cut could take back an adoption,
                # or leave a report with a head seal that no ledger has. It is one fsync per append, not per row.
                "PRAGMA synchronous = FULL",
                "PRAGMA foreign_keys = ON",
                "PRAGMA cache_size = -200000",  # 200 MB: with SQLite's 2 MB an append of 300 000 rows took a quarter longer
                # Every 240 MB, not every 4: what is appended in large pieces is copied into the database once for several.
                "PRAGMA wal_autocheckpoint = 15000",
                "PRAGMA recursive_triggers = ON",  # so that REPLACE, which deletes, meets the trigger against deletion
            ]
        try:
            with connection.cursor() as cursor:
                for setting in settings:
                    cursor.execute(setting)
        except adbc_driver_manager.Error:
            connection.close()
            raise
    return connection


_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|::|:([a-z_][a-z0-9_]*)", re.IGNORECASE)


def translate(where: Address, sql: str, parameters: Mapping[str, Parameter]) -> tuple[str, list[str | int | float]]:
    """Turn `:name` into what the driver takes; text in quotes and comments stays as it is.

    None is written as NULL (the drivers cannot tell its type) and a sequence as a list for IN. Raises ValueError if a
    name has no value or a value has no name.
    """
    mark = "$" if where.kind == "postgresql" else "?"
    values: list[str | int | float] = []
    used: dict[str, str] = {}

    def place(value: str | int | float) -> str:
        values.append(int(value) if isinstance(value, bool) and where.kind == "sqlite" else value)
        return f"{mark}{len(values)}"

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return match.group(0)
        if name not in parameters:
            raise ValueError(f"no value for :{name}")
        if name not in used:
            value = parameters[name]
            if value is None:
                used[name] = "NULL"
            elif isinstance(value, str | int | float):
                used[name] = place(value)
            else:
                used[name] = f"({', '.join(place(each) for each in value) or 'NULL'})"
        return used[name]

    translated = _PARAMETER.sub(replace, sql)
    if unused := parameters.keys() - used.keys():
        raise ValueError(f"no :{min(unused)} in the query")
    return translated, values


@contextmanager
def mapped(where: Address) -> Iterator[None]:
    """Turn a driver's error into one of ours, in one line without values: PostgreSQL quotes the refused row in its own."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        raise meaning(where, str(error), error.sqlstate) from None
    except OSError as error:  # Arrow's, when rows are fetched
        raise meaning(where, str(error), None) from None


@contextmanager
def silent() -> Iterator[None]:
    """Let a driver's error pass: for cleaning up after another one."""
    with suppress(adbc_driver_manager.Error):
        yield


def one(cursor: dbapi.Cursor) -> object:
    """The only value of a query's first row; None if there is no row."""
    row = cursor.fetchone()
    return None if row is None else row[0]


def is_taken(error: adbc_driver_manager.Error) -> bool:
    """Whether a row was refused because its key is in the table."""
    return error.sqlstate == "23505" or "UNIQUE constraint failed" in str(error) or REFUSAL in str(error)


_CONSTRAINT = re.compile(
    r"[A-Z][A-Z ]+ constraint failed(?:: [^\n]+)?|violates [a-z ]+ constraint \"[^\"]+\"|null value in column \"[^\"]+\""
)
_WORDS: list[tuple[str, type[errors.SecondReaderError], str]] = [
    # 25P02: of a lock that was waited for too long, ADBC gives what the transaction answers to its next statement.
    (r"database (table )?is locked|SQLITE_BUSY|SQLSTATE: (55P03|25P02|40001|40P01)", errors.Unavailable,
     f"another program has been writing for {WAIT_SECONDS} seconds; try again"),
    (r"disk is full|No space left|SQLSTATE: 53100", errors.Unavailable, "the disk is full; make room and try again"),
    (r"password authentication failed|no password supplied|role \"[^\"]*\" does not exist", errors.Refused,
     "the server does not accept this user and password; check the ledger's URL"),
    (r"permission denied|SQLSTATE: 42501|readonly database", errors.Refused,
     "this user may not do that there; ask for the right (deploy/production/roles.sql), or change the ledger's URL"),
    (r"database \"[^\"]*\" does not exist", errors.LedgerInvalid, "the server has no such database; create it first"),
    (r"not a database|malformed|disk image", errors.LedgerInvalid,
     "this is not an SQLite database, or it is damaged; restore it from a copy or choose another file"),
    (r"no such table|SQLSTATE: 42P01", errors.LedgerInvalid,
     "a table is missing; make the ledger with `second-reader init STREAM`"),
    (r"unable to open database|failed to open", errors.LedgerInvalid,
     "the file cannot be opened; check its path, and who may read and write it"),
    (r"Failed to connect|disk I/O error|server closed the connection|connection to server|no connection"
     r"|terminating connection|SQLSTATE: (08|57P|53)", errors.Unavailable, "it cannot be reached; check that it runs"),
]  # fmt: skip


def meaning(where: Address, text: str, sqlstate: str | None) -> errors.SecondReaderError:
    """Our error for a driver's message and SQLSTATE (None: the driver gives none)."""
    state = sqlstate or ""
    text = f"{text} SQLSTATE: {state}"
    if REFUSAL in text:
        return errors.LedgerInvalid(f"ledger {where.shown}: facts are append-only; nothing was changed")
    if rule := _CONSTRAINT.search(text):
        return errors.LedgerInvalid(f"ledger {where.shown}: a record was refused, nothing was written: {rule.group(0)}")
    for pattern, kind, words in _WORDS:
        if re.search(pattern, text):
            return kind(f"ledger {where.shown}: {words}")
    # A query of ours that the database does not understand; its first line names a column or a word, never a value.
    reason = re.search(r"ERROR:\s+([^\n]+)|Failed to prepare query: ([^\n]+)|Type mismatch [^\n]+", text)
    known = reason is not None and state[:2] in ("", "42")
    detail = reason.group(0) if reason is not None and known else f"SQLSTATE {state or 'unknown'}"
    return errors.LedgerInvalid(f"ledger {where.shown}: the database refused a statement: {detail}")


def quoted(names: Sequence[str], prefix: str = "") -> str:
    """Column names for SQL, quoted, with commas; `prefix` is a table's alias."""
    return ", ".join(f'{prefix}"{name}"' for name in names)


def cursor_options(where: Address) -> dict[str, Any]:
    """Statement options of a reading cursor.

    SQLite has no column types, so the driver infers them from the first batch and fails if a later one differs, as a
    column that starts with 1 024 nulls does: the first batch is the whole result. The driver reserves eight bytes of
    address space a row and column before it reads, and dies where the kernel refuses, as it does a reservation beyond
    all memory: so no more rows than a SQLite ledger is for, 80 MB a column.
    """
    return {"adbc.sqlite.query.batch_rows": "10000000"} if where.kind == "sqlite" else {}
