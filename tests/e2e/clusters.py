"""A real Dask cluster on this machine, each process one that the test started and can end."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Cluster:
    """`started` are the processes the test started; tasks run in them or in what they start."""

    address: str
    started: list[subprocess.Popen[bytes]]
    log: Path

    def processes(self) -> list[int]:
        """All processes of the cluster, now."""
        parents = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has just ended
                parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        pids = [process.pid for process in self.started]
        for pid in pids:  # grows meanwhile
            pids += [child for child, parent in parents.items() if parent == pid]
        return pids


@contextmanager
def dask(folder: Path, environment: Mapping[str, str], *, workers: int, threads: int = 1) -> Iterator[Cluster]:
    """`dask scheduler` and workers without a nanny, which would start a killed one again."""
    port = free_port()
    address, log = f"tcp://{HOST}:{port}", folder / "dask.log"
    quiet = ["--host", HOST, "--no-dashboard"]
    # Imported before there is work, which then need not wait for it.
    joining = [
        "worker",
        address,
        "--preload",
        "flows.scoring.workers",
        "--no-nanny",
        "--nthreads",
        str(threads),
        "--local-directory",
        str(folder),
    ]
    with ExitStack() as ending:
        _start(ending, log, environment, "dask", "scheduler", *quiet, "--port", str(port))
        _until(lambda: _listens(port), log)
        started = [_start(ending, log, environment, "dask", *joining, *quiet) for _ in range(workers)]
        _until(lambda: log.read_text(encoding="utf-8").count("Starting established connection") >= 2 * workers, log)
        yield Cluster(address, started, log)


def of_client(port: int, pids: list[int]) -> int:
    """Which of the processes holds the TCP connection from this port of its own. Raises LookupError."""
    sockets = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if int(line.split()[1].rpartition(":")[2], 16) == port
    }
    for pid in pids:
        held = set()
        with suppress(OSError):  # a file that is closed, a process that ends, meanwhile
            for link in Path(f"/proc/{pid}/fd").iterdir():
                held.add(str(link.readlink()))
        if held & {f"socket:[{inode}]" for inode in sockets}:
            return pid
    raise LookupError(f"nobody of {pids} has port {port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _start(ending: ExitStack, log: Path, environment: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        program = PROGRAMS / words[0]
        process = subprocess.Popen([program, *words[1:]], env=environment, stdout=out, stderr=out, cwd=log.parent)
    ending.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _until(done: Callable[[], bool], log: Path) -> None:
    for _ in range(1800):  # three minutes: a machine may be busy
        if done():
            return
        time.sleep(0.1)
    raise TimeoutError(log.read_text(encoding="utf-8"))
