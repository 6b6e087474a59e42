"""One server process of the local stack: started in the background, waited for, stopped, never left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from models import errors

HOST = "127.0.0.1"
PATIENCE = 120.0  # seconds a server may take to come up
_LAUNCHER = Path(__file__).with_name("child.py")
# What the user has set for servers of their own must not steer ours.
_FOREIGN = ("LABEL_STUDIO_", "DJANGO_", "POSTGRE_", "PG", "PREFECT_", "SECOND_READER_", "GUNICORN_", "PYTHON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start. `user` is (uid, gid) to run as, None: as we are. `ending` is the signal for a good end."""

    name: str  # for messages: "Label Studio"
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)  # holds passwords
    log: Path
    folder: Path
    user: tuple[int, int] | None = None
    ending: signal.Signals = signal.SIGTERM
    inherit: tuple[int, ...] = ()  # file descriptors it inherits


def environment(**ours: str) -> dict[str, str]:
    """The user's environment without what would steer a server of ours, with `ours` on top. Loopback needs no proxy."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    return kept | {"NO_PROXY": without_proxy(), "no_proxy": without_proxy()} | ours


def without_proxy() -> str:
    """The user's list of hosts that need no proxy, with this machine added."""
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return ",".join(dict.fromkeys([*filter(None, listed.split(",")), HOST, "localhost"]))


def port(wanted: int | None, name: str) -> int:
    """`wanted`, or any free one for None. Raises SetupFailed if `wanted` is taken."""
    with socket.socket() as probe:
        # As the servers themselves do: a port whose last connections are still fading out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a port"
            raise errors.SetupFailed(
                f"{name} needs port {wanted} on {HOST} and cannot have it ({reason}); stop what listens there"
            ) from error
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server with a database of its own, and how to make both."""

    name: str
    fill: Command | None  # makes the template: the database as it is when new. None: that is there already
    settle: Callable[[], None]  # after `fill`: the template is whole; copy it to where `serve` looks
    serve: Command
    url: str
    health: str  # answers 200 when the server is up


class Server:
    """A running command. Not thread-safe. Start it from a thread that lives as long as the server shall."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"Server({self.command.name!r}, pid={self.pid})"

    @property
    def pid(self) -> int | None:
        """Process id, None while it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the process and return at once; `wait` says when it is up. Raises SetupFailed if it cannot start."""
        command = self.command
        uid, gid = command.user or (-1, -1)
        launch = [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, (int(command.ending), os.getpid(), uid, gid))]
        with command.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    [*launch, *command.words],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=command.folder,
                    env=dict(command.environment),
                    pass_fds=command.inherit,
                    start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
                )
            except OSError as error:
                raise errors.SetupFailed(f"{command.name} could not be started: {error}") from error

    def wait(self, ready: Callable[[], bool]) -> None:
        """Until `ready()`. Raises SetupFailed, naming the log, if the process ends or is not up in time."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.pid is None:
                raise errors.SetupFailed(
                    f"{self.command.name} ended while starting; its last words are in {self.command.log}"
                )
            if ready():
                return
            time.sleep(0.1)
        raise errors.SetupFailed(
            f"{self.command.name} did not come up within {PATIENCE:.0f} s; what it said is in {self.command.log}"
        )

    def finish(self) -> None:
        """Until it ends by itself. Raises SetupFailed, naming the log, if it fails."""
        if self._process is not None and self._process.wait() != 0:
            raise errors.SetupFailed(f"{self.command.name} failed; what it said is in {self.command.log}")

    def stop(self, patience: float = 15.0) -> None:
        """End it in good order, by force after `patience` seconds. Fine if it is not running."""
        if self._process is None:
            return
        if self.pid is not None:
            self._process.send_signal(self.command.ending)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process.wait()

    def kill(self) -> None:
        """SIGKILL the process and the workers it started: what a crash looks like. Fine if it is not running."""
        if self._process is None:
            return
        if self.pid is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def answers(url: str) -> bool:
    """Whether a GET of `url` answers 200 right now."""
    try:
        return httpx.get(url, timeout=5.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def run(command: Command) -> None:
    """Run a command to its end. Raises SetupFailed, naming the log, if it fails."""
    server = Server(command)
    server.start()
    try:
        server.finish()
    finally:
        server.kill()
