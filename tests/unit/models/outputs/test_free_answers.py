"""Answers that nearly all differ, and are no labels, are values that people correct."""

import polars as pl
import pytest

from models.config import stream
from models.outputs import free_answers
from tests.unit.models.outputs.test_one_label import TEXT

STREAM = stream.parse(TEXT.format(labels='["bug", "praise"]'), origin="mail.toml")


@pytest.mark.parametrize(
    ("answers", "free"),
    [
        ([f"{n}.55" for n in range(20)], True),
        (["bug", "praise"] * 10, False),
        (["spam", "eggs"] * 10, False),  # labels, and other ones
        ([f"{n}.55" for n in range(9)], False),
        ([None] * 20, False),
    ],
)
def test_that_they_are_fields_is_said_where_nearly_all_differ(answers: list[str | None], free: bool) -> None:
    text = free_answers.of(pl.Series(answers, dtype=pl.String), STREAM)
    assert free == ("[[field]]" in text)
    assert text == free_answers.hint(pl.DataFrame({"label": pl.Series(answers, dtype=pl.String)}), STREAM)
