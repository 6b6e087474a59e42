"""Rows of one item are answers to it where they differ in nothing but the answer."""

import polars as pl

from models.outputs import samples_guess

ROWS = pl.DataFrame(
    {
        "item": [f"q{n // 3}" for n in range(30)],
        "text": [f"text {n // 3}" for n in range(30)],
        "sample": [str(n % 3) for n in range(30)],
        "answer": [("yes", "yes", "no")[(n + n // 3) % 3] for n in range(30)],
        "x": [str(17 * n) for n in range(30)],
    }
)
NUMBERS = ("sample", "x")


def test_an_item_with_a_number_for_each_of_its_answers_is_one() -> None:
    assert "item" == samples_guess.item(ROWS.drop("x"), "answer", NUMBERS, ())
    assert "item" == samples_guess.item(ROWS, "answer", NUMBERS, ("x",))


def test_rows_that_say_more_than_an_answer_are_cases_and_so_are_rows_that_say_the_same() -> None:
    assert samples_guess.item(ROWS, "answer", NUMBERS, ()) is None
    alike = ROWS.drop("x").with_columns(answer=pl.lit("yes"))
    assert samples_guess.item(alike, "answer", NUMBERS, ()) is None
