"""One local stack for all processes of a test run: the first that needs it has a keeper start it, the last ends it.

The keeper is a process of its own (`python -m tests.shared_stack HOME`), so that the stack outlives whoever asked first.
Each process of the run holds a connection to it. When the last one is closed, in good order or by a kill, the keeper stops
the servers and ends. What stops or kills a server, or puts an old database in its place, needs a stack of its own.
"""

import fcntl
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from deploy.local import keys, label_studio_server, postgres, prefect_server, servers
from deploy.local import stack as stacks
from models import errors
from tests import stack_home, sweep

ROOT = Path(__file__).resolve().parent.parent
HOMES = 8  # test runs at the same time
PATIENCE = 300.0  # seconds for an answer: servers that start on a busy machine


class Joined(stacks.Stack):
    """The stack that a keeper runs, for a process that uses it. It cannot stop a server: others use it, too."""

    def __init__(self, home: Path, port: int, keeper: socket.socket) -> None:
        secrets = keys.load(home)
        self._keeper = keeper
        self._answers = keeper.makefile("r", encoding="utf-8")
        words = servers.Command(
            name="PostgreSQL", words=(), environment={}, log=home / "logs" / "postgres.log", folder=home
        )
        cluster = postgres.Cluster(server=servers.Server(words), port=port, password=secrets.postgres)
        super().__init__(home, cluster, secrets, (None, None), keep=False, lock=-1, say=lambda _: None)

    def start(self, *, label_studio: bool = False, prefect: bool = False) -> None:
        """Have the keeper start what is asked for and not up yet. Raises SetupFailed."""
        wanted = {"Label Studio": label_studio, "Prefect": prefect}
        if any(asked and name not in self._up for name, asked in wanted.items()):
            ports = self.ask(start=wanted)
            for name, port in ports.items():
                service = self._service_at(name, port)
                self._up[name] = (service, servers.Server(service.serve))

    def stop_label_studio(self) -> None:
        """Refused: other tests use it."""
        raise AssertionError("this Label Studio is shared; a test that stops it asks for `own_label_studio`")

    kill_label_studio = start_label_studio = stop_label_studio

    def add_reviewer(self, email: str, password: str) -> str:
        """As of any stack; one process at a time, since two cannot sign up the same account at once."""
        with (self.home / "accounts.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return super().add_reviewer(email, password)

    def pids(self) -> dict[str, int]:
        """The first process of each server that is up, by the server's name."""
        running: dict[str, int] = self.ask(pids=True)
        return running

    def ask(self, **what: Any) -> Any:
        """The keeper's answer. Raises SetupFailed with what it complains of, or if it is gone."""
        self._keeper.sendall(json.dumps(what).encode() + b"\n")
        line = self._answers.readline()
        if not line:
            raise errors.SetupFailed(f"the keeper of {self.home} is gone; its log is {_log(self.home)}")
        answer = json.loads(line)
        if "error" in answer:
            raise errors.SetupFailed(answer["error"])
        return answer["done"]

    def leave(self) -> list[str]:
        """Take leave. Who is the last hears where the keeper, after stopping the servers, has seen a secret."""
        places: list[str] = self.ask(leave=True)
        self._answers.close()
        self._keeper.close()
        return places

    def _service_at(self, name: str, port: int) -> servers.Service:
        log = self.home / "logs" / "unused.log"
        if name == "Prefect":
            return prefect_server.service(self.home, cluster=self._cluster, keep=True, port=port, log=log)
        return label_studio_server.service(
            self.home,
            owner=self._owner(),
            secret_key=self._keys.secret_key,
            cluster=self._cluster,
            keep=True,
            port=port,
            log=log,
        )


@contextmanager
def joined(run: str) -> Iterator[Joined]:
    """The stack of the test run `run`, with PostgreSQL up. At the end no secret may stand in its logs or databases."""
    stack = _join(run)
    yield stack
    assert stack.leave() == []


def _join(run: str) -> Joined:
    folder = ROOT / ".local" / "test-stack"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "join.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for number in range(HOMES):
            home = folder / str(number)
            with suppress(OSError, ValueError, KeyError):
                state = json.loads(_state(home).read_text(encoding="utf-8"))
                if state["run"] == run:
                    return Joined(home, state["postgres"], _connected(state["socket"]))
        for number in range(HOMES):
            home = folder / str(number)
            stack_home.copied(home)
            if _keep(home, run):
                state = json.loads(_state(home).read_text(encoding="utf-8"))
                return Joined(home, state["postgres"], _connected(state["socket"]))
    raise errors.Busy(f"{HOMES} test runs at the same time are enough")


def _connected(name: str) -> socket.socket:
    """A connection to the keeper. Raises OSError if there is none any more, or it is about to end."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    try:
        connection.connect("\0" + name)
        if connection.recv(1) != b"+":
            raise ConnectionError
    except BaseException:
        connection.close()
        raise
    return connection


def _keep(home: Path, run: str) -> bool:
    """Start a keeper; whether it could have `home`, which another test run may hold."""
    with _log(home).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.shared_stack", str(home), run],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None
    answer = process.stdout.readline().strip()
    process.stdout.close()
    if answer == b"busy":
        process.wait()
        return False
    assert answer == b"up", _log(home).read_text(encoding="utf-8")
    process.returncode = 0  # it outlives us: nobody is to warn that it still runs
    return True


def _state(home: Path) -> Path:
    return home.with_name(home.name + ".keeper.json")


def _log(home: Path) -> Path:
    return home.with_name(home.name + ".keeper.log")


def _serve(home: Path, run: str) -> None:
    """Keep the stack until the last connection is closed."""
    try:
        running = stacks.running(home, label_studio=False, prefect=False, keep=False)
        stack = running.__enter__()
    except errors.Busy:
        print("busy", flush=True)
        return
    try:
        for name in postgres.databases(stack.cluster):
            if name.startswith("test_"):  # of a run that was killed
                postgres.drop(stack.cluster, name)
        address = f"second-reader-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("\0" + address)
            listening.listen(64)
            state = {"run": run, "socket": address, "postgres": stack.cluster.port}
            _state(home).write_text(json.dumps(state), encoding="utf-8")
            print("up", flush=True)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # who asked us reads no further
            _listen(stack, listening)
    finally:
        _state(home).unlink(missing_ok=True)
        running.__exit__(None, None, None)


def _listen(stack: stacks.Stack, listening: socket.socket) -> None:
    users: dict[socket.socket, TextIO] = {}
    with selectors.DefaultSelector() as waiting:
        waiting.register(listening, selectors.EVENT_READ)
        while True:
            events = waiting.select(timeout=60.0)
            if not events and not users:  # whoever had us started was killed before it came
                return
            for event, _ in events:
                if event.fileobj is listening:
                    user, _ = listening.accept()
                    user.sendall(b"+")
                    users[user] = user.makefile("r", encoding="utf-8")
                    waiting.register(user, selectors.EVENT_READ)
                    continue
                user = event.fileobj  # type: ignore[assignment]
                line = _line(users[user])
                asked = json.loads(line) if line else {}
                if line and "leave" not in asked:
                    _answer(user, stack, asked)
                    continue
                waiting.unregister(user)
                users.pop(user).close()
                last = not users
                if last:
                    listening.close()  # from here on a newcomer starts another
                if line:
                    with suppress(OSError):
                        user.sendall(json.dumps({"done": _swept(stack) if last else []}).encode() + b"\n")
                user.close()
                if last:
                    return


def _line(lines: TextIO) -> str:
    """The next line, "" when the connection is closed, or its process was killed."""
    try:
        return lines.readline()
    except OSError:
        return ""


def _answer(user: socket.socket, stack: stacks.Stack, asked: dict[str, Any]) -> None:
    try:
        if "pids" in asked:
            done = stack.pids()
        else:
            stack.start(label_studio=asked["start"]["Label Studio"], prefect=asked["start"]["Prefect"])
            done = {name: int(service.url.rpartition(":")[2]) for name, (service, _) in stack._up.items()}
        answer: dict[str, Any] = {"done": done}
    except errors.SecondReaderError as error:
        answer = {"error": str(error)}
    with suppress(OSError):
        user.sendall(json.dumps(answer).encode() + b"\n")


def _swept(stack: stacks.Stack) -> list[str]:
    """Where a secret stands in the logs or in Prefect's databases."""
    return [*sweep.files(stack.secrets(), stack.home / "logs", stack.home / "prefect"), *sweep.prefect(stack)]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and their end ends us
    _serve(Path(sys.argv[1]), sys.argv[2])
