"""The flows of a stream as Prefect deployments: four on its schedules, and two that wait for its owner."""

import functools
from contextlib import ExitStack
from typing import Any

import prefect
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import runner
from prefect.runner._starter_engine import EngineCommandStarter
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

from flows.adopt import adopt, halt
from flows.collect import collect
from flows.dispatch import dispatch
from flows.measure import measure
from flows.runtime import runs, settings, warm
from flows.score import score
from models.config import cron
from models.config.stream import Stream
from models.errors import Misuse
from review.label_studio import access

SCHEDULED: tuple[Any, ...] = (score, dispatch, collect, measure)
OWNERS: tuple[Any, ...] = (adopt, halt)
_ENGINE = "prefect.engine"  # runs a flow run; Prefect starts it as a program for each
_LATE = ("prefect.task_engine", "anyio._backends._asyncio", *access.LATE)  # loaded by the first run of a process


def of(stream: Stream) -> list[RunnerDeployment]:
    """The stream's deployments: `score/<stream>`, `dispatch/<stream>` and so on; `adopt/<stream>`, `halt/<stream>`."""
    return [
        work.to_deployment(
            name=stream.name,
            parameters={"stream": stream.name},
            schedule=_schedule(stream, getattr(stream.schedule, work.name)) if work in SCHEDULED else None,
            tags=["second-reader", stream.name],
            description=work.description,
            # By module: a path would put the folder `flows` first on sys.path.
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for work in (*SCHEDULED, *OWNERS)
    ]


def _schedule(stream: Stream, line: str) -> Schedule:
    return Cron(line, timezone=cron.zone(line, stream.schedule.timezone))


def serve(names: list[str]) -> None:
    """Serve the deployments of the named streams until interrupted. Raises Misuse if there are none."""
    config = settings.read()
    if not names:
        raise Misuse(f"{config.streams}: no streams to serve; add a stream file, or set SECOND_READER_STREAMS")
    streams = [settings.read_stream(name, config) for name in names]
    with ExitStack() as block:
        try:
            command = block.enter_context(warm.serving(_ENGINE, (_ENGINE, __name__, *_LATE)))
        except (OSError, RuntimeError) as error:
            runs.log.warning("serve: %s; so each run starts by itself, which takes seconds of a core", error)
        else:
            # The runner has no setting for the command that starts a run, as a worker has.
            runner.EngineCommandStarter = functools.partial(EngineCommandStarter, command=command)  # type: ignore[attr-defined,assignment]
        prefect.serve(*(deployment for stream in streams for deployment in of(stream)))
