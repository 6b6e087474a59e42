"""The process of which each run of the harness is a fork: `python -m tests.faults.zygote SOCKET`.

A connection is a run: it sends one line of JSON (a job of `child`), and is reported in lines of JSON what the run does, until
it ends, one way or another.
"""

import json
import os
import socket
import sys
from typing import Any

from tests import forking
from tests.faults import child


def _work(connection: socket.socket) -> None:
    line = connection.makefile("r").readline()
    if line:
        job = json.loads(line)
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)

        def say(words: dict[str, Any]) -> None:
            connection.sendall(json.dumps(words | {"pid": os.getpid()}).encode() + b"\n")

        child.run(job, say)


if __name__ == "__main__":
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "false")
    forking.serve(sys.argv[1], _work)
