"""Which cases another person reads although the first reader agreed with the model: sampled before anybody has read one.

    u       = SHA-256("overlap", salt, group) mapped to [0, 1): the same group has the same number for ever
    overlap = u < share

The number owes nothing to that of audits (`models.routing.policy.random_numbers`), so the cases read twice are a fair sample of
those read once.
"""

import polars as pl
import polars_hash as plh


def numbers(salts: pl.Series, groups: pl.Series) -> pl.Series:
    """Permanent random numbers in [0, 1), one per case (Ohlsson 1995): 52 bits of SHA-256, Float64, no nulls.

    `salts`: of each case's epoch, String. `groups`: what the case belongs with, UInt64 (`review.ledger.rollups.members`); the
    cases of a group are read again together or not at all. Raises ValueError if they differ in length or one is missing.
    """
    if len(salts) != len(groups) or salts.null_count() or groups.null_count():
        raise ValueError("one salt and one group per case")
    # A salt is hex, so no text that an audit is sampled by begins with this word.
    text = pl.DataFrame({"salt": salts, "group": groups}).select(
        text=pl.lit("overlap\n") + pl.col("salt") + pl.lit("\n") + pl.col("group").cast(pl.String)
    )
    digest = text.select(plh.col("text").chash.sha2_256().str.head(13).str.to_integer(base=16))
    return (digest.to_series() / 2**52).rename("overlap")
