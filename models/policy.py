"""The line between the machine and people, and the draw that keeps it honest.

    pi    = audit_rate if confidence >= threshold else blind_rate
    u     = SHA-256(salt, case id) mapped to [0, 1): the same case has the same draw for ever
    blind = u < pi
    route = AUTOMATE if confidence >= threshold else REVIEW

AUTOMATE and blind is an audit: the answer is released, and a person labels the case without seeing it.
"""

import math
from dataclasses import dataclass

import polars as pl
import polars_hash as plh

AUTOMATE = "AUTOMATE"
REVIEW = "REVIEW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Where the line stands and how often the machine is checked.

    `threshold` is a confidence in [0, 1], or None for +inf (nothing is released: cold start, halt).
    `audit_rate` and `blind_rate` are probabilities in (0, 1]: never zero, or what they leave out could not be measured.
    Raises ValueError on anything else.
    """

    threshold: float | None
    audit_rate: float
    blind_rate: float

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold {self.threshold!r}: give a confidence from 0 to 1, or none to release nothing")
        for name, rate in (("audit_rate", self.audit_rate), ("blind_rate", self.blind_rate)):
            if not 0 < rate <= 1:
                raise ValueError(f"{name} {rate!r}: give a probability above 0 and at most 1")


def draws(case_ids: pl.Series, salt: str) -> pl.Series:
    """Permanent random numbers in [0, 1), one per case id (Ohlsson 1995): 52 bits of SHA-256(salt, case id).

    The salt has a fixed length in hex and is followed by a line feed, so no two (salt, id) pairs read the same.
    """
    text = pl.DataFrame({"id": case_ids}).select(pl.lit(salt + "\n") + pl.col("id"))
    digest = text.select(plh.col("literal").chash.sha2_256().str.head(13).str.to_integer(base=16))
    return (digest.to_series() / 2**52).rename("draw")


def route(confidence: pl.Series, case_ids: pl.Series, *, policy: Policy, salt: str) -> pl.DataFrame:
    """Decide a batch: columns `route`, `blind` and `propensity`, in the order of the input.

    `confidence` is Float64; a missing, NaN or out-of-range one goes to REVIEW. `case_ids` is String, no nulls.
    Raises ValueError if the two differ in length or an id is missing.
    """
    if len(confidence) != len(case_ids) or case_ids.null_count():
        raise ValueError("one confidence and one case id per case")
    threshold = math.inf if policy.threshold is None else policy.threshold
    # Comparisons with null are null and NaN sorts above everything in Polars: both must end in REVIEW.
    sure = (confidence.is_between(0, 1) & confidence.is_not_nan() & (confidence >= threshold)).fill_null(False)
    return (
        pl.DataFrame({"sure": sure, "draw": draws(case_ids, salt)})
        .with_columns(pl.when("sure").then(policy.audit_rate).otherwise(policy.blind_rate).alias("propensity"))
        .select(
            pl.when("sure").then(pl.lit(AUTOMATE)).otherwise(pl.lit(REVIEW)).alias("route"),
            (pl.col("draw") < pl.col("propensity")).alias("blind"),
            "propensity",
        )
    )
