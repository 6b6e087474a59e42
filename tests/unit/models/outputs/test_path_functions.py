"""The functions that paths have beside those of JMESPath."""

from typing import Any

import jmespath
import pytest

from models.outputs import path_functions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ("  ```\n[1]\n```\n", [1]),
        ("Here it is: {}", None),
        ("[" * 100_000, None),
        (None, None),
    ],
)
def test_a_text_holds_its_json_also_between_fences(text: str | None, expected: object) -> None:
    assert path_functions.parsed(text) == expected


PART = {
    "kvlistValue": {
        "values": [{"key": name, "value": {"stringValue": text}} for name, text in (("type", "text"), ("content", "x"))]
    }
}
PARTS = {"kvlistValue": {"values": [{"key": "parts", "value": {"arrayValue": {"values": [PART]}}}]}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("from_json(text).label", "bug"),
        ("from_json(none)", None),
        ("of_highest(names, scores)", "b"),
        ("of_highest(names, short)", None),
        ("of_highest(names, flags)", None),
        ("majority(votes)", "x"),
        ("majority(split)", None),
        ("majority(none)", None),
        ("from_json(names)", ["a", "b", "c"]),  # what is no text is itself
        ("from_json(from_json(text)).label", "bug"),
        ("otlp(attributes).n", 9),
        ("otlp(attributes).m[0].parts", [{"type": "text", "content": "x"}]),
        ('otlp(attributes)."a.b"', [True, 0.5, None]),
        ("otlp(none)", None),
        ("otlp(names)", {}),
    ],
)
def test_a_function_gives_null_where_it_has_no_answer(path: str, expected: object) -> None:
    row: dict[str, Any] = {
        "text": '{"label": "bug"}',
        "names": ["a", "b", "c"],
        "scores": [0.1, 0.7, 0.2],
        "short": [0.1],
        "flags": [True, False, True],
        "votes": ["x", "y", "x"],
        "split": ["x", "y", 1],
        "attributes": [
            {"key": "n", "value": {"intValue": "9"}},
            {"key": "m", "value": {"arrayValue": {"values": [PARTS]}}},
            {"key": "a.b", "value": {"arrayValue": {"values": [{"boolValue": True}, {"doubleValue": 0.5}, {}]}}},
            {"value": {"stringValue": "a value without a key"}},
        ],
    }
    assert jmespath.search(path, row, options=path_functions.OPTIONS) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"intValue": "-3"}, -3),
        ({"intValue": "many"}, None),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {}}, {}),
        ({}, None),
        ("text", None),
        (None, None),
    ],
)
def test_a_value_of_the_protocol_is_plain_json_and_what_is_none_is_null(value: object, expected: object) -> None:
    assert expected == path_functions.unwrapped(value)
