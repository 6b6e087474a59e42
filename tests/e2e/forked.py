"""`second-reader` without its start: forked from a process that has imported all of it.

A command takes one to two seconds of a core before it has read its first word, a fork 0.15. The commands that the tests of
a stream's life are made of are forked; those that tell how a command starts, and what a setting of Prefect's does, are
processes of their own. `python -m tests.e2e.forked SOCKET` is the process they are forked from.
"""

import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.commands import main
from flows.runtime import prefect_defaults
from tests import forking

_OURS = "SECOND_READER_"  # what is read anew by each command; all else may have been read while importing
_READ_BY_PREFECT = (".env", "prefect.toml", "pyproject.toml")  # in the folder where it is imported
_TALKS = "--verbose"  # Prefect's own log, which is switched off where it was imported
_PATIENCE = 150.0  # seconds
_IMPORTED_BY_COMMANDS = (
    *("flows.governance.actions", "flows.governance.recall", "flows.governance.retire", "flows.handover.export"),
    *("flows.health.doctor", "flows.inputs.first_look", "flows.inputs.first_stream", "flows.planning.study"),
    *(
        "flows.queueing.redispatch",
        "flows.runtime.prefect_server",
        "review.report.study_text",
        "review.report.timeline",
    ),
    *("alembic.command", "alembic.ddl.postgresql", "alembic.ddl.sqlite", "sqlalchemy.dialects.sqlite"),
    *("flows.governance.opening", "flows.planning.promotion", "flows.governance.outlays", "flows.planning.question"),
    *("flows.planning.shadows", "flows.handover.purpose_files"),
    "flows.planning.candidates",
    *("alembic.config", "sqlalchemy.dialects.postgresql.psycopg", "mako.template"),
    *("fastapi", "prefect.server.schemas.schedules"),  # by Prefect, in the first run of a process
)


@dataclass(frozen=True, slots=True)
class Forked:
    """The process that forks. It serves commands whose environment is its own, apart from our settings.

    `log`: what it complained of.
    """

    path: Path
    log: Path
    environment: frozenset[tuple[str, str]]

    def fits(self, words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> bool:
        """Whether a fork is what a process of its own would be."""
        steered = _TALKS in words or any((folder / name).exists() for name in _READ_BY_PREFECT)
        return not steered and self.environment == foreign(environment)

    def run(self, words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> tuple[int, str, str]:
        """A command to its end: exit code, what it printed, what it complained of. Raises TimeoutError if it hangs."""
        with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX) as connection:
            out, err = Path(place) / "out", Path(place) / "err"
            job = {"words": words, "environment": dict(environment), "folder": str(folder)}
            connection.settimeout(_PATIENCE)
            connection.connect(str(self.path))
            connection.sendall(json.dumps(job | {"out": str(out), "err": str(err)}).encode() + b"\n")
            with connection.makefile("r") as reported:
                pid = reported.readline()
                assert pid, self.log.read_text(encoding="utf-8")
                try:
                    code = int(reported.readline())
                except BaseException:  # also Ctrl-C, and the end of a test's time
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                    raise
            return code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


def foreign(environment: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Of an environment, what is not ours. PYTEST_CURRENT_TEST is of each test another."""
    return frozenset(
        (name, text) for name, text in environment.items() if not name.startswith((_OURS, "PYTEST_CURRENT_TEST"))
    )


def _work(connection: socket.socket) -> None:
    job = json.loads(connection.makefile("r").readline())
    child = os.fork()
    if child == 0:
        _become(job)
        main.main()
        sys.exit()  # through Python's own end, which waits for threads
    connection.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(job: dict[str, Any]) -> None:
    """The process that a shell would have started."""
    forking.end_with_parent()
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    prefect_defaults.prepare()
    for number, stream in ((1, "out"), (2, "err")):
        os.dup2(os.open(job[stream], os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.argv = ["second-reader", *job["words"]]


def _import_all() -> None:
    """What the commands import when they run, and what Prefect and the drivers do in their first run."""
    prefect_defaults.quiet()
    from flows import deployments

    for name in (*_IMPORTED_BY_COMMANDS, *deployments.LATE):
        importlib.import_module(name)


if __name__ == "__main__":
    _import_all()
    forking.serve(sys.argv[1], _work)
