"""What a row said is one hash: the same however the file spells it, another where a value is another."""

import polars as pl
import pytest

from models.config import stream
from models.outputs import fingerprint

MAIL = stream.parse(
    """
name = "mail"
title = "Mail"
labels = ["bug", "praise"]
input = { source = "inbox", id = "id", prediction = "label", confidence = "score", payload = ["text", "note"] }
model = { id = "m1" }
review = { kind = "record", question = "What is it?", project = "Mail" }
target = { error = 0.05 }
costs = { error = 1.0, review_minute = 0.5 }
""",
    origin="mail.toml",
)
ROW = {"id": "7", "label": "bug", "score": 0.9, "text": "ab", "note": "c"}


def content(**other: object) -> str:
    row = {name: [value] for name, value in (ROW | other).items()}
    digest: str = fingerprint.contents(pl.DataFrame(row, strict=False), MAIL).item()
    return digest


@pytest.mark.parametrize("other", [{"score": "0.90"}, {"unread": "x"}, {"score": " 0.9 "}])
def test_the_same_values_are_the_same_content(other: dict[str, object]) -> None:
    assert content(**other) == content()


@pytest.mark.parametrize(
    "other",
    [
        {"label": "praise"},
        {"score": 0.9000001},
        {"score": float("nan")},
        {"score": "n/a"},
        {"text": "a", "note": "bc"},
        {"note": None},
        {"note": ""},
        {"id": "7.0"},
    ],
)
def test_another_value_is_another_content(other: dict[str, object]) -> None:
    assert content(**other) != content()


def test_infinity_and_no_number_at_all_are_kept_apart() -> None:
    assert len({content(score=score) for score in ("nan", "inf", "n/a", None)}) == 4


def test_each_column_counts_once() -> None:
    assert fingerprint.columns_of(MAIL) == ["id", "label", "score", "text", "note"]


def test_what_is_known_of_the_request_is_no_part_of_it_so_that_it_may_be_named_later() -> None:
    table = MAIL.input.model_copy(
        update={"channel": "how", "asked_at": "asked", "tokens_in": "in", "tokens_out": "out"}
    )
    named = MAIL.model_copy(update={"input": table})
    row = pl.DataFrame({name: [value] for name, value in ROW.items()} | {"how": ["batch"], "in": [9], "out": [3]})
    assert fingerprint.columns_of(named) == fingerprint.columns_of(MAIL)
    assert fingerprint.contents(row, named).item() == content()
