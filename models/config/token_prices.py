"""The prices of a million tokens (`costs.million_tokens_in`, `_out`) beside the columns that count them: all or none."""

from collections.abc import Mapping


def check(columns: Mapping[str, str | None], prices: Mapping[str, float | None]) -> None:
    """Raises ValueError where tokens are priced and not counted, or counted beside others that are priced.

    Args:
        columns: The column that counts each kind of tokens, by the name of its key; None: none does.
        prices: The price of a million of them, by the same names; None: none is set.
    """
    if all(price is None for price in prices.values()):
        return  # counts alone are kept, and cost nothing
    for name, price in prices.items():
        if price is not None and columns[name] is None:
            raise ValueError(
                f"costs.million_{name}: no column counts what it prices; name input.{name}, or drop the price"
            )
        if price is None and columns[name] is not None:
            raise ValueError(
                f"costs.million_{name}: is missing, and half a price is none; give it (0 where these tokens are free)"
            )
