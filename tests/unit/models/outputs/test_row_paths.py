"""Paths into JSON: what stands there as text, the functions that are added, and nothing where a path does not fit a row."""

import io
import json

import polars as pl
import pytest

from flows.runtime import presets
from models.outputs import row_paths

ROW = {"a": {"b": [1, 2.5, "x"], "t": True, "n": None}, "c.d": "plain", "c": {"d": "nested"}, "text": "t"}


def at(path: str, row: object = None) -> str | None:
    text: str | None = row_paths.texts([json.dumps(ROW if row is None else row)], [path]).item()
    return text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b[0]", "1"),
        ("a.b[2]", "x"),
        ("a.b", '[1, 2.5, "x"]'),
        ("a.t", "true"),
        ("a.n", None),
        ("a.nosuch.deeper", None),
        ("c.d", "plain"),  # a key that is called so goes before the path
        ("max(a.b)", None),  # a function on what it cannot take
        ("length(a.b)", "3"),
        ("text", "t"),
    ],
)
def test_what_stands_at_a_path_is_its_text(path: str, expected: str | None) -> None:
    assert expected == at(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"label": "bug"}', "bug"),
        ('```json\n{"label": "bug"}\n```', "bug"),
        ('  ```\n{"label": "bug"}```  ', "bug"),
        ('Sure! {"label": "bug"}', None),
        ('{"label": "bu', None),
        ("[" * 100_000, None),
        (None, None),
    ],
)
def test_from_json_reads_a_text_of_json_or_nothing(text: str | None, expected: str | None) -> None:
    assert expected == at("from_json(text).label", {"text": text})


@pytest.mark.parametrize(
    ("names", "scores", "expected"),
    [
        (["a", "b"], [0.1, 0.9], "b"),
        (["a", "b"], [0.5, 0.5], "a"),
        (["a"], [1, 2], None),
        (["a"], ["x"], None),
        ([], [], None),
    ],
)
def test_of_highest_is_the_name_beside_the_highest_score(
    names: list[str], scores: list[object], expected: str | None
) -> None:
    assert expected == at("of_highest(names, scores)", {"names": names, "scores": scores})


@pytest.mark.parametrize(
    ("texts", "expected"), [(["a", "b", "a"], "a"), (["a", "b"], None), (["a"], "a"), ([], None), ([None, "b"], "b")]
)
def test_majority_is_the_text_of_more_than_half(texts: list[str | None], expected: str | None) -> None:
    assert expected == at("majority(texts)", {"texts": texts})


def test_every_path_of_every_format_is_an_expression() -> None:
    for name in presets.names():
        preset = presets.shipped(name)
        keys = preset.input
        if keys.get("format") == "csv-without-header":
            continue  # its columns have plain names
        values = [keys.get("id"), keys.get("prediction"), keys.get("confidence"), *keys.get("payload", [])]
        values += [*preset.about.signs, *preset.about.shown]
        values += [rule.get(key) for rule in keys.get("failed", []) for key in ("when", "reason")]
        odd = [
            path
            for path in values
            if path and not path.isidentifier() and path[0] != "@" and row_paths.compiled(path) is None
        ]
        assert [] == odd, name


@pytest.mark.parametrize("value", [2, 2.0, 0.5, 0.0, -0.0, 1e-7, True, "2.0", [1.0, "a"], {"b": 1.5}, None])
def test_a_value_read_row_by_row_is_spelled_as_that_of_a_whole_column(value: object) -> None:
    row = {"a": {"b": value}}
    lines = json.dumps({"x": value})
    whole = pl.read_ndjson(io.StringIO(lines), schema={"x": pl.String()}).to_series()[0]
    assert at("a.b", row) == row_paths.searched([row], "a.b", pl.String())[0] == whole


@pytest.mark.parametrize("inner", ['["\\ud83d"]', '{"a": "\\ud83d"}', '["\\ud83d", NaN]'])
def test_half_an_emoji_in_a_list_within_a_text_of_json_is_the_replacement_character(inner: str) -> None:
    shown = at("from_json(text).tags", {"text": f'{{"tags": {inner}}}'})
    assert shown is not None
    assert "?" in shown
