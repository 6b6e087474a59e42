"""What is known of the readers, in sentences: how often they were checked, and how many errors one reader misses. Pure."""

from models.evaluation.estimate import NotEnoughEvidence
from models.reviewers.capture_recapture import READ, Readers
from review import formats

ALIKE = "Errors that all readers miss alike are not in this: only cases whose answer is known can show them."


def of(readers: Readers, share: float, *, region: str = "the released") -> str:
    """What to say beside the certificate, for any state of the readings.

    `share`: of the agreeing answers that are sampled to be read twice (`review.overlap`). `region`: what the readings are of.
    """
    if not share:
        return "How many errors readers miss is not measured: review.overlap is 0."
    error = readers.error
    if not isinstance(error, NotEnoughEvidence):
        low, high = formats.at_least(error.low), formats.at_most(error.high)
        return (
            f"Readers were checked on {_answers(readers.read)} that agreed with the model: {_wrong(readers.wrong)}. Corrected "
            f"for what one reader misses, {formats.share(error.value)} ({low} to {high}) of {region} are wrong."
        )
    unknown = f"Nothing is known yet of what readers miss of {region}"
    if not readers.due:
        return f"{unknown}: no answer that agreed with the model was sampled to be read twice so far."
    if readers.read < READ:
        verb = "was" if readers.due == 1 else "were"
        sampled = (
            f"{formats.count(readers.read)} of {_answers(readers.due)} sampled from those that agreed with the model"
        )
        return f"{unknown}: {sampled} {verb} read twice."
    return f"{unknown}: {error.reason}."


def _answers(number: int) -> str:
    return formats.count(number, "answer")


def _wrong(number: int) -> str:
    if not number:
        return "none was wrong"
    return f"{formats.count(number)} {'was' if number == 1 else 'were'} wrong"
