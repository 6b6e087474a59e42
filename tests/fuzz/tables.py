"""Tables of a model's answers as nobody should write them, and the streams that read them."""

from typing import Any

import numpy as np

from models.config import stream as streams

Rows = list[dict[str, Any]]
Generator = np.random.Generator

STREAM = """
name = "{name}"
title = "Fuzz"
labels = ["bug", "question", "praise"]
[input]
source = "inbox"
id = "id"
{answer}
payload = ["text", "sender"]
slices = ["country"]
model = "model"
cost = "cost"
latency_ms = "ms"
produced_at = "at"
[model]
id = "m1"
[review]
kind = "record"
question = "What is it?"
project = "Fuzz"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""
ANSWERS = {
    "number": 'prediction = "label"\nconfidence = "score"\nscale = "unit"',
    "columns": 'prediction = "label"\nprobabilities = ["p1", "p2", "p3"]\nscore = "entropy"',
    "list": 'probabilities = ["p"]\nscore = "margin"',
}

IDS: list[Any] = [
    "'; DROP TABLE decision; --", '" OR 1=1 --', "$1", ":case_id", "?", "%s", "{}", "../../etc/passwd", "..", "/", "C:\\con",
    "a/b", "-rf", "~", "NULL", "None", "nan", "true", "0", "0.0", "-0.0", "1e400", "1_000", " a", "a ", "\t", "\n", "\r",
    "a\nb", "a\r\nb", "\x00", "a\x00b", "\x1b[31mred", "\x07", "\x7f", "\x85", "\u2028", "\u200b", "\u202eevil", "\ufeff",
    "\ufffe", "e\u0301", "\u00e9", "раураl", "paypal", "Ⅷ", "ﬁ", "ß", "SS", "İ", "👩‍👩‍👧", "\U0010ffff", "x" * 999,
    "x" * 1000, "x" * 1001, "ü" * 500, "ü" * 501, "y" * 70_000, "<script>alert(1)</script>", "=1+1", "@cmd", "+1", '"', '""',
    "'", ",", ";", "a,b", '"quoted"', "\\", "\\u0000", "\\ud800", "", "   ", None, 0, -1, 2**63, 10**30, 1.5, -0.0, True,
]  # fmt: skip
LABELS: list[Any] = [
    "bug",
    "question",
    "praise",
    "bug",
    "question",
    "Bug",
    "bug ",
    "spam",
    "",
    None,
    1,
    "bug\x00",
    "ｂug",
]
NUMBERS: list[Any] = [
    0.0, -0.0, 0.5, 0.9, 1.0, 1, 0, 1.0000000001, -1e-300, 5e-324, 1e308, 1e309, -1e400, float("nan"), float("inf"),
    float("-inf"), None, "", "0.9", "0,9", " 0.9", "90%", "nan", "NaN", "-nan", "Infinity", "1e5", "1e99999", "0x1p-3", "１",
    "1_0", "true", True, [], [0.2], {"a": 1}, 2**53 + 1, 10**400, "9" * 400, "abc",
]  # fmt: skip
TEXTS: list[Any] = [
    "hello", "", " ", None, "a,b", 'say "hi"', 'a "quote in the middle', '"starts', "ends\"", "two\nlines", "two\r\nlines", "\r",
    "\x00", "\x0b\x0c", "=HYPERLINK(1)", "<img src=x onerror=alert(1)>", "\ud83d", "\ude00\ud83d", "\ud83d\ude00", "{}", "[1",
    "\\", "\\\"", "\\ud800", "\u0000", "z" * 40_000, 7, 1.0, True, [], [None], {"a": {"b": [1, {"c": None}]}}, {"": ""},
]  # fmt: skip
TIMES: list[Any] = [
    "2026-01-31T10:00:00Z", "2026-01-31", "2026-01-31 10:00:00+05:30", "2026-02-30T00:00:00Z", "0000-00-00", "9999-12-31T23:59:59.999999Z",
    "-0001-01-01T00:00:00Z", "262143-12-31T00:00:00Z", "1970-01-01T00:00:00-23:59", "24:00:00", "now", "", None, 0, -1,
    1769853600, 1769853600000, 10**20, float("nan"), "2016-12-31T23:59:60Z", "2026-01-31T10:00:00.123456789Z", "２０２６-01-31",
]  # fmt: skip


def pick(rng: Generator, among: list[Any]) -> Any:
    """One of a list, as the object it is."""
    return among[int(rng.integers(len(among)))]


def stream(answer: str, name: str = "fuzz") -> streams.Stream:
    """The stream that reads one way of giving answers."""
    return streams.parse(STREAM.format(name=name, answer=ANSWERS[answer]), origin="fuzz.toml")


def good(answer: str, count: int) -> Rows:
    """Rows with nothing wrong."""
    by_name: dict[str, dict[str, Any]] = {
        "number": {"label": "bug", "score": 0.9},
        "columns": {"label": "bug", "p1": 0.7, "p2": 0.2, "p3": 0.1},
        "list": {"p": [0.7, 0.2, 0.1]},
    }
    rest = {"sender": "ann", "country": "de", "model": "m1", "cost": 0.5, "ms": 7.5, "at": "2026-01-31T10:00:00Z"}
    return [{"id": f"case-{n}", "text": f"Text {n}, of some length"} | by_name[answer] | rest for n in range(count)]


def odd(rng: Generator, answer: str, count: int, *, share: float) -> Rows:
    """Rows of which about a share of the values is something else."""
    pools = {
        "id": IDS,
        "label": LABELS,
        "text": TEXTS,
        "sender": TEXTS,
        "country": TEXTS,
        "model": ["m1", "m2", None, 1],
    }
    pools |= {
        "at": TIMES,
        "p": [*NUMBERS, [0.5, 0.5], [0.2, 0.3, 0.5], [1, 0, 0, 0], ["a", 1, 2], [0.1, None, 0.9], "[1,0,0]"],
    }
    rows = good(answer, count)
    for row in rows:
        for name in row:
            if rng.random() < share:
                row[name] = pick(rng, pools.get(name, NUMBERS))
    return rows
