"""The same model is the same bytes, and says the same when it is read."""

import io
import time
from zipfile import ZipFile

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from models.classifiers import second_stage, skops_file
from models.errors import ModelInvalid

TEXTS, LABELS = ["good day", "bad day", "good", "bad"], np.array(["yes", "no", "yes", "no"])


def test_the_same_content_is_the_same_bytes_at_another_time_and_in_other_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = [make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, LABELS) for _ in range(3)]
    first = skops_file.written(kept[0])
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))
    assert skops_file.written(kept[2]) == first
    with ZipFile(io.BytesIO(first)) as packed:
        assert {info.date_time[0] for info in packed.infolist()} == {1980}
    again = skops_file.read(first)
    assert again.predict(TEXTS).tolist() == LABELS.tolist()
    assert again.predict_proba(TEXTS).tolist() == kept[0].predict_proba(TEXTS).tolist()


def test_arrays_that_are_shared_stay_shared_and_others_apart() -> None:
    one, other = np.arange(3), np.arange(3)
    content = skops_file.read(skops_file.written({"a": one, "b": other, "c": one, "text": "x", "number": 1}))
    assert content["a"] is content["c"]
    assert content["a"] is not content["b"]
    assert (content["text"], content["number"]) == ("x", 1)


def test_a_type_that_is_not_trusted_is_named() -> None:
    trees = HistGradientBoostingClassifier(max_iter=1).fit(np.arange(40.0)[:, None], np.arange(40) < 20)
    data = skops_file.written({"model": trees})
    with pytest.raises(ModelInvalid, match=r"types that are not trusted: .*TreePredictor; build it from"):
        skops_file.read(data)
    assert skops_file.read(data, trusted=second_stage.TRUSTED)["model"].predict([[0.0]]).tolist() == [True]
