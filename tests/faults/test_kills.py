"""A SIGKILL at any moment, of any flow: the next run finishes the work, once."""

import random
from typing import Any

import pytest

from tests.faults.process import Ended
from tests.faults.strikes import Score, life, share
from tests.faults.world import FLOWS, World

LIVES = share(10)
TIMES = 20 if LIVES > 1 else 10  # kills of each flow in a life; ten in one life are a twentieth of all


class AtRandom:
    """Kills a flow at a moment sampled from all that its last full run took."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._seconds = dict.fromkeys(FLOWS, 0.5)

    def __call__(self, world: World, flow: str) -> Ended | None:
        ended = world.flow(flow, kill_after=self._random.uniform(0, 0.9 * self._seconds[flow]))
        if ended.killed:
            self._seconds[flow] *= 1.05  # so that the last moments are met, too
            return ended
        self._seconds[flow] = ended.seconds
        return None


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("number", range(LIVES))
def test_a_flow_killed_at_random_loses_nothing_and_does_nothing_twice(number: int, make: Any) -> None:
    world = make(number, "postgresql" if number % 2 else "sqlite", many=number % 4 > 1)
    scores = {flow: Score(f"SIGKILL of {flow} at random") for flow in FLOWS}
    assert life(world, AtRandom(number), scores, TIMES) == []
