"""What rows of one id differ in names the id that tells them apart."""

import json

import polars as pl

from models.config import stream
from models.outputs import item_rows, reserved
from tests.unit.models.outputs.test_one_label import TEXT

STREAM = stream.parse(
    TEXT.format(labels='["bug", "praise"]').replace("source", 'id = "page", source'), origin="mail.toml"
)
ROWS = pl.DataFrame(
    {
        "page": [f"p{n // 2}" for n in range(8)],
        "label": ["bug", "praise"] * 4,
        "score": [n / 10 for n in range(8)],
        "text": [f"page {n // 2}" for n in range(8)],
        "sample": [n % 2 for n in range(8)],
        "x": [31 * n for n in range(8)],
        "y": [17 * n for n in range(8)],
    }
)


def test_columns_beside_the_answer_that_differ_make_an_id_with_it() -> None:
    by_lines = ROWS.select("page", "label", "score").with_columns(
        pl.Series(reserved.RAW, [json.dumps(row) for row in ROWS.to_dicts()])
    )
    for frame in (ROWS, by_lines):
        assert ["x", "y"] == item_rows.telling(frame, STREAM)
    ways = item_rows.ways(ROWS, STREAM)
    assert 'differ in x, y too: if each is a case, input.id = ["page", "x", "y"]; if they are several answers' in ways


def test_rows_that_differ_in_their_number_and_the_answer_are_several_answers() -> None:
    frame = ROWS.drop("x", "y")
    assert [] == item_rows.telling(frame, STREAM)
    ways = item_rows.ways(frame, STREAM)
    assert ways.startswith(
        "if they are several answers to one item, drop input.confidence and add the table [score.samples]"
    )
    assert 'input.id = ["...", "..."]' in ways
