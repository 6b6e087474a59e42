"""The planned start in words: for `init`, `doctor` and `study`. Pure."""

import math

from models.planning import start
from review import formats


def sentences(planned: start.Start, *, readers: str = "review.capacity_per_day") -> list[str]:
    """When the first certificate can come, what holds it up, what brings it sooner. `readers`: how the readings a day are
    known."""
    situation = planned.situation
    if planned.labels is None or planned.samples is None:
        return [
            f"At {formats.share(situation.error)} wrong no number of labels certifies that at most "
            f"{formats.whole(situation.target)} is."
        ]
    if planned.days is None or planned.hours is None:
        return ["No first certificate comes in sight: nobody reads, or nothing arrives."]
    right = "all of them right" if not situation.error else f"{formats.share(situation.error)} of them wrong"
    text = [
        f"The first certificate takes about {formats.count(planned.samples, 'blind reading')}, {right}: "
        f"{formats.days(planned.days)} at {formats.daily(situation.read)} a day, {formats.people(planned.hours)}."
    ]
    if planned.bottleneck == "readers":
        text.append(
            f"Readers hold it up: of {formats.daily(situation.sampled)} blind samples a day people read "
            f"{formats.daily(situation.read)} ({readers})"
            + ("" if planned.sooner is None else f"; with twice the readers {formats.days(planned.sooner)}")
            + "."
        )
        if planned.keeps_up is not None:
            text.append(
                f"With policy.cold_blind_rate = {_down(planned.keeps_up)} or fewer cases every sample is read, and labels are "
                "of the newest cases: only blind samples that are read count, and later audits wait behind unread ones."
            )
    elif planned.sooner is not None:
        text.append(
            f"The samples hold it up: policy.cold_blind_rate = {formats.number(situation.blind_rate)} samples "
            f"{formats.daily(situation.sampled)} of {formats.daily(situation.arrivals)} cases a day; a higher one takes "
            f"{formats.days(planned.sooner)}."
        )
    return text


def _down(rate: float) -> str:
    """A rate that does not ask more than it says: two digits, cut."""
    step = 10 ** (1 - math.floor(math.log10(rate)))
    return f"{math.floor(rate * step + 1e-9) / step:g}"
