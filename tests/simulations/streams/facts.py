"""The ledger's tables read by the plainest driver, and what they come to by the rules in the documents alone.

Nothing here calls the product.
"""

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

Row = Mapping[str, Any]
TABLES = ("decision", "dispatch", "review", "policy", "adoption", "epoch", "era_plan", "look", "alarm", "recall")
FACTORS = (1.5, 2, 3, 5, 10)  # of the target: the errors that the change detector bets on
RUN_LENGTH = 10_000  # audited cases to a false alarm
Label = Literal["none", "right", "wrong", "disputed"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Every table's rows in the order of their seals. `seal` of each row says when: no clock is needed.

    `alone`: one person reads, so that a disagreement counts at once. `max_silence`: days after which a reading that waits
    for another one counts as it stands.
    """

    tables: Mapping[str, Sequence[Row]]
    alone: bool = False
    max_silence: int = 7

    def until(self, seal: int) -> "Facts":
        """What the ledger held when `seal` was its last."""
        held = {name: [row for row in rows if row["seal"] <= seal] for name, rows in self.tables.items()}
        return Facts(held, self.alone, self.max_silence)

    def in_force(self) -> Row | None:
        """The policy of the highest version."""
        if not self.tables["adoption"]:
            return None
        newest = max(self.tables["adoption"], key=lambda row: row["version"])
        return next(row for row in self.tables["policy"] if row["policy_id"] == newest["policy_id"])

    def cases(self, epoch_id: str) -> list[Row]:
        """An epoch's decisions in the order of the appends, and within one in that of the queue."""
        result = [row for row in self.tables["decision"] if row["epoch_id"] == epoch_id]
        return sorted(result, key=lambda row: (row["seal"], row["content"], row["case_id"]))

    def era(self, epoch_id: str, seal: int) -> Row | None:
        """The era that a decision under a seal belongs to: of those that begin before it, the newest; None: there is none.

        A first era begins with its epoch.
        """
        got = [row for row in self.tables["era_plan"] if row["epoch_id"] == epoch_id and row["after_seal"] < seal]
        return max(got, key=lambda row: row["era"], default=None)

    def certified(self, epoch_id: str, era: int) -> set[float]:
        """Every threshold that the newest look at an era certifies: what labels no longer carry is certified no more."""
        plans = [row for row in self.tables["era_plan"] if (row["epoch_id"], row["era"]) == (epoch_id, era)]
        grids = {row["part"]: thresholds(row) for row in plans}
        looks = [row for row in self.tables["look"] if (row["epoch_id"], row["era"]) == (epoch_id, era)]
        newest = {row["part"]: row for row in sorted(looks, key=lambda row: int(row["look"]))}
        return {
            grids[part][place] for part, row in newest.items() for place in json.loads(row["standing"])["certified"]
        }

    def label_of(self, case: Row, readings: Mapping[str, list[Row]]) -> Label:
        """What blind readings say of a case (`label`)."""
        return label(case, readings.get(case["case_id"], ()), alone=self.alone)

    def readings(self) -> dict[str, list[Row]]:
        """By case, the answers of people, the earliest reading first: of each annotation its newest revision."""
        newest: dict[tuple[int, int], Row] = {}
        for row in self.tables["review"]:
            key = row["project_id"], row["annotation_id"]
            if key not in newest or newest[key]["revision"] < row["revision"]:
                newest[key] = row
        by_case: dict[str, list[Row]] = {}
        for row in sorted(newest.values(), key=lambda row: row["slot"]):
            if row["outcome"] == "answer":
                by_case.setdefault(row["case_id"], []).append(row)
        return by_case


def thresholds(plan: Row) -> list[float]:
    """The thresholds of an era's plan, strictest first."""
    return [float(line) for line in json.loads(plan["thresholds"])]


def read(path: Path, *, alone: bool = False, max_silence: int = 7) -> Facts:
    """All tables of a SQLite ledger that are there. `alone`, `max_silence`: as of `Facts`."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return Facts(
            {
                name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY seal")]
                for name in TABLES
                if name in there
            },
            alone,
            max_silence,
        )


def label(case: Row, answers: Sequence[Row], *, alone: bool = False) -> Label:
    """What blind readings say of a case: one against the model is a dispute, as is a tie; then the majority stands.

    `alone`: nobody reads a second time, and one reading stands.
    """
    blind = [row for row in answers if row["blind"]]
    against = sum(row["answer"] != case["prediction"] for row in blind)
    agreeing = len(blind) - against
    if not blind:
        return "none"
    if against == 0:
        return "right"
    if alone:
        return "wrong"
    if against == agreeing or len(blind) == 1:
        return "disputed"
    return "wrong" if against > agreeing else "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Where a change detector is over a row of labels when it raises its alarm; without one, where it comes nearest.

    `log_level`: the log of the mean over the factors. `first`: the place of the first label after the last calm point of
    the factor that explains that best.
    """

    log_level: float
    first: int


def suspicion(wrong: Sequence[bool], target: float) -> Suspicion:
    """An e-CUSUM for each factor over labels in order, from zero."""
    sums, begins = [0.0] * len(FACTORS), [0] * len(FACTORS)
    best = Suspicion(log_level=-math.inf, first=0)
    for place, error in enumerate(wrong):
        for number, factor in enumerate(FACTORS):
            if sums[number] <= 0:
                begins[number] = place
            rate = min(factor * target, 0.99)
            sums[number] = max(sums[number], 0) + math.log(rate / target if error else (1 - rate) / (1 - target))
        top = max(sums)
        level = top + math.log(sum(math.exp(one - top) for one in sums) / len(sums))
        if level > best.log_level:
            best = Suspicion(log_level=level, first=begins[sums.index(top)])
        if level >= math.log(RUN_LENGTH):
            break
    return best


def released_labels(facts: Facts, epoch_id: str, at: str | None = None) -> list[tuple[Row, bool]]:
    """The blind labels of what an epoch released, in the order of decision, each with whether it is wrong.

    A case that another person is to read is not settled, though all have agreed with the model so far. `at`: what has waited
    for that person too long by then (a time of the ledger) counts as it stands, a dispute as wrong; None: nothing does. Where
    a policy audits some of the released more often than others, they are thinned to the least rate that has come.
    """
    readings = facts.readings()
    value = {(row["case_id"], row["slot"]) for result in readings.values() for row in result}
    due = {row["case_id"] for row in facts.tables["dispatch"] if (row["case_id"], row["slot"]) not in value}
    labels = []
    cases = facts.cases(epoch_id)
    least: dict[str, float] = {}
    for row in cases:
        if row["route"] == "AUTOMATE":
            least[row["policy_id"]] = min(least.get(row["policy_id"], 1.0), row["propensity"])
    for row in cases:
        fact = facts.label_of(row, readings)
        if row["route"] != "AUTOMATE" or not row["blind"] or fact == "none":
            continue
        if int(row["group_id"], 16) >= least[row["policy_id"]] / row["propensity"] * 2**64:
            continue
        waits = fact == "disputed" or row["case_id"] in due
        if not waits or (at is not None and _too_long(facts, row, readings[row["case_id"]], fact, at)):
            labels.append((row, fact != "right"))
    return labels


def _too_long(facts: Facts, case: Row, answers: Sequence[Row], message: Label, at: str) -> bool:
    """Whether a dispute (since the first answer against the model) or another case (since its first) waits too long."""
    blind = [row for row in answers if row["blind"]]
    since = [row for row in blind if message != "disputed" or row["answer"] != case["prediction"]]
    first = min(datetime.fromisoformat(row["submitted_at"]) for row in since)
    return first < datetime.fromisoformat(at) - timedelta(days=facts.max_silence)


def perhaps_due(facts: Facts, epoch_id: str) -> int:
    """Released cases that one person has read since tasks were last sent, and agreed: another may be to read them."""
    if facts.alone:
        return 0
    sent = max((row["seal"] for row in facts.tables["dispatch"]), default=0)
    readings = facts.readings()
    sampled = [row for row in facts.cases(epoch_id) if row["route"] == "AUTOMATE" and row["blind"]]
    return sum(
        len(readings.get(row["case_id"], ())) == 1 and readings[row["case_id"]][0]["seal"] > sent for row in sampled
    )
