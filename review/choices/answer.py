"""One answer to a question of the owner's: a sentence with its limits, what it rests on, and what would change it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["known", "open", "unasked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`state`: known; open (too few labels or days so far, or the limits hold both answers); unasked (a key, an entry or a second
    model is missing).

    `missing`: of what was not asked, in two or three words: what is missing.
    `question`, `says`, `rests_on`, `would_change`: plain sentences, no word of statistics but "limits". `figures`: what the
    JSON has beside them, by name. `lines`: what is said of each of several, one beside the other; mostly none.
    """

    question: str
    state: State
    says: str
    rests_on: str
    would_change: str
    figures: dict[str, float | int | str | None]
    lines: tuple[str, ...] = ()
    missing: str = ""
