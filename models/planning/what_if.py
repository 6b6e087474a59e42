"""What would happen at another threshold: the rows a slider steps through. Pure.

Every figure is rounded to six digits here, once, so that the page and the JSON hold the same numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from models.certification import certificate, era_plan
from models.evaluation import cost, group_intervals, risk

DIGITS = 6
MOST = 200  # thresholds, as many as a certificate may have
FULL_DAYS = 1  # the last day may still be going on
Known = Literal["stated", "measured", "assumed"]
FIGURES = ("coverage", "error", "low", "high", "n", "errors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The same thresholds for a part of the cases: `rows` has threshold and FIGURES, within the part's `cases`."""

    name: str
    cases: int
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """`rows`, strictest first, the first of them releases nothing (threshold null). Per row:

    `threshold`; `coverage` (share of all cases it would release), `error`, `low`, `high` (of these; null: no label there),
    `n`, `errors` (blind labels at or above it, and how many of them wrong); per day `released`, `wrong`, `wrong_low`,
    `wrong_high`, `reviews` (audits included), `review_hours`; `cost`, `cost_low`, `cost_high` of 1000 cases; `certified`;
    `needed` (about how many more blind labels would certify it; 0: it is; null: no number would, or nothing can tell).
    `labels`: of a stream with a threshold per class, per label `certified` and `needed` of the same thresholds.

    `cases_per_day`: mean of the days that are over. `minutes`: of a review. `audit_rate`: of the released.
    """

    cases_per_day: float
    minutes: float
    minutes_known: Known
    audit_rate: float
    rows: pl.DataFrame
    parts: tuple[Part, ...] = ()
    labels: Mapping[str, pl.DataFrame] | None = None


def thresholds(
    plans: Sequence[era_plan.Plan], counts: pl.DataFrame, in_use: Sequence[float | None]
) -> tuple[float, ...]:
    """Those a certificate is registered for, and `in_use` (in force, certified); strictest first.

    With more than one plan those of all, at most 200 by even steps; without any, confidences that occurred.
    """
    values = {threshold for plan in plans for threshold in plan.thresholds}
    if not values:
        sound = counts.filter(pl.col("confidence").is_not_null())["confidence"].unique().sort(descending=True)
        values = set(sound.gather_every(max(1, len(sound) // MOST)))
    falling = sorted(values, reverse=True)
    if len(falling) > MOST:
        falling = [falling[round(step * (len(falling) - 1) / (MOST - 1))] for step in range(MOST)]
    return tuple(sorted({*falling, *(at for at in in_use if at is not None)}, reverse=True))


def of(
    counts: pl.DataFrame,
    at: Sequence[float],
    *,
    alpha: float,
    prices: cost.Prices,
    minutes: tuple[float, Known],
    by_day: pl.DataFrame,
    progress_by_scope: Mapping[str, certificate.Progress],
    parts: Sequence[Part] = (),
    design: group_intervals.Design = group_intervals.ALONE,
) -> WhatIf:
    """From the epoch's counts (`risk`) at the thresholds `at`; `minutes` of a review, and how they are known.

    `design`: by how much groups widen the limits.
    """
    cases_per_day = daily(by_day)
    rows = pl.concat([_nothing(), risk.at(counts, at, alpha, design=design.at(at))], how="vertical_relaxed")
    nothing = pl.col("threshold").is_null()
    known = rows.with_columns(
        pl.when(~nothing).then(name).otherwise(0.0).alias(name) for name in ("error", "low", "high")
    )
    priced = cost.curve(known, prices)
    released = pl.col("coverage") * cases_per_day
    reviews = cases_per_day * (1 - pl.col("coverage") + prices.audit_rate * pl.col("coverage"))
    figures = rows.with_columns(
        released=released,
        wrong=released * known["error"],
        wrong_low=released * known["low"],
        wrong_high=released * known["high"],
        reviews=reviews,
        review_hours=reviews * minutes[0] / 60,
        **{name: 1000 * priced[name] for name in ("cost", "cost_low", "cost_high")},
    )
    whole = progress_by_scope.get("")
    return WhatIf(
        cases_per_day=cases_per_day,
        minutes=minutes[0],
        minutes_known=minutes[1],
        audit_rate=prices.audit_rate,
        rows=rounded(figures.hstack(_certified(figures["threshold"], whole))),
        parts=tuple(parts),
        labels={label: _certified(figures["threshold"], left) for label, left in progress_by_scope.items() if label}
        or None,
    )


def daily(by_day: pl.DataFrame) -> float:
    """Cases a day, the mean of the days that are over (of the only day, if there is one); 0 before the first."""
    if by_day.is_empty():
        return 0.0
    return float(by_day["decisions"].to_numpy()[: max(len(by_day) - FULL_DAYS, 1)].mean())


def part(
    name: str,
    counts: pl.DataFrame,
    at: Sequence[float],
    alpha: float,
    design: group_intervals.Design = group_intervals.ALONE,
) -> Part:
    """The thresholds within one part; `counts` as in `risk`, of that part. `design`: of all cases, for want of its own."""
    rows = pl.concat([_nothing(), risk.at(counts, at, alpha, design=design.at(at))], how="vertical_relaxed")
    return Part(name=name, cases=int(counts["n"].sum()), rows=rounded(rows))


def rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """All figures to six significant digits; a threshold stays what it is, since it is what gets adopted."""
    figures = [name for name, kind in frame.schema.items() if kind == pl.Float64 and name != "threshold"]
    return frame.with_columns(pl.col(figures).round_sig_figs(DIGITS))


def _nothing() -> pl.DataFrame:
    """The row of releasing nothing."""
    kinds = dict.fromkeys(("threshold", *FIGURES[:4]), pl.Float64) | dict.fromkeys(FIGURES[4:], pl.Int64)
    return pl.DataFrame([dict.fromkeys(kinds) | {"coverage": 0.0, "n": 0, "errors": 0}], schema=kinds)


def _certified(at: pl.Series, progress: certificate.Progress | None) -> pl.DataFrame:
    kinds = {"certified": pl.Boolean, "needed": pl.Int64}
    if progress is None:
        return pl.DataFrame({"certified": [False] * len(at), "needed": [None] * len(at)}, schema=kinds)
    lacks = dict(zip(progress.plan.thresholds, certificate.needed_at(progress), strict=True))
    held = {progress.plan.thresholds[place] for place in progress.certified}
    return pl.DataFrame(
        {"certified": [threshold in held for threshold in at], "needed": [lacks.get(threshold) for threshold in at]},
        schema=kinds,
    )
