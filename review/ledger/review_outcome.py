"""What one revision of an annotation comes to, as the ledger's reviews say it."""

from enum import StrEnum


class ReviewOutcome(StrEnum):
    """The outcome of a review. A text in every frame and in the ledger."""

    ANSWER = "answer"
    SKIP = "skip"  # passed on to somebody else
    REPEAT = "repeat"  # an answer by somebody who had read the case before
    BULK = "bulk"  # made from predictions by an action on many tasks, not by a person
    DELETED = "deleted"  # the annotation is gone
