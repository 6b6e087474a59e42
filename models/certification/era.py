"""Evidence ages: eras of registered length, and what holds of a threshold while a new era gathers (docs/method.md 4.5b).

A certificate is about an error that stands still, so each era has evidence from zero and a significance level of its own.
The threshold in force carries over into the next era only, and into its first two thirds only: an era is long enough to
certify in a third of it, and what has not been certified again in twice that time is not known to be true.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from models.certification import certificate

DAYS = 60
MOST = 365  # unless the stream file states another length: what is older says little of today
THIRD = 3  # an era's own certificate must be within reach in this part of it
State = Literal["own", "replaced", "uncertified", "carried", "lapsed", "halted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The threshold a named person adopted last, and on what.

    `threshold`: None is +inf (a halt, or a cold start: nothing is released). `era`: the number of the era it was adopted
    in, from 0. `certified`: the newest era that certified it, None where no certificate stood and the person took it all
    the same. An era that certifies it again after the adoption counts: the caller keeps the newest. `revoked`: it was taken
    as certified, and no certificate holds it by today's labels, for some were changed or taken back. Raises ValueError if the
    threshold is NaN, an era is below 0, or an era certified what is revoked.
    """

    threshold: float | None
    era: int
    certified: int | None
    revoked: bool = False

    def __post_init__(self) -> None:
        if self.threshold is not None and math.isnan(self.threshold):
            raise ValueError("a threshold must be a number, or None to release nothing")
        if self.era < 0 or (self.certified is not None and self.certified < 0):
            raise ValueError(f"eras {self.era} and {self.certified}: they are counted from 0")
        if self.revoked and self.certified is not None:
            raise ValueError(f"threshold {self.threshold!r} is revoked, and era {self.certified} is said to certify it")


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What is released at or above, and why.

    `threshold`: None is +inf. `state`:

        own          certified by the era now
        replaced     the era now certified a stricter one and not the one adopted: release moves up to it at once
        uncertified  taken without a certificate: in the era now, until it ends; in the era before, as long as it carries over
        carried      certified by the era before; the era now still gathers
        lapsed       no certificate of the era now, and none carries over any more: nothing is released
        halted       nothing is adopted: nothing is released, whatever is certified

    `days_left`: days, this one included, until this state ends at the latest if nothing new is certified: of "carried" (and of
    "uncertified" from the era before) the days it still carries, else those of the era. 0 where nothing is released.
    `revoked`: what was adopted lost its certificate, which makes it "replaced" or "lapsed".
    """

    threshold: float | None
    state: State
    days_left: int
    revoked: bool = False


def length(alpha: float, delta: float, labels_per_day: float) -> int:
    """Days of an era, to be registered with the plan and kept: 60, or up to 365 where a third of it could not certify.

    `labels_per_day`: blind labels a day at or above the threshold. A third of the era brings at least `certificate.fewest`
    labels, what an error-free model needs; one with errors needs more. Where 365 days bring fewer than that at all, nothing
    can be certified (`too_slow`). Raises ValueError if alpha or delta is not in (0, 1)
    or the pace is not above 0 and finite.
    """
    for name, share in (("alpha", alpha), ("delta", delta)):
        if not 0 < share < 1:
            raise ValueError(f"{name} {share!r}: give a number between 0 and 1")
    if not 0 < labels_per_day < math.inf:
        raise ValueError(f"{labels_per_day!r} labels a day: give a number above 0; without labels no era can certify")
    return math.ceil(min(MOST, max(DAYS, THIRD * certificate.fewest(alpha, delta) / labels_per_day)))


def too_slow(alpha: float, delta: float, labels_per_day: float, days: float) -> bool:
    """Whether so many days bring fewer labels than even a model without an error needs to be certified."""
    return labels_per_day * days < certificate.fewest(alpha, delta)


def carries(days: int) -> int:
    """Days that a threshold carries over into an era of `days` days: two thirds of it, at least 1."""
    if days < 1:
        raise ValueError(f"{days!r} days: an era has at least one")
    return max(1, days * 2 // THIRD)


def in_force(
    adopted: Adopted, own: Collection[float], *, era: int, day: int, days: int, rested: int | None = None
) -> InForce:
    """What holds on a day of an era.

    `own`: all thresholds the era now has certified so far, empty while it gathers. `era`: its number; `day`: of it, from 0;
    `days`: its registered length; `rested`: whole days since the era before ended, where that is longer ago than this one began.
    Never less strict than what was adopted: for that, a named person adopts. In order:

    1. nothing adopted: "halted".
    2. the era now certified the threshold: "own". This ends a lapse; what comes back is what a person had adopted.
    3. taken without a certificate in this era: "uncertified", though a stricter threshold is certified; the person knew.
       What is revoked was taken with one: it is none of these, nor of 5.
    4. the era now certified stricter ones: "replaced" by the least strict of these.
    5. from the era before, and this one is not two thirds over: "carried". An uncertified threshold, too, carries
       once, and stays "uncertified". If the
       era now certified only less strict thresholds it is no other case: none of them holds before a person adopts it.
    6. else "lapsed".

    Raises ValueError if `day` is not one of the era's, an era of `adopted` is still to come, or the era now is said to have
    certified the threshold and `own` lacks it.
    """
    if not 0 <= day < days:
        raise ValueError(f"day {day} of an era of {days}: it is counted from 0, and the era is over")
    if adopted.era > era or (adopted.certified or 0) > era:
        raise ValueError(f"adopted in era {adopted.era}, certified in {adopted.certified}, and now is era {era}")
    threshold = adopted.threshold
    if threshold is None:
        return InForce(threshold=None, state="halted", days_left=0)
    if threshold in own:
        return InForce(threshold=threshold, state="own", days_left=days - day)
    if adopted.certified == era:
        raise ValueError(f"threshold {threshold!r} is said to be certified by era {era}, which has no such certificate")
    if adopted.certified is None and adopted.era == era and not adopted.revoked:
        return InForce(threshold=threshold, state="uncertified", days_left=days - day)
    stricter = [one for one in own if one > threshold]
    if stricter:
        return InForce(threshold=min(stricter), state="replaced", days_left=days - day, revoked=adopted.revoked)
    since = adopted.era if adopted.certified is None else adopted.certified
    gone = day if rested is None else rested
    if since == era - 1 and gone < carries(days) and not adopted.revoked:
        state: State = "uncertified" if adopted.certified is None else "carried"
        return InForce(threshold=threshold, state=state, days_left=carries(days) - gone)
    return InForce(threshold=None, state="lapsed", days_left=0, revoked=adopted.revoked)
