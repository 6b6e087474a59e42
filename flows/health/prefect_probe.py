"""Look at the Prefect server, for `doctor`, and what to think of what is there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import get_current_settings

from models.config import cron
from models.config.stream import Stream
from review.health import findings

SCHEDULED = ("score", "dispatch", "collect", "measure")
RANGE = ">=3.8.8,<3.10"  # as in pyproject.toml
TRIED = ("3.8.8", "3.9.1")  # the tests of what touches Prefect pass: requirements.lock, deploy/prefect-newest.lock
_LONG = timedelta(hours=2)  # a round of ten million outputs takes some minutes
_ENDED_BADLY = (StateType.FAILED, StateType.CRASHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A flow of a stream on the server. `crons`: its active schedules (`cron.shown`); `polled`: whether somebody asks for its
    runs."""

    flow: str
    crons: Sequence[str]
    paused: bool
    polled: bool
    last_polled: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, under way or ended."""

    state: StateType
    message: str
    start: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A stream's deployments, the runs of each flow (newest first), and when its late runs should have started."""

    deployments: Sequence[Deployment]
    runs: dict[str, Sequence[Run]]
    late: Sequence[datetime]


def look(streams: Sequence[Stream], *, now: datetime) -> Iterator[findings.Finding]:
    """The server, then each stream on it."""
    url = get_current_settings().api.url
    if not url:
        yield findings.Scribe("Prefect", "PREFECT_API_URL").warn(
            "not set: each command starts a server of its own, nothing runs by itself, and no run is remembered",
            "start one (prefect server start) and set PREFECT_API_URL, if flows shall run on schedules",
        )
        return
    write = findings.Scribe("Prefect", url)
    try:
        with get_client(sync_client=True) as client:
            version = client.api_version()
            yield from server(write, version, client=prefect.__version__)
            for stream in streams:
                yield from judge(stream, _seen(client, stream), now=now)
    except (httpx.HTTPError, PrefectHTTPStatusError, RuntimeError) as error:
        reason = type(error).__name__ if isinstance(error, PrefectHTTPStatusError) else str(error).partition("\n")[0]
        yield write.bad(
            f"cannot be reached: {reason or type(error).__name__}",
            "start the server, or correct PREFECT_API_URL; until then nothing runs on its schedule",
        )


def server(write: findings.Scribe, version: str, *, client: str) -> Iterator[findings.Finding]:
    """What to think of the versions of a server that answers, and of this client. Pure."""
    if version != client:
        yield write.warn(f"the server has version {version}, this client {client}", "give both the same version")
    least, below = (_numbers(bound) for bound in RANGE.split(","))
    if not least <= _numbers(version) < below:
        yield write.warn(
            f"the server has version {version}; this second-reader works with {RANGE}, tried: {', '.join(TRIED)}",
            "give the server one of these, and the client the same",
        )
    yield write.ok(f"version {version} answers (tried: {', '.join(TRIED)})")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


def judge(stream: Stream, seen: Seen, *, now: datetime) -> Iterator[findings.Finding]:
    """What to think of one stream on the server. Pure."""
    write = findings.Scribe("Prefect", stream.name)
    all_findings = list(_deployed(write, stream, seen)) if seen.deployments else []
    if not seen.deployments:
        yield write.warn(
            "its flows are not deployed: they run only by hand",
            f"second-reader serve {stream.name}, or deploy/production/prefect.yaml",
        )
    for flow, runs in seen.runs.items():
        all_findings += _last(write, stream.name, flow, runs, now)
    if seen.late:
        waiting = _span(now - min(seen.late))
        all_findings.append(
            write.bad(
                f"{findings.counted(len(seen.late), 'run is', 'runs are')} late, the oldest by {waiting}",
                "see that serve or a worker runs, and is not kept busy by another stream",
            )
        )
    yield from all_findings
    if seen.deployments and not all_findings:
        yield write.ok(
            "its flows are deployed on the schedules of the stream file, and the last run of each ended well"
        )


def flows(stream: Stream) -> tuple[str, ...]:
    """The flows of a stream that run on schedules."""
    more = {"release": stream.release is not None, "retrain": stream.schedule.retrain is not None}
    return (*SCHEDULED, *(flow for flow, wanted in more.items() if wanted))


def _deployed(write: findings.Scribe, stream: Stream, seen: Seen) -> Iterator[findings.Finding]:
    by_flow = {deployment.flow: deployment for deployment in seen.deployments}
    again = f"start second-reader serve {stream.name} again, or deploy again"
    scheduled = flows(stream)
    missing = [flow for flow in scheduled if flow not in by_flow]
    if missing:
        yield write.bad(f"not deployed: {', '.join(missing)}", again)
    asleep = [flow for flow in scheduled if flow in by_flow and not by_flow[flow].polled]
    if asleep:
        polls = [at for flow in asleep if (at := by_flow[flow].last_polled) is not None]
        since = f" since {max(polls):%Y-%m-%d %H:%M} UTC" if polls else ""
        yield write.bad(
            f"nobody has asked for the runs of {', '.join(asleep)}{since}",
            f"start second-reader serve {stream.name}, or the worker",
        )
    for flow in scheduled:
        if flow not in by_flow:
            continue
        line = getattr(stream.schedule, flow)
        wanted = cron.shown(line, cron.zone(line, stream.schedule.timezone))
        if by_flow[flow].paused or not by_flow[flow].crons:
            yield write.warn(f"{flow} is paused: it starts only by hand", "resume its schedule in Prefect")
        elif list(by_flow[flow].crons) != [wanted]:
            now = " and ".join(by_flow[flow].crons)
            yield write.warn(f"{flow} runs at {now!r}, the stream file says {wanted!r}", again)


def _last(
    write: findings.Scribe, stream: str, flow: str, runs: Sequence[Run], now: datetime
) -> Iterator[findings.Finding]:
    ended = next((run for run in runs if run.state.name in ("COMPLETED", "FAILED", "CRASHED")), None)
    if ended is not None and ended.state in _ENDED_BADLY:
        when = f" at {ended.start:%Y-%m-%d %H:%M} UTC" if ended.start else ""
        yield write.bad(
            f"the last run of {flow}{when} {ended.state.value.lower()}: {ended.message or 'no word why'}",
            f"mend what it says and run it again: second-reader {flow} {stream}",
        )
    for run in runs:
        if run.state == StateType.RUNNING and run.start and now - run.start > _LONG:
            yield write.warn(
                f"a run of {flow} has been running for {_span(now - run.start)}",
                "look at its log in Prefect; if its process is gone, cancel it: it holds nothing, the next run goes on",
            )


def _span(duration: timedelta) -> str:
    minutes = max(0, int(duration.total_seconds() // 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _seen(client: SyncPrefectClient, stream: Stream) -> Seen:
    named = DeploymentFilter(name=DeploymentFilterName(any_=[stream.name]))
    deployments = [_deployment(flow_runs) for flow_runs in client.read_deployments(deployment_filter=named)]
    late = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Late"])))
    waiting = client.read_flow_runs(deployment_filter=named, flow_run_filter=late, limit=100)
    runs: dict[str, Sequence[Run]] = {}
    for flow in flows(stream):
        # By name, so that runs by hand count as well.
        mine = FlowRunFilter(name=FlowRunFilterName(any_=[f"{flow}-{stream.name}"]))
        flow_runs = client.read_flow_runs(flow_run_filter=mine, sort=FlowRunSort.START_TIME_DESC, limit=10)
        runs[flow] = [_run(run) for run in flow_runs]
    return Seen(
        deployments=deployments, runs=runs, late=[run.expected_start_time for run in waiting if run.expected_start_time]
    )


def _deployment(deployment: DeploymentResponse) -> Deployment:
    schedules = [each.schedule for each in deployment.schedules if each.active]
    return Deployment(
        flow=(deployment.entrypoint or "").rpartition(".")[2],
        crons=[cron.shown(one.cron, one.timezone or "UTC") for one in schedules if isinstance(one, CronSchedule)],
        paused=bool(deployment.paused),
        polled=deployment.status is not None and deployment.status.value == "READY",
        last_polled=deployment.last_polled,
    )


def _run(flow_run: FlowRun) -> Run:
    state = flow_run.state
    message = (state.message or "").partition("\n")[0] if state else ""
    return Run(state=flow_run.state_type or StateType.PENDING, message=message, start=flow_run.start_time)
