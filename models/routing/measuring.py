"""Which labels are for measuring alone: a wall that training never looks over.

    u         = SHA-256("measuring", ledger, group) mapped to [0, 1): the same group has the same number for ever
    measuring = u < SHARE

What a model was trained or tuned on says nothing of how right it will be (docs/method.md, 2). The number depends on the
ledger and the group only, so nobody's answer, model or export moves a case to the other side. It owes nothing to the numbers
of audits and of readings for the overlap.
"""

import polars as pl
import polars_hash as plh

SHARE = 0.5  # of the groups; fixed, since another share would hand measuring labels to training


def measuring(ledger: str, groups: pl.Series) -> pl.Series:
    """Whether each case's label is kept for measuring (Boolean).

    Args:
        ledger: Who the ledger is (`Ledger.identity`), 32 hex digits.
        groups: What each case belongs with, UInt64 (`review.ledger.rollups.members`); a group is on one side as a whole.

    Raises:
        ValueError: A group is missing.

    >>> measuring("0" * 32, pl.Series([1, 2, 3, 4, 1], dtype=pl.UInt64)).to_list()
    [False, True, True, False, False]
    """
    if groups.null_count():
        raise ValueError("one group per case")
    text = pl.DataFrame({"group": groups}).select(
        text=pl.lit(f"measuring\n{ledger}\n") + pl.col("group").cast(pl.String)
    )
    digest = text.select(plh.col("text").chash.sha2_256().str.head(13).str.to_integer(base=16))
    return (digest.to_series() / 2**52 < SHARE).rename("measuring")
