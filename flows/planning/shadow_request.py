"""What a file of another model's answers says of the requests to it, and by which prices its tokens count."""

import math
from pathlib import Path

from flows.inputs import present
from models.config.stream import Stream
from models.errors import Misuse
from models.outputs import request

Prices = tuple[float | None, float | None]  # of a million tokens, read and written
NO_PRICES: Prices = (None, None)  # those of the stream
_COUNTS = ("tokens_in", "tokens_out")


def described(asked: Stream, stream: Stream, file: Path, prices: Prices) -> Stream:
    """The stream by which the file is read, with the columns of the request that it has, and the prices.

    Read are the columns that the stream names, where the file has them; else, of tokens, `tokens_in` and `tokens_out`.

    Args:
        asked: The stream as the answers are read by it.
        stream: The stream as its file says.
        file: Of the answers.
        prices: Of the other model.

    Raises:
        InputInvalid: The file is not what it says.
        Misuse: A price is none, prices tokens that the file does not count, or leaves some out that it does.
    """
    bare = _with(asked, dict.fromkeys(request.KEYS))
    called = {key: [getattr(stream.input, key), *([key] if key in _COUNTS else [])] for key in request.KEYS}
    there = present.names(file, [*dict.fromkeys(name for names in called.values() for name in names if name)], bare)
    columns = {key: next((name for name in names if name in there), None) for key, names in called.items()}
    return _priced(_with(bare, columns), file, prices)


def priced_by(read: Stream, prices: Prices) -> str:
    """By which prices the tokens of its answers count, as half a sentence; empty where there are none, or they were named."""
    own = (read.costs.million_tokens_in, read.costs.million_tokens_out)
    if prices != NO_PRICES or own == NO_PRICES or not (read.input.tokens_in or read.input.tokens_out):
        return ""
    return (
        "; what has no cost of its own counts its tokens at the stream's prices: a model with other ones takes "
        "--million-tokens-in and --million-tokens-out"
    )


def _with(stream: Stream, columns: dict[str, str | None]) -> Stream:
    return stream.model_copy(update={"input": stream.input.model_copy(update=columns)})


def _priced(read: Stream, file: Path, prices: Prices) -> Stream:
    if prices == NO_PRICES:
        return read
    for key, price in zip(_COUNTS, prices, strict=True):
        option, column = f"--million-{key.replace('_', '-')}", getattr(read.input, key)
        if price is not None and not 0 <= price < math.inf:
            raise Misuse(f"{option} {price:g}: a price is a number of 0 or more")
        if price is not None and column is None:
            raise Misuse(
                f"{option} {price:g}: {file} has no column {key}, which would count the tokens; add it, or drop the price"
            )
        if price is None and column is not None:
            raise Misuse(
                f"{option}: is missing, and {file} counts these tokens in column {column!r}; give it (0 where they are free)"
            )
    costs = dict(zip((f"million_{key}" for key in _COUNTS), prices, strict=True))
    return read.model_copy(update={"costs": read.costs.model_copy(update=costs)})
