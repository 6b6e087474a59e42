"""The ledger's schema: its version, how it is made, and whether a frame fits it."""

import io
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

import polars as pl

from models import errors
from review import private_files
from review.ledger import database, layout

VERSIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
)  # the scripts of review/ledger/migrations, in order
VERSION = VERSIONS[-1]


def upgrade(where: database.Address) -> None:
    """Run the migrations that the ledger lacks, in one transaction. Raises LedgerInvalid, Refused or Unavailable."""
    import alembic.command  # with SQLAlchemy most of a second, which only `init` needs to spend
    import alembic.config
    import psycopg  # as in `database`
    import sqlalchemy as sa

    if where.kind == "sqlite":
        path = Path(where.target)
        folder = database.look(path.absolute().parent)  # not made: for a mistyped path it would hold a second ledger
        if folder is None or not stat.S_ISDIR(folder.st_mode):
            raise errors.LedgerInvalid(
                f"{where.shown}: there is no folder {path.parent}; make it, or correct SECOND_READER_LEDGER"
            )
        with suppress(OSError):  # SQLite says better what is wrong, and gives the files beside it the same mode
            private_files.create(path)
        # The URL is built, not written, so that no character of a path has a meaning in it.
        url = sa.URL.create("sqlite", database=str(path))
        arguments = {"timeout": database.WAIT_SECONDS, "isolation_level": None}
        engine = sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool)
        sa.event.listen(engine, "connect", _write_ahead)
        # Python's driver commits before each CREATE TABLE unless we begin the transaction ourselves.
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    else:
        engine = sa.create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(where.target), poolclass=sa.NullPool
        )
    config = alembic.config.Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with engine.begin() as connection:
            if where.kind == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('second-reader migrate'))")
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")
    except sa.exc.DBAPIError as error:
        raise database.meaning(where, str(error.orig), getattr(error.orig, "sqlstate", None)) from None
    except psycopg.Error as error:
        raise database.meaning(where, str(error), error.sqlstate) from None
    finally:
        engine.dispose()


def _write_ahead(connection: sqlite3.Connection, _: object) -> None:
    """Readers never wait for the writer. Kept in the file, so it is asked for once, when the ledger is made.

    Pages of 16 kB and not 4: decisions come in batches of many MB, whose commits then cost two thirds.
    """
    connection.execute("PRAGMA page_size = 16384")
    connection.execute("PRAGMA journal_mode = WAL")


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the table's columns, in table order and of its types, as both databases will give it back.

    Raises ValueError if columns are missing or too many, have another type, or a key stands twice; LedgerInvalid if a
    text holds NUL or a number is NaN, which no ledger can hold.
    """
    wanted = layout.columns(name)
    if missing := wanted.keys() - set(frame.columns):
        raise ValueError(f"{name}: column {min(missing)!r} is missing")
    if more := set(frame.columns) - wanted.keys():
        raise ValueError(f"{name}: there is no column {min(more)!r}")
    for column, kind in wanted.items():
        if not _fits(frame.schema[column], kind):
            raise ValueError(f"{name}.{column}: {frame.schema[column]} where {kind} belongs")
    frame = frame.select(pl.col(column).cast(kind) for column, kind in wanted.items())
    floats = [column for column, kind in wanted.items() if kind == pl.Float64]
    texts = [column for column, kind in wanted.items() if kind == pl.String]
    faulty = frame.select(
        *(pl.col(column).is_nan().any() for column in floats),
        *(pl.col(column).str.contains("\0", literal=True).any() for column in texts),
    )
    for column in faulty.columns:
        if faulty[column].item():
            what = "NaN; a number that is missing is null" if column in floats else "a NUL character; take it out"
            raise errors.LedgerInvalid(f"{name}.{column} holds {what}")
    if frame.select(layout.key(name)).is_duplicated().any():
        raise ValueError(f"{name}: the same {', '.join(layout.key(name))} twice in one frame")
    # SQLite does not keep the sign of zero. (Polars takes `+ 0.0`, which would drop it too, for nothing to do.)
    return frame.with_columns(
        pl.when(pl.col(column) == 0).then(0.0).otherwise(column).alias(column) for column in floats
    )


def _fits(kind: pl.DataType, wanted: pl.DataType) -> bool:
    return (
        kind in (wanted, pl.Null())
        or (wanted == pl.Float64 and kind.is_numeric())
        or (wanted == pl.Int64 and kind.is_integer())
        or (wanted == pl.String and kind in (pl.Categorical, pl.Enum))
    )
