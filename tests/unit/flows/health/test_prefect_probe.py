"""What doctor thinks of what it saw of Prefect."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import prefect as installed
import pytest
from prefect.client.schemas.objects import StateType

from flows import deployments
from flows.health import prefect_probe
from review.health import findings
from tests.unit.review.health.test_findings import STREAM, the_one

ROOT = Path(__file__).resolve().parents[4]
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
        ({"runs": {"collect": [failed, WELL]}}, "bad", f"run it again: second-reader collect {STREAM.name}"),
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


@pytest.mark.parametrize(
    ("version", "client", "warned"),
    [
        ("3.8.8", "3.8.8", []),
        ("3.9.1", "3.9.1", []),
        ("3.9.2", "3.9.2", []),  # not tried, and in the range
        ("3.9.1", "3.8.8", ["this client 3.8.8"]),
        ("3.8.7", "3.8.7", ["the server has version 3.8.7; this second-reader works with >=3.8.8,<3.10"]),
        ("3.10.0", "3.9.1", ["this client 3.9.1", "version 3.10.0; this second-reader works with"]),
        ("2.20.27", "3.8.8", ["this client 3.8.8", "version 2.20.27; this second-reader works with"]),
        ("4.0.0rc1", "3.8.8", ["this client 3.8.8", "version 4.0.0rc1; this second-reader works with"]),
    ],
)
def test_a_server_of_another_version_is_said_and_which_were_tried(version: str, client: str, warned: list[str]) -> None:
    *warnings, last = prefect_probe.server(findings.Scribe("Prefect", "http://x"), version, client=client)
    assert [one.level for one in warnings] == ["warn"] * len(warned)
    assert all(words in one.what for words, one in zip(warned, warnings, strict=True))
    assert (last.level, last.what) == ("ok", f"version {version} answers (tried: 3.8.8, 3.9.1)")


def test_the_versions_that_are_said_to_be_tried_are_those_of_the_locks_and_of_these_tests() -> None:
    locks = ("requirements.lock", "requirements-dev.lock", "deploy/prefect-newest.lock")
    pinned = [re.search(r"(?m)^prefect==(\S+)", (ROOT / lock).read_text(encoding="utf-8")) for lock in locks]
    first, newest = prefect_probe.TRIED
    assert [match[1] for match in pinned if match] == [first, first, newest]
    assert installed.__version__ in prefect_probe.TRIED
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"prefect{prefect_probe.RANGE}" in project["dependencies"]
