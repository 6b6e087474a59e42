"""The runner's side of a run: start it, watch it, kill it, hear how it ended."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests import forking

ROOT = forking.ROOT
PATIENCE = 60.0  # seconds for one run; longer, and it hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended. `counts` None: it did not get to its end. `error` is a class name, "" for none."""

    killed: bool
    seconds: float
    points: tuple[str, ...]
    counts: Any = None
    error: str = ""
    message: str = ""
    expected: bool = True

    @property
    def done(self) -> bool:
        """Whether it did all its work."""
        return not self.killed and not self.error


@dataclass(slots=True)
class Run:
    """A run under way."""

    connection: socket.socket
    lines: IO[bytes]
    began: float = field(default_factory=time.monotonic)
    pid: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, key: str) -> bool:
        """Wait until it says something with `key`; False if it ends without."""
        for line in self.lines:
            parsed = json.loads(line)
            self.pid = parsed["pid"]
            self.heard.append(parsed)
            if key in parsed:
                return True
        return False

    def kill(self) -> None:
        """SIGKILL. It is our own grandchild as long as it has not hung up."""
        self._signal(signal.SIGKILL)

    def go_on(self) -> None:
        """Let it go on after a pause. It says that it pauses a moment before it does."""
        end = time.monotonic() + PATIENCE
        while not Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].startswith(" T"):
            assert time.monotonic() < end, "it does not pause"
            time.sleep(0.005)
        self._signal(signal.SIGCONT)

    def _signal(self, what: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, what)

    def end(self) -> Ended:
        """Wait until it ends. Raises TimeoutError if it hangs."""
        self.connection.settimeout(PATIENCE)
        while self.hear("pid"):
            pass
        self.lines.close()
        self.connection.close()
        last = next((message for message in reversed(self.heard) if "counts" in message or "error" in message), None)
        return Ended(
            killed=last is None,
            seconds=time.monotonic() - self.began,
            points=tuple(text["point"] for text in self.heard if "point" in text),
            **{name: value for name, value in (last or {}).items() if name != "pid"},
        )


class Zygote:
    """Starts runs."""

    def __init__(self, path: Path, log: Path) -> None:
        self._path = path
        self._log = log

    def start(self, job: dict[str, Any]) -> Run:
        """Start a job of `child`."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(str(self._path))
        connection.sendall(json.dumps(job | {"log": str(self._log)}).encode() + b"\n")
        return Run(connection=connection, lines=connection.makefile("rb"))

    def run(self, job: dict[str, Any], *, kill_after: float | None = None) -> Ended:
        """Run a job to its end; `kill_after`: seconds after its start, unless it has ended by then."""
        run = self.start(job)
        if kill_after is not None and run.hear("started"):
            time.sleep(kill_after)
            run.kill()
        return run.end()


@contextmanager
def zygote(folder: Path) -> Iterator[Zygote]:
    """A zygote of our own."""
    path, log = folder / "z", folder / "runs.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_READER_")} | {
        "OPENBLAS_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    with forking.serving("tests.faults.zygote", path, log, environment):
        yield Zygote(path, log)
