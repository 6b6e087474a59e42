"""How figures read: the same words on the page and on the terminal.

Shares carry one decimal more where they are small, thousands a narrow space, and no number ends a line without its unit.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

import numpy as np
from numpy.typing import ArrayLike

from models import moment
from models.estimate import Estimate, NotEnoughEvidence

SPACE = "\u00a0"  # no-break: a number stays with its unit
THIN = "\u202f"  # narrow no-break: between thousands
DASH = "\u2013"


def count(number: float, word: str = "", plural: str = "") -> str:
    """`1 330 cases`; the word's plural is the word with an s unless given."""
    digits = f"{int(number):,}".replace(",", THIN)
    return f"{digits} {word if number == 1 else plural or word + 's'}" if word else digits


def share(value: float | None) -> str:
    """A share in [0, 1] as `83.3 %`; below 1 % with two decimals. None is a dash."""
    return DASH if value is None else _percent(value, round)


def at_most(value: float) -> str:
    """An upper limit, rounded up: the words must not promise more than the figure."""
    return _percent(value, math.ceil)


def at_least(value: float) -> str:
    """A lower limit, rounded down."""
    return _percent(value, math.floor)


def _percent(value: float, rounded: Callable[[float], int]) -> str:
    if value in (0, 1):
        return f"{100 * value:.0f}{SPACE}%"
    decimals = 2 if value < 0.00995 else 1
    # Nine digits first: 0.07 * 1000 is a hair above 70, and ceil would make a new figure of the hair.
    return f"{rounded(round(value * 10 ** (decimals + 2), 9)) / 10**decimals:.{decimals}f}{SPACE}%"


def amount(value: float) -> str:
    """A number a day, of hours or of money: `0.42`, `12.3`, `1 330`."""
    if value == 0 or value >= 100:
        return count(round(value))
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def whole(value: float) -> str:
    """A share someone chose, as they would write it: `95 %`, `0.5 %`."""
    return f"{100 * value:.4g}{SPACE}%"


def threshold(value: float | None) -> str:
    """A line on the confidence; None lets nothing through."""
    return "nothing released" if value is None else f"confidence \u2265{SPACE}{value:.6g}"


def thresholds(values: Sequence[float], scores: ArrayLike = ()) -> list[str]:
    """Each threshold in the shortest decimals that tell it from the others and, read back, select the same cases.

    `scores`: all confidences there are, where they are known; then no case lies between a threshold and what is shown for
    it. Rounded down, so that the case at the threshold stays in; two decimals where that is enough, in any order.
    """
    known = np.unique(np.concatenate([np.asarray(values, np.float64), np.asarray(scores, np.float64)]))
    shown = []
    for value in values:
        place = int(np.searchsorted(known, value))
        below = float(known[place - 1]) if place else -math.inf
        shown.append(_shortest(float(value), below))
    return shown


def _shortest(value: float, below: float) -> str:
    exact = Decimal(repr(value))
    for digits in range(2, 18):
        cut = exact.quantize(Decimal(1).scaleb(-digits), ROUND_FLOOR)
        if below < float(cut) <= value:
            return _plain(cut)
    return _plain(exact)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def line(value: float | None, by_class: Mapping[str, float | None] | None) -> str:
    """Where the line stands, for all cases or class by class: `released at 0.9 and above`."""
    if by_class is None:
        return "nothing released" if value is None else f"released at {value:g} and above"
    open_to = ", ".join(f"{label} at {at:g}" for label, at in by_class.items() if at is not None)
    return f"released by class: {open_to} and above" if open_to else "nothing released"


def between(estimate: Estimate | NotEnoughEvidence) -> str:
    """`0.8 % (95 % limits 0.0 % to 4.1 %)`, or why not."""
    if isinstance(estimate, NotEnoughEvidence):
        return estimate.reason
    confidence = whole(1 - estimate.alpha)
    return f"{share(estimate.value)} ({confidence} limits {at_least(estimate.low)} to {at_most(estimate.high)})"


def labels(estimate: Estimate | NotEnoughEvidence) -> str:
    """`133 blind labels, 1 wrong`."""
    return f"{count(estimate.n, 'blind label')}, {count(estimate.errors)} wrong"


def hours(value: float | None) -> str:
    """A duration: `40 min`, `7 h`, `2.1 days`. None is a dash."""
    if value is None:
        return DASH
    if value < 1:
        return f"{60 * value:.0f}{SPACE}min"
    return f"{value:.0f}{SPACE}h" if value < 48 else f"{value / 24:.1f}".removesuffix(".0") + f"{SPACE}days"


def seconds(value: float | None) -> str:
    """Time on a task: `4.2 s`, `3.5 min`. None is a dash."""
    if value is None:
        return DASH
    return f"{value:.1f}{SPACE}s" if value < 100 else f"{value / 60:.1f}{SPACE}min"


def place(source: str, line: int) -> str:
    """Where a row stood, `mail.csv, line 7`; of an answer `label-studio/<project>/<annotation>, task 7`."""
    return f"{source}, {'task' if source.startswith('label-studio/') else 'line'} {line}"


def when(written: str) -> str:
    """An instant of the ledger as `31 January 2026, 23:59 UTC`."""
    instant = moment.parse(written)
    return f"{instant.day} {instant:%B %Y, %H:%M} UTC"


def day(written: str) -> str:
    """A date, `2026-01-31`, as `31 Jan`."""
    date = datetime.fromisoformat(written)
    return f"{date.day} {date:%b}"
