"""The threshold between the machine and people, and the sample that keeps it honest.

    pi    = audit_rate if confidence >= threshold else blind_rate; 1 where a rule has the case audited
            (with bands: the rate of the band that the confidence is in, in the place of audit_rate)
    u     = SHA-256(salt, group id) mapped to [0, 1): cases that belong together share one sample, the same for ever
    blind = u < pi
    route = AUTOMATE if confidence >= threshold else REVIEW

AUTOMATE and blind is an audit: the answer is released, and a person labels the case without seeing it. A case that is held
goes to a person however sure the model is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import polars as pl
import polars_hash as plh


class Route(StrEnum):
    """Where a case goes: out alone, or to a person. A text in every frame and in the ledger."""

    AUTOMATE = "AUTOMATE"
    REVIEW = "REVIEW"


BANDS = 8  # of a policy at most: each is a propensity that evidence and estimates tell apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Where the threshold stands and how often the machine is checked.

    `threshold` is a confidence in [0, 1], or None for +inf (nothing is released: cold start, halt). `by_class`: instead,
    one such threshold per label of the stream, for the cases the model gives that label; a label without one is never
    released. `audit_rate` and `blind_rate` are probabilities in (0, 1]: never zero, or what they leave out could not be
    measured. `by_band`: instead of `audit_rate`, which is their mean, a rate in (0, 1] for each band of confidence: pairs of
    where a band begins and its rate, rising, the first at the threshold, at most 8. Raises ValueError on anything else, on both
    kinds of threshold at once, or on bands without one threshold for all cases.
    """

    threshold: float | None
    audit_rate: float
    blind_rate: float
    by_class: Mapping[str, float | None] | None = None
    by_band: tuple[tuple[float, float], ...] | None = None

    def __post_init__(self) -> None:
        for at in (self.threshold, *(self.by_class or {}).values()):
            if at is not None and not 0 <= at <= 1:
                raise ValueError(f"threshold {at!r}: give a confidence from 0 to 1, or none to release nothing")
        if self.threshold is not None and self.by_class is not None:
            raise ValueError("give one threshold for all classes, or one for each")
        for name, rate in (("audit_rate", self.audit_rate), ("blind_rate", self.blind_rate)):
            if not 0 < rate <= 1:
                raise ValueError(f"{name} {rate!r}: give a probability above 0 and at most 1")
        if self.by_band is not None:
            self._check_bands(self.by_band)

    def _check_bands(self, bands: tuple[tuple[float, float], ...]) -> None:
        if not 1 <= len(bands) <= BANDS:
            raise ValueError(f"{len(bands)} bands: give 1 to {BANDS}")
        begins = [begin for begin, _ in bands]
        if self.threshold is None or begins[0] != self.threshold:
            raise ValueError(f"the first band begins at {begins[0]!r}: give the threshold, {self.threshold!r}")
        if not all(low < high for low, high in pairwise(begins)) or begins[-1] > 1:
            raise ValueError(f"bands begin at {begins}: give confidences that rise, up to 1")
        for begin, rate in bands:
            if not 0 < rate <= 1:
                raise ValueError(f"audit rate {rate!r} from {begin!r}: give a probability above 0 and at most 1")

    @property
    def audit_rates(self) -> tuple[float, ...]:
        """The rates at which released cases are audited, by band from the least sure; one where there are no bands."""
        return (self.audit_rate,) if self.by_band is None else tuple(rate for _, rate in self.by_band)

    @property
    def releases(self) -> bool:
        """Whether any case can be released."""
        return self.threshold is not None or any(at is not None for at in (self.by_class or {}).values())

    def of_class(self, label: str) -> "Policy":
        """The policy as the cases meet it that the model gives this label."""
        at = self.threshold if self.by_class is None else self.by_class.get(label)
        return Policy(threshold=at, audit_rate=self.audit_rate, blind_rate=self.blind_rate, by_band=self.by_band)


def random_numbers(ids: pl.Series, salt: str) -> pl.Series:
    """Permanent random numbers in [0, 1), one per id (Ohlsson 1995): 52 bits of SHA-256(salt, id).

    The salt has a fixed length in hex and is followed by a line feed, so no two (salt, id) pairs read the same.
    """
    text = pl.DataFrame({"id": ids}).select(pl.lit(salt + "\n") + pl.col("id"))
    digest = text.select(plh.col("literal").chash.sha2_256().str.head(13).str.to_integer(base=16))
    return (digest.to_series() / 2**52).rename("number")


def route(
    confidence: pl.Series,
    ids: pl.Series,
    *,
    policy: Policy,
    salt: str,
    predictions: pl.Series | None = None,
    held: pl.Series | None = None,
    audited: pl.Series | None = None,
) -> pl.DataFrame:
    """Decide a batch: columns `route`, `blind` and `propensity`, in the order of the input.

    `confidence` is Float64; a missing, NaN or out-of-range one goes to REVIEW. `ids` is String, no nulls: what each case is
    sampled by, the id of its group. `held`, String, says why a case goes to REVIEW whatever its confidence; null: it does not.
    `audited`, Boolean: whether a case is read blind whatever its number says, and so with propensity 1.
    `predictions`, String, is needed where the policy has a threshold per class; a case without one goes to REVIEW. Raises
    ValueError if they differ in length, an id is missing, or there are no predictions to choose a threshold by.

    >>> ids = pl.Series(["a", "b", "c"])
    >>> rule = Policy(threshold=0.9, audit_rate=0.1, blind_rate=0.3)
    >>> route(pl.Series([0.95, 0.5, None]), ids, policy=rule, salt="0" * 32).rows()
    [('AUTOMATE', False, 0.1), ('REVIEW', False, 0.3), ('REVIEW', False, 0.3)]
    """
    if len(confidence) != len(ids) or ids.null_count():
        raise ValueError("one confidence and one id per case")
    threshold: float | pl.Series = math.inf if policy.threshold is None else policy.threshold
    if policy.by_class is not None:
        if predictions is None or len(predictions) != len(ids):
            raise ValueError("a threshold per class needs one prediction per case")
        thresholds = {label: math.inf if at is None else at for label, at in policy.by_class.items()}
        threshold = predictions.replace_strict(thresholds, default=math.inf, return_dtype=pl.Float64).fill_null(
            math.inf
        )
    # Comparisons with null are null and NaN sorts above everything in Polars: both must end in REVIEW.
    sure = (confidence.is_between(0, 1) & confidence.is_not_nan() & (confidence >= threshold)).fill_null(False)
    if held is not None:
        sure &= held.is_null()
    always = pl.lit(False) if audited is None else pl.lit(audited)
    released = pl.lit(policy.audit_rate)
    for begin, rate in policy.by_band or ():
        released = pl.when(pl.lit(confidence) >= begin).then(rate).otherwise(released)
    return (
        pl.DataFrame({"sure": sure, "number": random_numbers(ids, salt)})
        .with_columns(propensity=pl.when(always).then(1.0).when("sure").then(released).otherwise(policy.blind_rate))
        .select(
            pl.when("sure").then(pl.lit(Route.AUTOMATE)).otherwise(pl.lit(Route.REVIEW)).alias("route"),
            (pl.col("number") < pl.col("propensity")).alias("blind"),
            "propensity",
        )
    )
