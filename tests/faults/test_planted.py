"""The harness finds what it is there to find: with a part of the product taken away, each of these lives must fail."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from tests.faults import table
from tests.faults.oracle import Finding
from tests.faults.process import Ended
from tests.faults.strikes import again
from tests.faults.world import FLOWS, World

ROUNDS = 6


def _life(
    world: World, strike: Callable[[str], Ended | None], sought: str, at_once: Sequence[Finding] = ()
) -> tuple[int, list[Finding]]:
    """Rounds until what is sought is found, at most six; how many strikes there were, and all that was found.

    `at_once`: where a strike puts what it finds itself.
    """
    injected, result = 0, []
    for _ in range(ROUNDS):
        world.deliver(9)
        for flow in FLOWS:
            if flow == "collect":
                world.people_work(4)
            injected += strike(flow) is not None
            result += again(world, flow)
        result += world.findings(seals=True)
        if sought in {finding.kind for finding in (*result, *at_once)}:
            break
    return injected, [*result, *at_once]


def _record(bug: str, injected: int, findings: list[Finding]) -> None:
    kinds = Counter(finding.kind for finding in findings)
    text = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    table.record_plant(bug, injected, text or "nothing")


@pytest.mark.timeout(600)
def test_a_push_that_does_not_look_for_what_is_there_is_found(make: Any) -> None:
    world: World = make(40, planted=["no reconcile"])
    points = ["before COMMIT", "after POST /api/projects/#/import"]
    injected, result = _life(
        world,
        lambda flow: world.flow(flow, at=dict.fromkeys(points, "kill")) if flow == "dispatch" else None,
        "doubled",
    )
    _record("the reconcile step of dispatch", injected, result)
    assert "doubled" in {finding.kind for finding in result}


@pytest.mark.family(0)
@pytest.mark.timeout(600)
def test_a_table_without_its_unique_key_is_found(make: Any) -> None:
    world: World = make(41, "postgresql", many=True, planted=["no look"])
    with psycopg.connect(world.url) as server:
        server.execute("ALTER TABLE decision DROP CONSTRAINT decision_pkey CASCADE")
    injected, result = _life(
        world, lambda flow: world.flow(flow, at={"after COMMIT": "kill"}) if flow == "score" else None, "doubled"
    )
    _record("the unique key of decision", injected, result)
    assert "doubled" in {finding.kind for finding in result}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_append_without_its_transaction_is_found(database: str, make: Any) -> None:
    world: World = make(42, database, planted=["no transaction"])
    places = ["after rows of decision", "after rows of dispatch", "after rows of review", "after rows of run"]
    injected, result = _life(world, lambda flow: world.flow(flow, at=dict.fromkeys(places, "kill")), "other")
    _record(f"the transaction around append ({database})", injected, result)
    assert "other" in {finding.kind for finding in result}


@pytest.mark.family(0)
@pytest.mark.timeout(600)
def test_a_stream_that_two_runs_may_hold_is_found(make: Any) -> None:
    world: World = make(43, planted=["no hold"])

    def strike(flow: str) -> Ended | None:
        if flow != "dispatch":
            return None
        # Killed before it takes the doubles away that it has just made, as the second defence would have it.
        points = {"before POST /api/projects/#/import": "pause", "before DELETE /api/tasks/#/": "kill"}
        first = world.start(flow, at=points)
        first.hear("paused")
        world.flow(flow)
        first.go_on()
        ended = first.end()
        at_once.extend(world.findings())  # the next dispatch would be that defence
        return ended

    at_once: list[Finding] = []
    injected, result = _life(world, strike, "doubled", at_once)
    _record("the hold of a stream by one run", injected, result)
    assert "doubled" in {finding.kind for finding in result}


@pytest.mark.family(0)
@pytest.mark.timeout(600)
def test_a_cursor_that_is_written_before_the_answers_is_found(make: Any) -> None:
    world: World = make(44, planted=["cursor first"])
    chance = random.Random(44)
    injected, result = _life(
        world,
        lambda flow: (
            world.flow(flow, at={"before rows of review": "kill"}, nth=chance.randint(1, 2))
            if flow == "collect"
            else None
        ),
        "lost",
    )
    _record("the order of answers before cursor in collect", injected, result)
    assert "lost" in {finding.kind for finding in result}


@pytest.mark.family(0)
@pytest.mark.timeout(600)
def test_a_cursor_that_does_not_go_back_for_late_receipts_is_found(make: Any) -> None:
    world: World = make(45, planted=["no wait"], overlap=0)

    def strike(flow: str) -> Ended | None:
        if flow != "dispatch":
            return None
        killed = world.flow(flow, at={"after POST /api/projects/#/import": "kill"})
        world.people_work(30)  # whatever waits, so that some of it has no receipt
        time.sleep(1.1)  # Label Studio tells its clock in whole seconds: an answer of the same one is read again
        world.flow("collect")
        return killed

    injected, result = _life(world, strike, "lost")
    _record("the wait of collect for late receipts", injected, result)
    assert "lost" in {finding.kind for finding in result}


@pytest.mark.family(0)
@pytest.mark.timeout(600)
def test_a_chunk_recorded_after_the_halt_is_found(make: Any) -> None:
    world: World = make(46, planted=["no second look"])
    by_name = {"by": "Ann", "because": "a test"}

    def strike(flow: str) -> Ended | None:
        if flow != "score":
            return None
        run = world.start(flow, at={"before BEGIN": "pause"})
        run.hear("paused")
        world.zygote.run(world.reported("halt", world.name, more={"named": by_name}))
        run.go_on()
        ended = run.end()
        world.zygote.run(world.reported("resume", world.name, more={"named": by_name | {"uncertified": True}}))
        return ended

    injected, result = _life(world, strike, "released")
    _record("the second look at the policy in force", injected, result)
    assert "released" in {finding.kind for finding in result}


@pytest.mark.timeout(600)
def test_a_group_that_is_released_more_than_once_is_found(make: Any) -> None:
    world: World = make(47, planted=["no repeats"])
    injected, result = _life(world, lambda _flow: None, "released")
    _record("the count of what a group has had released", injected, result)
    assert "released" in {finding.kind for finding in result}
