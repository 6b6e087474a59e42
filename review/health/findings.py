"""Findings: what is well, what is not, and what to do about it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "bad"]
LEVELS: tuple[Level, ...] = ("ok", "warn", "bad")

_SOON, _FAR = 5.0, 60.0  # seconds by which two clocks may differ: the header that is compared has whole seconds
DONE, FAILED, DONE_WITH_FAULTS = 0, 1, 3  # as every command ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `todo` is the next step; empty where all is well."""

    level: Level
    subject: str  # settings | ledger | Label Studio | Prefect | clock
    where: str  # a variable, a stream, a project, a server
    what: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.level}: {self.subject}, {self.where}: {self.what}" + (f"; {self.todo}" if self.todo else "")


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes findings about one place."""

    subject: str
    where: str

    def ok(self, what: str) -> Finding:
        return Finding(level="ok", subject=self.subject, where=self.where, what=what)

    def warn(self, what: str, todo: str) -> Finding:
        return Finding(level="warn", subject=self.subject, where=self.where, what=what, todo=todo)

    def bad(self, what: str, todo: str) -> Finding:
        return Finding(level="bad", subject=self.subject, where=self.where, what=what, todo=todo)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 all well, 3 there are warnings, 1 something is bad: for monitors."""
    worst = max((LEVELS.index(finding.level) for finding in findings), default=0)
    return (DONE, DONE_WITH_FAULTS, FAILED)[worst]


def counted(number: int, one: str, many: str) -> str:
    """`1 case`, `12 cases`."""
    return f"{number} {one if number == 1 else many}"


def clock(where: str, ahead: float) -> Finding:
    """`ahead`: seconds by which the clock of `where` is before ours."""
    write = Scribe("clock", where)
    if abs(ahead) <= _SOON:
        return write.ok(f"within {_SOON:.0f} s of this machine's")
    offset = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    todo = "let both keep time by NTP: deadlines and what came first are known by these clocks"
    return write.warn(offset, todo) if abs(ahead) <= _FAR else write.bad(offset, todo)
