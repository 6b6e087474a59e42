"""What `retrain` says of a candidate: what it was kept for, and whether more labels would teach it more. Pure."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.learned import Curve, Fitted
from review import formats
from review.queries.candidates import Candidate, Check

HOUR = 3600.0
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "right": "right answers",
        "order": "right answers above wrong ones",
    }
)
COURSES: Mapping[str, str] = MappingProxyType(
    {
        "rising": "More labels still help",
        "flat": "The curve is flat",
        "unknown": "Whether more labels help is not known yet",
    }
)
HEAD = ("labels by verdict", "{}", "labels read once", "{}")


def lines(one: Candidate) -> list[str]:
    """What the command prints below its counts."""
    checked = [] if one.check is None else [_check(one.check)]
    if one.curve is None:
        return checked
    if isinstance(one.curve, NotEnoughEvidence):
        return [*checked, f"Whether more labels would help is not known yet: {one.curve.reason}."]
    return [*checked, *_table(one.curve, one.timed), *sentences(one)]


def sentences(one: Candidate) -> list[str]:
    """Whether more labels help, and whether readings or verdicts do more at the same time of people."""
    if not isinstance(one.curve, Curve):
        return []
    return list(filter(None, (_growth(one.curve, one.timed), _equal(one.curve, one.timed))))


def quoted(one: Candidate | None) -> list[str]:
    """What the answer to the owner's question quotes of the newest candidate."""
    return [] if one is None else [f"{one.name} ({one.kind}): {text}" for text in sentences(one)]


def rests_on(one: Candidate | None, stream: str) -> str:
    """Which candidate that was, or how to have one."""
    if one is None or not isinstance(one.curve, Curve):
        return f"Nothing was trained for this; what more labels would teach a model is said by: second-reader retrain {stream}."
    return (
        f"What labels teach is measured on {one.name}, trained on {formats.when(one.at)}, by folds of its own labels."
    )


def figures(one: Candidate | None) -> dict[str, float | int | str | None]:
    """The same in numbers; nothing where there is no candidate."""
    if one is None or not isinstance(one.curve, Curve):
        return {}
    gain, better, last = one.curve.gain, one.curve.better, one.curve.points[-1].verdicts
    numbers: dict[str, float | int | str | None] = {
        "curve_of": one.name,
        "curve_measures": WORDS[one.curve.measure],
        "curve_labels": round(last.labels),
        "curve_hours": last.time / HOUR if one.timed else None,
        "curve": one.curve.course,
    }
    for name, figure in (("last_doubling", gain), ("verdicts_rather_than_first_readings", better)):
        ends = (figure.value, figure.low, figure.high) if isinstance(figure, Estimate) else (None, None, None)
        numbers |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    return numbers


def _check(check: Check) -> str:
    if check.measure == "order":
        return (
            f"In groups that it did not learn from it puts {formats.share(check.after)} of right answers above wrong ones, the "
            f"model's own score {formats.share(check.before)}."
        )
    away = [f"{1 - value:.4f}" for value in (check.after, check.before)]
    order = (
        "Answers of one class pass those of another by it; what it would release is in Other models of the report."
        if check.reorders
        else "It keeps the order of the model's own score, so it releases about what that does: what it is for is a number that "
        "can be priced."
    )
    return (
        f"In groups that it did not learn from its probability is {away[0]} from the truth (mean square), the model's own score "
        f"{away[1]}. {order}"
    )


def _table(curve: Curve, timed: bool) -> list[str]:
    """A line for each point, its columns on the right, under their heads."""
    head = [text.format(WORDS[curve.measure]) for text in (f"{_unit(timed)} of people", *HEAD)]
    rows = [
        [
            _time(point.verdicts, timed),
            *_cells(point.verdicts),
            *_cells(point.first, f" (in {_time(point.first, timed)})" if point.spent else ""),
        ]
        for point in curve.points
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]


def _cells(one: Fitted, more: str = "") -> list[str]:
    return [formats.count(round(one.labels)) + more, "too few" if one.value is None else formats.share(one.value)]


def _unit(timed: bool) -> str:
    return "hours" if timed else "readings"


def _time(one: Fitted, timed: bool) -> str:
    return formats.amount(one.time / HOUR) if timed else formats.count(round(one.time))


def _growth(curve: Curve, timed: bool) -> str:
    if isinstance(curve.gain, NotEnoughEvidence):
        return f"Whether more labels help is not known yet: {curve.gain.reason}."
    half, whole = (point.verdicts for point in curve.points[-2:])
    lead = COURSES[curve.course] if curve.gain.low <= 0 or curve.course != "flat" else "The curve is nearly flat"
    took = f"{_time(half, timed)} to {_time(whole, timed)} {_unit(timed)} of people"
    return (
        f"{lead}: the last doubling, from {formats.count(round(half.labels))} to "
        f"{formats.count(round(whole.labels), 'label')} ({took}), added {_points(curve.gain)} of {WORDS[curve.measure]}."
    )


def _equal(curve: Curve, timed: bool) -> str:
    """Single readings against verdicts at the same time of people."""
    if isinstance(curve.better, NotEnoughEvidence):
        return ""
    point, better = curve.points[curve.better_at], curve.better
    verdicts, first = (formats.count(round(one.labels), "label") for one in (point.verdicts, point.first))
    more = (
        "verdicts teach it more"
        if better.low > 0
        else "first readings teach it more"
        if better.high < 0
        else "which of them teach it more is not known"
    )
    return (
        f"In {_time(point.verdicts, timed)} {_unit(timed)} of people, {verdicts} by verdict come to {_points(better)} more than "
        f"{first} read once: {more}."
    )


def _points(one: Estimate) -> str:
    """`1.2 points (limits 0.3 to 2.2)`, the limits rounded outwards."""

    def tenths(value: float, rounded: Callable[[float], float]) -> str:
        number = rounded(round(1000 * value, 9)) / 10
        return f"{number:.1f}".replace("-", "\u2212") if number else "0.0"

    low, high = tenths(one.low, math.floor), tenths(one.high, math.ceil)
    return f"{tenths(one.value, round)}{formats.SPACE}points (limits {low} to {high})"
