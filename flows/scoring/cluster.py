"""The task runner that the settings name: Dask, here or on a cluster that is already there."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.task_runners import TaskRunner

from flows.runtime.settings import PREFIX, Settings
from models.errors import Misuse, Unavailable

_MOST = 4  # workers that have something to do: recording goes one at a time, and takes half as long as all else or more


@contextmanager
def started(settings: Settings) -> Iterator[TaskRunner[Any]]:
    """The runner, ready for tasks. Workers of a cluster that is already there have our settings in their environment.

    Raises Misuse if its package is missing or the workers could not see the ledger, Unavailable if no cluster answers.
    """
    if settings.runner_address and settings.ledger.get_secret_value().startswith("sqlite"):
        raise Misuse(
            f"{PREFIX}RUNNER_ADDRESS is {settings.runner_address}, but the ledger is an SQLite file, which other machines "
            f"cannot share; set {PREFIX}LEDGER to a PostgreSQL database, or leave the address empty"
        )
    runner = _runner(settings)
    try:
        _knock(settings.runner_address)
        entered = runner.__enter__()
        entered.client.wait_for_workers(1, timeout=30)  # type: ignore[attr-defined]
    except (OSError, TimeoutError, ConnectionError, RuntimeError, ValueError) as error:
        where = f"{PREFIX}RUNNER_ADDRESS {settings.runner_address!r}: " if settings.runner_address else ""
        raise Unavailable(
            f"{where}no Dask cluster with a worker answers ({reason(error)}); "
            f"start one with `dask scheduler` and a worker, or unset {PREFIX}RUNNER"
        ) from None
    try:
        yield entered
    finally:
        entered.__exit__(None, None, None)


def _knock(address: str) -> None:
    """See that somebody listens there: Raises OSError; an address of another form passes."""
    host, separator, port = address.rpartition("://")[2].rpartition(":")
    if separator and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


def workers(runner: TaskRunner[Any]) -> int:
    """How many tasks can be worked on now, at least 1, at most as many as are of use."""
    return max(1, min(sum(runner.client.nthreads().values()), _MOST))  # type: ignore[attr-defined]


def reason(error: Exception) -> str:
    """The first line of an error."""
    return (str(error) or type(error).__name__).splitlines()[0]


def _runner(settings: Settings) -> TaskRunner[Any]:
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise Misuse(
            f"{PREFIX}RUNNER is {settings.runner}, whose package is not installed; "
            f"run: pip install 'second-reader[{settings.runner}]'"
        ) from None
    # One thread each: what a task does is one thread's work, and a worker that dies takes one task with it.
    cores = os.cpu_count() or 1
    count = min(cores, _MOST)
    here: dict[str, Any] = {
        "n_workers": count,
        "threads_per_worker": 1,
        "env": {"POLARS_MAX_THREADS": str(cores // count)},  # or each would take all cores
        "dashboard_address": "127.0.0.1:0",  # none would be a warning where its usual port is taken
    }
    address = settings.runner_address or None
    runner: TaskRunner[Any] = DaskTaskRunner(address=address, cluster_kwargs=None if address else here)
    return runner
