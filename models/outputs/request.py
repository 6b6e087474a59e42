"""What a row says of the request to the model: how and when it was asked, the tokens it read and wrote, and their price."""

import polars as pl

from models import columns
from models.config.stream import Costs, Stream

KEYS = ("channel", "asked_at", "tokens_in", "tokens_out")  # of [input]
LONGEST = 60  # characters of a channel
_MILLION = 1e6


def columns_of(stream: Stream) -> list[str]:
    """The columns that are named for it, each once. They are no part of a row's content: to name one later makes no other row."""
    named = (getattr(stream.input, key) for key in KEYS)
    return list(dict.fromkeys(column for column in named if column is not None))


def channels(frame: pl.DataFrame, column: str | None) -> pl.Series:
    """How the model was asked, without white space at its ends; null where that is empty or longer than 60 characters."""
    if column is None:
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    text = columns.text(frame.select(column)).to_series().str.strip_chars()
    fits = (text != "") & (text.str.len_chars() <= LONGEST) & ~text.str.contains(r"\p{Cc}")
    return pl.select(pl.when(fits).then(text)).to_series()


def objects(channel: pl.Series, asked_at: pl.Series, tokens_in: pl.Series, tokens_out: pl.Series) -> pl.Series:
    """One JSON object per row of what is there, keys sorted; null where nothing is.

    `asked_at`: as the ledger writes times; tokens: Float64.

    >>> row = [pl.Series(["batch"]), pl.Series([None], dtype=pl.String), pl.Series([120.0]), pl.Series([None], dtype=pl.Float64)]
    >>> objects(*row).to_list()
    ['{"channel":"batch","tokens_in":120}']
    """
    if all(part.null_count() == len(part) for part in (channel, asked_at, tokens_in, tokens_out)):
        return pl.repeat(None, len(channel), dtype=pl.String, eager=True).rename("request")
    texts = pl.DataFrame({"asked_at": asked_at, "channel": channel})
    numbers = columns.text(pl.DataFrame({"tokens_in": tokens_in, "tokens_out": tokens_out}))
    parts: list[pl.Expr] = [
        pl.when(pl.col(name).is_not_null()).then(_member(pl.struct(name))) for name in texts.columns
    ]
    parts += [pl.lit(f'"{name}":') + pl.col(name) for name in numbers.columns]
    inner = pl.concat_str(parts, separator=",", ignore_nulls=True)
    return texts.hstack(numbers).select(pl.when(inner != "").then("{" + inner + "}").alias("request")).to_series()


def _member(one: pl.Expr) -> pl.Expr:
    """A struct of one text as JSON, without the braces."""
    return one.struct.json_encode().str.slice(1).str.head(-1)


def cost(tokens_in: pl.Series, tokens_out: pl.Series, costs: Costs) -> pl.Series:
    """What the tokens of each row cost, Float64; null where a count lacks its price, or a price its count."""
    kinds = [(tokens_in, costs.million_tokens_in), (tokens_out, costs.million_tokens_out)]
    if all(price is None for _, price in kinds):
        return pl.repeat(None, len(tokens_in), dtype=pl.Float64, eager=True)
    parts = [
        pl.when(pl.lit(tokens).is_null()).then(0.0) if price is None else pl.lit(tokens) * price / _MILLION
        for tokens, price in kinds
    ]
    total = pl.sum_horizontal(parts, ignore_nulls=False)
    return pl.select(pl.when(total.is_finite()).then(total)).to_series()
