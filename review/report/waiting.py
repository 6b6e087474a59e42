"""What lies before people unanswered, and for how long; and what cannot be put before them."""

import math

import polars as pl

from models import timestamps
from review import formats
from review.report.figures import Queue

# Hours since a case was put before people, and how a reader says it.
AGES = ((1.0, "under 1 h"), (8.0, "1 to 8 h"), (24.0, "8 to 24 h"), (72.0, "1 to 3 days"), (math.inf, "over 3 days"))


def queue(open_cases: pl.DataFrame, waiting: int, deadline: float, now: str) -> Queue:
    """The queue as it is at `now`. `open_cases`: sent_at and skips of each; `deadline`: in hours."""
    instant = timestamps.parse(now)
    waited = [(instant - timestamps.parse(sent)).total_seconds() / 3600 for sent in open_cases["sent_at"]]
    floors = (0.0, *(edge for edge, _ in AGES[:-1]))
    # A clock that runs behind the ledger's gives a case that was sent "later than now": it is new.
    ages = tuple(
        (name, sum(floor <= max(age, 0.0) < edge for age in waited))
        for floor, (edge, name) in zip(floors, AGES, strict=True)
    )
    return Queue(
        open=len(waited),
        late=sum(age > deadline for age in waited),
        skipped=int((open_cases["skips"] > 0).sum()),
        waiting=waiting,
        deadline=deadline,
        oldest=max(waited, default=None),
        ages=ages,
    )


WAY_OUT = "put back what is missing, or deliver it anew under another id"


def unshown(cases: int, samples: int) -> str:
    """What is sentence of cases that cannot be put before anybody; empty where there are none.

    >>> unshown(1, 0)
    '1 case cannot be shown to a person and waits'
    >>> unshown(3, 1)
    '3 cases cannot be shown to a person and wait; the blind sample among them counts as wrong in the certificate'
    """
    if not cases:
        return ""
    sentence = f"{formats.count(cases, 'case')} cannot be shown to a person and {'waits' if cases == 1 else 'wait'}"
    if not samples:
        return formats.plain(sentence)
    if samples == cases:
        return formats.plain(
            f"{sentence}; unanswered, {'it counts' if cases == 1 else 'they count'} as wrong in the certificate"
        )
    those = "the blind sample among them counts" if samples == 1 else f"the {samples} blind samples among them count"
    return formats.plain(f"{sentence}; {those} as wrong in the certificate")
