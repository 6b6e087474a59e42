"""One run of a flow on a stream at a time. Part of the ledger: whoever can write to it can see who holds what."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from models import errors
from review import private_files
from review.ledger import database


@contextmanager
def hold(where: database.Address, flow: str, stream: str) -> Iterator[None]:
    """Hold (flow, stream) until the block ends or the process dies. Raises Busy if it is held, Unavailable."""
    busy = errors.Busy(f"another run of {flow} holds the stream {stream}: wait until it ends, then try again")
    keeper = _file if where.kind == "sqlite" else _session
    with keeper(where, flow, stream, busy):
        yield


@contextmanager
def _file(where: database.Address, flow: str, stream: str, busy: errors.Busy) -> Iterator[None]:
    path = Path(f"{where.target}.{flow}.{stream}.lock")
    try:
        # Never deleted: a lock on a file that another process has just deleted would be held by two.
        private_files.create(path)
        file = path.open("ab")
    except OSError as error:
        raise errors.LedgerInvalid(f"cannot write the lock {path}: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        yield


@contextmanager
def _session(where: database.Address, flow: str, stream: str, busy: errors.Busy) -> Iterator[None]:
    import psycopg  # as in `database`

    digest = hashlib.sha256(f"second-reader\n{flow}\n{stream}".encode()).digest()
    key = int.from_bytes(digest[:8], signed=True)
    try:
        # A connection of its own: the lock lives as long as the session. Keepalives, so that the server notices within
        # two minutes that a machine is gone, and lets go.
        connection = psycopg.connect(
            where.target,
            autocommit=True,
            keepalives_idle=60,
            keepalives_interval=20,
            keepalives_count=3,
            tcp_user_timeout=120_000,  # ms: nor do we wait longer for a server that is gone
        )
    except psycopg.Error as error:
        raise database.meaning(where, str(error), error.sqlstate) from None
    with closing(connection):
        try:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
        except psycopg.Error as error:
            raise database.meaning(where, str(error), error.sqlstate) from None
        if row is None or not row[0]:
            raise busy
        try:
            yield
        finally:
            # Let go before the session ends: the server notices that only a moment later, and the next run is refused.
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_advisory_unlock(%s)", (key,))
