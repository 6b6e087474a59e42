"""What readers miss, from cases read twice: worked examples, what is too little, and what is not in yet."""

import polars as pl
import pytest

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.reviewers import capture_recapture as recapture

LETTERS = {"a": True, "d": False}  # agrees with the model, or denies it


def cases(*kinds: tuple[int, str], propensity: float = 1.0, group: int = 1) -> pl.DataFrame:
    """`count` cases of each kind: its readings in order, and ! if it was sampled to be read twice even if the first agrees."""
    rows = [
        (propensity, kind.endswith("!"), *(LETTERS.get(letter) for letter in kind.rstrip("!").ljust(3)))
        for count, kind in kinds
        for _ in range(count)
    ]
    schema = {"propensity": pl.Float64, "overlap": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema | dict.fromkeys(("agree", "second", "third"), pl.Boolean), orient="row")
    return frame.with_columns(member=pl.int_range(pl.len(), dtype=pl.UInt64) // group)


def estimates(frame: pl.DataFrame, alpha: float = 0.05) -> tuple[Estimate, Estimate]:
    readers = recapture.readers(frame, alpha)
    assert isinstance(readers.error, Estimate)
    assert isinstance(readers.missed, Estimate)
    return readers.error, readers.missed


def test_a_worked_example_comes_out_by_hand() -> None:
    """Of 1,000 errors in 10,000 a first reader catches 800, a later one three quarters; a tenth of 9,200 is read again."""
    frame = cases((600, "dd"), (150, "dad"), (50, "daa"), (8280, "a"), (769, "aa!"), (113, "add!"), (38, "ada!"))
    error, missed = estimates(frame)
    slip = 150 / 601
    caught = 0.075 / (1 - slip**2)
    late = 0.92 * 113 / 920 / (1 - slip) ** 2
    assert error.value == pytest.approx(caught + late, rel=1e-9)
    assert missed.value == pytest.approx(late / (caught + late), rel=1e-9)
    assert (error.n, error.errors, error.alpha) == (920, 113, 0.05)
    assert error.low < error.value < error.high


def test_were_every_third_reading_right_it_would_be_chapmans_estimate() -> None:
    """Nobody is ever wrong here but that the first misses: then all errors are caught by both, or by the second only."""
    frame = cases((60, "dd"), (900, "a"), (30, "aa!"), (10, "add!"))
    error, missed = estimates(frame)
    assert error.value == pytest.approx((60 + 940 * 10 / 40) / 1000)
    assert missed.value == pytest.approx(235 / 295)


def test_how_many_were_sampled_and_read_is_said_whether_or_not_it_is_enough() -> None:
    few = recapture.readers(cases((5, "dd"), (100, "a"), (7, "a!"), (18, "aa!"), (1, "add!")), 0.05)
    assert (few.due, few.read, few.wrong) == (26, 19, 1)
    assert few.error == few.missed == NotEnoughEvidence(reason="19 agreeing readings read twice so far", n=19, errors=1)
    one = recapture.readers(cases((5, "dd"), (1, "aa!")), 0.05)
    assert one.error == NotEnoughEvidence(reason="1 agreeing reading read twice so far", n=1, errors=0)
    calm = recapture.readers(cases((1, "dd"), (9, "d"), (400, "aa!")), 0.05)
    assert calm.error == NotEnoughEvidence(reason="1 error caught by two readers so far", n=400, errors=0)
    enough = recapture.readers(cases((3, "dd"), (20, "aa!")), 0.05)
    assert isinstance(enough.error, Estimate)
    nothing = recapture.readers(cases(), 0.05)
    assert (nothing.due, nothing.read, nothing.wrong) == (0, 0, 0)
    assert nothing.error == NotEnoughEvidence(reason="0 agreeing readings read twice so far", n=0, errors=0)


def test_readings_that_are_not_in_are_taken_to_be_like_those_that_are() -> None:
    half = [(30, "dd"), (10, "dad"), (10, "daa"), (900, "a"), (80, "aa!"), (6, "add!"), (4, "ada!")]
    known = cases(*half)
    open_ = cases(*half, (50, "d"), (90, "a!"))
    whole = cases(*half, (30, "dd"), (10, "dad"), (10, "daa"), (80, "aa!"), (6, "add!"), (4, "ada!"))
    for one, other in zip(estimates(open_), estimates(whole), strict=True):
        assert one.value == pytest.approx(other.value, rel=0.02)  # + 1 in Chapman's estimate
        assert one.low < other.low
        assert one.high > other.high
    assert estimates(open_)[0].value > estimates(known)[0].value
    ties = [(30, "dd"), (900, "a"), (80, "aa!")]
    late = cases(*ties, (5, "dad"), (5, "daa"), (10, "da"), (2, "add!"), (2, "ada!"), (4, "ad!"))
    decided = cases(*ties, (10, "dad"), (10, "daa"), (4, "add!"), (4, "ada!"))
    assert estimates(late)[0].value == pytest.approx(estimates(decided)[0].value)
    assert estimates(late)[0].high > estimates(decided)[0].high


def test_ties_of_which_no_third_has_decided_one_count_as_wrong() -> None:
    open_ = cases((30, "dd"), (4, "da"), (900, "a"), (80, "aa!"), (4, "ad!"))
    wrong = cases((30, "dd"), (4, "dad"), (900, "a"), (80, "aa!"), (4, "add!"))
    assert estimates(open_) == estimates(wrong)


def test_an_agreeing_case_that_was_not_sampled_says_nothing_of_what_is_missed() -> None:
    """A first answer that was changed to agree after a second had disagreed with the model."""
    base = [(30, "dd"), (4, "dad"), (900, "a"), (100, "aa!")]
    readers = recapture.readers(cases(*base, (5, "add")), 0.05)
    assert (readers.due, readers.read, readers.wrong) == (100, 100, 0)
    assert isinstance(readers.missed, Estimate)
    assert readers.missed.value == 0


def test_a_case_sampled_with_a_small_chance_stands_for_many() -> None:
    rare = cases((20, "dd"), (180, "a"), (20, "aa!"), propensity=0.1)
    often = cases((50, "dd"), (1500, "a"), (250, "aa!"))
    error, _ = estimates(pl.concat([rare, often.with_columns(pl.col("member") + 10_000)]))
    assert error.value == pytest.approx((10 * 20 + 50) / (10 * 220 + 1800))
    assert error.high - error.low > 1.3 * (estimates(often)[0].high - estimates(often)[0].low)


def test_cases_that_are_right_or_wrong_together_count_as_one_in_the_limits() -> None:
    kinds = [(60, "dd"), (12, "dad"), (1700, "a"), (190, "aa!"), (12, "add!")]
    alone, together = (estimates(cases(*kinds, group=size))[0] for size in (1, 6))
    assert alone.value == together.value
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_readers_of_whom_one_seldom_confirms_the_other_leave_the_limit_open_or_tell_nothing() -> None:
    many = [(300, "a"), (30, "aa!"), (3, "add!")]
    error, _ = estimates(cases((9, "dd"), (6, "dad"), (6, "daa"), *many))
    assert 0.02 < error.low < 15 / 354 < error.value < 0.7
    assert error.high == 1
    readers = recapture.readers(cases((3, "dd"), (4, "dad"), *many), 0.05)
    reason = "two readers agree too rarely on what is wrong"
    assert readers.error == readers.missed == NotEnoughEvidence(reason=reason, n=33, errors=3)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.5])
def test_an_alpha_that_is_no_chance_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match=f"alpha {alpha}: give a probability"):
        recapture.readers(cases((3, "dd")), alpha)
