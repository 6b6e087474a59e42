"""The answers of which the next certificate would speak: where they lie, and what is there. Pure."""

from dataclasses import dataclass

from models.certification.certificate import Progress
from review import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The answers of which the next certificate would speak.

    `threshold`: their least confidence; None: no plan is laid yet. `of_class`: of a stream with a threshold per class the class,
    else empty. `level`: the share of delta left for it. `seen`: settled labels so far, `errors` of them wrong. `more`: whether it
    would release more than what is certified. `today`: the threshold in force; None: nothing is released. `share`: of cases that
    a certificate there would release, in [0, 1]; `expected`: about how many more labels that takes at the errors seen so far.
    None: not known.
    """

    threshold: float | None
    level: float
    seen: int
    errors: float = 0.0
    group_size: int = 1
    of_class: str = ""
    more: bool = True
    today: float | None = None
    share: float | None = None
    expected: int | None = None


def of(progress: Progress, step: float | None, of_class: str = "", today: float | None = None) -> Region:
    """Where the next certificate would stand: at the threshold `step`, else at the strictest that a walk has stopped at.

    `today`: the threshold in force.
    """
    plan, stops = progress.plan, sorted(progress.stops, key=lambda stop: stop.at)
    stop = next((one for one in stops if plan.thresholds[one.at] == step), stops[0] if stops else None)
    if stop is None:
        last = len(plan.thresholds) - 1
        at, level, more = last, plan.delta * plan.weights[0], False
    else:
        at, level, more = stop.at, stop.level, True
    return Region(
        threshold=plan.thresholds[at],
        level=level,
        seen=round(progress.labels[at]),
        errors=progress.errors[at],
        group_size=plan.group_size,
        of_class=of_class,
        more=more,
        today=today,
    )


def expected(region: Region) -> str:
    """How many more labels it takes at the errors seen so far; empty where that is not known."""
    if region.expected is None:
        return ""
    return f", and about {formats.count(region.expected)} more certify it if the errors stay as frequent as so far"


def where(region: Region, *, beside: bool = True) -> str:
    """Of which answers it speaks; `beside`: and where that lies beside today's threshold."""
    of_class = f" {region.of_class!r}" if region.of_class else ""
    if region.threshold is None:
        return of_class
    lies = ""
    if beside and region.today is not None and not region.of_class:
        lies = (
            "today's threshold"
            if region.threshold == region.today
            else "below today's threshold"
            if region.threshold < region.today
            else "above today's threshold"
        )
        goes = "" if region.share is None else f"; {formats.share(region.share)} of cases would go out"
        lies = f" ({lies}{goes})"
    return f"{of_class} at {formats.threshold(region.threshold)}{lies}"
