"""Is it right? What a second stage learns, what it refuses, and which of its files are read."""

import copy
import functools
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
import skops.io as skops_io
from sklearn.ensemble import HistGradientBoostingClassifier

from models.classifiers import second_stage, skops_file
from models.config import stream
from models.errors import ModelInvalid
from models.evaluation.estimate import NotEnoughEvidence

TEXT = """
name = "mail"
title = "Mail"
labels = ["ham", "spam"]
[input]
source = "inbox"
payload = ["text"]
prediction = "label"
confidence = "score"
slices = ["day"]
[model]
id = "m1"
[review]
kind = "text"
question = "Is it?"
project = "Mail"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""
RECORD = TEXT.replace('labels = ["ham", "spam"]\n', "").replace('prediction = "label"\nconfidence = "score"\n', "") + (
    '[[field]]\nname = "vendor"\nscore = "v"\n[[field]]\nname = "total"\nscore = "t"\nkind = "number"\n'
)
MAIL, RECORDS = (stream.parse(text, origin="mail.toml") for text in (TEXT, RECORD))


def cases(n: int, *, wrong: float = 0.3, seed: int = 0) -> pl.DataFrame:
    """Equally sure answers of which those of Mondays are wrong, mostly."""
    random = np.random.default_rng(seed)
    monday = random.random(n) < wrong
    return pl.DataFrame(
        {
            "case_id": [f"c-{number}" for number in range(n)],
            "group": [f"g-{number}" for number in range(n)],
            "prediction": random.choice(["ham", "spam"], n),
            "raw_score": 0.7 + 0.2 * random.random(n),
            "slices": [json.dumps({"day": "Monday" if one else "Friday"}) for one in monday],
            "payload": ['{"text":"hello"}'] * n,
            "field_scores": pl.Series([None] * n, dtype=pl.String),
            "right": monday == (random.random(n) < 0.05),
            "weight": 1.0,
        }
    )


def fitted(frame: pl.DataFrame, of: stream.Stream = MAIL) -> second_stage.Fitted:
    fit = second_stage.fit(frame, of)
    assert isinstance(fit, second_stage.Fitted), fit
    return fit


@functools.cache
def of_cases(n: int) -> second_stage.Fitted:
    """What is learned of so many cases: takes seconds, and nobody changes it."""
    return fitted(cases(n))


def test_it_ranks_by_what_the_models_score_does_not_say() -> None:
    fit = of_cases(400)
    assert fit.auroc > 0.9 > 0.65 > fit.auroc_before
    new = cases(200, seed=1)
    scores = second_stage.scores(fit.stage, new, MAIL)
    assert scores.is_between(0, 1).all()
    monday = new["slices"].str.contains("Monday")
    assert scores.filter(monday).max() < scores.filter(~monday).min()  # type: ignore[operator]


def test_it_only_rises_with_the_models_own_score() -> None:
    fit = of_cases(400)
    same = pl.concat([cases(1)] * 50).with_columns(raw_score=pl.Series(np.linspace(0, 1, 50)))
    assert second_stage.scores(fit.stage, same, MAIL).is_sorted()


def test_what_has_no_score_or_is_new_to_it_stays_or_gets_one() -> None:
    fit = of_cases(400)
    new = cases(3).with_columns(
        raw_score=pl.Series([None, 0.8, 0.8]),
        slices=pl.Series(['{"day":"Monday"}', '{"day":"Sunday"}', '{"day":null}']),
        prediction=pl.Series([None, "eggs", "ham"], dtype=pl.String),
    )
    assert second_stage.scores(fit.stage, new, MAIL).is_null().to_list() == [True, False, False]
    assert len(second_stage.scores(fit.stage, cases(0), MAIL)) == 0


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (cases(99), "99 labels to learn from, and it takes 100"),
        (cases(400).with_columns(right=True), "0 of 400 labels say that the model was wrong, and it takes 20"),
        (cases(400).with_columns(right=False), "0 of 400 labels say that the model was right, and it takes 20"),
        (cases(400).with_columns(group=pl.lit("one")), "the right or the wrong answers are of fewer than 5 groups"),
        (
            cases(400).with_columns(right=pl.col("raw_score") > 0.75),
            "of groups that it did not learn from it puts ",
        ),
    ],
)
def test_too_little_to_learn_from_is_a_sentence(frame: pl.DataFrame, reason: str) -> None:
    fit = second_stage.fit(frame, MAIL)
    assert isinstance(fit, NotEnoughEvidence)
    assert fit.reason.startswith(reason)
    assert fit.n == len(frame)


def test_a_label_counts_as_often_as_the_cases_it_stands_for() -> None:
    """Fridays are right in half of the labels, and in nearly all of the cases."""
    frame = cases(600).with_columns(
        right=pl.Series(np.arange(600) % 2 == 0), weight=pl.Series(np.where(np.arange(600) % 2, 1.0, 20.0))
    )
    plain = second_stage._fitted(second_stage._matrix(frame, SHAPE), frame["right"].to_numpy(), np.ones(600), SHAPE)
    heavy = second_stage._fitted(
        second_stage._matrix(frame, SHAPE), frame["right"].to_numpy(), second_stage._weights(frame), SHAPE
    )
    matrix = second_stage._matrix(frame, SHAPE)
    assert second_stage._right(plain, matrix).mean() == pytest.approx(0.5, abs=0.05)
    assert second_stage._right(heavy, matrix).mean() > 0.85


SHAPE = second_stage.SecondStage(trees=None, labels=("ham", "spam"), slices={"day": ("Friday", "Monday")}, fields=())


def test_of_a_record_it_reads_each_fields_score_and_length() -> None:
    n = 400
    odd = np.arange(n) % 4 == 0
    frame = cases(n).with_columns(
        prediction=pl.Series(['{"total":12.5,"vendor":"' + ("x" * 30 if one else "Moe") + '"}' for one in odd]),
        field_scores=pl.lit("[0.9,null]"),
        right=pl.Series(~odd),
        raw_score=pl.lit(0.9),
    )
    fit = fitted(frame, RECORDS)
    scores = second_stage.scores(fit.stage, frame, RECORDS)
    assert scores.filter(pl.Series(odd)).max() < 0.1 < 0.9 < scores.filter(pl.Series(~odd)).min()  # type: ignore[operator]


def test_a_file_holds_what_was_fitted_and_the_same_labels_make_the_same_bytes() -> None:
    first, again = (second_stage.written(fitted(cases(300)).stage) for _ in range(2))
    assert first == again
    stage, new = second_stage.read(first), cases(50, seed=2)
    expected = second_stage.scores(fitted(cases(300)).stage, new, MAIL)
    assert second_stage.scores(stage, new, MAIL).equals(expected)
    assert skops_io.get_untrusted_types(data=first) == list(second_stage.TRUSTED)


def test_another_stream_is_not_scored_by_it() -> None:
    stage = of_cases(300).stage
    with pytest.raises(ModelInvalid, match="trained for the labels ham, spam; the stream has none"):
        second_stage.scores(stage, cases(3), RECORDS)


def broken(**changes: Any) -> bytes:
    stage = of_cases(300).stage
    content = {"kind": second_stage.KIND, "trees": stage.trees, "labels": ["ham", "spam"], "fields": []}
    return skops_file.written(content | {"slices": {"day": ["Friday", "Monday"]}} | changes)


def test_a_file_that_it_did_not_write_is_one_line() -> None:
    assert second_stage.read(broken()).labels == ("ham", "spam")
    grown = of_cases(300).stage.trees
    nodes = grown._predictors[0][0].nodes
    assert nodes["is_leaf"][0] == 0
    other = HistGradientBoostingClassifier(max_iter=1).fit(np.zeros((40, 2)), np.arange(40) % 2 == 0)
    for changes, reason in (
        ({"kind": "third stage"}, "holds no second stage of this version"),
        ({"slices": ["day"]}, "not as it was written"),
        ({"slices": {"day": [1]}}, "not as it was written"),
        ({"labels": "ham"}, "not as it was written"),
        ({"trees": None}, "not as they were grown"),
        ({"trees": other}, "not as they were grown"),
        ({"labels": []}, "not as they were grown"),
    ):
        with pytest.raises(ModelInvalid, match=reason):
            second_stage.read(broken(**changes))
    for name, value in (
        ("left", 0),
        ("right", 10_000),
        ("feature_idx", 99),
        ("feature_idx", -1),
        ("is_categorical", 1),
    ):
        trees = copy.deepcopy(grown)
        trees._predictors[0][0].nodes[name][0] = value
        with pytest.raises(ModelInvalid, match="not as they were grown"):
            second_stage.read(broken(trees=trees))
    trees = copy.deepcopy(grown)
    for predictors in (None, [], [[None]], [[trees._predictors[0][0].nodes]]):
        trees._predictors = predictors
        with pytest.raises(ModelInvalid, match="not as they were grown"):
            second_stage.read(broken(trees=trees))
    for data in (b"", b"PK", b"no archive"):
        with pytest.raises(ModelInvalid, match="no skops file"):
            second_stage.read(data)
