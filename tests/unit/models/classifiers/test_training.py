"""A classifier fitted anew: the same kind and settings, other labels."""

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.classifiers import skops_file, training
from models.errors import ModelInvalid
from models.evaluation.estimate import NotEnoughEvidence
from tests.unit.models.classifiers.test_inference import ANSWERS, POINTS, described

N = 200
TABLE = pl.DataFrame({"x": np.arange(N) % 2 * 1.0, "y": np.arange(N) / N})
CASES = pl.DataFrame({"answer": ["yes", "no"] * (N // 2), "right": [True, False] * (N // 2), "weight": 1.0})


def refitted(model: object, cases: pl.DataFrame = CASES) -> training.Refitted:
    new = training.refit(model, TABLE, cases, described("x", "y"))
    assert isinstance(new, training.Refitted), new
    return new


@pytest.mark.parametrize(
    ("model", "weighted"),
    [
        (LogisticRegression(C=0.5), True),
        (make_pipeline(StandardScaler(), LogisticRegression(C=0.5)), True),
        (make_pipeline(StandardScaler(), KNeighborsClassifier(3)), False),
    ],
)
def test_it_learns_what_people_answered_and_the_old_one_stays(model: object, weighted: bool) -> None:
    old = model.fit(POINTS, ANSWERS)  # type: ignore[attr-defined]
    before = skops_file.written(old)
    new = refitted(old)
    assert (new.labels, new.errors, new.weighted) == (N, N // 2, weighted)
    assert new.model.predict(TABLE.to_numpy()).tolist() == CASES["answer"].to_list()
    assert type(new.model) is type(old)
    assert skops_file.written(old) == before


def test_weights_count() -> None:
    torn = CASES.with_columns(answer=pl.Series(["yes", "yes", "no", "no"] * (N // 4)))
    for heavy in ("yes", "no"):
        weight = pl.when(pl.col("answer") == heavy).then(9.0).otherwise(1.0)
        new = refitted(LogisticRegression().fit(POINTS, ANSWERS), torn.with_columns(weight=weight))
        assert set(new.model.predict(TABLE.to_numpy())) == {heavy}


def test_what_chooses_at_random_chooses_the_same() -> None:
    old = RandomForestClassifier(n_estimators=5).fit(POINTS, ANSWERS)
    assert skops_file.written(refitted(old).model) == skops_file.written(refitted(old).model)


def test_too_little_to_learn_from_is_a_sentence() -> None:
    old = LogisticRegression().fit(POINTS, ANSWERS)
    for cases, reason in (
        (CASES.head(99), "99 labels to learn from, and it takes 100"),
        (CASES.with_columns(answer=pl.lit("yes")), "nobody answered no so far"),
    ):
        new = training.refit(old, TABLE.head(len(cases)), cases, described("x", "y"))
        assert isinstance(new, NotEnoughEvidence)
        assert new.reason == reason


def test_features_of_another_model_are_refused() -> None:
    with pytest.raises(ModelInvalid, match="takes 2 columns"):
        training.refit(
            LogisticRegression().fit(POINTS, ANSWERS), TABLE.with_columns(z=0.0), CASES, described("x", "y", "z")
        )
