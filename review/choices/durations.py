"""How long something took, in words: a duration in the unit that fits it, with its limits rounded away from it."""

import math
from collections.abc import Callable

from models.evaluation.estimate import Estimate
from review import formats

HOUR = 3600.0  # seconds


def limits(one: Estimate) -> str:
    """Hours as `4 h (limits 3.5 h to 5 h)`."""
    return f"{short(one.value)} (limits {short(one.low, math.floor)} to {short(one.high, math.ceil)})"


def short(hours: float, rounded: Callable[[float], int] = round) -> str:
    """A duration from hours, a limit rounded away from the figure: `80 ms`, `8 s`, `40 min`, `7 h`, `2.1 days`."""
    space = formats.SPACE
    if 0 < hours * HOUR < 1:
        return f"{rounded(1000 * hours * HOUR)}{space}ms"
    if hours * HOUR < 60:
        return f"{rounded(hours * HOUR)}{space}s"
    if hours < 1:
        return f"{rounded(60 * hours)}{space}min"
    if hours < 48:
        return f"{rounded(10 * hours) / 10:.1f}".removesuffix(".0") + f"{space}h"
    return f"{rounded(10 * hours / 24) / 10:.1f}".removesuffix(".0") + f"{space}days"
