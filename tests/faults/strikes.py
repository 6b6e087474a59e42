"""A life of a stream in rounds, struck at one flow after the other, and assessed after each strike."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.faults import table
from tests.faults.oracle import Finding
from tests.faults.process import Ended
from tests.faults.world import FLOWS, World

TRIES = 3  # runs after a strike, until one gets through
Strike = Callable[[World, str], Ended | None]  # None: it did not come to it


def share(of: int) -> int:
    """How many of the full set: all under `make faults`, a twentieth otherwise."""
    return of if os.environ.get("SECOND_READER_FAULTS") == "all" else max(1, of // 20)


@dataclass(slots=True)
class Score:
    """What strikes of one kind came to."""

    fault: str
    injected: int = 0
    cases: int = 0
    findings: list[Finding] = field(default_factory=list)

    def record(self) -> None:
        """Put it into the table."""
        self.findings = list(dict.fromkeys(self.findings))  # what is wrong once stays wrong, and is found again
        kinds = [finding.kind for finding in self.findings]
        counts = {kind: kinds.count(kind) for kind in table.KINDS}
        texts = [finding.text for finding in self.findings]
        table.record(self.fault, texts, injected=self.injected, cases=self.cases, **counts)


def life(
    world: World, strike: Strike, scores: dict[str, Score], times: int, *, flows: tuple[str, ...] = FLOWS
) -> list[Finding]:
    """Rounds until each flow of `scores` was struck `times` times. Everything that was found wrong, and recorded.

    `flows`: those of a round; after the last round there is one of all.
    """
    rounds = 0
    while any(score.injected < times for score in scores.values()):
        rounds += 1
        if rounds > 4 * times + 4:
            raise AssertionError(f"{rounds} rounds were not enough to strike {times} times")
        world.deliver(6)
        for flow in flows:
            if flow == "collect":
                world.people_work(3)
            score = scores.get(flow)
            if score is not None and score.injected < times:
                struck = strike(world, flow)
                if struck is not None:
                    score.injected += 1
                    score.findings += traceback(struck)
                    score.findings += again(world, flow)
                    score.findings += world.findings(queue=flow in ("dispatch", "collect"))
                    continue
            result = again(world, flow)
            next(iter(scores.values())).findings.extend(result)
    last = next(reversed(scores.values()))
    last.findings += [finding for flow in FLOWS for finding in again(world, flow)]
    last.findings += world.findings(seals=True)
    unlike = list({id(score): score for score in scores.values()}.values())  # two flows may share one
    for score in unlike:
        score.cases = len(world.seen)
        score.record()
    return [finding for score in unlike for finding in score.findings]


def again(world: World, flow: str) -> list[Finding]:
    """Run a flow until it gets through."""
    findings: list[Finding] = []
    for _ in range(TRIES):
        ended = world.flow(flow)
        findings += traceback(ended)
        if ended.done:
            return findings
    text = f"{flow} did not get through in {TRIES} tries: {ended.error} {ended.message}"
    return [*findings, Finding(kind="other", text=text)]


def traceback(ended: Ended) -> Iterable[Finding]:
    """A failure that no line of ours explains."""
    if ended.error and not ended.expected:
        yield Finding(kind="other", text=f"a traceback: {ended.error}: {ended.message}")
