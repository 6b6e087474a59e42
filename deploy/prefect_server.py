"""The Prefect server of the local stack, on SQLite.

Not on the stack's PostgreSQL: that one comes without the pg_trgm extension, and Prefect has no way to do without.
"""

import importlib.metadata
import shutil
import sys
from pathlib import Path

from deploy import servers

_QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}


def service(home: Path, *, port: int, keep: bool, log: Path, inherit: tuple[int, ...] = ()) -> servers.Service:
    """Prefect on `port`, with its files below `home`; with `keep` it goes on with the runs of last time."""
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "prefect.db"
    template = folder / f"template-{importlib.metadata.version('prefect')}.db"
    unfinished = folder / "making.db"

    def environment(file: Path) -> dict[str, str]:
        return servers.environment(
            PREFECT_HOME=str(folder),
            PREFECT_API_DATABASE_CONNECTION_URL=f"sqlite+aiosqlite:///{file}",
            PREFECT_SERVER_API_HOST=servers.HOST,
            PREFECT_SERVER_API_PORT=str(port),  # not --port: the page would look for its server on another
            # Its page, with this address written into it: in the package it would be shared by all servers.
            PREFECT_UI_STATIC_DIRECTORY=str(folder / "page"),
            PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT="false",
            **_QUIET,
        )

    def command(*words: str, file: Path) -> servers.Command:
        return servers.Command(
            name="Prefect",
            words=(sys.executable, "-m", "prefect", "server", *words),
            environment=environment(file),
            log=log,
            folder=folder,
            inherit=inherit,
        )

    def settle() -> None:
        if not template.exists():
            unfinished.rename(template)
        if not keep or not database.exists():
            _remove(database)
            copying = folder / "copying.db"
            shutil.copyfile(template, copying)
            copying.rename(database)

    if not template.exists():
        _remove(unfinished)
    url = f"http://{servers.HOST}:{port}"
    return servers.Service(
        name="Prefect",
        fill=None if template.exists() else command("database", "upgrade", "-y", file=unfinished),
        settle=settle,
        serve=command("start", file=database),
        url=url,
        health=f"{url}/api/health",
    )


def client_environment(home: Path, url: str) -> dict[str, str]:
    """What a program needs to work with this server and no other. To be set before it imports Prefect."""
    return {
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # never a second server in silence
        **_QUIET,
    }


def _remove(database: Path) -> None:
    """Remove a SQLite database with its log; a log without its database would spoil the next one of that name."""
    for ending in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
