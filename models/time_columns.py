"""A column of times, in any form files hold them, in the form of the ledger: 2026-01-31T23:59:59.000000Z."""

import polars as pl

FORM = "%Y-%m-%dT%H:%M:%S%.6fZ"
_ISO = r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}))?(?:[.,](\d{1,9}))?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?$"
# Years 1 to 9999 in days since 1970. Outside, a date's text has no fixed length, its order is not the order of time,
# and Polars panics on the far ones.
_FIRST_DAY, _END_DAY = -719_162, 2_932_897
_MICROSECONDS = 86_400 * 10**6


def in_calendar(value: pl.Expr, dtype: pl.Date | pl.Datetime) -> pl.Expr:
    """Whether a date or timestamp lies in the years 1 to 9999."""
    number = value.to_physical().cast(pl.Int64)
    if isinstance(dtype, pl.Date):
        return number.is_between(_FIRST_DAY, _END_DAY, closed="left")
    if dtype.time_unit == "ns":  # 64 bits of nanoseconds end in the year 2262
        return number.is_not_null()
    day = _MICROSECONDS if dtype.time_unit == "us" else _MICROSECONDS // 1000
    return number.is_between(_FIRST_DAY * day, _END_DAY * day, closed="left")


def column(source: pl.Series) -> pl.Series:
    """Times as 27 characters of UTC; null where there is none or it cannot be read as one.

    Takes timestamps, dates and ISO 8601 text. What names no time zone is UTC. A bare number is not a time: nobody
    can tell its unit.

    >>> column(pl.Series(["2026-01-31", "2026-01-31 23:59+01:00", "31.01.2026"])).to_list()
    ['2026-01-31T00:00:00.000000Z', '2026-01-31T22:59:00.000000Z', None]
    """
    if source.dtype == pl.String:
        source = _parsed(source)
    if not isinstance(source.dtype, pl.Date | pl.Datetime):
        return pl.repeat(None, len(source), dtype=pl.String, eager=True)
    inside = pl.when(in_calendar(pl.lit(source), source.dtype)).then(pl.lit(source))
    kept = pl.select(inside).to_series().cast(pl.Datetime("us", getattr(source.dtype, "time_zone", None)))
    # The integer of a timestamp with a zone is UTC already.
    return kept.to_physical().cast(pl.Datetime("us")).dt.strftime(FORM)


def _parsed(column: pl.Series) -> pl.Series:
    part = [column.str.strip_chars().str.extract(_ISO, group) for group in range(1, 6)]
    day, minute, second, fraction, zone = part
    whole = pl.concat_str(
        pl.lit(day),
        pl.lit("T"),
        pl.lit(minute).fill_null("00:00"),
        pl.lit(":"),
        pl.lit(second).fill_null("00"),
        pl.lit("."),
        pl.lit(fraction).fill_null("0").str.pad_end(9, "0"),
        pl.lit(zone)
        .fill_null("+00:00")
        .str.to_uppercase()
        .str.replace("^Z$", "+00:00")
        .str.replace(r"^([+-]\d\d)$", "${1}:00"),
    )
    parsed = whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
    return pl.select(parsed).to_series().dt.replace_time_zone(None)
