"""Prices of tokens stand beside the columns that count them, all or none."""

import pytest

from models.config import stream, token_prices
from models.errors import StreamInvalid
from tests.unit.models.config.test_stream import MAIL

BOTH = {"tokens_in": "in", "tokens_out": "out"}


@pytest.mark.parametrize(
    ("columns", "prices"),
    [
        (BOTH, {"tokens_in": None, "tokens_out": None}),
        (BOTH, {"tokens_in": 0.0, "tokens_out": 4.0}),
        ({"tokens_in": "in", "tokens_out": None}, {"tokens_in": 1.0, "tokens_out": None}),
        ({"tokens_in": None, "tokens_out": None}, {"tokens_in": None, "tokens_out": None}),
    ],
)
def test_each_kind_that_is_counted_has_a_price_or_none_has(
    columns: dict[str, str | None], prices: dict[str, float | None]
) -> None:
    token_prices.check(columns, prices)


@pytest.mark.parametrize(
    ("columns", "prices", "message"),
    [
        (
            BOTH,
            {"tokens_in": 1.0, "tokens_out": None},
            "costs.million_tokens_out: is missing, and half a price is none",
        ),
        (
            {"tokens_in": "in", "tokens_out": None},
            {"tokens_in": 1.0, "tokens_out": 4.0},
            "costs.million_tokens_out: no column counts what it prices; name input.tokens_out, or drop the price",
        ),
    ],
)
def test_half_a_price_is_named(columns: dict[str, str | None], prices: dict[str, float | None], message: str) -> None:
    with pytest.raises(ValueError, match=r"costs\.million_tokens_out") as caught:
        token_prices.check(columns, prices)
    assert str(caught.value).startswith(message)


def test_a_stream_file_names_it_in_one_line() -> None:
    text = MAIL.replace("review_minute = 0.5\n", "review_minute = 0.5\nmillion_tokens_in = 1.0\n")
    with pytest.raises(StreamInvalid, match=r"costs\.million_tokens_in: no column counts what it prices") as caught:
        stream.parse(text, origin="mail.toml")
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(StreamInvalid, match="million_tokens_in"):
        stream.parse(text.replace("= 1.0", "= -1.0"), origin="mail.toml")
