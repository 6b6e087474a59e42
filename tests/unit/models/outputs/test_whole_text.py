"""Rows as text, with what the stream file does not name."""

import polars as pl

from models.outputs import reserved, whole_text


def test_columns_are_text_without_our_own() -> None:
    frame = pl.DataFrame({"id": [1, 2], "x": [0.5, None], reserved.LINE: [1, 2]})
    assert whole_text.of(frame).to_dict(as_series=False) == {"id": ["1", "2"], "x": ["0.5", None]}


def test_of_json_lines_every_key_of_the_objects_is_a_column_of_its_values_as_json() -> None:
    frame = pl.DataFrame({"id": ["1", "2", "3"], reserved.RAW: ['{"id": 1, "x": "a"}', '{"id": 2}', "[3]"]})
    assert whole_text.of(frame).to_dict(as_series=False) == {
        "id": ["1", "2", "null"],
        "x": ['"a"', "null", "null"],
    }
