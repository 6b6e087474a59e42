"""Rows within a line: those of a list, and a line of fastText. What is no such line stays as it is."""

import json

import pytest

from models.outputs import inner_rows


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        (b'{"a": {"b": [{"n": 1}, {"n": 2}]}}\n', "a.b", [{"n": 1}, {"n": 2}]),
        (b'{"a": []}\n', "a", []),
        (b'{"a": [1, "x", null]}', "a", [1, "x", None]),  # no objects: each becomes a fault, none is lost
        (b'{"a": "\\ud800", "b": [{"t": "\\ud800", "p": 1e-07}]}\n', "b", [{"t": "\ud800", "p": 1e-07}]),
    ],
)
def test_each_entry_of_the_list_is_a_line(line: bytes, path: str, expected: list[object]) -> None:
    assert expected == [json.loads(one) for one in inner_rows.of_list(line, path).splitlines()]


@pytest.mark.parametrize(
    "line", [b'{"b": 1}\n', b'{"a": {"n": 1}}\n', b"[1]\n", b"not JSON\n", b'{"a": [', b"\xff\n", b"\n", b"[" * 100_000]
)
def test_a_line_without_the_list_stays_as_it_is(line: bytes) -> None:
    assert line == inner_rows.of_list(line, "a")


@pytest.mark.parametrize(
    ("line", "text", "labels", "probabilities"),
    [
        ("__label__bug 0.9 __label__other 0.1\n", None, ["bug", "other"], [0.9, 0.1]),
        ("It broke\t__label__bug 0.9\r\n", "It broke", ["bug"], [0.9]),
        ("a\tb\t__label__bug 1.00001 __label__x 1.00001e-05", "a\tb", ["bug", "x"], [1.0, 1.00001e-05]),
        ("below the threshold\t\n", "below the threshold", [], []),
        ("\n", None, [], []),
        ("no tab __label__bug 0.9\n", "no tab __label__bug 0.9", [], []),
        ("a text\twith a tab\n", "a text\twith a tab", [], []),
        ("x\t__label__bug\n", "x\t__label__bug", [], []),  # `predict` without probabilities
        ("x\t__label__bug 2.5\n", "x", ["bug"], [2.5]),  # no probability: a person gets the case
    ],
)
def test_a_line_of_fasttext_is_its_text_its_labels_and_their_probabilities(
    line: str, text: str | None, labels: list[str], probabilities: list[float]
) -> None:
    expected = {"text": text, "labels": labels, "probabilities": probabilities}
    assert expected == json.loads(inner_rows.of_fasttext(line.encode()))


def test_what_is_no_utf8_stays_as_it_is_and_only_an_expression_is_a_path() -> None:
    assert b"\xff\t__label__a 0.5\n" == inner_rows.of_fasttext(b"\xff\t__label__a 0.5\n")
    assert (True, True, False) == tuple(map(inner_rows.is_path, ("traces", "a[].b || @", "a[")))
