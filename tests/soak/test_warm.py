"""The process that runs are forked from is after a day of runs what it was before: its memory, its descriptors, its children.

The runs are as many as a stream has in a day, and a quarter of them crash; what they do is next to nothing, for whatever a run
does is done in a process of its own. Half a day is too short: a leak of 40 kB a run then still fits into free room.
"""

import os
import shlex
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.runtime import warm
from tests.soak import judgement, memory

ROOT = Path(__file__).resolve().parents[2]
RUNS_AN_HOUR = 33  # of a stream on its default schedules
HALF_HOURS = 48
AT_ONCE = 4
WORKS = ("exit 0", "exit 0", "exit 3", "abort")


def run(command: str, work: str) -> int:
    """A run from its beginning to its end: the warm process, as the run says it."""
    done = subprocess.run(
        shlex.split(command), env=os.environ | {"WARM_WORK": work}, cwd=ROOT, capture_output=True, text=True
    )
    return int(done.stdout.split()[1])


def descriptors(pid: int) -> int:
    """How many are open at rest: the least of ten looks, for a connection is closed just after its launcher has its answer."""
    looks = []
    for _ in range(10):
        looks.append(len(list(Path(f"/proc/{pid}/fd").iterdir())))
        time.sleep(0.05)
    return min(looks)


@pytest.mark.family(0)
@pytest.mark.timeout(600)
def test_a_day_of_runs_leaves_nothing_in_the_process_they_are_forked_from() -> None:
    with (
        warm.serving("tests.integration.warm_work", ["flows.deployments"]) as command,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        (pid,) = set(pool.map(lambda work: run(command, work), WORKS))  # the first ones set up what is set up once
        open_before = descriptors(pid)
        hours, sizes = [], []
        for half_hour in range(HALF_HOURS):
            runs = range(RUNS_AN_HOUR * half_hour // 2, RUNS_AN_HOUR * (half_hour + 1) // 2)
            assert {pid} == set(pool.map(lambda number: run(command, WORKS[number % len(WORKS)]), runs))
            hours.append(half_hour / 2)
            sizes.append(memory.held(pid).own)
        assert descriptors(pid) == open_before
        assert memory.family(pid) == [pid]
    grown = judgement.growth("the warm process", hours, sizes)
    assert grown.slope is not None
    assert not grown.grows, grown
