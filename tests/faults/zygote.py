"""A process that has imported everything and forks a child for each run, so that a run costs what the flow costs.

`python -m tests.faults.zygote SOCKET` listens on a Unix socket. A connection is a run: it sends one line of JSON (a job
of `child`), and is told in lines of JSON what the run does, until it ends, one way or another. The child is forked
before anything of Polars or of a driver has run: only such a process can be forked.
"""

import ctypes
import json
import os
import signal
import socket
import sys
from typing import Any

from label_studio_sdk.base_client import LabelStudioBase

from tests.faults import child


def main(path: str) -> None:
    """Serve until killed, or whoever started us is gone."""
    _end_with_parent()
    _load_the_sdk()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(16)
        print("ready", flush=True)
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _child(connection)
            connection.close()


def _load_the_sdk() -> None:
    """Its parts are imported when they are first asked for: a quarter of what a run would cost."""
    client = LabelStudioBase(base_url="http://127.0.0.1:9", api_key="none")
    for part in ("annotations", "projects", "tasks", "users"):
        getattr(client, part)


def _end_with_parent() -> None:
    """Have the kernel kill us when our parent ends, however it ends: a paused child would stay for ever."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _child(connection: socket.socket) -> None:
    _end_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line = connection.makefile("r").readline()
    if line:
        job = json.loads(line)
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)

        def say(words: dict[str, Any]) -> None:
            connection.sendall(json.dumps(words | {"pid": os.getpid()}).encode() + b"\n")

        child.run(job, say)
    os._exit(0)


if __name__ == "__main__":
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "false")
    main(sys.argv[1])
