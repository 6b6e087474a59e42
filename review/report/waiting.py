"""What lies before people unanswered, and for how long."""

import math

import polars as pl

from models import timestamps
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
