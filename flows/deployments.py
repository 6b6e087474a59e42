"""The flows of a stream as Prefect deployments: four to six on schedules, two or three that wait for its owner; who runs them."""

import asyncio
import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import prefect
from prefect.client.orchestration import get_client
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.runner import runner
from prefect.runner._starter_engine import EngineCommandStarter
from prefect.schedules import Cron, Schedule
from prefect.settings import get_current_settings
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.processutils import setup_signal_handlers_worker

from flows.adopt import adopt, halt
from flows.collect import collect
from flows.dispatch import dispatch
from flows.measure import measure
from flows.release import release
from flows.retrain import retrain
from flows.runtime import next_runs, runs, settings, warm
from flows.score import score
from models import timestamps
from models.config import cron
from models.config.stream import Stream
from models.errors import Misuse
from review.label_studio import access
from review.ledger import database

if TYPE_CHECKING:
    from prefect.workers.process import ProcessJobConfiguration

SCHEDULED: tuple[Any, ...] = (score, dispatch, collect, measure)
OWNERS: tuple[Any, ...] = (adopt, halt, retrain)
_ENGINE = "prefect.engine"  # runs a flow run; Prefect starts it as a program for each
LATE = (  # loaded by the first run of a process: a fork would load them again each time
    *("prefect.task_engine", "prefect.utilities.visualization", "prefect._vendor.croniter", "anyio._backends._asyncio"),
    *("rich._emoji_codes", "ctypes.util", "encodings.idna", "polars._utils.udfs", "narwhals._interchange.dataframe"),
    *("flows.runtime.presets", *access.LATE, *database.LATE),
)


def of(stream: Stream) -> list[RunnerDeployment]:
    """The stream's deployments: `score/<stream>`, `dispatch/<stream>` and so on; `adopt/<stream>`, `halt/<stream>`,
    `retrain/<stream>`."""
    scheduled: tuple[Any, ...] = (*SCHEDULED, *([release] if stream.release is not None else []))
    if stream.schedule.retrain is not None:
        scheduled = (*scheduled, retrain)
    return [
        work.to_deployment(
            name=stream.name,
            parameters={"stream": stream.name},
            schedule=_schedule(stream, getattr(stream.schedule, work.name)) if work in scheduled else None,
            tags=["second-reader", stream.name],
            description=work.description,
            # By module: a path would put the folder `flows` first on sys.path.
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for work in (*scheduled, *(work for work in OWNERS if work not in scheduled))
    ]


def _schedule(stream: Stream, line: str) -> Schedule:
    return Cron(line, timezone=cron.zone(line, stream.schedule.timezone))


def serve(names: list[str]) -> None:
    """Serve the deployments of the named streams until interrupted.

    Raises:
        Misuse: There are none.
        StreamInvalid: A schedule cannot be read, or no date fits it.
    """
    config = settings.read()
    if not names:
        raise Misuse(f"{config.streams}: no streams to serve; add a stream file, or set SECOND_READER_STREAMS")
    streams = [settings.read_stream(name, config) for name in names]
    for name, stream in zip(names, streams, strict=True):
        next_runs.check(stream, origin=str(settings.stream_file(name, config)), now=timestamps.parse(runs.clock()))
    with _warm() as command:
        if command is not None:
            # The runner has no setting for the command that starts a run, as a worker has.
            runner.EngineCommandStarter = functools.partial(EngineCommandStarter, command=command)  # type: ignore[attr-defined,assignment]
        limit = get_current_settings().runner.process_limit  # Prefect's `serve` would begin all that is due at once
        prefect.serve(*(deployment for stream in streams for deployment in of(stream)), limit=limit)


def work(pool: str, *, limit: int | None = None, healthcheck: bool = False) -> None:
    """Be a worker of the work pool until interrupted: Prefect's own, of type process, whose runs are forked.

    `limit`: runs at a time, by default as many as `serve` has; `healthcheck`: answer whether it still asks for work, as
    Prefect's worker does. A command that the pool or a deployment names is used instead. Raises Misuse if there is no such
    pool, or one of another type.
    """
    from prefect.workers.process import ProcessWorker  # not of `serve`, nor of a run

    with get_client(sync_client=True) as client:
        try:
            kind = client.read_work_pool(pool).type
        except ObjectNotFound:
            raise Misuse(
                f"Prefect has no work pool {pool!r}; make one: prefect work-pool create {pool} --type process"
            ) from None
    if kind != ProcessWorker.type:
        raise Misuse(f"work pool {pool!r} is of type {kind}; runs on this machine need one of type process")
    with _warm() as command:
        worker = ProcessWorker(work_pool_name=pool, limit=limit or get_current_settings().runner.process_limit)
        if command is not None:
            worker.job_configuration = _forking(command)
        setup_signal_handlers_worker(os.getpid(), "the worker", print)
        with suppress(KeyboardInterrupt):
            asyncio.run(worker.start(with_healthcheck=healthcheck))


def _forking(command: str) -> type["ProcessJobConfiguration"]:
    """How a worker starts runs: by the command, unless the pool or the deployment has one."""
    from prefect.workers.process import ProcessJobConfiguration

    class Forking(ProcessJobConfiguration):
        def prepare_for_flow_run(self, *args: Any, **kwargs: Any) -> None:
            self.command = self.command or command
            super().prepare_for_flow_run(*args, **kwargs)

    return Forking


@contextmanager
def _warm() -> Iterator[str | None]:
    """The command that forks a run from a process that has imported every flow; None, and a warning, if it cannot start."""
    with ExitStack() as block:
        command = None
        try:
            command = block.enter_context(warm.serving(_ENGINE, (_ENGINE, __name__, *LATE)))
        except (OSError, RuntimeError) as error:
            runs.log.warning("%s; so each run starts by itself, which takes seconds of a core", error)
        yield command
