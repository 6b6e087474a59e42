"""On which scale a column of confidences runs: from 0 to 1, percent, or log-probabilities. Never half of one."""

from typing import Literal

import polars as pl

from models import canonical, reals

Scale = Literal["unit", "percent", "logprob"]
SCALES: tuple[Scale, ...] = ("unit", "percent", "logprob")

_STRAY = 0.05  # of the numbers, and fewer: rows to be looked at, not another scale


def complaint(given: pl.Series, name: str) -> str | None:
    """Why a column cannot be read as confidences from 0 to 1, and what to do; None: it can, but for stray rows.

    A column of percent has rows at 0 and 1, one of log-probabilities has rows at 0: read row by row they would be doubt
    and certainty. One negative number among confidences (-1 for "none") is no scale.
    """
    number = _finite(given)
    outside = number.filter((number < 0) | (number > 1))
    if len(outside) < 2 or len(outside) <= _STRAY * len(number):
        return None
    least, most = float(number.min()), float(number.max())  # type: ignore[arg-type]
    if outside.n_unique() == 1 and least < 0 < most <= 1:
        return None
    runs = f"column {name!r} runs from {least:.6g} to {most:.6g}, not from 0 to 1"
    if least >= 0 and most <= 100:
        return f"{runs}: if it is percent, add --scale percent"
    if most <= 0:
        return f"{runs}: if these are log-probabilities, add --scale logprob"
    return f"{runs}: give a confidence, higher = surer (or --scale unit, and the rows outside go to a person)"


def mapped(given: pl.Series, scale: Scale) -> pl.Series:
    """The column on the scale from 0 to 1 by a rising map (x / 100, exp x); what is no number stays as it stands."""
    if scale == "unit":
        return given
    number = reals.column(given)
    moved = number / 100 if scale == "percent" else number.exp()
    if not moved.null_count():
        return moved.rename(given.name)
    written = canonical.text(given.to_frame()).to_series()
    return pl.select(pl.coalesce(moved.cast(pl.String), written)).to_series().rename(given.name)


def of_one(confidence: pl.Series, prediction: pl.Series, label: str) -> pl.Series:
    """From the probability of `label` the confidence of the answer: p where it is `label`, else 1 - p (two labels).

    What is no number stays as it stands.
    """
    number = reals.column(confidence)
    turned = pl.select(pl.when(prediction == label).then(number).otherwise(1 - number)).to_series()
    if not turned.null_count():
        return turned.rename(confidence.name)
    written = canonical.text(confidence.to_frame()).to_series()
    return pl.select(pl.coalesce(turned.cast(pl.String), written)).to_series().rename(confidence.name)


def one_sided(confidence: pl.Series, prediction: pl.Series) -> str | None:
    """The label whose probability the confidence seems to be: of two answers, one has it low wherever it is given.

    Where the model answers that label its numbers lie above those of the other answer (in at least 95 of 100 pairs) and
    half of the other's lie below 0.5, which the probability of an answer of two cannot.
    """
    rows = pl.DataFrame({"p": confidence, "given": prediction}).drop_nulls()
    means = rows.group_by("given").agg(pl.len(), pl.col("p").median()).sort("p")
    if len(means) != 2 or means["p"][0] >= 0.5:
        return None
    low, high = means["len"].to_list()
    ranks = rows.with_columns(rank=pl.col("p").rank()).filter(pl.col("given") == means["given"][1])["rank"]
    above = (float(ranks.sum()) - high * (high + 1) / 2) / (low * high)
    return str(means["given"][1]) if above >= 0.95 else None


def _finite(given: pl.Series) -> pl.Series:
    number = reals.column(given).drop_nulls()
    return number.filter(number.is_finite())
