"""The real command against a real Prefect server, killed at any moment: retries, artifacts and events are there, too."""

import os
import random
import subprocess
import time
from typing import Any

import pytest

from tests.e2e.place import COMMAND
from tests.faults.oracle import Finding
from tests.faults.strikes import Score, share
from tests.faults.world import FLOWS, World

TIMES = share(5)


def _start(world: World, flow: str) -> subprocess.Popen[str]:
    words = [str(COMMAND), flow, world.name, *(["--source", world.newest()] if flow == "score" else [])]
    environment = os.environ | world.reported(flow)["environment"]
    return subprocess.Popen(
        words, env=environment, cwd=world.home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _whole(world: World, flow: str) -> tuple[float, list[Finding]]:
    """Run it to its end: the seconds it took, and what was wrong. Rows that cannot be read are no failure."""
    began = time.monotonic()
    process = _start(world, flow)
    message, _ = process.communicate(timeout=120)
    if flow == "collect":
        world.collected = True
    text = f"{flow} ended with {process.returncode}: {message}"
    wrong = [] if process.returncode in (0, 3) else [Finding(kind="other", text=text)]
    return time.monotonic() - began, wrong


@pytest.mark.family(1)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("flow", FLOWS)
def test_a_command_killed_at_random_is_finished_by_the_next(flow: str, make: Any, prefect_api: str) -> None:
    world: World = make(50 + FLOWS.index(flow))
    chance = random.Random(50 + FLOWS.index(flow))
    score = Score(f"SIGKILL of the command {flow} at random, with Prefect")
    seconds = 6.0
    while score.injected < TIMES:
        world.deliver(9)
        for before in FLOWS[: FLOWS.index(flow)]:
            world.must(before, world.name, *([world.newest()] if before == "score" else []))
        world.people_work(3)
        process = _start(world, flow)
        try:
            process.communicate(timeout=seconds * chance.uniform(0.3, 1.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            score.injected += 1
        seconds, wrong = _whole(world, flow)
        score.findings += [*wrong, *world.findings(seals=True)]
    score.cases = len(world.seen)
    score.record()
    assert score.findings == []
