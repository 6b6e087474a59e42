"""What doctor thinks of what it saw of Prefect."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.schemas.objects import StateType

from flows import deployments
from flows.health import prefect_probe
from tests.unit.review.health.test_findings import STREAM, the_one

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SERVED = [
    prefect_probe.Deployment(
        flow=flow, crons=[getattr(STREAM.schedule, flow)], paused=False, polled=True, last_polled=AT
    )
    for flow in prefect_probe.SCHEDULED
]
WELL = prefect_probe.Run(state=StateType.COMPLETED, message="", start=AT - timedelta(minutes=5))


def prefect(**changes: Any) -> list[tuple[str, str]]:
    whole: dict[str, Any] = {"deployments": SERVED, "runs": {flow: [WELL] for flow in prefect_probe.SCHEDULED}}
    seen = prefect_probe.Seen(**(whole | {"late": []} | changes))
    return [(result.level, f"{result.what}; {result.todo}") for result in prefect_probe.judge(STREAM, seen, now=AT)]


def test_flows_that_are_served_and_end_well_are_well() -> None:
    assert [level for level, _ in prefect()] == ["ok"]


def test_each_thing_that_keeps_flows_from_running_is_said() -> None:
    failed = replace(WELL, state=StateType.FAILED, message="the disk is full")
    old = replace(WELL, state=StateType.RUNNING, start=AT - timedelta(hours=5))
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"deployments": []}, "warn", "not deployed"),
        ({"deployments": SERVED[1:]}, "bad", "not deployed: score"),
        (
            {"deployments": [replace(SERVED[0], polled=False), *SERVED[1:]]},
            "bad",
            "nobody has asked for the runs of score",
        ),
        ({"deployments": [replace(SERVED[0], paused=True), *SERVED[1:]]}, "warn", "score is paused"),
        ({"deployments": [replace(SERVED[0], crons=["1 1 * * *"]), *SERVED[1:]]}, "warn", "score runs at '1 1 * * *'"),
        ({"runs": {"collect": [failed, WELL]}}, "bad", "collect at 2026-03-02 11:55 UTC failed: the disk is full"),
        ({"runs": {"collect": [old, WELL]}}, "warn", "a run of collect has been running for 5 h"),
        ({"late": [AT - timedelta(minutes=30), AT]}, "bad", "2 runs are late, the oldest by 30 min"),
    ]
    for changes, level, what in cases:
        result, words = the_one(prefect(**changes))
        assert (result, what in words) == (level, True), (changes, words)


def test_a_failure_that_was_followed_by_a_good_run_is_forgotten_and_a_cancelled_one_is_none() -> None:
    failed = replace(WELL, state=StateType.FAILED)
    cancelled = replace(WELL, state=StateType.CANCELLED)
    assert [level for level, _ in prefect(runs={"collect": [cancelled, WELL, failed]})] == ["ok"]


def test_the_flows_that_are_looked_for_are_those_that_are_deployed_on_schedules() -> None:
    assert prefect_probe.SCHEDULED == tuple(work.name for work in deployments.SCHEDULED)
