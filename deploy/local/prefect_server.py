"""The Prefect server of the local stack."""

import importlib.metadata
import sys
from pathlib import Path

from deploy.local import postgres, servers
from deploy.local.template import Template

DATABASE = "prefect"
_QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}


def service(
    home: Path, *, cluster: postgres.Cluster, port: int, keep: bool, log: Path, inherit: tuple[int, ...] = ()
) -> servers.Service:
    """Prefect on `port`, its files below `home`; with `keep` it goes on with the runs of last time."""
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    template = Template(cluster, DATABASE, importlib.metadata.version("prefect"))

    def command(*words: str, database: str) -> servers.Command:
        return servers.Command(
            name="Prefect",
            words=(sys.executable, "-m", "prefect", "server", *words),
            environment=servers.environment(
                PREFECT_HOME=str(folder),
                PREFECT_API_DATABASE_CONNECTION_URL=cluster.url(database).replace("://", "+asyncpg://", 1),
                PREFECT_SERVER_API_HOST=servers.HOST,
                PREFECT_SERVER_API_PORT=str(port),  # not --port: the page would look for its server on another
                # Its page, with this address written into it: in the package it would be shared by all servers.
                PREFECT_UI_STATIC_DIRECTORY=str(folder / "page"),
                PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT="false",
                **_QUIET,
            ),
            log=log,
            folder=folder,
            inherit=inherit,
        )

    url = f"http://{servers.HOST}:{port}"
    return servers.Service(
        name="Prefect",
        fill=None if template.ready else command("database", "upgrade", "-y", database=template.making),
        settle=lambda: template.settle(keep=keep),
        serve=command("start", database=DATABASE),
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
