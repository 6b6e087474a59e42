"""Real Dask and Ray clusters on this machine, each process one that the test started and can end."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Cluster:
    """`workers` are the processes in which tasks run, as they were started."""

    address: str
    workers: list[subprocess.Popen[bytes]]
    log: Path


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
        "flows.spread",
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


@contextmanager
def ray(folder: Path, environment: Mapping[str, str], *, workers: int) -> Iterator[Cluster]:
    """`ray start --head`, on the loopback address only. Its workers are its own: `workers` is empty."""
    port, log = free_port(), folder / "ray.log"
    alone = ["--include-dashboard=false", "--disable-usage-stats", f"--num-cpus={workers}", "--block"]
    where = ["--node-ip-address", HOST, f"--port={port}", f"--ray-client-server-port={free_port()}"]
    # A socket's path has at most 107 characters, and Ray adds some 70.
    room = ["--temp-dir", str(folder), "--object-store-memory", str(512 * 2**20), "--min-worker-port=0"]
    with ExitStack() as ending:
        head = _start(ending, log, environment, "ray", "start", "--head", *where, *alone, *room, "--max-worker-port=0")
        _until(lambda: "Ray runtime started" in log.read_text(encoding="utf-8"), log)
        yield Cluster(f"{HOST}:{port}", [head], log)


def of_client(port: int, pids: list[int]) -> int:
    """Which of the processes holds the TCP connection from this port of its own. Raises LookupError."""
    sockets = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if int(line.split()[1].rpartition(":")[2], 16) == port
    }
    for pid in pids:
        held = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
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
    for _ in range(600):
        if done():
            return
        time.sleep(0.1)
    raise TimeoutError(log.read_text(encoding="utf-8"))
