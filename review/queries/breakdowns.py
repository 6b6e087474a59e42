"""The parts a stream falls into: by predicted class, by slice, by day. What `slices` and `score_shift` look at."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from models.answers import same
from models.evaluation import group_intervals, slices
from models.evaluation.outcome import SETTLED, Outcome
from models.monitoring import score_shift
from models.planning import what_if
from models.routing import policy as routing
from review.ledger import rollups
from review.queries import outcomes
from review.queries.outcomes import Outcomes

MOST = 200  # parts shown, those with most cases; more is no table but a search
MOST_CURVES = 40  # parts that follow the slider: what a page can hold
FEWEST = 100  # cases before, and on the newest day, from which a shift is worth looking for


def flags(
    cases: Outcomes, *, target: float, delta: float, design: group_intervals.Design = group_intervals.ALONE
) -> list[slices.Slice]:
    """Error among the released for each predicted class and each value of each slice column, named `column: value`.

    The flags hold for all of them together (Holm). At most 200 parts, those with the most released cases. `design`: by how
    much groups widen the limits of all that was released.
    """
    sizes = _settled(outcomes.sizes(cases, ["prediction", "slices", "route", "propensity"])).filter(
        pl.col("route") == routing.Route.AUTOMATE
    )
    if sizes.is_empty():
        return []
    parts = _named(sizes, ("route", "propensity", "blind", "outcome", "n"))
    largest = parts.group_by("slice").agg(pl.col("n").sum()).sort(["n", "slice"], descending=[True, False]).head(MOST)
    kept = parts.filter(pl.col("slice").is_in(largest["slice"].to_list()))
    return slices.table(kept, target, delta, design=design.released)


def curves(
    cases: Outcomes,
    thresholds: Sequence[float],
    *,
    delta: float,
    design: group_intervals.Design = group_intervals.ALONE,
) -> list[what_if.Part]:
    """The thresholds (strictest first) within each predicted class and each value of a slice; the largest 40 parts."""
    binned = _settled(outcomes.binned(cases, ["prediction", "slices", "propensity"], thresholds))
    if binned.is_empty():
        return []
    # Each case counts as sure as the strictest threshold it reaches; below all of them, as not sure at all.
    at = pl.Series([*thresholds, None], dtype=pl.Float64)
    counts = binned.with_columns(confidence=at.gather(binned["bin"].fill_null(len(thresholds))))
    named = _named(counts, ("confidence", "propensity", "blind", "outcome", "n"))
    largest = named.group_by("slice").agg(pl.col("n").sum()).sort(["n", "slice"], descending=[True, False])
    return [
        what_if.part(name, named.filter(pl.col("slice") == name), thresholds, delta, design)
        for name in sorted(largest["slice"].head(MOST_CURVES))
    ]


def _settled(counts: pl.DataFrame) -> pl.DataFrame:
    """A dispute counts as wrong."""
    settled = pl.when(pl.col("outcome") == Outcome.DISPUTED).then(pl.lit(Outcome.WRONG)).otherwise("outcome")
    return counts.with_columns(outcome=settled)


def _named(counts: pl.DataFrame, kept: Sequence[str]) -> pl.DataFrame:
    """The counts once per predicted class and once per slice column, `slice` naming the part."""
    labelled = counts.filter(pl.col("prediction").is_not_null(), pl.col("prediction") != rollups.RECORD)
    named = [labelled.select(*kept, slice="answer: " + pl.col("prediction"))]
    values = {text: json.loads(text) for text in counts["slices"].unique()}
    cases = dict(counts.group_by("slices").agg(pl.col("n").sum()).iter_rows())
    for column in sorted({name for row in values.values() for name in row}):
        of = _slices(column, {text: row.get(column) for text, row in values.items()}, cases)
        named.append(counts.select(*kept, slice=pl.col("slices").replace_strict(of, return_dtype=pl.String)))
    return pl.concat(named).group_by("slice", *kept[:-1]).agg(pl.col("n").sum())


def _slices(column: str, values: Mapping[str, object], cases: Mapping[str, int]) -> dict[str, str]:
    """The name of each value's slice. Values that differ by case, outer white space or the like are one (`spelling`),
    under the spelling that most cases have; an empty one is none.
    """
    written = {text: str(value).strip() for text, value in values.items() if value is not None}
    spellings: Counter[str] = Counter()
    for text, value in written.items():
        spellings[value] += cases[text]
    shown: dict[str, str] = {}
    for value, _ in sorted(spellings.items(), key=lambda item: (-item[1], item[0])):
        shown.setdefault(same.plain(value), value)
    return {text: f"{column}: {shown[same.plain(written[text])] if written.get(text) else '(none)'}" for text in values}


def shift(cases: Outcomes) -> score_shift.Shift | None:
    """The confidences of the newest day beside those of its days before, in steps of 0.001.

    None with fewer than 100 cases on either side.
    """
    steps = np.arange(1000, -1, -1) / 1000
    binned = outcomes.binned(cases, ["day"], steps.tolist())
    if binned.is_empty():
        return None
    at = pl.Series([*steps, None], dtype=pl.Float64)
    binned = binned.select("day", "n", confidence=at.gather(binned["bin"].fill_null(len(steps))))
    newest = binned["day"].max()
    before, after = (binned.filter(side) for side in (pl.col("day") < newest, pl.col("day") == newest))
    if min(before["n"].sum(), after["n"].sum()) < FEWEST:
        return None
    return score_shift.shift(before, after)


def by_day(cases: Outcomes) -> pl.DataFrame:
    """Per day (when the model answered, else when it was decided): day, decisions, automated, audited, audited_wrong,
    labelled.

    `audited`: released and answered blind; `labelled`: answered blind, whatever the route.
    """
    released = pl.col("route") == routing.Route.AUTOMATE
    answered, wrong = (
        pl.col("outcome").is_in(names) for names in ((*SETTLED, Outcome.DISPUTED), (Outcome.WRONG, Outcome.DISPUTED))
    )
    return (
        outcomes.sizes(cases, ["day", "route"])
        .group_by("day")
        .agg(
            decisions=pl.col("n").sum(),
            automated=pl.col("n").filter(released).sum(),
            audited=pl.col("n").filter(released & answered).sum(),
            audited_wrong=pl.col("n").filter(released & wrong).sum(),
            labelled=pl.col("n").filter(answered).sum(),
        )
        .sort("day")
    )
