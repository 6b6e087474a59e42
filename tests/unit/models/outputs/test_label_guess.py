"""Labels from answers: spellings of one are one, and a column of lists has labels too."""

import polars as pl
import pytest

from models.outputs import label_guess


@pytest.mark.parametrize(
    ("answers", "labels", "fold"),
    [
        (["bug", "bug", "Bug ", "bug.", "other\n", "other"], ["bug", "other"], True),
        (["bug ", "other"], ["bug", "other"], True),  # a stream knows "bug " by fold alone
        (["1", "1", "1.0", "2"], ["1", "2"], True),
        (["bug", "other", None, ""], ["bug", "other"], False),
        (["yes", "Yes"], ["Yes", "yes"], False),  # one label is no stream
    ],
)
def test_of_the_spellings_of_a_label_the_one_most_rows_have_is_it(
    answers: list[str | None], labels: list[str], fold: bool
) -> None:
    assert (labels, fold) == label_guess.spelt(pl.Series(answers))


def test_two_spellings_that_a_truth_has_are_two_labels() -> None:
    answers, truth = pl.Series(["a", "A", "b"]), pl.Series(["A", "a", "b"])
    assert (["A", "a", "b"], False) == label_guess.spelt(answers, [truth])


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (['["a", "b"]', '["b"]', "[]", None, '["a"]'], ["a", "b"]),
        (["[1]", "[2]", "[1]", "[2]"], None),
        (['["a", "b"]', '["c", "d"]'], None),  # texts that never repeat are no labels
        (['["a"]', "a", '["a"]'], None),
        (['[" a", "b"]', '[" a", "b"]'], None),
        ([None], None),
    ],
)
def test_lists_of_texts_that_repeat_are_lists_of_labels(column: list[str | None], labels: list[str] | None) -> None:
    assert labels == label_guess.of_lists(pl.Series(column, dtype=pl.String))
