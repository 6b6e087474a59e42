"""The score as a probability that can be priced: what a calibrator learns, moves and refuses, and which files are read."""

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import special

from models.classifiers import calibrator, ranking, skops_file
from models.config import stream
from models.errors import ModelInvalid
from models.evaluation.estimate import NotEnoughEvidence
from tests.unit.models.classifiers.test_second_stage import RECORDS, TEXT
from tests.unit.models.classifiers.test_second_stage import cases as second_stage_cases
from tests.unit.models.classifiers.test_second_stage import fitted as second_stage_fitted

FOUR = stream.parse(TEXT.replace('["ham", "spam"]', '["a", "b", "c", "d"]'), origin="mail.toml")
ALIKE, APART = (0.0, 0.0, 0.0, 0.0), (-1.5, 0.0, 0.5, 1.0)


def cases(n: int, offsets: tuple[float, ...] = ALIKE, *, slope: float = 0.6, seed: int = 0) -> pl.DataFrame:
    """Answers of four classes by a model that is too sure: logit P(right) = slope * logit(score) + what its class has."""
    random = np.random.default_rng(seed)
    place, score = random.integers(0, 4, n), special.expit(random.normal(2, 1.5, n))
    return pl.DataFrame(
        {
            "prediction": np.array(list("abcd"))[place],
            "raw_score": score,
            "group": [f"g-{number}" for number in range(n)],
            "right": random.random(n) < special.expit(slope * special.logit(score) + np.array(offsets)[place]),
            "weight": 1.0,
            "truth": special.expit(slope * special.logit(score) + np.array(offsets)[place]),
        }
    )


@functools.cache
def known(n: int, offsets: tuple[float, ...]) -> calibrator.Fitted:
    return fitted(cases(n, offsets))


def fitted(frame: pl.DataFrame, of: stream.Stream = FOUR) -> calibrator.Fitted:
    fit = calibrator.fit(frame, of)
    assert isinstance(fit, calibrator.Fitted), fit
    return fit


@pytest.mark.parametrize(("n", "steps"), [(900, []), (3000, [""]), (6000, ["", "a", "b", "c", "d"])])
@pytest.mark.parametrize("offsets", [ALIKE, APART])
def test_its_number_is_how_often_the_answer_is_right(n: int, steps: list[str], offsets: tuple[float, ...]) -> None:
    fit = known(n, offsets)
    assert list(fit.calibrator.steps) == steps
    assert fit.brier < fit.brier_before
    new = cases(4000, offsets, seed=1)
    says = calibrator.scores(fit.calibrator, new, FOUR)
    assert (says - new["truth"]).abs().mean() < 0.04  # type: ignore[operator]
    assert (new["raw_score"] - new["truth"]).abs().mean() > 0.08  # type: ignore[operator]
    for label in "abcd":
        of_class = new.with_columns(says=says).filter(pl.col("prediction") == label)
        assert float((of_class["says"] - of_class["truth"]).to_numpy().mean()) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("n", [900, 3000, 6000])
def test_within_a_class_it_moves_no_case_past_another_and_makes_no_two_scores_one(n: int) -> None:
    fit = known(n, APART)
    for label in "abcd":
        score = np.linspace(0.2, 0.99, 500)
        same = cases(500).with_columns(prediction=pl.lit(label), raw_score=pl.Series(score))
        says = calibrator.scores(fit.calibrator, same, FOUR).to_numpy()
        assert (np.diff(says) > 0).all()
        assert 0 < says[0] < says[-1] < 1


def test_classes_are_moved_past_each_other_where_they_differ_and_only_there() -> None:
    assert not known(900, ALIKE).reorders
    fit = known(900, APART)
    assert fit.reorders
    assert list(fit.calibrator.offsets) == sorted(fit.calibrator.offsets)
    equal = cases(4).with_columns(prediction=pl.Series(list("abcd")), raw_score=pl.lit(0.9))
    assert calibrator.scores(fit.calibrator, equal, FOUR).is_sorted()


def test_of_a_model_that_is_equally_sure_of_everything_the_class_says_all() -> None:
    fit = fitted(cases(900, (-2.5, 1.0, 1.0, 1.0)).with_columns(raw_score=pl.lit(0.9)))
    equal = cases(4).with_columns(prediction=pl.Series(list("abcd")), raw_score=pl.lit(0.9))
    says = calibrator.scores(fit.calibrator, equal, FOUR)
    assert says[0] < 0.5 < says[1:].min()  # type: ignore[operator]


def test_of_records_there_is_one_map_for_all() -> None:
    fit = fitted(cases(900, APART).with_columns(prediction=pl.lit('{"vendor":"x"}')), RECORDS)
    assert (fit.calibrator.labels, fit.calibrator.offsets, fit.reorders) == ((), (), False)
    with pytest.raises(ModelInvalid, match="trained for the labels none; the stream has a, b, c, d: train one anew"):
        calibrator.scores(fit.calibrator, cases(3), FOUR)


def test_what_has_no_score_stays_without_one_and_a_class_that_nobody_saw_is_like_the_rest() -> None:
    fit = fitted(cases(900, APART).filter(pl.col("prediction") != "d"))
    new = cases(3).with_columns(
        raw_score=pl.Series([None, 0.8, 0.8]), prediction=pl.Series(["a", "d", None], dtype=pl.String)
    )
    says = calibrator.scores(fit.calibrator, new, FOUR)
    assert says.is_null().to_list() == [True, False, False]
    assert says[1] == says[2]
    assert len(calibrator.scores(fit.calibrator, cases(0), FOUR)) == 0


def test_scores_of_0_and_1_are_taken_for_half_as_far_from_the_end_as_the_nearest_other() -> None:
    frame = cases(900).with_columns(raw_score=pl.col("raw_score").round(1))
    fit = fitted(frame)
    assert fit.calibrator.edges == pytest.approx((0.05, 0.05))
    ends = cases(2).with_columns(raw_score=pl.Series([0.0, 1.0]))
    assert calibrator.scores(fit.calibrator, ends, FOUR).is_between(0.01, 0.99).all()


def test_a_label_counts_as_often_as_the_cases_it_stands_for() -> None:
    """The surer half was sampled at one in ten."""
    whole = cases(8000)
    chance = np.where(whole["raw_score"] > 0.88, 0.1, 1.0)
    sampled = whole.with_columns(weight=1 / chance).filter(pl.Series(np.random.default_rng(5).random(8000) < chance))
    says = calibrator.scores(fitted(sampled).calibrator, cases(4000, seed=1), FOUR)
    assert float((says - cases(4000, seed=1)["truth"]).to_numpy().mean()) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (cases(99), "99 labels to learn from, and it takes 100"),
        (cases(400).with_columns(right=True), "0 of 400 labels say that the model was wrong, and it takes 20"),
        (cases(400).with_columns(group=pl.lit("one")), "the right or the wrong answers are of fewer than 5 groups"),
        (cases(400, slope=-1.0), "surer answers are not more often right"),
        (cases(400).with_columns(raw_score=pl.lit(0.9)), "surer answers are not more often right"),
        (cases(400, slope=1.0), "of groups that it did not learn from its probability is "),
    ],
)
def test_too_little_to_learn_from_is_a_sentence(frame: pl.DataFrame, reason: str) -> None:
    fit = calibrator.fit(frame, FOUR)
    assert isinstance(fit, NotEnoughEvidence)
    assert fit.reason.startswith(reason)


@pytest.mark.parametrize("n", [900, 3000])
def test_its_file_gives_it_back_and_the_same_labels_make_the_same_bytes(n: int) -> None:
    first, again = known(n, APART).calibrator, fitted(cases(n, APART)).calibrator
    data = calibrator.written(first)
    assert data == calibrator.written(again)
    assert calibrator.read(data) == first
    assert ranking.read(data) == first
    new = cases(20, seed=1)
    assert ranking.scores(ranking.read(data), new, FOUR).equals(calibrator.scores(first, new, FOUR))


def test_a_file_of_either_kind_is_known_by_what_it_holds() -> None:
    from models.classifiers import second_stage

    stage = second_stage_fitted(second_stage_cases(300)).stage
    assert isinstance(ranking.read(second_stage.written(stage)), second_stage.SecondStage)
    with pytest.raises(ModelInvalid, match="holds no second stage of this version"):
        ranking.read(skops_file.written({"kind": "another"}))


def broken(**changes: Any) -> bytes:
    numbers = {"edges": [0.01, 0.01], "slopes": [1.0, 0.5], "offsets": [0.0, 0.1], "intercept": 0.2}
    content = {"kind": calibrator.KIND, "labels": ["ham", "spam"], "steps": {"": [[0.1, 0.9], [0.2, 0.8]]}}
    return skops_file.written(content | numbers | changes)


def test_a_file_that_it_did_not_write_is_one_line() -> None:
    assert calibrator.read(broken()).labels == ("ham", "spam")
    with pytest.raises(ModelInvalid, match="holds no calibrator of this version"):
        calibrator.read(broken(kind="second stage 1"))
    wrong: list[dict[str, Any]] = [
        {"labels": [1, 2]},
        {"labels": ["ham"]},
        {"edges": [0.0, 0.1]},
        {"edges": [0.1]},
        {"slopes": [-1.0, 0.5]},
        {"slopes": [float("nan"), 0.5]},
        {"intercept": "x"},
        {"steps": {"eggs": [[0.1], [0.2]]}},
        {"steps": {"": [[0.9, 0.1], [0.2, 0.8]]}},
        {"steps": {"": [[0.1, 0.9], [0.8, 0.2]]}},
        {"steps": {"": [[0.1, 0.9], [0.2, 1.8]]}},
        {"steps": {"": [[], []]}},
        {"steps": [0.1]},
    ]
    for changes in wrong:
        with pytest.raises(ModelInvalid, match="not as it was written"):
            calibrator.read(broken(**changes))
    for data in (b"", b"PK"):
        with pytest.raises(ModelInvalid, match="no skops file"):
            calibrator.read(data)


def test_a_map_that_falls_is_none() -> None:
    rising = known(900, ALIKE).calibrator
    with pytest.raises(ValueError, match="slopes of 0 or more"):
        replace(rising, slopes=(-1.0, 0.0))
