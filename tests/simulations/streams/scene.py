"""What a report spoke of, and how it prints counts, shares, thresholds and times."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.simulations.streams import driver, facts
from tests.simulations.streams.facts import Facts, Row

# Digits are grouped by a narrow no-break space, and a no-break space stands before a unit.
N, P, T = r"([\d\u202f]+)", r"([\d.]+)\u00a0%", r"confidence \u2265\u00a0([\d.e+-]+)"
W = r"(\d+ \w+ \d{4}, \d\d:\d\d UTC)"
LABELS = rf"{N} blind labels?, {N} wrong"
PENDING = (
    rf"(?:{N} waits? for another reader)?(?:, )?(?:{N} (?:was|were) passed on)?(?:, )?(?:{N} (?:is|are) unanswered)?(?:, )?"
    rf"(?:{N} (?:is|are) not sent yet)?"
)
Findings = Iterator[tuple[str, str]]
Check = Callable[[re.Match[str], "Scene"], Findings]
Claim = tuple[str, Check]  # a pattern of a sentence, and what the ledger and the planted truth say to it
TARGET = rf"The target is at most {P} wrong among the released".replace(P, r"[\d.]+\u00a0%")
REGION = r"(the released|all cases)"
LONG = r"(?: \([^()]*\))?"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a report spoke of: the ledger then, the policy in force, the epoch's cases, and what people had said of them.

    `before`: earlier reports of the stream by the time they name. `limits`: of each kind the newest limit, and whether the
    planted truth is beyond it.
    """

    known: Facts
    policy: Row
    adoption: Row
    era: Row | None
    cases: list[Row]
    readings: Mapping[str, list[Row]]
    truth: Mapping[str, driver.Truth]
    before: Mapping[str, "Scene"]
    limits: dict[str, bool]
    made_at: str

    @staticmethod
    def of(
        known: Facts,
        truth: Mapping[str, driver.Truth],
        before: Mapping[str, "Scene"],
        limits: dict[str, bool],
        made_at: str,
    ) -> "Scene":
        """The scene of a ledger as it is; `made_at`: when the report is made, as the ledger writes times."""
        policy = known.in_force()
        assert policy is not None, "a stream begins with a policy"
        epoch_id = policy["epoch_id"]
        eras = [row for row in known.tables["era_plan"] if row["epoch_id"] == epoch_id]
        return Scene(
            known,
            policy,
            max(known.tables["adoption"], key=lambda row: row["version"]),
            max(eras, key=lambda row: row["era"], default=None),
            known.cases(epoch_id),
            known.readings(),
            truth,
            dict(before),
            limits,
            made_at,
        )

    @property
    def released(self) -> list[Row]:
        """The released ones."""
        return [row for row in self.cases if row["route"] == "AUTOMATE"]

    @property
    def scored(self) -> list[Row]:
        """Those that have a confidence."""
        return [row for row in self.cases if row["confidence"] is not None]

    def at(self, line: float) -> list[Row]:
        """Those at or above a threshold."""
        return [row for row in self.scored if row["confidence"] >= line]

    def line(self, shown: str) -> float:
        """The registered threshold that a number on the page stands for.

        Thresholds of one plan are distinguished by their digits; those of another era's grid may be cut to the same ones. So the
        plan of the era under way comes first, then the threshold in force, then what was registered before.
        """
        plans = [row for row in self.known.tables["era_plan"] if row["epoch_id"] == self.policy["epoch_id"]]
        past = {line for row in plans for line in facts.thresholds(row)} | {0.0}
        past |= {row["threshold"] for row in self.known.tables["policy"] if row["threshold"] is not None}
        now = set() if self.era is None else set(facts.thresholds(self.era))
        for lines in (now, {self.policy["threshold"]} - {None}, past):
            if meant := [line for line in lines if stands_for(shown, line)]:
                return min(meant)
        return float(shown)

    def certified(self, era: int) -> set[float]:
        """What an era of the epoch has certified so far."""
        return self.known.certified(self.policy["epoch_id"], era)

    @property
    def now_certified(self) -> set[float]:
        """What the era under way has certified so far."""
        return set() if self.era is None else self.certified(self.era["era"])

    @property
    def lapses(self) -> str:
        """When what carries over into the era under way lapses: after two thirds of it, less the whole days between the two."""
        eras = [row for row in self.known.tables["era_plan"] if row["epoch_id"] == self.policy["epoch_id"]]
        now = self.era
        assert now is not None, "something carries over into an era"
        began, ends = (datetime.fromisoformat(now[name]) for name in ("registered_at", "ends_at"))
        over = [datetime.fromisoformat(row["ends_at"]) for row in eras if row["era"] == now["era"] - 1]
        idle = max((began - over[0]).days, 0) if over else 0
        return when((began + timedelta(days=(ends - began).days * 2 // 3 - idle)).isoformat())

    def labels(self, cases: list[Row]) -> list[str]:
        """What blind readings say of those that were read: right, wrong or disputed."""
        labels = [self.known.label_of(row, self.readings) for row in cases if row["blind"]]
        return [one for one in labels if one != "none"]

    def share_wrong(self, cases: list[Row]) -> float:
        """The planted share of wrong ones."""
        return sum(self.truth[row["case_id"]].wrong for row in cases) / max(len(cases), 1)


def number(digits: str | None) -> int:
    """A count as it is printed; None, where a sentence leaves it out, is 0."""
    return int(digits.replace("\u202f", "")) if digits else 0


def stands_for(shown: str, line: float) -> bool:
    """Whether a printed threshold may be this one: cut after four decimals or more, never rounded up, without last zeros."""
    decimals = max(4, len(shown.partition(".")[2]))
    return 0 <= Decimal(repr(line)) - Decimal(shown) < Decimal(1).scaleb(-decimals)


def near(printed: str, share: float) -> bool:
    """Whether a percentage is this share, to the decimals it is printed with."""
    decimals = len(printed.partition(".")[2])
    return abs(float(printed) - 100 * share) <= 0.5000001 / 10.0**decimals


def when(written: str) -> str:
    """An instant of the ledger as a report writes it."""
    instant = datetime.fromisoformat(written).astimezone(UTC)
    return f"{instant.day} {instant:%B %Y, %H:%M} UTC"


def same(result: re.Match[str], value: object, true: object, kind: str = "count") -> Findings:
    if value != true:
        yield kind, f"{result[0]!r}: {value}, but it is {true}"
