"""Prefect's program with a bound on what SQLite keeps of a database in memory; the words are those of `prefect`.

Prefect lets each connection keep 20,000 pages (`PRAGMA cache_size`, 82 MB), so that the memory of its server grows with
its database for days. The operating system has these pages in its own cache anyway.
"""

import sqlalchemy as sa
from prefect.cli import app

LIMIT = 8_000_000  # bytes, of all connections together


@sa.event.listens_for(sa.Engine, "connect")
def _bound(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    """Of the whole process, not of the connection: what Prefect sets of each afterwards does not lift it."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA soft_heap_limit = {LIMIT}")
    cursor.close()


if __name__ == "__main__":
    app()
