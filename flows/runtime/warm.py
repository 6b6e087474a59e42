"""A process that has imported every flow and forks a child for each run of one, which then costs only itself.

A flow takes three to five seconds of a core before its first line, almost all of it imports; a fork takes a tenth of one.
`serving` starts that process and gives the command by which Prefect starts a run (`warm_run.py`): Prefect goes on seeing
one process for each run, which it can end, and whose exit code and output are the run's. Each run is a process of its own,
so none can take another with it. Where the warm process is gone, `warm_run.py` starts the run as Prefect would have.

`python -m flows.runtime.warm READY SOCKET PROGRAM MODULE...` imports the modules, says so on the descriptor READY and listens; a
run is what `python -m PROGRAM` would be. It is forked before any query has started a thread that something waits for: only such a
process can be forked.
"""

import atexit
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
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

LAUNCHER = Path(__file__).with_name("warm_run.py")
_PR_SET_PDEATHSIG = 1
_MOST = 1 << 20  # bytes of a request: the environment of a process
_PATIENCE = 1.0  # seconds that a request may take to arrive: the others wait meanwhile
_FAREWELL = 10.0  # seconds that runs under way are given at the end of `serving`
_LONGEST = 80  # characters of a folder in which a socket can have a name


@contextmanager
def serving(program: str, modules: Sequence[str]) -> Iterator[str]:
    """The warm process, for the length of the block: gives the command that starts a run of `program` in it.

    `program`: a module that is run as `python -m` does; `modules`: what it needs, imported beforehand. The socket lies in
    a folder that only this account may enter. The process ends with the block, or with the thread that entered it. Raises
    RuntimeError if a module cannot be imported.
    """
    short = len(tempfile.gettempdir()) <= _LONGEST
    with tempfile.TemporaryDirectory(prefix="second-reader-", dir=None if short else "/tmp") as folder:  # noqa: S108
        path = Path(folder) / "runs"
        heard, writing = os.pipe()
        with subprocess.Popen(
            [sys.executable, "-m", "flows.runtime.warm", str(writing), str(path), program, *modules],
            stdin=subprocess.DEVNULL,
            pass_fds=(writing,),
        ) as process:
            os.close(writing)
            try:
                with open(heard, "rb") as listened:  # noqa: PTH123 (a descriptor)
                    if not listened.read():
                        raise RuntimeError(f"the process that runs are forked from ended with {process.wait()}")
                yield shlex.join([sys.executable, "-I", "-S", str(LAUNCHER), str(path), program])
            finally:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, which it does once its runs have; do not wait for ever."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_FAREWELL)
    process.kill()


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


def listen(path: str, program: str, ready: int) -> None:
    """Fork a child, a run of `program`, for each request, until the parent ends; after SIGTERM, until those under way end.

    `ready`: a descriptor on which it is said that requests may come.
    """
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a terminal is for the runs, and for who serves them
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, children cannot be waited for
    read_end, tell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(tell)
    signal.signal(signal.SIGTERM, lambda *_: None)  # it is read from the pipe
    gc.freeze()  # else a child's collector looks through all that is here, and copies it
    with socket.socket(socket.AF_UNIX) as server, selectors.PollSelector() as watched:
        server.bind(path)
        server.listen(64)
        watched.register(server, selectors.EVENT_READ)
        watched.register(read_end, selectors.EVENT_READ)
        os.write(ready, b"ready\n")
        os.close(ready)
        while server.fileno() != -1 or len(watched.get_map()) > 1:
            for key, _ in watched.select():
                if key.fileobj is server:
                    _begin(server, watched, program, inherited=(read_end, tell))
                elif key.fd == read_end:
                    os.read(read_end, 64)
                    if server.fileno() != -1:
                        watched.unregister(server)
                        server.close()
                elif key.fd == key.data.ended:
                    _bury(key.data, watched)
                elif key.data.asked.fileno() != -1:  # else the run has ended, and was buried just before
                    _pass_on(key.data, watched)


def _begin(
    server: socket.socket, watched: selectors.BaseSelector, program: str, *, inherited: Sequence[int] = ()
) -> None:
    """Fork the run that somebody asks for. What goes wrong is theirs alone: they start it in another way."""
    try:
        asked, _ = server.accept()
    except OSError:  # no descriptor is left: some end soon
        time.sleep(0.1)
        return
    streams: list[int] = []
    warm = os.getpid()
    try:
        asked.settimeout(_PATIENCE)
        request = _request(asked, streams)
        pid = os.fork()
    except (OSError, ValueError):
        asked.close()
        _close(streams)
        return
    if pid == 0:
        for key in list(watched.get_map().values()):  # what the others are waited for by is not this one's
            key.fileobj.close() if isinstance(key.fileobj, socket.socket) else os.close(key.fd)
        asked.close()
        signal.set_wakeup_fd(-1)
        os.close(inherited[-1])
        _run(program, request, streams, warm)
    try:
        _watch(pid, asked, watched)
    except OSError:
        asked.close()
    _close(streams)


def _close(streams: Sequence[int]) -> None:
    for stream in streams:
        os.close(stream)


def _watch(pid: int, asked: socket.socket, watched: selectors.BaseSelector) -> None:
    try:
        child = _Child(pid=pid, ended=os.pidfd_open(pid), asked=asked)
        asked.setblocking(False)
    except OSError:
        os.kill(pid, signal.SIGKILL)  # nobody would see it end, and it is started in another way
        os.waitpid(pid, 0)
        raise
    watched.register(child.ended, selectors.EVENT_READ, child)
    watched.register(asked, selectors.EVENT_READ, child)
    with suppress(OSError):
        asked.send(b"0")  # it runs


def _request(asked: socket.socket, streams: list[int]) -> _Request:
    """What to run. Puts into `streams` where its output and its complaints go."""
    data, descriptors, _, _ = socket.recv_fds(asked, _MOST, 2)
    streams += descriptors
    while not data.endswith(b"\n"):
        more = asked.recv(_MOST)
        if not more:
            raise ValueError("the request was cut off")
        data += more
    if len(streams) != 2:
        raise ValueError("the request came without its two streams")
    return _Request(**json.loads(data))


def _pass_on(child: _Child, watched: selectors.BaseSelector) -> None:
    """A signal that the launcher got; or its end, with which the run ends, as if it were one process."""
    try:
        message = child.asked.recv(64)
    except BlockingIOError:
        return
    except OSError:
        message = b""
    if not message:
        watched.unregister(child.asked)
        child.asked.close()
    for number in message or bytes([signal.SIGKILL]):
        with suppress(ProcessLookupError):
            os.kill(child.pid, number)


def _bury(child: _Child, watched: selectors.BaseSelector) -> None:
    _, status = os.waitpid(child.pid, 0)
    watched.unregister(child.ended)
    os.close(child.ended)
    with suppress(OSError, KeyError, ValueError):  # the launcher may be gone already
        watched.unregister(child.asked)
        child.asked.send(b"%d\n" % os.waitstatus_to_exitcode(status))
    child.asked.close()


def _run(program: str, request: _Request, streams: list[int], warm: int) -> NoReturn:
    """Become the process that `python -m program` would be, and end as it does. `warm`: whose child this is."""
    end_with_parent()
    if os.getppid() != warm:  # it ended before that was asked
        os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.folder)
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()  # some of what a run reads stands in settings
    sys.argv = [program]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)  # it is there on purpose
        try:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code is not None and not isinstance(ended.code, int):
                raise  # it is something to be said
            _leave(ended.code or 0)
    _leave(0)


def _leave(code: int) -> NoReturn:
    """End as the interpreter does, but for the clearing of its memory, which would first copy all that is shared.

    So ends a child of `multiprocessing` too: threads are waited for, what is registered for the end is done, and what was
    written goes out.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed already, or nobody reads it any more
            stream.flush()
    os._exit(code & 0xFF)


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    for name in sys.argv[4:]:
        importlib.import_module(name)
    listen(sys.argv[2], sys.argv[3], int(sys.argv[1]))
