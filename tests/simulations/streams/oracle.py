"""What was promised and what came, assessed from the planted truth. Written from the documents, past the product's own code."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.simulations.streams import driver, facts, released, sentences, suspects, world
from tests.simulations.streams.facts import Facts, Row

KINDS = (
    "died",
    "left out",
    "clean point",  # an alarm whose clean point lies after what is suspect
    "no such label",
    "undo",
    "not allowed",  # a case released at a threshold that neither an era nor a person allows any more, or that is held
    "not certified",  # an adoption that says it is certified, of a threshold that is not
    "silence",  # release went on although nobody read, or stayed stopped although somebody has
    "draw",  # cases of a group with samples of their own
    "repeat",  # more cases of a group released in an era than its plan allows
    "count",
    "absent",
    "contradiction",
    "promise",  # a sentence that calls certified what is not
    "unread",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that must not be. `kind`: one of KINDS."""

    kind: str
    text: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one stream.

    `promises`: eras, one promise each; `false`: those that certified a threshold whose error was above the target on each
    of the days up to then that the era's cases are of. `limits`: of each kind of limit the newest one of
    the stream, and whether the planted truth is beyond it.
    """

    number: int
    null: bool
    promises: int = 0
    false: int = 0
    certified: int = 0  # eras that certified anything
    later: int = 0  # eras that are not their epoch's first
    certified_later: int = 0
    lapses: int = 0
    stops: int = 0  # for want of readers
    sentences: int = 0  # held against the truth
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


def judge(planted: world.World, life: driver.Life) -> Outcome:
    """Everything about one stream."""
    known = facts.read(life.path, alone=planted.alone, max_silence=planted.max_silence)
    outcome = Outcome(number=planted.number, null=planted.null)
    outcome.findings += [Finding(kind="died", text=text) for text in life.died]
    _promises(planted, known, outcome)
    _alarms(planted, life, known, outcome)
    _undo(life, known, outcome)
    outcome.findings += [Finding(kind=kind, text=text) for kind, text in released.wrongly(planted, life, known)]
    gone_out = [row for row in known.tables["decision"] if row["route"] == "AUTOMATE"]
    outcome.released = len(gone_out)
    outcome.released_wrong = sum(life.truth[row["case_id"]].wrong for row in gone_out)
    readings = known.readings()
    outcome.audits = sum(row["blind"] and row["case_id"] in readings for row in gone_out)
    page = sentences.Page(life.truth)
    for saying in life.sayings:
        then, made_at = known.until(saying.reported.seal), driver.moment(saying.day + 0.97)
        for kind, text in sentences.false(saying.reported, then, page, made_at):
            outcome.findings.append(Finding(kind=kind, text=f"day {saying.day}: {text}"))
    outcome.limits, outcome.sentences = page.limits, page.read
    return outcome


def day_of(written: str) -> int:
    """The day of the simulation of a time as the ledger writes it."""
    return (datetime.fromisoformat(written) - driver.START).days


def _promises(planted: world.World, known: Facts, outcome: Outcome) -> None:
    """An era is false if it certified any threshold whose error was above the target on all its days up to then."""
    for epoch_id, era in sorted({(row["epoch_id"], row["era"]) for row in known.tables["era_plan"]}):
        outcome.promises += 1
        looks = [row for row in known.tables["look"] if (row["epoch_id"], row["era"]) == (epoch_id, era)]
        granted = false = False
        for look in looks:
            then = known.until(look["seal"])
            lines = then.certified(epoch_id, era)
            granted |= bool(lines)
            days = _days(planted, then, epoch_id, era) if lines else set()
            false |= any(all(world.risk(planted, line, day) > world.ALPHA for day in days) for line in lines)
        outcome.certified, outcome.false = outcome.certified + granted, outcome.false + false
        outcome.later, outcome.certified_later = (
            outcome.later + (era > 1),
            outcome.certified_later + (granted and era > 1),
        )
    outcome.lapses, outcome.stops = released.taken_back(known)


def _days(planted: world.World, known: Facts, epoch_id: str, era: int) -> set[int]:
    """The days that the cases of an era so far are of."""
    plan = next(row for row in known.tables["era_plan"] if (row["epoch_id"], row["era"]) == (epoch_id, era))
    firsts = {int(row["case_id"][2:4]) for row in known.cases(epoch_id) if row["seal"] > plan["after_seal"]}
    return {day for first in firsts for day in ((-1,) if first < 0 else range(first, first + planted.every))}


def _alarms(planted: world.World, life: driver.Life, known: Facts, outcome: Outcome) -> None:
    thresholds = {row["policy_id"]: row["threshold"] for row in known.tables["policy"]}
    sent = {row["case_id"] for row in known.tables["recall"]}
    for alarm in known.tables["alarm"]:
        outcome.alarms += 1
        then = known.until(alarm["seal"])
        readings = then.readings()
        cases = then.cases(alarm["epoch_id"])
        gone_out = [row for row in cases if row["route"] == "AUTOMATE"]
        lines = {thresholds[row["policy_id"]] for row in gone_out}
        days = range(max((day_of(row["decided_at"]) for row in gone_out), default=0) + 1)
        above = any(world.risk(planted, line, day) > world.ALPHA for line in lines for day in days)
        outcome.false_alarms += not above and not _bad(planted, gone_out)
        read = [row for row in gone_out if row["blind"] and row["case_id"] in readings]
        against = sum(any(one["answer"] != row["prediction"] for one in readings[row["case_id"]]) for row in read)
        if alarm["labels"] > len(read) or alarm["errors"] > against:
            outcome.findings.append(
                Finding(
                    kind="no such label",
                    text=f"the alarm says {alarm['errors']} wrong, {alarm['labels']} labels; people had answered "
                    f"{len(read)} released cases, {against} of them against the model",
                )
            )
        outcome.findings += [Finding(kind="clean point", text=text) for text in unclean(then, alarm, world.ALPHA)]
        unread = [row for row in suspects.under_suspicion(known, alarm, world.ALPHA) if row["case_id"] not in readings]
        wrong = [row["case_id"] for row in unread if life.truth[row["case_id"]].wrong]
        left = [case for case in wrong if case not in sent]
        outcome.suspects_wrong += len(wrong)
        outcome.left_out += len(left)
        if left:
            outcome.findings.append(
                Finding(kind="left out", text=f"recall left out {len(left)} of {len(wrong)} wrong ones under suspicion")
            )
    outcome.recalled_right = sum(not life.truth[case].wrong for case in sent)


def _bad(planted: world.World, gone_out: list[Row]) -> bool:
    """Whether the file with a tenth wrong is among the released."""
    if planted.bad_batch is None:
        return False
    first = planted.bad_batch - planted.bad_batch % planted.every
    return any(row["case_id"].startswith(f"c-{first:02}-") for row in gone_out)


def unclean(then: Facts, alarm: Row, target: float) -> Iterator[str]:
    """What speaks against an alarm's clean point. `then`: the ledger up to the alarm.

    It lies before what the alarm calls wrong, and is one of labels: no jump over what nobody has read.
    """
    labels = facts.released_labels(then, alarm["epoch_id"], alarm["raised_at"])
    after = [wrong for row, wrong in labels if row["seal"] > alarm["clean_seal"]]
    if sum(after) < alarm["errors"]:
        yield f"{alarm['errors']} wrong since the clean point, but under later seals there are {sum(after)} of {len(after)}"
    if alarm["clean_seal"] >= suspects.first_suspect(then, alarm, target):
        yield f"seal {alarm['clean_seal']} is called clean, and labels under it are where the rise begins"
    if alarm["clean_seal"] and alarm["clean_seal"] >= max((row["seal"] for row, _ in labels), default=0):
        yield f"seal {alarm['clean_seal']} is called clean, and no label stands under a later one"


def _undo(life: driver.Life, known: Facts, outcome: Outcome) -> None:
    """To go back releases no more than before, unless the era under way certifies it."""
    policy = known.in_force()
    assert policy is not None, "a stream begins with a policy"
    era = known.era(policy["epoch_id"], policy["seal"])
    allowed = set() if era is None else known.certified(policy["epoch_id"], era["era"])
    lines = [math.inf if line is None else line for line in life.pressed]
    for before, after in pairwise(lines):
        if after < before and after not in allowed:
            outcome.findings.append(
                Finding(kind="undo", text=f"a rollback moved the threshold from {before} to {after}")
            )
