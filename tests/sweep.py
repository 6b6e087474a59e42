"""Looks for secrets where none may be: in files, byte by byte, and in every row of a database."""

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg

from deploy.local import postgres, prefect_server
from deploy.local.stack import Stack

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def files(secrets: Iterable[str], *folders: Path) -> list[str]:
    """The files below the folders that hold one of the secrets."""
    marks = [secret.encode() for secret in secrets]
    return [str(path) for path in sorted(_below(folders)) if _holds(path, marks)]


def database(secrets: Iterable[str], url: str) -> list[str]:
    """The tables of a PostgreSQL database that hold one of the secrets, as PostgreSQL writes them out.

    Rows that are there now: what was deleted or changed is not looked for in its files.
    """
    marks = [secret.encode() for secret in secrets]
    items = []
    with psycopg.connect(url) as server:
        for (name,) in server.execute(_TABLES).fetchall():
            with server.cursor().copy(f'COPY "{name}" TO STDOUT'.encode()) as rows:
                content = b"".join(bytes(row) for row in rows)  # to its end: a copy cannot be left
            if any(mark in content for mark in marks):
                items.append(f"table {name}")
    return items


def prefect(stack: Stack) -> list[str]:
    """What of Prefect's databases, the template too, holds a secret of its stack: runs, logs, artifacts, events."""
    names = [name for name in sorted(postgres.databases(stack.cluster)) if name.startswith(prefect_server.DATABASE)]
    return [f"{name}: {table}" for name in names for table in database(stack.secrets(), stack.postgres_url(name))]


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    return (path for folder in folders for path in folder.rglob("*") if path.is_file())


def _holds(path: Path, marks: list[bytes]) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(mark) >= 0 for mark in marks)
    except (OSError, ValueError):  # gone meanwhile, a socket's name, or empty
        return False
