"""What a confidence is made of: the order it gives, and why a row has none."""

import math
from typing import Any

import polars as pl
import pytest

from models.answers import same
from models.outputs import combined, judges, sampled_answers, scale, score_source, token_scores

RULE = same.Rule(labels=("yes", "no"))


def pairs(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select(pl.col("score").round(12), "unscored").rows()


def test_levels_keep_their_order_and_a_name_that_is_none_is_said() -> None:
    result = score_source.read(pl.Series(["low", "High ", "medium", "odd", None]), "levels", ("low", "medium", "high"))
    assert pairs(result) == [
        (0.25, None),
        (0.75, None),
        (0.5, None),
        (None, "confidence 'odd' is none of the levels low, medium, high"),
        (None, "no confidence"),
    ]


def test_a_rank_is_surer_the_smaller_it_is_and_no_two_are_one() -> None:
    ranks = pl.Series([1.0, 2.0, 3.0, 10.0, 1e6, 1e6 + 1])
    scores = scale.unit(ranks, "rank").to_list()
    assert scores == sorted(set(scores), reverse=True)
    assert scale.unit(pl.Series([0.0, -1.0, math.nan]), "rank").to_list() == [None, None, None]


@pytest.mark.parametrize(("how", "expected"), [("least", 0.5), ("product", 0.4), ("mean", 0.65)])
def test_several_scores_are_one_and_one_that_is_missing_leaves_none(how: str, expected: float) -> None:
    each = [score_source.read(pl.Series(column), "percent", ()) for column in ([50, 50], [80, None])]
    assert pairs(combined.scores(["a", "b"], each, how)) == [(expected, None), (None, "b: no confidence")]


@pytest.mark.parametrize(("take", "expected"), [("mean", -0.2), ("least", -0.3), ("sum", -0.4)])
def test_tokens_give_the_exponential_of_what_is_taken_of_them(take: str, expected: float) -> None:
    tokens = pl.Series(
        [[-0.1, -0.3], [-math.inf, -0.1], [0.00001], [], None, [math.nan], [0.5]], dtype=pl.List(pl.Float64)
    )
    assert pairs(token_scores.of_answer(tokens, take)) == [
        (round(math.exp(expected), 12), None),
        (0.0, None),
        (1.0, None),
        (None, "no log-probabilities"),
        (None, "no log-probabilities"),
        (None, "a log-probability is missing or not a number"),
        (None, "log-probability 0.5 is above 0"),
    ]


def test_the_share_of_a_label_counts_the_labels_alone_and_adds_its_spellings() -> None:
    tokens = [
        {"token": token, "logprob": math.log(p)}
        for token, p in ((" yes", 0.4), ("ye", 0.2), ("no", 0.2), ("maybe", 0.1))
    ]
    top = pl.Series([tokens, tokens[2:], [], None])
    series = pl.Series(["yes", "yes", "yes", "yes"])
    assert pairs(token_scores.share(top, series, RULE)) == [
        (0.75, None),
        (None, "the answer is none of the likeliest tokens"),
        (None, "no log-probabilities"),
        (None, "no log-probabilities"),
    ]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (None, "a log-probability is missing or not a number"),
        (math.nan, "a log-probability is missing or not a number"),
        (0.3, "log-probability 0.3 is above 0"),
    ],
)
def test_a_label_without_a_log_probability_leaves_no_share_to_the_others(number: float | None, reason: str) -> None:
    kind = pl.List(pl.Struct({"token": pl.String(), "logprob": pl.Float64()}))
    tokens = [{"token": "yes", "logprob": -0.7}, {"token": "no", "logprob": number}, {"token": "hm", "logprob": None}]
    top = pl.Series([tokens, [*tokens[:1], tokens[2]]], dtype=kind)
    assert pairs(token_scores.share(top, pl.Series(["yes", "yes"]), RULE)) == [(None, reason), (1.0, None)]


def test_the_answer_of_most_samples_is_the_prediction_and_its_share_the_score() -> None:
    samples = pl.Series(
        [["no", "yes", "yes"], ["no", "yes"], ["yes", None, "yes"], ["yes"], [], None], dtype=pl.List(pl.String)
    )
    assert sampled_answers.majority(samples, RULE).with_columns(pl.col("score").round(4)).rows() == [
        ("yes", 0.6667, None),
        ("no", 0.5, None),
        ("yes", 0.6667, None),
        ("yes", None, "one sample only, which nothing can agree with"),
        (None, None, "no samples"),
        (None, None, "no samples"),
    ]


def test_two_samples_are_one_answer_where_the_rule_of_the_stream_reads_them_so() -> None:
    folding = same.Rule(labels=("yes", "no"), fold=True)
    samples = pl.Series([["Yes.", "yes", "no", "no", "YES"]])
    assert sampled_answers.majority(samples, folding).rows() == [("yes", 0.6, None)]
    assert sampled_answers.majority(samples, RULE).rows() == [("no", 0.4, None)]


def test_a_judge_that_is_sure_of_right_is_above_one_that_is_unsure_and_that_above_sure_of_wrong() -> None:
    verdicts = pl.Series(["right", "accept", "no", "wrong", "hm", None])
    sure = score_source.read(pl.Series([0.9, 0.2, 0.2, 0.9, 0.5, 0.5]), "unit", ())
    assert pairs(judges.scores(verdicts, sure)) == [
        (0.95, None),
        (0.6, None),
        (0.4, None),
        (0.05, None),
        (None, "the judge's verdict 'hm' says neither right nor wrong"),
        (None, "the judge gives no verdict"),
    ]
