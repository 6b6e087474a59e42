"""The one list of outcomes: what counts as settled, and that a frame of them is a frame of texts."""

import polars as pl

from models.evaluation.outcome import SETTLED, Outcome


def test_only_right_and_wrong_are_settled() -> None:
    assert [outcome.value for outcome in SETTLED] == ["right", "wrong"]


def test_an_outcome_is_a_text_wherever_a_frame_meets_it() -> None:
    frame = pl.DataFrame({"outcome": ["right", "disputed", None]})
    result = frame.select(
        equal=pl.col("outcome") == Outcome.RIGHT,
        settled=pl.col("outcome").is_in(SETTLED),
        set=pl.when(pl.col("outcome") == Outcome.DISPUTED).then(pl.lit(Outcome.WRONG)).otherwise("outcome"),
    )
    assert result.schema["set"] == pl.String
    assert result.rows() == [(True, True, "right"), (False, False, "wrong"), (None, None, None)]
