"""The mark that a project's description carries: whose it is, of which stream and of which ledger. Pure.

A ledger knows which cases it drew for a blind reading. Another one, even of the same stream, does not: in a project that it
filled, a case may stand with the model's suggestion in sight. So a project belongs to one ledger, for good.
"""

import re
from dataclasses import dataclass
from typing import Literal

_DIGITS = 12  # of a ledger's identity: of 10,000 ledgers on one server, two share them with a chance of 2 in 10 million

Whose = Literal["ours", "unnamed", "another's", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Of one stream and one ledger. `ledger`: its identity (`Ledger.identity`), or the first 12 digits of it at least."""

    stream: str
    ledger: str

    def __str__(self) -> str:
        return f"[second-reader:{self.stream}:{self.ledger[:_DIGITS]}]"


def whose(description: str | None, mark: Mark) -> Whose:
    """Whose a project with this description is.

    "unnamed": of the stream, by an earlier version that named no ledger; "another's": of the stream, of another ledger;
    "none": nothing says that it is of the stream. Of several marks ours counts first, then another's.
    """
    marks = set(_pattern(mark.stream).findall(description or ""))
    if mark.ledger[:_DIGITS] in marks:
        return "ours"
    return "none" if not marks else "unnamed" if marks == {""} else "another's"


def renewed(description: str, mark: Mark) -> str:
    """A description with our mark in place of the one of an earlier version."""
    return _pattern(mark.stream).sub(str(mark), description)


def _pattern(stream: str) -> re.Pattern[str]:
    return re.compile(rf"\[second-reader:{re.escape(stream)}(?::([0-9a-f]{{{_DIGITS}}}))?\]")
