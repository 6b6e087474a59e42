"""A process that has imported every flow and forks a child for each run of one, which then costs only itself.

A flow takes three to five seconds of a core before its first line, almost all of it imports; a fork takes a tenth of one.
`serving` starts that process and gives the command by which Prefect starts a run (`warm_run.py`): Prefect goes on seeing
one process for each run, which it can end, and whose exit code and output are the run's. Each run is a process of its own,
so none can take another with it. Where the warm process is gone, `warm_run.py` starts the run as Prefect would have.

`python -m flows.runtime.warm SOCKET PROGRAM MODULE...` imports the modules, says `ready` and listens; a run is what
`python -m PROGRAM` would be. It is forked before any query has started a thread that something waits for: only such a
process can be forked.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

LAUNCHER = Path(__file__).with_name("warm_run.py")
_PR_SET_PDEATHSIG = 1
_MOST = 1 << 20  # bytes of a request: the environment of a process
_PATIENCE = 10.0  # seconds that a request may take to arrive


@contextmanager
def serving(program: str, modules: Sequence[str]) -> Iterator[str]:
    """The warm process, for the length of the block: gives the command that starts a run of `program` in it.

    `program`: a module that is run as `python -m` does; `modules`: what it needs, imported beforehand. The socket lies in
    a folder that only this account may enter. The process ends with the block, or with the thread that
    entered it. Raises RuntimeError if a module cannot be imported.
    """
    with tempfile.TemporaryDirectory(prefix="second-reader-") as folder:
        path = Path(folder) / "runs"
        with subprocess.Popen(
            [sys.executable, "-m", "flows.runtime.warm", str(path), program, *modules],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as process:
            try:
                if process.stdout is None or process.stdout.readline() != b"ready\n":
                    raise RuntimeError(f"the process that runs are forked from ended with {process.wait()}")
                yield shlex.join([sys.executable, "-I", "-S", str(LAUNCHER), str(path), program])
            finally:
                process.terminate()


@dataclass(frozen=True, slots=True)
class _Request:
    """What a run is started with."""

    environment: dict[str, str]
    folder: str


@dataclass(frozen=True, slots=True)
class _Child:
    """A run under way: its process, and the connection of the launcher that waits for it."""

    pid: int
    ended: int  # a file descriptor that can be read when the process has ended
    asked: socket.socket


def listen(path: str, program: str) -> None:
    """Fork a child, a run of `program`, for each request until the parent ends or SIGTERM comes."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a terminal is for the runs, and for who serves them
    gc.freeze()  # else a child's collector looks through all that is here, and copies it
    with socket.socket(socket.AF_UNIX) as server, selectors.PollSelector() as ready:
        server.bind(path)
        server.listen(64)
        ready.register(server, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in ready.select():
                if key.fileobj is server:
                    _begin(server, ready, program)
                elif key.fd == key.data.ended:
                    _bury(key.data, ready)
                else:
                    _pass_on(key.data, ready)


def _begin(server: socket.socket, ready: selectors.BaseSelector, program: str) -> None:
    asked, _ = server.accept()
    asked.settimeout(_PATIENCE)
    try:
        request, streams = _request(asked)
    except (OSError, ValueError):  # whoever asked is gone, and starts the run in another way if it lives
        asked.close()
        return
    pid = os.fork()
    if pid == 0:
        for key in list(ready.get_map().values()):  # what the others are waited for by is not this one's
            key.fileobj.close() if isinstance(key.fileobj, socket.socket) else os.close(key.fd)
        _run(program, request, streams)
    for stream in streams:
        os.close(stream)
    asked.setblocking(False)
    child = _Child(pid=pid, ended=os.pidfd_open(pid), asked=asked)
    ready.register(child.ended, selectors.EVENT_READ, child)
    ready.register(asked, selectors.EVENT_READ, child)
    with suppress(OSError):
        asked.send(b"0")  # it runs


def _request(asked: socket.socket) -> tuple[_Request, list[int]]:
    """What to run, and where its output and its complaints go."""
    data, streams, _, _ = socket.recv_fds(asked, _MOST, 2)
    while not data.endswith(b"\n"):
        more = asked.recv(_MOST)
        if not more:
            raise ValueError("the request was cut off")
        data += more
    if len(streams) != 2:
        raise ValueError("the request came without its two streams")
    return _Request(**json.loads(data)), list(streams)


def _pass_on(child: _Child, ready: selectors.BaseSelector) -> None:
    """A signal that the launcher got; or its end, with which the run ends, as if it were one process."""
    try:
        said = child.asked.recv(64)
    except BlockingIOError:
        return
    except OSError:
        said = b""
    if not said:
        ready.unregister(child.asked)
        child.asked.close()
    for number in said or bytes([signal.SIGKILL]):
        with suppress(ProcessLookupError):
            os.kill(child.pid, number)


def _bury(child: _Child, ready: selectors.BaseSelector) -> None:
    _, status = os.waitpid(child.pid, 0)
    ready.unregister(child.ended)
    os.close(child.ended)
    with suppress(OSError, KeyError, ValueError):  # the launcher may be gone already
        ready.unregister(child.asked)
        child.asked.send(b"%d\n" % os.waitstatus_to_exitcode(status))
    child.asked.close()


def _run(program: str, request: _Request, streams: list[int]) -> NoReturn:
    """Become the process that `python -m program` would be, and end as it does."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.folder)
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()  # some of what a run is told stands in settings
    sys.argv = [program]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)  # it is there on purpose
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    sys.exit()


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    for name in sys.argv[3:]:
        importlib.import_module(name)
    listen(sys.argv[1], sys.argv[2])
