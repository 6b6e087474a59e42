"""A table of probabilities is known by its sums, not by its names alone."""

import polars as pl

from models.outputs import probability_table

ROWS = pl.DataFrame(
    {"p_bug": [0.7, 0.1, 0.05], "p_praise": [0.3, 0.9, 0.95], "length": [12.0, 3.0, 8.0], "p": [0.7, 0.9, 0.95]}
)


def test_columns_named_alike_that_sum_to_one_are_the_labels() -> None:
    assert probability_table.of(ROWS, ROWS.columns) == (["p_bug", "p_praise"], ["bug", "praise"])


def test_columns_without_a_common_name_are_the_labels_if_they_are_all_the_numbers() -> None:
    plain = ROWS.select(bug="p_bug", praise="p_praise", length="length")
    assert probability_table.of(plain, ["bug", "praise"]) == (["bug", "praise"], ["bug", "praise"])
    assert probability_table.of(plain, ["bug", "praise", "length"]) == ([], [])


def test_numbers_that_do_not_sum_to_one_are_no_probabilities() -> None:
    assert probability_table.of(ROWS.with_columns(p_bug=pl.col("p_bug") + 0.1), ROWS.columns) == ([], [])
    assert probability_table.of(ROWS.head(0), ROWS.columns) == ([], [])
