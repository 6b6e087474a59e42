"""How figures read: the same words on the page and on the terminal.

Shares carry one decimal more where they are small, thousands a narrow space, and no number ends a line without its unit.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from types import MappingProxyType

from models import timestamps
from models.evaluation.estimate import Estimate, NotEnoughEvidence

SPACE = "\u00a0"  # no-break: a number stays with its unit
THIN = "\u202f"  # narrow no-break: between thousands
DASH = "\u2013"
_NOISE = 16  # units in the last place that sums and quotients of a few numbers may be off by


def count(number: float, word: str = "", plural: str = "") -> str:
    """`1 330 cases`; the word's plural is the word with an s unless given."""
    digits = f"{int(number):,}".replace(",", THIN)
    return f"{digits} {word if number == 1 else plural or word + 's'}" if word else digits


def plain(text: str) -> str:
    """The text with ordinary spaces: for an error, which shows every other one in escapes."""
    return text.replace(SPACE, " ").replace(THIN, " ")


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


def amounts(low: float, high: float) -> tuple[str, str]:
    """Limits of a number of 0 or more, as `amount` writes it, rounded outwards."""
    return _outwards(low, math.floor), _outwards(high, math.ceil)


def _outwards(value: float, rounded: Callable[[float], int]) -> str:
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return amount(rounded(round(value * 10**decimals, 9)) / 10**decimals)


def thousand(price: Estimate, currency: str) -> str:
    """What a thousand cost of which one costs `price`: `2.10 EUR (limits 2.00 to 2.21)`, more digits where they are cheap."""
    value, low, high = (1000 * one for one in (price.value, price.low, price.high))
    if not 0 < value < 0.1:
        return f"{amount(value)}{SPACE}{currency} (limits {' to '.join(amounts(low, high))})"
    decimals = 1 - math.floor(math.log10(value))
    least, most = (
        rounded(round(one * 10**decimals, 9)) / 10**decimals for one, rounded in ((low, math.floor), (high, math.ceil))
    )
    return f"{value:.{decimals}f}{SPACE}{currency} (limits {least:.{decimals}f} to {most:.{decimals}f})"


def money(value: float) -> str:
    """A sum that somebody entered, to the cent: `1 200`, `1 200.50`."""
    return f"{value:,.2f}".removesuffix(".00").replace(",", THIN)


def daily(value: float) -> str:
    """A pace to plan by, per day: `100`, `0.42`, `3`."""
    return count(round(value)) if value >= 10 or value == round(value) else amount(value)


def whole(value: float) -> str:
    """A share someone chose, as they would write it: `95 %`, `0.5 %`."""
    return f"{100 * value:.4g}{SPACE}%"


def thresholds(values: Sequence[float], scores: Iterable[float] = ()) -> list[str]:
    """Each value in the fewest decimals that tell it from all others of the list, in the order of the list.

    `scores`: all confidences there are, where they are known; then no case lies between a threshold and what is shown for it.
    Cut, not rounded: a text lies above the next lower value and not above its own, so that of the values it selects the
    same, but for scores that rounding alone sets apart from one. At least four decimals are looked at, more near 0 and 1; zeros
    at the end are left out.
    """
    known = sorted({*values, *scores})
    return [_cut(value, _below(value, known, values)) for value in values]


def _below(value: float, known: Sequence[float], values: Sequence[float]) -> float | None:
    """The next lower value; not one that rounding alone sets apart, as 0.87 / 0.99 by two orders of a sum, unless it is shown."""
    at = bisect_left(known, value)
    while at and known[at - 1] not in values and value - known[at - 1] <= _NOISE * math.ulp(value):
        at -= 1
    return known[at - 1] if at else None


def number(value: float) -> str:
    """One threshold by itself: `0.9`, `0.864`, `0.99999987`; never a rounder one than it is near 1."""
    return _cut(value, None)


def _cut(value: float, lower: float | None) -> str:
    exact = Decimal(repr(value))
    near = min(abs(value), abs(1 - value)) or 1.0  # 0.99999987 needs its nines, and 0.00000013 its zeros
    decimals = max(4, 1 - math.floor(math.log10(near)))
    while True:
        cut = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR)
        if cut >= exact or lower is None or float(cut) > lower:
            text = f"{cut if cut < exact else exact:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        decimals += 1


def threshold(value: float | None, shown: Mapping[float, str] | None = None) -> str:
    """A threshold on the confidence; None lets nothing through. `shown`: texts that tell thresholds apart (`thresholds`)."""
    if value is None:
        return "nothing released"
    text = None if shown is None else shown.get(value)
    return f"confidence \u2265{SPACE}{text or number(value)}"


def releases(
    value: float | None, by_class: Mapping[str, float | None] | None, shown: Mapping[float, str] = MappingProxyType({})
) -> str:
    """Where the threshold stands, for all cases or class by class: `released at 0.9 and above`. `shown` as in `threshold`."""
    if by_class is None:
        return "nothing released" if value is None else f"released at {shown.get(value) or number(value)} and above"
    open_to = ", ".join(f"{label} at {shown.get(at) or number(at)}" for label, at in by_class.items() if at is not None)
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


def days(value: float) -> str:
    """A span to plan by: `less than a day`, `6 days`, `1.5 days`."""
    if value < 1:
        return "less than a day"
    shown = f"{value:.1f}".removesuffix(".0") if value < 10 else count(math.ceil(value))
    return f"{shown}{SPACE}{'day' if shown == '1' else 'days'}"


def people(hours: float) -> str:
    """Work for people: `40 min of people`, `12 hours of people`."""
    if hours < 1:
        return f"{max(math.ceil(60 * hours), 1)}{SPACE}min of people"
    whole = math.ceil(hours)
    return f"{count(whole)}{SPACE}{'hour' if whole == 1 else 'hours'} of people"


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
    instant = timestamps.parse(written)
    return f"{instant.day} {instant:%B %Y, %H:%M} UTC"


def day(written: str) -> str:
    """A date, `2026-01-31`, as `31 Jan`."""
    date = datetime.fromisoformat(written)
    return f"{date.day} {date:%b}"
