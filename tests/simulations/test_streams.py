"""Whole streams through the product's own flows on a ledger, assessed by an oracle that knows the planted truth.

Twenty streams of sixty days, eight with `make test`; SECOND_READER_STREAMS=all: two hundred. Each stream is lived once a
test run, whichever test asks for it first, and its outcome is kept beside a lock, so that the tests spread over workers: who
needs them all begins with one that nobody is at.
"""

import fcntl
import json
import math
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests import families
from tests.simulations.streams import driver, old_rule, oracle, world
from tests.simulations.streams.broken import BROKEN

ALL = os.environ.get("SECOND_READER_STREAMS") == "all"
STREAMS = range(200 if ALL else 8 if families.SOME else 20)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "streams"
    folder.mkdir(exist_ok=True)
    return folder


def lived(number: int, kept: Path) -> oracle.Outcome:
    """What came of a stream: from its first day to its last, unless some worker has been there."""
    path = kept / f"{number}.json"
    live(number, kept, fcntl.LOCK_EX)
    return oracle.Outcome.from_json(json.loads(path.read_text(encoding="utf-8")))


def all_lived(kept: Path) -> list[oracle.Outcome]:
    """What came of each stream, in their order. First those that no other worker lives, then what the others lived."""
    for number in STREAMS:
        with suppress(BlockingIOError):
            live(number, kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return [lived(number, kept) for number in STREAMS]


def live(number: int, kept: Path, how: int) -> None:
    """Live a stream that nobody has lived yet. `how`: the way to its lock; BlockingIOError: another worker is at it."""
    path = kept / f"{number}.json"
    with (kept / f"{number}.lock").open("w") as lock:
        fcntl.flock(lock, how)
        if not path.exists():
            folder = kept / str(number)
            folder.mkdir()
            value = world.make(number)
            outcome = oracle.judge(value, driver.live(value, folder))
            path.write_text(json.dumps(outcome.as_json()), encoding="utf-8")


def bound(share: float, runs: int) -> float:
    """How many of so many runs may fail at a promise of `share`: three binomial standard errors above it."""
    return runs * share + 3 * math.sqrt(runs * share * (1 - share))


@pytest.mark.family(20)
@pytest.mark.parametrize("number", STREAMS)
def test_what_a_stream_says_is_true_and_what_it_recalls_is_complete(number: int, kept: Path) -> None:
    findings = [finding for finding in lived(number, kept).findings if finding.kind not in BROKEN]
    assert findings == []


@pytest.mark.timeout(3_600 if ALL else 900)
def test_certificates_are_false_no_more_often_than_they_may_be(kept: Path) -> None:
    """A promise is an era's; where the error is everywhere above the target, any certificate is a false one."""
    outcomes = all_lived(kept)
    nulls = [outcome for outcome in outcomes if outcome.null]
    broken = [
        sum(outcome.false for outcome in some) > bound(world.DELTA, sum(outcome.promises for outcome in some))
        for some in (outcomes, nulls)
    ]
    assert any(broken) is ("false promise" in BROKEN)
    assert sum(outcome.certified for outcome in outcomes if not outcome.null) > 0, "where it can be, it is certified"
    assert sum(outcome.released for outcome in outcomes if not outcome.null) > 0
    assert sum(outcome.certified_later for outcome in outcomes) > 0, "a later era, too, comes to a certificate"


@pytest.mark.timeout(3_600 if ALL else 900)
def test_alarms_without_a_cause_are_as_rare_as_is_said(kept: Path) -> None:
    """One in 10,000 audits by the detector of jumps, one in 5,000 by that of slow rises."""
    outcomes = all_lived(kept)
    total = sum(outcome.audits for outcome in outcomes) * (1 / 10_000 + 1 / 5_000)
    more = sum(outcome.false_alarms for outcome in outcomes) > total + 3 * math.sqrt(total)
    assert more is ("false alarm" in BROKEN)


@pytest.mark.timeout(3_600 if ALL else 900)
def test_limits_on_the_page_hold_the_planted_truth_as_often_as_they_say(kept: Path) -> None:
    """In streams whose error stands still and whose readers neither miss errors nor pass hard cases on."""
    steady = [
        outcome
        for number, outcome in zip(STREAMS, all_lived(kept), strict=True)
        if world.make(number).shape != "worse" and not world.make(number).skips and not world.make(number).misses
    ]
    for kind in sorted({kind for outcome in steady for kind in outcome.limits}):
        beyond = [outcome.limits[kind] for outcome in steady if kind in outcome.limits]
        assert sum(beyond) <= bound(world.DELTA, len(beyond)), kind


@pytest.mark.timeout(3_600 if ALL else 900)
def test_what_is_listed_as_broken_is_broken(kept: Path) -> None:
    counts = Counter(finding.kind for outcome in all_lived(kept) for finding in outcome.findings)
    assert [kind for kind in oracle.KINDS if kind in BROKEN and not counts[kind]] == []
    assert set(counts) <= set(oracle.KINDS)


@pytest.mark.parametrize("delay", [0, 4, 14])
def test_the_rule_of_days_on_which_all_is_settled_breaks_the_promise_and_that_of_prefixes_does_not(delay: int) -> None:
    """Ninety days of four cases, answered at once on the last day; another person comes to the disputes days later."""
    runs, rng = 300, np.random.default_rng([world.SEED, 6_000, delay])
    came = [old_rule.ever_certified(rng, days=90, cases=4, read_on=89, delay=delay) for _ in range(runs)]
    old, new = (sum(certified) for certified in zip(*came, strict=True))
    assert new <= bound(world.DELTA, runs)
    assert (old > bound(world.DELTA, runs)) is (delay > 0)
