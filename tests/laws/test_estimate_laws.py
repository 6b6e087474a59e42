"""What holds of the estimates whatever was labelled."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation import risk
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from tests.unit.models.evaluation.test_risk import COLUMNS

ALPHA = 0.1
PATIENT = settings(deadline=None)  # a busy machine is no fault of an estimate
SAMPLED = st.sampled_from(["waiting", "open", "skipped", "right", "wrong"])
# A stream that has known two lines and two audit rates: the strict one released the sure only.
ROW = st.tuples(
    st.sampled_from([None, 0.1, 0.5, 0.50001, 0.9, 1.0]),
    st.sampled_from(["AUTOMATE", "REVIEW"]),
    st.one_of(st.none(), SAMPLED),
    st.sampled_from([0.01, 0.25, 1.0]),
    st.integers(1, 300),
)
ROWS = st.lists(ROW, max_size=12)
Rows = list[tuple[float | None, str, str | None, float, int]]


def counts(rows: Rows) -> pl.DataFrame:
    """The rows that can be: nobody is released without a confidence, nobody is unsampled at propensity 1."""
    built = [
        (confidence, route if confidence is not None else "REVIEW", outcome is not None, propensity, outcome, n)
        for confidence, route, outcome, propensity, n in rows
        if not (outcome is None and propensity == 1.0)
    ]
    frame = pl.DataFrame(built, schema=COLUMNS, orient="row")
    return frame.with_columns(pl.col("outcome").fill_null("unsampled"))


def every(frame: pl.DataFrame) -> list[Estimate | NotEnoughEvidence]:
    return [
        risk.error_among_automated(frame, ALPHA),
        risk.error_among_automated(frame, ALPHA, one_sided=True),
        risk.error_among_automated(frame, ALPHA, unanswered_wrong=True),
        *(risk.error_at(frame, threshold, ALPHA) for threshold in (0.0, 0.5, 0.9)),
    ]


def close(one: Estimate | NotEnoughEvidence, other: Estimate | NotEnoughEvidence) -> bool:
    """Equal but for the order of the additions."""
    if isinstance(one, NotEnoughEvidence) or isinstance(other, NotEnoughEvidence):
        return one == other
    pairs = ((one.value, other.value), (one.low, other.low), (one.high, other.high))
    return (one.n, one.errors) == (other.n, other.errors) and all(abs(a - b) < 1e-9 for a, b in pairs)


@PATIENT
@given(ROWS)
def test_neither_the_order_of_the_rows_nor_how_they_are_summed_matters(rows: Rows) -> None:
    whole = counts(rows)
    parts = counts([(*row[:4], part) for row in rows for part in (row[4] // 2, row[4] - row[4] // 2) if part])
    shuffled = parts.sample(fraction=1, shuffle=True, seed=len(rows))
    assert all(map(close, every(whole), every(shuffled)))


@PATIENT
@given(ROWS)
def test_an_estimate_is_a_share_within_its_limits_and_more_certainty_is_wider(rows: Rows) -> None:
    frame = counts(rows)
    for result in every(frame):
        if isinstance(result, Estimate):
            assert 0 <= result.low <= result.value <= result.high <= 1
            assert result.errors <= result.n <= int(frame.filter("blind")["n"].sum())
    wide, narrow = (risk.error_at(frame, 0.0, alpha) for alpha in (0.01, 0.2))
    if isinstance(wide, Estimate) and isinstance(narrow, Estimate):
        assert (wide.value, wide.n) == (narrow.value, narrow.n)
        assert wide.low <= narrow.low + 1e-12
        assert narrow.high <= wide.high + 1e-12


@PATIENT
@given(ROWS, st.integers(0, 11))
def test_one_more_error_never_makes_the_machine_look_better(rows: Rows, place: int) -> None:
    right = [row for row in rows if row[2] == "right"]
    if not right:
        return
    turned = right[place % len(right)]
    worse = [*(row for row in rows if row is not turned), (*turned[:2], "wrong", *turned[3:])]
    for before, after in zip(every(counts(rows)), every(counts(worse)), strict=True):
        if isinstance(before, Estimate) and isinstance(after, Estimate):
            assert after.value >= before.value - 1e-12
            assert after.high >= before.high - 1e-12


@PATIENT
@given(ROWS)
def test_what_is_not_answered_can_only_hide_errors(rows: Rows) -> None:
    frame = counts(rows)
    known = risk.error_among_automated(frame, ALPHA)
    worst = risk.error_among_automated(frame, ALPHA, unanswered_wrong=True)
    if isinstance(known, Estimate) and isinstance(worst, Estimate):
        assert worst.errors >= known.errors
        assert worst.n >= known.n


@PATIENT
@given(ROWS)
def test_the_unsampled_and_answers_beside_the_models_own_are_no_evidence(rows: Rows) -> None:
    frame = counts(rows)
    seen = frame.with_columns(
        outcome=pl.when(~pl.col("blind") & (pl.col("n") % 2 == 0)).then(pl.lit("wrong")).otherwise("outcome")
    )
    assert every(seen) == every(frame)


@PATIENT
@given(ROWS)
def test_the_curve_says_what_each_of_its_thresholds_says_alone(rows: Rows) -> None:
    frame = counts(rows)
    for row in risk.curve(frame, ALPHA).iter_rows(named=True):
        alone = risk.error_at(frame, row["threshold"], ALPHA)
        if isinstance(alone, Estimate):
            assert abs(row["error"] - alone.value) < 1e-9
            assert abs(row["low"] - alone.low) < 1e-9
            assert abs(row["high"] - alone.high) < 1e-9
        else:
            assert row["error"] is None
