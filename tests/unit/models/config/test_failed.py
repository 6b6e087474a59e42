"""A rule for rows without an answer: what it may say, and how it stands in the terms of an epoch."""

import pytest
from pydantic import ValidationError

from models.config.failed import Failed


def test_a_rule_is_one_text_in_the_terms_of_an_epoch() -> None:
    assert Failed(when="error", says="the platform failed").text() == "error: the platform failed"
    rule = Failed(when="status", other_than=["ok"], says="not ok", reason="message")
    assert rule.text() == "status other than ['ok']: not ok (message)"


def test_a_rule_that_says_which_texts_and_which_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="equals or other_than, not both"):
        Failed.model_validate({"when": "status", "equals": ["a"], "other_than": ["b"], "says": "no"})


@pytest.mark.parametrize("rule", [{"when": "status", "says": ""}, {"when": "status", "equals": [], "says": "no"}])
def test_a_rule_that_says_nothing_or_falls_for_nothing_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Failed.model_validate(rule)
