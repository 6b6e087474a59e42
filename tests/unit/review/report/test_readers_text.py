"""The sentences about readers are true in every state, and read well in each number."""

import pytest

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.reviewers.capture_recapture import Readers
from review.report import readers_text

RANGE = Estimate(value=0.0494, low=0.03819, high=0.07641, alpha=0.05, n=285, errors=2, method="two-list")


def known(read: int, wrong: int) -> Readers:
    return Readers(due=300, read=read, wrong=wrong, error=RANGE, missed=RANGE)


def unknown(due: int, read: int, reason: str) -> Readers:
    nothing = NotEnoughEvidence(reason=reason, n=read, errors=0)
    return Readers(due=due, read=read, wrong=0, error=nothing, missed=nothing)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("read", "wrong", "text"),
    [
        (1285, 2, "1 285 answers that agreed with the model: 2 were wrong."),
        (285, 1, "285 answers that agreed with the model: 1 was wrong."),
        (1, 0, "1 answer that agreed with the model: none was wrong."),
    ],
)
def test_what_is_known_is_said_with_its_limits_rounded_outwards(read: int, wrong: int, text: str) -> None:
    corrected = " Corrected for what one reader misses, 4.9 % (3.8 % to 7.7 %) of the released are wrong."
    assert f"Readers were checked on {text}{corrected}" == plain(readers_text.of(known(read, wrong), 0.1))


def test_the_region_is_named() -> None:
    assert readers_text.of(known(285, 2), 0.1, region="all cases").endswith(" of all cases are wrong.")


@pytest.mark.parametrize(
    ("due", "read", "reason", "text"),
    [
        (
            0,
            0,
            "0 agreeing readings read twice so far",
            "no answer that agreed with the model was sampled to be read twice so far.",
        ),
        (
            1,
            0,
            "0 agreeing readings read twice so far",
            "0 of 1 answer sampled from those that agreed with the model was read twice.",
        ),
        (
            19,
            19,
            "19 agreeing readings read twice so far",
            "19 of 19 answers sampled from those that agreed with the model were read twice.",
        ),
        (40, 30, "1 error caught by two readers so far", "1 error caught by two readers so far."),
    ],
)
def test_what_is_not_known_is_said_with_what_there_is(due: int, read: int, reason: str, text: str) -> None:
    wanted = f"Nothing is known yet of what readers miss of the released: {text}"
    assert wanted == plain(readers_text.of(unknown(due, read, reason), 0.1))


def test_where_nobody_reads_twice_that_is_said() -> None:
    wanted = "How many errors readers miss is not measured: review.overlap is 0."
    assert wanted == readers_text.of(unknown(0, 0, "0 agreeing readings read twice so far"), 0.0)
