"""What a column of confidences in a labelled history is: on which scale it runs, and whether it speaks of one answer only."""

from typing import Literal

import polars as pl

from models import columns
from models.outputs import scale as scales

Scale = Literal["unit", "percent", "logprob"]


def complaint(column: pl.Series, name: str, scale: Scale | None = None) -> str | None:
    """Why a column cannot be read as confidences of a scale, and what to do; None: it can, but for stray rows.

    `scale`: as the user names it, None: nothing is named, and they must be from 0 to 1. As `score` decides it
    (`models.outputs.scale.another`): one setting decides about all rows, and none is read by half.
    """
    number = columns.numbers(column).rename(name)
    likely = scales.another(number, scale or "unit", named=scale is not None)
    if likely is None:
        return None
    finite = number.filter(number.is_finite().fill_null(False))
    least, most = (float(end) for end in (finite.min(), finite.max()))  # type: ignore[arg-type] # they are numbers
    runs = f"column {name!r} runs from {least:.6g} to {most:.6g}, not {scales.RANGES[scale or 'unit']}"
    stray = scale is None and scales.another(number, "unit", named=True) is None
    otherwise = " (or --scale unit, and the rows outside go to a person)" if stray else ""
    match likely[1]:
        case "percent":
            return f"{runs}: if it is percent, add --scale percent{otherwise}"
        case "logprob":
            return f"{runs}: if these are log-probabilities, add --scale logprob{otherwise}"
        case "unit":
            return f"{runs}: if they are probabilities, drop --scale"
    return f"{runs}: give a confidence, higher = surer{otherwise}"


def mapped(column: pl.Series, scale: Scale) -> pl.Series:
    """The column on the scale from 0 to 1 by a rising map (`scale`); what is no number of it stays as it stands."""
    if scale == "unit":
        return column
    return _shown(scales.unit(columns.numbers(column), scale), column)


def of_one(confidence: pl.Series, prediction: pl.Series, label: str) -> pl.Series:
    """From the probability of `label` the confidence of the answer: p where it is `label`, else 1 - p (two labels).

    What is no number stays as it stands.
    """
    return _shown(of_label(columns.numbers(confidence), prediction, label), confidence)


def of_label(probability: pl.Series, prediction: pl.Series, label: str) -> pl.Series:
    """The probability of the answer given, from that of `label`, one of two: p where the answer is `label`, else 1 - p."""
    ours = pl.when(prediction == label).then(probability)
    return pl.select(ours.otherwise(1 - probability)).to_series().rename(probability.name)


def one_sided(confidence: pl.Series, prediction: pl.Series) -> str | None:
    """The label whose probability the confidence seems to be: of two answers, one has it low wherever it is given.

    Where the model answers that label its numbers lie above those of the other answer (in at least 95 of 100 pairs) and
    half of the other's lie below 0.5, which the probability of an answer of two cannot.
    """
    rows = pl.DataFrame({"p": confidence, "answer": prediction}).drop_nulls()
    means = rows.group_by("answer").agg(pl.len(), pl.col("p").median()).sort("p")
    if len(means) != 2 or means["p"][0] >= 0.5:
        return None
    low, high = means["len"].to_list()
    ranks = rows.with_columns(rank=pl.col("p").rank()).filter(pl.col("answer") == means["answer"][1])["rank"]
    above = (float(ranks.sum()) - high * (high + 1) / 2) / (low * high)
    return str(means["answer"][1]) if above >= 0.95 else None


def _shown(moved: pl.Series, column: pl.Series) -> pl.Series:
    """The numbers and, where there is none, what stands in the column."""
    if not moved.null_count():
        return moved.rename(column.name)
    written = columns.text(column.to_frame()).to_series()
    return pl.select(pl.coalesce(moved.cast(pl.String), written)).to_series().rename(column.name)
