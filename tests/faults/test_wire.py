"""What networks and gateways do between us and Label Studio: nothing is lost, nothing is there twice."""

import random
from typing import Any

import pytest

from tests.faults import wire
from tests.faults.process import Ended
from tests.faults.strikes import Score, life, share
from tests.faults.world import World

TIMES = share(50)


class Spoilt:
    """Spoils one request of a run: any, or one that changes something."""

    def __init__(self, between: wire.Wire, fault: str, seed: int) -> None:
        self._between = between
        self._fault = fault
        self._random = random.Random(seed)

    def __call__(self, world: World, flow: str) -> Ended | None:
        writes = flow == "dispatch" and (self._fault == "duplicate delivery" or self._random.random() < 0.5)
        self._between.arm(self._fault, self._random.randint(1, 3 if writes else 5), writes=writes)
        ended = world.flow(flow, label_studio_seconds=(0.9, 0.6))
        return ended if self._between.disarm() else None


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", wire.FAULTS)
def test_a_request_that_goes_wrong_loses_no_task_and_no_answer_and_doubles_none(
    fault: str, make: Any, label_studio: Any
) -> None:
    seed = wire.FAULTS.index(fault)
    world = make(seed, "postgresql" if seed % 2 else "sqlite")
    flows = ("dispatch",) if fault == "duplicate delivery" else ("dispatch", "collect")
    score = Score(f"Label Studio: {fault}")
    with wire.before(label_studio.url, seed) as between:
        world.through = between.url
        found = life(world, Spoilt(between, fault, seed), dict.fromkeys(flows, score), TIMES)
    assert found == []
