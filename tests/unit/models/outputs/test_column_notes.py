"""What no single row shows of a column is said in half a sentence with the way out, and nothing is said of a sound one."""

import polars as pl
import pytest

from models.config import stream
from models.outputs import column_notes, confidence

STREAM = """
name = "mail"
title = "Mail"
labels = ["bug", "question"]
[input]
source = "inbox"
payload = ["text"]
{input}
[model]
id = "m1"
[review]
kind = "text"
question = "What is it?"
project = "Mail"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""
NUMBER = 'prediction = "label"\nconfidence = "score"\n'
BOTH = 'prediction = "label"\nprobabilities = ["p1", "p2"]\n'
ROWS = 40
SOUND = pl.DataFrame(
    {
        "id": [str(n) for n in range(ROWS)],
        "label": ["bug", "question"] * (ROWS // 2),
        "score": [0.5 + n / 100 for n in range(ROWS)],
        "text": [f"text {n}" for n in range(ROWS)],
        "cost": [0.01] * ROWS,
        "at": ["2026-01-31T10:00:00Z"] * ROWS,
    }
)


def sentences(frame: pl.DataFrame, text: str = NUMBER) -> list[str]:
    described = stream.parse(STREAM.format(input=text), origin="mail.toml")
    return [note.sentence for note in column_notes.of(frame, described)]


def test_nothing_is_said_of_sound_columns_nor_of_no_rows() -> None:
    text = NUMBER + 'cost = "cost"\nproduced_at = "at"\ngroup = "text"\nslices = ["label"]'
    assert sentences(SOUND, text) == sentences(SOUND.clear(), text) == []


@pytest.mark.parametrize(
    ("text", "column", "values", "expected"),
    [
        (
            'cost = "cost"',
            "cost",
            ["$0.1", "0.2", None, ""] * 10,
            "10 of 20 values in column 'cost' (input.cost) can be read, and '$0.1' is not a number of 0 or more: give it without "
            "sign or unit; what cannot counts as not given",
        ),
        ('cost = "cost"', "cost", [None] * ROWS, "no row has a value in column 'cost' (input.cost): check the name"),
        (
            'channel = "how"',
            "how",
            ["batch", "a" * 61, None, ""] * 10,
            f"10 of 20 values in column 'how' (input.channel) can be read, and '{'a' * 60}' is not a word of at most 60 "
            "characters: give how the model was asked, as batch or realtime; what cannot counts as not given",
        ),
        (
            'asked_at = "asked"',
            "asked",
            [1790000000] * ROWS,
            "none of 40 values in column 'asked' (input.asked_at) can be",
        ),
        (
            'tokens_in = "in"',
            "in",
            [-1, 5] * 20,
            "20 of 40 values in column 'in' (input.tokens_in) can be read, and '-1' is",
        ),
        (
            'tokens_out = "out"',
            "out",
            [None] * ROWS,
            "no row has a value in column 'out' (input.tokens_out): check the",
        ),
        ('group = "who"', "who", [" "] * ROWS, "no row has a value in column 'who' (input.group): check the name"),
        ('slices = ["lang"]', "lang", [None] * ROWS, "no row has a value in column 'lang' (input.slices): check the"),
        ("", "score", [0.9] * ROWS, "column 'score' (input.confidence) is one number in all 40 rows: it cannot tell"),
        (
            'scale = "percent"',
            "score",
            [n / 100 for n in range(ROWS)],
            "column 'score' (input.confidence) is never above 0.39, and input.scale says percent: if it runs from 0 to 1, drop",
        ),
        (
            "",
            "score",
            [0.02 + n / 1000 + 0.6 * (n % 2) for n in range(ROWS)],
            "column 'score' (input.confidence) looks like the probability of 'question', not of the answer given: it is low "
            'wherever the answer is another one; if so, write confidence = { of = "question", column = "score" }',
        ),
    ],
)
def test_what_is_odd_about_one_column_is_said(text: str, column: str, values: list[object], expected: str) -> None:
    (result,) = sentences(SOUND.with_columns(pl.Series(column, values)), NUMBER + text)
    assert result.startswith(expected)


def test_nothing_is_missed_beside_answers_that_a_platform_did_not_give() -> None:
    text = NUMBER + 'tokens_in = "in"\nfailed = [{ when = "error", says = "it failed" }]'
    rows = SOUND.with_columns(**{"in": pl.lit(None, pl.Int64)}, error=pl.lit("expired"))
    assert sentences(rows, text) == []
    (result,) = sentences(rows.with_columns(error=pl.Series([None, *["expired"] * (ROWS - 1)])), text)
    assert result.startswith("no row has a value in column 'in' (input.tokens_in)")


def test_a_confidence_that_is_one_number_in_a_few_rows_says_nothing() -> None:
    few = SOUND.head(confidence.FEWEST_CASES - 1).with_columns(score=pl.lit(0.9))
    assert sentences(few) == []


def test_predictions_that_are_not_the_most_probable_label_are_counted() -> None:
    rows = SOUND.with_columns(p1=pl.Series([0.7, 0.6, 0.8, 0.9] * 10), p2=pl.Series([0.3, 0.4, 0.2, 0.1] * 10))
    (result,) = sentences(rows, BOTH)
    assert result.startswith(
        "20 of 40 predictions are not the most probable label: their confidence is that of the label"
    )
    assert sentences(rows.with_columns(label=pl.lit("bug")), BOTH) == []


def test_a_confidence_of_hardly_more_than_one_number_is_said_to_order_nothing_and_one_of_three_is_not() -> None:
    nearly = [1.0] * 37 + [0.2, 0.5, 0.7]
    (result,) = sentences(SOUND.with_columns(score=pl.Series(nearly)))
    assert "has 2 values where ten are looked at" in result
    assert sentences(SOUND.with_columns(score=pl.Series([0.6, 0.8, 0.9, 1.0] * 10))) == []


def test_a_few_ids_that_come_again_are_faults_and_no_habit() -> None:
    once = SOUND.with_columns(id=pl.Series([str(max(n, 3)) for n in range(ROWS)]))
    assert sentences(once) == []
    twice = SOUND.with_columns(id=pl.Series([str(n // 2) for n in range(ROWS)]))
    (result,) = sentences(twice)
    assert result.startswith(
        "40 rows have 20 values in column 'id' (input.id), up to 2 of one, and 20 of these with different"
    )
    same = twice.with_columns(pl.col("label", "score", "text").first().over("id"))
    assert sentences(same) == []


def test_answers_that_are_no_label_as_written_are_reported_with_their_counts() -> None:
    written = ["bug", "Bug", "Bug", "question.", "question"] * 8
    assert sentences(SOUND.with_columns(label=pl.Series(written))) == [
        "24 of 40 answers in column 'label' (input.prediction) differ from a label by spelling alone: 'Bug' (16), "
        "'question.' (8); give them in [labels], by also or fold, or each of these cases goes to a person"
    ]


def test_answers_that_no_label_is_like_are_reported_where_they_are_many() -> None:
    (note,) = sentences(SOUND.with_columns(label=pl.Series([True, False] * (ROWS // 2))))
    assert note == (
        "40 of 40 answers in column 'label' (input.prediction) are none of the labels: 'false' (20), 'true' (20); check labels, "
        "or name another column in input.prediction, or each of these cases goes to a person"
    )
    one = ["other", *["bug", "question"] * (ROWS // 2 - 1), "bug"]
    assert sentences(SOUND.with_columns(label=pl.Series(one))) == []


def test_of_many_spellings_the_most_frequent_are_shown() -> None:
    written = [f"bug{'!' * (1 + n % 7)}" for n in range(ROWS)]
    (note,) = sentences(SOUND.with_columns(label=pl.Series(written)))
    assert note.count("'bug!") == 5
    assert " and 2 more; give them" in note


def test_a_confidence_that_is_no_number_is_reported() -> None:
    (note,) = sentences(
        SOUND.with_columns(score=pl.Series([text for n in range(ROWS // 2) for text in ("high", str(n / ROWS))]))
    )
    assert note == (
        "20 of 40 values in column 'score' (input.confidence) can be read, and 'high' is not a number; such a case goes to a "
        "person"
    )


def test_different_answers_of_one_model_to_many_items_are_refused_and_a_slip_is_not() -> None:
    described = stream.parse(STREAM.format(input=NUMBER), origin="mail.toml")
    twice = SOUND.with_columns(id=pl.Series([str(n // 2) for n in range(ROWS)]))
    refused = column_notes.several_answers(twice, described)
    assert refused is not None
    assert refused.startswith(
        "40 rows have 20 values in column 'id' (input.id), and 20 of these have different answers"
    )
    assert column_notes.several_answers(twice.with_columns(label=pl.lit("bug")), described) is None
    assert (
        column_notes.several_answers(SOUND.with_columns(id=pl.Series([str(max(n, 3)) for n in range(ROWS)])), described)
        is None
    )
    assert column_notes.several_answers(twice.head(20), described) is None, "ten items may be a slip"
