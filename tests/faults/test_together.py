"""Several runs at once, a stop in the middle of everything, and clocks that jump."""

import random
import time
from typing import Any

import pytest

from tests.faults import child
from tests.faults.oracle import Finding
from tests.faults.process import Ended, Run
from tests.faults.strikes import Score, again, life, share, traceback
from tests.faults.world import FLOWS, World

TIMES = share(50)


@pytest.mark.family(1)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("at_once", [2, 4])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_runs_of_everything_at_once_do_the_work_of_one(at_once: int, database: str, make: Any) -> None:
    """Each flow as often as that, all flows together, some of them killed; people work meanwhile."""
    world: World = make(at_once, database)
    chance = random.Random(at_once)
    score = Score(f"{at_once} runs of every flow at once, some killed")
    while score.injected < share(15):
        world.deliver(9)
        runs = [world.start(flow) for flow in FLOWS for _ in range(at_once)]
        world.people_work(3)
        killed: list[Run] = [run for run in chance.sample(runs, at_once) if run.hear("started")]
        time.sleep(chance.uniform(0, 1.0))
        for run in killed:
            run.kill()
        ended = [run.end() for run in runs]
        score.injected += 1
        score.findings += [result for one in ended for result in traceback(one)]
        score.findings += _settled(world)
    score.cases = len(world.seen)
    score.record()
    assert score.findings == []


def _settled(world: World) -> list[Finding]:
    findings = [finding for flow in FLOWS for finding in again(world, flow)]
    return [*findings, *world.findings(seals=True)]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_after_a_halt_nothing_is_released_whatever_a_run_was_in_the_middle_of(database: str, make: Any) -> None:
    """A run of score is stopped at a named point, as a machine that is suspended; the halt comes; the run goes on."""
    world: World = make(30, database)
    chance = random.Random(30)
    by_name: dict[str, Any] = {"by": "Ann", "because": "a test"}
    score = Score("halt while score runs")
    places = ("started", "before BEGIN", "before BEGIN", "after COMMIT")
    while score.injected < share(25):
        world.deliver(12)
        run = world.start("score", at={chance.choice(places): "pause"}, nth=chance.randint(1, 3))
        paused = run.hear("paused")
        halted = world.zygote.run(world.reported("halt", world.name, **by_name))
        writing = (
            paused and halted.error == "Unavailable"
        )  # suspended while it wrote: nobody can write before it goes on
        if writing:
            run.go_on()
            world.must("halt", world.name, **by_name)
        elif not halted.done:
            raise AssertionError(f"halt did not work: {halted.error} {halted.message}")
        released = _released(world)
        if paused:
            score.injected += 1
        if paused and not writing:
            run.go_on()
        score.findings += traceback(run.end())
        score.findings += again(world, "score")
        if _released(world) != released:
            score.findings.append(Finding(kind="released", text="a case was released after the halt"))
        score.findings += world.findings()
        world.must("resume", world.name, uncertified=True, **by_name)
    score.cases = len(world.seen)
    score.record()
    assert score.findings == []


@pytest.mark.timeout(1200)
def test_a_run_that_has_lost_its_hold_with_its_session_and_goes_on_doubles_nothing(make: Any) -> None:
    """The server gives the lock of a cut session to the next run, while the first still talks to Label Studio."""
    world: World = make(33, "postgresql")
    score = Score("PostgreSQL: a hold lost in the middle, and another run at once")
    while score.injected < share(12):
        world.deliver(9)
        score.findings += again(world, "score")
        first = world.start("dispatch", at={"before POST /api/projects/#/import": "pause"})
        paused = first.hear("paused")
        child.cut(world.url)
        second = world.flow("dispatch")
        if paused:
            score.injected += 1
            first.go_on()
        score.findings += [*traceback(second), *traceback(first.end())]
        world.people_work(3)
        score.findings += _settled(world)
    score.cases = len(world.seen)
    score.record()
    assert score.findings == []


def _released(world: World) -> int:
    return sum(row["route"] == "AUTOMATE" for row in world.tables()["decision"])


@pytest.mark.timeout(1200)
def test_a_clock_that_jumps_changes_what_is_written_and_loses_nothing(make: Any) -> None:
    chance = random.Random(31)

    def strike(world: World, flow: str) -> Ended:
        return world.flow(flow, clock=chance.choice([-400, -1, 1, 40]) * 86_400 + chance.randint(-3_600, 3_600))

    scores = {flow: Score("clock jumps by days") for flow in FLOWS}
    assert life(make(31, "postgresql"), strike, scores, share(50) // len(FLOWS) + 1) == []
