"""What was promised and what came, judged from the planted truth. Written from the documents, past the product's own code."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.simulations.streams import driver, facts, sentences, world
from tests.simulations.streams.facts import Facts, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that must not be. `kind`: died | left out | no such label | undo | count | absent | contradiction | unread."""

    kind: str
    text: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one stream.

    `promises`: epochs in which anything was looked at, one promise each; `false`: those that certified a threshold whose
    error was above the target on each of the epoch's days up to then. `limits`: of each kind of limit the newest one of
    the stream, and whether the planted truth is beyond it.
    """

    number: int
    null: bool
    promises: int = 0
    false: int = 0
    certified: int = 0  # epochs that certified anything
    released: int = 0
    released_wrong: int = 0
    audits: int = 0  # blind labels of released cases
    alarms: int = 0
    false_alarms: int = 0  # with no day on which the released erred above the target, and no bad batch
    suspects_wrong: int = 0  # released and wrong, under suspicion, read by nobody before
    left_out: int = 0  # of these, not sent to people
    recalled_right: int = 0
    limits: dict[str, bool] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be written down; `from_json` takes them back."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> "Outcome":
        """The outcome of `as_json`."""
        return Outcome(**values | {"findings": [Finding(**one) for one in values["findings"]]})


def judge(given: world.World, life: driver.Life) -> Outcome:
    """Everything about one stream."""
    known = facts.read(life.path)
    outcome = Outcome(number=given.number, null=given.null)
    outcome.findings += [Finding(kind="died", text=text) for text in life.died]
    _promises(given, known, outcome)
    _alarms(given, life, known, outcome)
    _undo(life, outcome)
    released = [row for row in known.tables["decision"] if row["route"] == "AUTOMATE"]
    outcome.released = len(released)
    outcome.released_wrong = sum(life.truth[row["case_id"]].wrong for row in released)
    readings = known.readings()
    outcome.audits = sum(row["blind"] and row["case_id"] in readings for row in released)
    for saying in life.sayings:
        for kind, text in sentences.false(saying.told, known.until(saying.told.seal), life.truth, outcome.limits):
            outcome.findings.append(Finding(kind=kind, text=f"day {saying.day}: {text}"))
    return outcome


def day_of(written: str) -> int:
    """The day of the simulation of a time as the ledger writes it."""
    return (datetime.fromisoformat(written) - driver.START).days


def certified(known: Facts) -> Iterator[tuple[str, float, int]]:
    """Every certified threshold: its epoch, itself, the day on which it was certified or adopted as such."""
    for row in known.tables["certificate"]:
        if row["threshold"] is not None:
            yield row["epoch_id"], row["threshold"], day_of(row["made_at"])
    policies = {row["policy_id"]: row for row in known.tables["policy"]}
    for row in known.tables["adoption"]:
        policy = policies[row["policy_id"]]
        if row["certified"] and policy["threshold"] is not None:
            yield policy["epoch_id"], policy["threshold"], day_of(row["adopted_at"])


def _promises(given: world.World, known: Facts, outcome: Outcome) -> None:
    opened = {row["epoch_id"]: day_of(row["opened_at"]) for row in known.tables["epoch"]}
    false, granted = set(), set()
    for epoch_id, threshold, day in certified(known):
        granted.add(epoch_id)
        if all(world.risk(given, threshold, one) > world.ALPHA for one in range(opened[epoch_id], day + 1)):
            false.add(epoch_id)
    outcome.promises = len({row["epoch_id"] for row in known.tables["decision"]})
    outcome.certified, outcome.false = len(granted), len(false)


def _alarms(given: world.World, life: driver.Life, known: Facts, outcome: Outcome) -> None:
    thresholds = {row["policy_id"]: row["threshold"] for row in known.tables["policy"]}
    sent = {row["case_id"] for row in known.tables["recall"]}
    for alarm in known.tables["alarm"]:
        outcome.alarms += 1
        then = known.until(alarm["seal"])
        readings = then.readings()
        cases = then.cases(alarm["epoch_id"])
        released = [row for row in cases if row["route"] == "AUTOMATE"]
        lines = {thresholds[row["policy_id"]] for row in released}
        days = range(max((day_of(row["decided_at"]) for row in released), default=0) + 1)
        above = any(world.risk(given, line, day) > world.ALPHA for line in lines for day in days)
        outcome.false_alarms += not above and not _bad(given, released)
        read = [row for row in released if row["blind"] and row["case_id"] in readings]
        against = sum(any(one["answer"] != row["prediction"] for one in readings[row["case_id"]]) for row in read)
        if alarm["labels"] > len(read) or alarm["errors"] > against:
            outcome.findings.append(
                Finding(
                    kind="no such label",
                    text=f"the alarm says {alarm['errors']} wrong, {alarm['labels']} labels; people had answered "
                    f"{len(read)} released cases, {against} of them against the model",
                )
            )
        unread = [row for row in facts.under_suspicion(known, alarm, world.ALPHA) if row["case_id"] not in readings]
        wrong = [row["case_id"] for row in unread if life.truth[row["case_id"]].wrong]
        left = [case for case in wrong if case not in sent]
        outcome.suspects_wrong += len(wrong)
        outcome.left_out += len(left)
        if left:
            outcome.findings.append(
                Finding(kind="left out", text=f"recall left out {len(left)} of {len(wrong)} wrong ones under suspicion")
            )
    outcome.recalled_right = sum(not life.truth[case].wrong for case in sent)


def _bad(given: world.World, released: list[Row]) -> bool:
    """Whether the file with a tenth wrong is among the released."""
    if given.bad_batch is None:
        return False
    first = given.bad_batch - given.bad_batch % given.every
    return any(row["case_id"].startswith(f"c-{first:02}-") for row in released)


def _undo(life: driver.Life, outcome: Outcome) -> None:
    lines = [math.inf if line is None else line for line in life.pressed]
    for before, after in pairwise(lines):
        if after < before:
            outcome.findings.append(Finding(kind="undo", text=f"a rollback moved the line from {before} to {after}"))
