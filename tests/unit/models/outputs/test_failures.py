"""Why a row has no answer: by the first rule it falls under, in the platform's own words."""

import polars as pl

from models.config import stream
from models.outputs import failures

TEXT = """
name = "mail"
title = "Mail"
labels = ["bug", "praise"]
input = { source = "inbox", prediction = "label", confidence = "score", payload = ["text"], failed = [
    { when = "error", says = "the platform failed", reason = "words" },
    { when = "status", other_than = ["ok"], says = "not ok" },
    { when = "finish", equals = ["length"], says = "cut off" },
] }
model = { id = "m1" }
review = { kind = "text", question = "What is it?", project = "Mail" }
target = { error = 0.05 }
costs = { error = 1.0, review_minute = 0.5 }
"""
MAIL = stream.parse(TEXT, origin="mail.toml")


def test_the_first_rule_that_a_row_falls_under_says_why() -> None:
    rows = [
        (None, None, "ok", "stop", None),
        ("{}", None, "ok", "stop", None),
        ("true", "too\nlong", "late", "length", "the platform failed: too long"),
        ("true", " ", "ok", "stop", "the platform failed"),
        ("false", None, "late", "length", "not ok"),
        (None, None, None, "length", "cut off"),
    ]
    frame = pl.DataFrame([row[:4] for row in rows], schema=["error", "words", "status", "finish"], orient="row")
    assert failures.reasons(frame, MAIL).to_list() == [row[4] for row in rows]


def test_what_a_platform_says_is_cut() -> None:
    frame = pl.DataFrame({"error": ["x"], "words": ["w" * 1000], "status": ["ok"], "finish": [None]})
    assert failures.reasons(frame, MAIL).to_list() == ["the platform failed: " + "w" * 300]
