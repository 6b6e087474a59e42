"""A user's own classifier: what is refused, and which rows it answers."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import skops.io as skops_io
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from models.classifiers import inference
from models.config import stream
from models.errors import ModelInvalid
from models.outputs import contract, reserved

TEXT = """
name = "mail"
title = "Mail"
labels = ["yes", "no"]
[input]
source = "inbox"
payload = ["text"]
[model]
id = "m1"
file = "m.skops"
features = FEATURES
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
YES, NO = reserved.PREFIX + "probability_0", reserved.PREFIX + "probability_1"
POINTS = np.array([[0.0, 0.0], [1.0, 1.0]] * 10)
ANSWERS = ["no", "yes"] * 10


def described(*features: str) -> stream.Stream:
    return stream.parse(TEXT.replace("FEATURES", str(list(features))), origin="mail.toml")


def answers(model: Any, frame: pl.DataFrame, *features: str) -> list[str | None]:
    """The more probable label of each row, None where the model gave no probabilities."""
    answers = inference.apply(model, frame, described(*features))
    return [None if np.isnan(y) else "yes" if y > n else "no" for y, n in answers.select(YES, NO).rows()]


def points() -> LogisticRegression:
    return LogisticRegression().fit(POINTS, ANSWERS)


def lengths(texts: list[str]) -> list[list[int]]:
    return [[len(text)] for text in texts]


def test_a_saved_classifier_comes_back_and_answers_in_the_order_of_the_labels() -> None:
    model = inference.load(skops_io.dumps(points()))
    frame = pl.DataFrame({"x": [[0.0, 0.0], [1.0, 1.0]]})
    assert answers(model, frame, "x") == ["no", "yes"]
    assert inference.apply(model, frame, described("x")).select(
        pl.sum_horizontal(YES, NO).round(9)
    ).to_series().to_list() == [1, 1]


@pytest.mark.parametrize("data", [b"", b"no model at all", b"PK\x03\x04 cut off", skops_io.dumps(points())[:-40]])
def test_a_file_that_is_no_skops_file_is_refused(data: bytes) -> None:
    with pytest.raises(ModelInvalid, match="no skops file"):
        inference.load(data)


class Mine:
    """What runs code when it is unpickled."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self._path, "w"))


def test_a_pickle_is_refused_and_none_of_its_code_runs(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    data = pickle.dumps(Mine(str(ran)))
    with pytest.raises(ModelInvalid, match="no skops file") as caught:
        inference.load(data)
    assert len(str(caught.value).splitlines()) == 1
    assert not ran.exists()
    pickle.loads(data).close()  # noqa: S301 (it would have)
    assert ran.exists()


def test_a_type_that_could_run_code_is_refused_by_name() -> None:
    model = make_pipeline(FunctionTransformer(lengths), LogisticRegression()).fit(["a", "bb"], ["no", "yes"])
    with pytest.raises(ModelInvalid, match=r"not trusted: .*lengths"):
        inference.load(skops_io.dumps(model))


@pytest.mark.parametrize(
    "model",
    [LinearRegression().fit(POINTS, [0, 1] * 10), LinearSVC().fit(POINTS, ANSWERS), LogisticRegression(), {"a": 1}],
    ids=["regression", "no probabilities", "not fitted", "a dict"],
)
def test_what_gives_no_probabilities_is_refused(model: Any) -> None:
    with pytest.raises(ModelInvalid, match=r"not a fitted classifier with probabilities"):
        inference.load(skops_io.dumps(model))


def test_other_classes_than_the_labels_are_refused() -> None:
    model = LogisticRegression().fit(POINTS, ["maybe", "yes"] * 10)
    with pytest.raises(ModelInvalid, match=r"answers maybe, yes; the stream's labels are no, yes"):
        inference.apply(model, pl.DataFrame({"x": [[0.0, 0.0]]}), described("x"))


def test_classes_are_read_as_the_streams_labels_are_written() -> None:
    shouted = LogisticRegression().fit(POINTS, np.char.upper(ANSWERS))
    frame = pl.DataFrame({"x": [[0.0, 0.0], [1.0, 1.0]]})
    with pytest.raises(ModelInvalid, match=r"answers NO, YES; the stream's labels are no, yes"):
        inference.apply(shouted, frame, described("x"))
    text = TEXT.replace("FEATURES", str(["x"])).replace('["yes", "no"]', '{ names = ["yes", "no"], fold = true }')
    answers = inference.apply(shouted, frame, stream.parse(text, origin="mail.toml"))
    assert [no > yes for no, yes in answers.select(NO, YES).rows()] == [True, False]


def test_classes_that_are_numbers_are_the_labels_of_that_text() -> None:
    text = TEXT.replace('["yes", "no"]', '["0", "1"]').replace("FEATURES", '["x"]')
    model = LogisticRegression().fit(POINTS, [0, 1] * 10)
    answers = inference.apply(model, pl.DataFrame({"x": [[1.0, 1.0]]}), stream.parse(text, origin="x"))
    assert answers[0, YES] < answers[0, NO]


def test_a_row_the_model_cannot_take_has_no_probabilities_and_the_others_do() -> None:
    rows = [[1.0, 1.0], None, [1.0], [1.0, None], [1.0, float("nan")], [1.0, float("inf")], [0.0, 0.0]]
    frame = pl.DataFrame({"x": rows}, schema={"x": pl.List(pl.Float64)})
    assert answers(points(), frame, "x") == ["yes", None, None, None, None, None, "no"]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("x", [[1, 1], [0, 0]]),
        pl.Series("x", [[1, 1], [0, 0]], dtype=pl.Array(pl.UInt8, 2)),
        pl.Series("x", ["[1, 1]", "[0.0,0.0]"]),
    ],
    ids=["list", "array", "text of a list"],
)
def test_a_column_of_lists_may_come_in_any_form(column: pl.Series) -> None:
    assert answers(points(), column.to_frame(), "x") == ["yes", "no"]


def test_numbers_that_a_csv_brings_as_text_are_numbers() -> None:
    frame = pl.DataFrame({"a": ["1", "0", "x"], "b": ["1.0", "0", "1"]})
    assert answers(points(), frame, "a", "b") == ["yes", "no", None]


def test_texts_go_to_a_model_of_texts() -> None:
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good day", "bad night"] * 5, ["yes", "no"] * 5)
    frame = pl.DataFrame({"t": ["a good one", None, "a bad one"]})
    assert answers(inference.load(skops_io.dumps(model)), frame, "t") == ["yes", None, "no"]


def test_columns_go_by_name_and_codes_that_look_like_numbers_stay_text() -> None:
    table = pl.DataFrame({"zip": ["01", "02"] * 10, "size": [0.0, 1.0] * 10})
    model = make_pipeline(
        ColumnTransformer([("zip", OneHotEncoder(), ["zip"]), ("size", StandardScaler(), ["size"])]),
        LogisticRegression(),
    ).fit(table, ANSWERS)
    frame = pl.DataFrame({"size": ["0", "1", None, "1"], "zip": ["01", "02", "01", None]})
    assert answers(inference.load(skops_io.dumps(model)), frame, "size", "zip") == ["no", "yes", None, None]


@pytest.mark.parametrize("features", [("a",), ("a", "b", "c")], ids=["too few", "too many"])
def test_a_model_of_other_columns_is_refused(features: tuple[str, ...]) -> None:
    model = LogisticRegression().fit(pl.DataFrame({"a": [0.0, 1.0] * 10, "b": [0.0, 1.0] * 10}), ANSWERS)
    frame = pl.DataFrame({"a": [1.0], "b": [1.0], "c": [1.0]})
    with pytest.raises(ModelInvalid, match=r"trained on the columns a, b"):
        inference.apply(model, frame, described(*features))
    with pytest.raises(ModelInvalid, match=r"takes 2 columns; model.features names 3"):
        inference.apply(points(), frame, described("a", "b", "c"))


def test_what_the_classifier_answers_validates_into_cases() -> None:
    mail = described("x")
    frame = pl.DataFrame({"id": ["a", "b"], "text": ["A", "B"], "x": [[1.0, 1.0], [1.0]]})
    cases = contract.validate(inference.apply(points(), frame, mail), mail, source="mail.parquet").cases
    assert cases.select("case_id", "prediction", "doubt").rows() == [
        ("a", "yes", None),
        ("b", None, "a probability is missing or not a number"),
    ]
