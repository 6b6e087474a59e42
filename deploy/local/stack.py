"""The local stack: PostgreSQL, Label Studio and Prefect on this machine, for the demo and the tests.

Everything lives below one folder, the home. Nothing listens beyond 127.0.0.1, nothing outlives the process that started
it, and started again it goes on where it was.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.local import keys, label_studio_server, postgres, prefect_server, servers
from models import errors

Say = Callable[[str], None]


def _silent(_line: str) -> None:
    """For who wants no progress."""


@contextlib.contextmanager
def running(
    home: Path,
    *,
    label_studio: bool,
    prefect: bool,
    label_studio_port: int | None = None,
    prefect_port: int | None = None,
    keep: bool = True,
    say: Say = _silent,
) -> Iterator["Stack"]:
    """The stack of `home`, up, until the end of the `with` block.

    Ports: None takes a free one. `keep=False`: Label Studio and Prefect start empty. `say` hears of each step.
    PostgreSQL always runs; the others can be started later by `Stack.start`. To be called from a thread that lives as
    long as the block. Raises Busy if another process runs the stack of `home`, SetupFailed for all else.
    """
    home = home.absolute()
    logs = home / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.SetupFailed(f"{home}: the folder cannot be made ({error.strerror}); choose another") from error
    with _held(home) as lock:
        for log in logs.glob("*.log"):
            log.unlink()
        secrets = keys.load(home)
        say("PostgreSQL")
        cluster = postgres.start(home, password=secrets.postgres, log=logs / "postgres.log", inherit=(lock,))
        stack = Stack(home, cluster, secrets, (label_studio_port, prefect_port), keep=keep, lock=lock, say=say)
        try:
            stack.start(label_studio=label_studio, prefect=prefect)
            yield stack
        finally:
            stack.stop()


class Stack:
    """A running stack. Addresses of a server that was not started raise SetupFailed."""

    def __init__(
        self,
        home: Path,
        cluster: postgres.Cluster,
        secrets: keys.Keys,
        ports: tuple[int | None, int | None],
        *,
        keep: bool,
        lock: int,
        say: Say,
    ) -> None:
        self.home = home
        self._cluster = cluster
        self._keys = secrets
        self._ports = ports
        self._keep = keep
        self._lock = lock
        self._say = say
        self._up: dict[str, tuple[servers.Service, servers.Server]] = {}

    def __repr__(self) -> str:
        return f"Stack({str(self.home)!r}, up={sorted(self._up)})"

    def postgres_url(self, database: str) -> str:
        """`postgresql://` address of a database of this stack. Holds the password."""
        return self._cluster.url(database)

    @property
    def cluster(self) -> postgres.Cluster:
        """The running PostgreSQL."""
        return self._cluster

    @property
    def label_studio_url(self) -> str:
        return self._service("Label Studio").url

    @property
    def label_studio_password(self) -> str:
        return self._keys.password

    @property
    def label_studio_token(self) -> str:
        return self._keys.token

    def secrets(self) -> tuple[str, ...]:
        """What must not be found in a log, a page or a ledger: the token, the passwords, the key of sessions."""
        return (self._keys.token, self._keys.password, self._keys.secret_key, self._keys.postgres)

    @property
    def prefect_ui_url(self) -> str:
        return self._service("Prefect").url

    @property
    def prefect_api_url(self) -> str:
        return f"{self.prefect_ui_url}/api"

    def pids(self) -> dict[str, int]:
        """The first process of each server that is up, by the server's name."""
        running = [self._cluster.server, *(server for _, server in self._up.values())]
        return {server.command.name: server.pid for server in running if server.pid is not None}

    def environment(self) -> dict[str, str]:
        """The variables by which the flows find the servers that are up. Holds the token of Label Studio."""
        variables = {"NO_PROXY": servers.without_proxy(), "no_proxy": servers.without_proxy()}
        if "Label Studio" in self._up:
            variables["SECOND_READER_LABEL_STUDIO_URL"] = self.label_studio_url
            variables["SECOND_READER_LABEL_STUDIO_TOKEN"] = self.label_studio_token
        if "Prefect" in self._up:
            variables |= prefect_server.client_environment(self.home, self.prefect_ui_url)
        return variables

    def add_reviewer(self, email: str, password: str) -> str:
        """The API token of a Label Studio account, made if there is none. Raises Refused, Unavailable."""
        return label_studio_server.add_account(self.label_studio_url, self._owner(), email, password)

    def fill(self, *, label_studio: bool = False, prefect: bool = False) -> None:
        """Make the databases of what is asked for and not up, without starting it. Raises SetupFailed."""
        self._fill(self._wanted(label_studio=label_studio, prefect=prefect))

    def start(self, *, label_studio: bool = False, prefect: bool = False) -> None:
        """Start what is asked for and not up yet, side by side. Raises SetupFailed."""
        wanted = self._wanted(label_studio=label_studio, prefect=prefect)
        self._fill(wanted)
        for service in wanted:
            self._say(f"{service.name}: starting, {service.url}")
            server = servers.Server(service.serve)
            self._up[service.name] = (service, server)
            server.start()
        for service in wanted:
            self._wait(service.name)
            self._say(f"{service.name}: up, {service.url}")

    def stop(self) -> None:
        """Stop everything, PostgreSQL last."""
        for _, server in self._up.values():
            server.stop()
        self._up.clear()
        self._cluster.server.stop()

    def stop_label_studio(self) -> None:
        """Stop Label Studio in good order; its address stays."""
        self._server("Label Studio").stop()

    def kill_label_studio(self) -> None:
        """SIGKILL Label Studio, workers and all; its address stays."""
        self._server("Label Studio").kill()

    def start_label_studio(self) -> None:
        """Start Label Studio again on the same address. Raises SetupFailed."""
        self._server("Label Studio").start()
        self._wait("Label Studio")

    def _service(self, name: str) -> servers.Service:
        if name not in self._up:
            raise errors.SetupFailed(f"{name} was not started in this stack; ask for it in stack.running(...)")
        return self._up[name][0]

    def _server(self, name: str) -> servers.Server:
        self._service(name)
        return self._up[name][1]

    def _wait(self, name: str) -> None:
        service, server = self._up[name]
        server.wait(lambda: servers.answers(service.health))

    def _wanted(self, *, label_studio: bool, prefect: bool) -> list[servers.Service]:
        asked = {"Label Studio": label_studio and self._label_studio, "Prefect": prefect and self._prefect}
        return [service() for name, service in asked.items() if service and name not in self._up]

    def _owner(self) -> label_studio_server.Owner:
        return label_studio_server.Owner(email=self._keys.email, password=self._keys.password, token=self._keys.token)

    def _label_studio(self) -> servers.Service:
        return label_studio_server.service(
            self.home,
            owner=self._owner(),
            secret_key=self._keys.secret_key,
            cluster=self._cluster,
            keep=self._keep,
            port=servers.port(self._ports[0], "Label Studio"),
            log=self.home / "logs" / "label-studio.log",
            inherit=(self._lock,),
        )

    def _prefect(self) -> servers.Service:
        return prefect_server.service(
            self.home,
            cluster=self._cluster,
            keep=self._keep,
            port=servers.port(self._ports[1], "Prefect"),
            log=self.home / "logs" / "prefect.log",
            inherit=(self._lock,),
        )

    def _fill(self, wanted: list[servers.Service]) -> None:
        """Give each service its database. Filling one takes most of a minute, so it is done once and copied."""
        making: list[servers.Server] = []
        try:
            for service in wanted:
                if service.fill is not None:
                    self._say(f"{service.name}: first start, making its database")
                    making.append(servers.Server(service.fill))
                    making[-1].start()
            for server in making:
                server.finish()
        finally:
            for server in making:
                server.kill()
        for service in wanted:
            service.settle()


@contextlib.contextmanager
def _held(home: Path, patience: float = 3.0) -> Iterator[int]:
    """An exclusive lock on `home`, inherited by the servers: free only when the last of them has ended."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + patience  # those of a killed process need a moment to end
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise errors.Busy(
                        f"{home}: its servers are running; stop the other demo or test run first"
                    ) from None
                time.sleep(0.1)
        yield lock
    finally:
        os.close(lock)
