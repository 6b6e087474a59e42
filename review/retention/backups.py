"""A consistent copy of a SQLite ledger, taken while it is in use. Part of the ledger."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models import errors
from review import private_files
from review.integrity import verify
from review.ledger import database, ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What the copy ends with: number and digest of its last seal, for `second-reader verify --head`."""

    seals: int
    digest: str


def make(url: str, file: Path) -> Copy:
    """Copy the ledger to `file`, check every seal of the copy, and only then give it its name.

    One reading transaction (VACUUM INTO): writers go on meanwhile, and a transaction is in the copy whole or not at all.
    Copying the file by other means misses what is still in the file beside it (-wal). Makes the file's folder in one that
    is there. Raises Misuse if `file` is there
    or the ledger is on PostgreSQL, Tampered if the ledger is not as it was sealed, Unavailable if there is no room.
    """
    where = database.address(url)
    if where.kind == "postgresql":
        raise errors.Misuse(
            "the ledger is on PostgreSQL, which makes its own copies: pg_dump --format=custom --file=FILE DATABASE"
        )
    if file.exists():
        raise errors.Misuse(f"{file}: is there already; a backup never replaces another, give it a name of its own")
    with ledger.open(url):  # says in one line what is wrong with it
        pass
    folder = file.absolute().parent
    if not folder.is_dir() and not folder.parent.is_dir():  # mistyped, or a disk that is not mounted
        raise errors.Misuse(f"{file.parent}: no such folder, nor the one above it; make it first, best on another disk")
    part = file.with_name(file.name + ".part")
    try:
        private_files.folder(folder)
        part.unlink(missing_ok=True)  # of a run that was killed
        _copy(where, part)
        checked = _checked(part)
        _settled(part)
        part.rename(file)
    except OSError as error:
        raise errors.Unavailable(f"{file}: cannot be written ({error.strerror}); nothing was left behind") from None
    finally:
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                part.with_name(part.name + ending).unlink(missing_ok=True)
    return checked


def _copy(where: database.Address, part: Path) -> None:
    private_files.create(part)  # VACUUM takes an empty file
    # Through the ledger's own driver: two SQLite libraries on one file in one process undo each other's locks.
    with database.mapped(where), database.connect(where) as connection, connection.cursor() as cursor:
        cursor.execute("VACUUM INTO ?", (str(part),))
    copy = database.address(f"sqlite:///{part}")
    with database.mapped(copy), database.connect(copy) as connection, connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")  # which VACUUM does not copy
        cursor.fetchall()


def _checked(part: Path) -> Copy:
    with ledger.open(f"sqlite:///{part}") as book:
        odd = verify.ledger(book)
        number, digest = book.head()
    if odd:
        raise errors.Tampered(
            f"the ledger is not as it was sealed ({odd[0]}): no copy was made; run second-reader verify"
        )
    return Copy(seals=number, digest=digest)


def _settled(part: Path) -> None:
    """On the disk, not only on its way there."""
    for path in (part, part.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
