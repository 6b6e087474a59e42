"""What networks and gateways do between us and Label Studio: nothing is lost, nothing is there twice."""

import random
from typing import Any

import pytest

from tests.faults import wire
from tests.faults.oracle import Finding
from tests.faults.process import Ended
from tests.faults.strikes import Score, again, life, share, traceback
from tests.faults.world import World

TIMES = share(50)
ONLY_DISPATCH = ("duplicate delivery", "predictions dropped")  # what is done to a request that writes


class Spoilt:
    """Spoils one request of a run: any, or one that changes something."""

    def __init__(self, between: wire.Wire, fault: str, seed: int) -> None:
        self._between = between
        self._fault = fault
        self._random = random.Random(seed)

    def __call__(self, world: World, flow: str) -> Ended | None:
        writes = flow == "dispatch" and (self._fault in ONLY_DISPATCH or self._random.random() < 0.5)
        nth = 1 if self._fault == "predictions dropped" else self._random.randint(1, 3 if writes else 5)
        self._between.arm(self._fault, nth, writes=writes)
        ended = world.flow(flow, label_studio_seconds=(0.9, 0.6))
        return ended if self._between.disarm() else None


@pytest.mark.family(3)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", wire.FAULTS)
def test_a_request_that_goes_wrong_loses_no_task_and_no_answer_and_doubles_none(
    fault: str, make: Any, label_studio: Any
) -> None:
    seed = wire.FAULTS.index(fault)
    world = make(seed, "postgresql" if seed % 2 else "sqlite")
    flows = ("dispatch",) if fault in ONLY_DISPATCH else ("dispatch", "collect")
    score = Score(f"Label Studio: {fault}")
    with wire.before(label_studio.url, seed) as between:
        world.through = between.url
        scores = dict.fromkeys(flows, score)
        result = life(world, Spoilt(between, fault, seed), scores, TIMES, flows=("score", "dispatch", "collect"))
    assert result == []


@pytest.mark.family(1)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", ["none", "duplicate delivery"])
def test_what_people_answer_before_a_dispatch_is_recorded_is_collected_once_it_is(
    fault: str, make: Any, label_studio: Any
) -> None:
    """The dispatch is killed between push and receipt; people answer, on doubles too; they are collected meanwhile."""
    seed = 61 + len(fault)
    world: World = make(seed, overlap=0)
    score = Score("answers before the receipt of a killed dispatch" + (", on doubles" if fault != "none" else ""))
    with wire.before(label_studio.url, seed) as between:
        world.through = between.url
        while score.injected < share(20):
            world.deliver(6)
            score.findings += again(world, "score")
            if fault != "none":
                between.arm(fault, world.random.randint(1, 2), writes=True)
            score.injected += world.flow("dispatch", at={"before COMMIT": "kill"}).killed
            between.disarm()
            world.people_work(3)
            for flow in ("collect", "dispatch", "collect"):
                score.findings += again(world, flow)
            score.findings += world.findings()
    score.cases = len(world.seen)
    score.record()
    assert score.findings == []


@pytest.mark.family(1)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", [fault for fault in wire.FAULTS if fault != "predictions dropped"])
def test_a_request_that_goes_wrong_while_a_stream_is_opened_leaves_it_one_project(
    fault: str, make: Any, label_studio: Any
) -> None:
    seed = 80 + wire.FAULTS.index(fault)
    score = Score(f"Label Studio, opening a stream: {fault}")
    with wire.before(label_studio.url, seed) as between:
        for number in range(share(10)):
            world: World = make(seed, begin=False)
            world.through = between.url
            job = world.reported("init", world.name, by="Ann", more={"label_studio_seconds": (0.9, 0.6)})
            writes = fault == "duplicate delivery"
            between.arm(fault, 1 if writes else 1 + number % 3, writes=writes)
            struck = world.zygote.run(job)
            score.injected += between.disarm()
            score.findings += traceback(struck)
            projects = []
            for _ in range(2):
                after = world.zygote.run(job)
                if not after.done:
                    score.findings.append(Finding(kind="other", text=f"init did not get through: {after.message}"))
                projects.append([row["project_id"] for row in world.tables()["project"]])
            if len(projects[0]) != 1 or projects[0] != projects[1]:
                score.findings.append(Finding(kind="doubled", text=f"the stream's projects are {projects}"))
    score.record()
    assert score.findings == []
