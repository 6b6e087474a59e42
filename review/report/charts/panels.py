"""The other charts of the page: days, reliability, evidence. Each is made twice, wide and narrow.

A scaled-down wide one would have letters nobody can read on a phone.
"""

import math

import altair as alt
import polars as pl

from review import formats
from review.report.charts import drawing
from review.report.figures import Report

BARS = 0.25  # of the height: the bin with most labels

DAYS = 42  # bars that still can be distinguished; the table has every day


def days(report: Report, width: drawing.Width) -> str:
    """Cases of each day, released and sent to a person, newest on the right; "" without data."""
    shown = report.by_day.tail(DAYS if width == "wide" else DAYS // 3)
    if not shown.height:
        return ""
    size = drawing.SIZES[width][0], 220
    rows = shown.with_columns(
        people=pl.col("decisions") - pl.col("automated"),
        name=pl.col("day").map_elements(formats.day, return_dtype=pl.String),
        share=(100 * pl.col("automated") / pl.col("decisions")).round(0).cast(pl.Int64).cast(pl.String) + "\u00a0%",
    ).with_row_index("place")
    band = size[0] / rows.height
    x = alt.X(
        "name:N",
        sort=None,
        scale=alt.Scale(paddingInner=0.28 if band > 20 else 0.15, paddingOuter=0.2),
        axis=drawing.axis(
            "", 0, labels=f"(indexof(domain('x'), datum.value) % {math.ceil(48 / band)}) ? '' : datum.value"
        ),
    )
    y = alt.Y(
        "automated:Q",
        axis=drawing.axis("", 4, grid=True, labels=f"replace(format(datum.value, ','), /,/g, '{formats.THIN}')"),
    )
    base = drawing.chart(rows.to_dicts())
    layers = [
        base.mark_bar(color=drawing.ACCENT).encode(x=x, y=y),
        base.mark_bar(fill="var(--paper)", stroke=drawing.QUIET, strokeWidth=1).encode(
            x=x, y="automated:Q", y2="decisions:Q"
        ),
    ]
    if band > 44:
        layers.append(
            base.mark_text(dy=-8, fontSize=12, color=drawing.INK).encode(x=x, y="decisions:Q", text="share:N")
        )
    return drawing.svg(alt.layer(*layers), size, spoken_days(report))


def spoken_days(report: Report) -> str:
    """The days in one sentence."""
    last = report.by_day.tail(1)
    if not last.height:
        return "Cases by day: none yet."
    done, sent = last["automated"].item(), last["decisions"].item()
    return (
        f"Cases by day, {formats.count(report.by_day.height, 'day')}. On the last, {last['day'].item()}, "
        f"{formats.count(done)} of {formats.count(sent)} were released. The table below has the figures."
    )


def reliability(report: Report, width: drawing.Width) -> str:
    """The reliability diagram: share right against what the model said, with limits, as large as the labels behind it."""
    bins = report.trust.bins
    if bins.is_empty():
        return ""
    size = (360, 330) if width == "wide" else (330, 300)
    domain = alt.Scale(domain=[0, 1])
    x = alt.X("confidence:Q", scale=domain, axis=drawing.axis("the model's confidence", 5))
    y = alt.Y("right:Q", scale=domain, axis=drawing.axis("", 5, grid=True))
    base = drawing.chart(bins.to_dicts())
    diagonal = drawing.chart([{"x": 0, "y": 0}, {"x": 1, "y": 1}])
    most = int(bins["n"].to_numpy().max())
    bars = drawing.chart(
        [{"confidence": row["confidence"], "foot": 0, "tall": BARS * row["n"] / most} for row in bins.to_dicts()]
    )
    layers = [
        bars.mark_bar(color=drawing.QUIET, opacity=0.3, size=14).encode(x=x, y="foot:Q", y2="tall:Q"),
        diagonal.mark_line(color=drawing.INK, strokeDash=[5, 4], strokeWidth=1.25).encode(x="x:Q", y="y:Q"),
        base.mark_rule(color=drawing.ACCENT, strokeWidth=2).encode(x=x, y=alt.Y("low:Q", title=""), y2="high:Q"),
        base.mark_point(color=drawing.ACCENT, fill="var(--paper)", size=70, opacity=1, strokeWidth=2).encode(x=x, y=y),
    ]
    return drawing.svg(alt.layer(*layers), size, spoken_reliability(report))


def spoken_reliability(report: Report) -> str:
    """The diagram in one sentence."""
    bins = report.trust.bins
    text = "; ".join(
        f"said {formats.share(row['confidence'])}, right {formats.share(row['right'])}"
        for row in bins.iter_rows(named=True)
    )
    return f"Share right against the model's confidence: {text or 'no label yet'}. The table below has the figures."


def evidence(report: Report, width: drawing.Width) -> str:
    """Blind labels so far, day by day; "" before there are two days."""
    shown = report.by_day.with_columns(total=pl.col("labelled").cum_sum())
    if shown.height < 2 or not shown["total"][-1]:
        return ""
    size = drawing.SIZES[width][0], 190
    rows = shown.select("day", "total", name=pl.col("day").map_elements(formats.day, return_dtype=pl.String))
    skip = math.ceil(48 * rows.height / size[0])
    x = alt.X(
        "name:N",
        sort=None,
        scale=alt.Scale(paddingInner=0.3, paddingOuter=0.2),
        axis=drawing.axis("", 0, labels=f"(indexof(domain('x'), datum.value) % {skip}) ? '' : datum.value"),
    )
    y = alt.Y(
        "total:Q",
        axis=drawing.axis("", 4, grid=True, labels=f"replace(format(datum.value, ','), /,/g, '{formats.THIN}')"),
    )
    base = drawing.chart(rows.to_dicts())
    layers = [
        base.mark_line(color=drawing.ACCENT, strokeWidth=2.25).encode(x=x, y=y),
        base.mark_point(color=drawing.ACCENT, fill="var(--paper)", size=40, opacity=1, strokeWidth=2).encode(x=x, y=y),
    ]
    return drawing.svg(alt.layer(*layers), size, spoken_evidence(report))


def spoken_evidence(report: Report) -> str:
    """The evidence in one sentence."""
    total = int(report.by_day["labelled"].sum())
    return (
        f"Blind labels so far, {formats.count(total)} over {formats.count(report.by_day.height, 'day')}. "
        "The table of the days has the figures."
    )
