"""A kill before and after every side effect of every flow, found by running the flow once and listening."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import table
from tests.faults.oracle import Finding
from tests.faults.process import Ended
from tests.faults.strikes import Score, share, traceback
from tests.faults.world import World


def _ready(world: World, flow: str) -> None:
    """Have work for the flow."""
    world.deliver(9)
    if flow == "score":
        return
    world.must("score", world.name, world.newest())
    if flow in ("collect", "measure"):
        world.must("dispatch", world.name)
        world.people_work(8, edits=2)
    if flow == "measure":
        world.must("collect", world.name)
        world.collected = True


def _job(world: World, flow: str) -> dict[str, Any]:
    by_name: dict[str, Any] = {"by": "Ann", "because": "a test"}
    return {
        "score": lambda: world.reported("score", world.name, world.newest()),
        "init": lambda: world.reported("init", world.name, by="Ann"),
        "adopt": lambda: world.reported(
            "adopt", world.name, world.random.choice([0.3, 0.5]), uncertified=True, **by_name
        ),
        "halt": lambda: world.reported("halt", world.name, **by_name),
        "resume": lambda: world.reported("resume", world.name, uncertified=True, **by_name),
        "rollback": lambda: world.reported("rollback", world.name, 1, **by_name),
    }.get(flow, lambda: world.reported(flow, world.name))()


def _struck(world: World, flow: str, job: dict[str, Any], at: str, nth: int) -> tuple[Ended, list[Finding]]:
    struck = world.zygote.run(job | {"at": {at: "kill"}, "nth": nth})
    items = list(traceback(struck))
    after = world.zygote.run(job)
    if flow == "collect" and after.done:
        world.collected = True
    # A person who was cut off says it again; that it was recorded already is an answer, too.
    if not after.done and not (flow in ("resume", "rollback") and after.error == "Misuse"):
        items.append(Finding(kind="other", text=f"{flow} after {at}: {after.error} {after.message}"))
    return struck, [*items, *world.findings(seals=True)]


FLOWS: dict[str, Callable[[World], None]] = {
    "score": lambda world: _ready(world, "score"),
    "dispatch": lambda world: _ready(world, "dispatch"),
    "collect": lambda world: _ready(world, "collect"),
    "measure": lambda world: _ready(world, "measure"),
    "init": lambda world: world.describe(f"mail-{world.random.random()}"),  # another model: another epoch
    "adopt": lambda _: None,
    "halt": lambda _: None,
    "resume": lambda world: _halted(world),
    "rollback": lambda world: _adopted(world),
}


def _adopted(world: World) -> None:
    world.must("adopt", world.name, 0.5, by="Ann", because="a test", uncertified=True)


def _halted(world: World) -> None:
    _adopted(world)
    world.must("halt", world.name, by="Ann", because="a test")


@pytest.mark.family(4)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_killed_between_any_two_side_effects_is_finished_by_the_next_run(flow: str, make: Any) -> None:
    database = "postgresql" if flow in ("score", "collect", "halt", "init") else "sqlite"
    world: World = make(7, database)
    FLOWS[flow](world)
    job = _job(world, flow)
    whole = world.zygote.run(job)
    assert whole.done, whole.message
    if flow == "collect":
        world.collected = True
    names = Counter(whole.points)
    table.record_points(flow, list(names))
    # What is after one side effect is before the next: only the last has an after of its own.
    last = whole.points[-1]
    places = sorted(
        {(name, nth) for name, times in names.items() for nth in (1, times) if name.startswith("before")}
        | {(last, names[last])}
    )
    score = Score(f"SIGKILL of {flow} at a named point")
    for at, nth in random.Random(7).sample(places, share(len(places))):
        FLOWS[flow](world)
        struck, result = _struck(world, flow, _job(world, flow), at, nth)
        score.injected += struck.killed
        score.findings += result
    score.cases = len(world.seen)
    score.record()
    assert score.injected > 0
    assert score.findings == []


def test_a_stream_whose_opening_is_killed_anywhere_is_opened_once_by_the_next(make: Any) -> None:
    """The first `init` of all: ledger, epoch, plan, policy and project in Label Studio."""
    first: World = make(8, begin=False)
    whole = first.zygote.run(first.reported("init", first.name, by="Ann"))
    names = Counter(whole.points)
    table.record_points("init (the first)", list(names))
    score = Score("SIGKILL of init (the first) at a named point")
    places = [name for name in names if name.startswith("before")] + [whole.points[-1]]
    for at in random.Random(8).sample(places, share(len(places))):
        world: World = make(8, begin=False)
        struck, result = _struck(world, "init", world.reported("init", world.name, by="Ann"), at, 1)
        score.injected += struck.killed
        score.findings += result
        listed = world.api(world.token, "GET", "/api/projects", params={"page_size": 2000, "include": "id,description"})
        ours = [row["id"] for row in listed["results"] if f"[second-reader:{world.name}:" in row["description"]]
        if len(ours) != 1:
            score.findings.append(Finding(kind="doubled", text=f"after {at} there are projects {ours}"))
    score.record()
    assert score.findings == []
