"""A process that has imported everything and forks a child for each piece of work, which then costs only itself.

It listens on a Unix socket; a connection is a piece of work. The child is forked before a query of Polars or a driver has
started a thread that something waits for: only such a process can be forked.
"""

import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from label_studio_sdk.base_client import LabelStudioBase

ROOT = Path(__file__).resolve().parent.parent


def serve(path: str, work: Callable[[socket.socket], None]) -> None:
    """Serve until killed, or whoever started us is gone. `work` is called in a child of its own."""
    end_with_parent()
    _load_the_sdk()
    gc.freeze()  # else a child's collector looks through all that is here, and copies it: 0.9 s instead of 0.15
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(16)
        print("ready", flush=True)
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                end_with_parent()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                work(connection)
                os._exit(0)
            connection.close()


@contextmanager
def serving(module: str, path: Path, log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Such a process, `python -m module path`, for the length of the block."""
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(path)],
            cwd=ROOT,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=written,
        )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n", log.read_text(encoding="utf-8")
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def end_with_parent() -> None:
    """Have the kernel kill us when our parent ends, however it ends: a paused child would stay for ever."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _load_the_sdk() -> None:
    """Its parts are imported when they are first asked for: a quarter of what a run would cost."""
    client = LabelStudioBase(base_url="http://127.0.0.1:9", api_key="none")
    for part in ("annotations", "projects", "tasks", "users"):
        getattr(client, part)
