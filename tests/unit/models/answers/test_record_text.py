"""A record's text: equal for the model and a person exactly where every field is the same."""

from typing import Any

import pytest

from models.answers import record_text

MODEL = '{"date":"2026-01-31","total":12.50,"vendor":"ACME"}'


def near(name: str, ours: Any, theirs: Any) -> bool:
    return abs(ours - theirs) <= 0.01 if name == "total" else bool(ours == theirs)


def test_where_every_field_is_the_same_the_text_is_the_models_to_the_letter() -> None:
    theirs = {"vendor": "ACME", "date": "2026-01-31", "total": 12.505}
    assert record_text.answered(MODEL, theirs, near) == MODEL


def test_where_one_differs_the_others_keep_the_models_spelling() -> None:
    theirs = {"vendor": "Acme & Söhne", "date": "2026-01-31", "total": 12.505}
    answer = record_text.answered(MODEL, theirs, near)
    assert answer == '{"date":"2026-01-31","total":12.5,"vendor":"Acme & Söhne"}'
    assert record_text.differing(MODEL, answer) == ["vendor"]


@pytest.mark.parametrize("prediction", [None, '{"date":"2026-01-31","total":12.50}'])
def test_what_the_model_did_not_say_is_a_difference(prediction: str | None) -> None:
    theirs = {"vendor": "ACME", "date": "2026-01-31", "total": 12.5}
    answer = record_text.answered(prediction, theirs, near)
    assert answer != prediction
    assert "vendor" in record_text.differing(prediction, answer)


def test_values_come_back_as_they_went() -> None:
    values = {"a": None, "b": ["x", "y"], "c": True, "d": 1e-7, "e": 'a "b"\n\u2028'}
    assert record_text.values(record_text.text(values)) == values
