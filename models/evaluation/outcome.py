"""What became of a case that was, or was not, sampled for a blind label: the one list, by which estimates count."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one case. A text in every frame; compared by these names and no others.

    >>> Outcome.RIGHT == "right"
    True
    >>> [outcome.value for outcome in Outcome if outcome not in SETTLED]
    ['unsampled', 'waiting', 'open', 'skipped', 'disputed']
    """

    UNSAMPLED = "unsampled"  # not sampled for a blind label
    WAITING = "waiting"  # sampled, and not sent to a person yet
    OPEN = "open"  # before people, and nobody has answered
    SKIPPED = "skipped"  # passed on at least once, and nobody has answered
    RIGHT = "right"  # people have settled that the model is right
    WRONG = "wrong"
    DISPUTED = "disputed"  # answered, and another person is to read it; estimates take it for wrong


SETTLED = (Outcome.RIGHT, Outcome.WRONG)
