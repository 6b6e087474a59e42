"""The chart thresholds are tuned from: error among the released against the share released."""

import base64
import math
import re
from typing import Any

import altair as alt
import polars as pl

from review import formats
from review.report import slider
from review.report.charts import drawing
from review.report.figures import Report

LEFT = 0.3  # coverage from which on the error axis must hold the curve

PAPER = {"ink": "#1b1e1d", "quiet": "#626864", "rule": "#e5e2da", "accent": "#0e6a5b", "paper": "#ffffff"}

PINS = {  # what tells them apart without colour: a shape and a word
    "today": ("circle", "today's threshold"),
    "proposal": ("diamond", "certified"),
    "cheapest": ("triangle-up", "cheapest"),
    "carried": ("square", "people can carry"),
}

FRAME = re.compile(
    r'transform="translate\(([\d.]+),([\d.]+)\)"><g class="mark-group role-frame root".*?'
    r'<path class="background"[^>]*d="M[\d.]+,[\d.]+h([\d.]+)v([\d.]+)',
    re.DOTALL,
)


def curve(report: Report, width: drawing.Width) -> str:
    """Error among the released against the share released, with limits, the target, the certified part and the thresholds
    worth knowing; "" without data. Carries the frame of its plot (data-plot) for the what-if threshold of the page."""
    points = report.what_if.rows.filter(pl.col("error").is_not_null(), pl.col("coverage") > 0)
    if points.height < 2:
        return ""
    size = drawing.SIZES[width]
    top = _ceiling(points, report.target)
    lanes = [
        (preset["kind"], points.row(by_predicate=pl.col("threshold") == threshold, named=True))
        for preset in slider.presets(report)
        if (threshold := report.what_if.rows["threshold"][preset["row"]]) in points["threshold"].to_list()
    ]
    lane = top * (24 / size[1])  # the height of a line of text, in units of the axis
    whole_top = top + lane * (len(lanes) + 0.6)
    x = alt.X(
        "coverage:Q", scale=alt.Scale(domain=[0, 1]), axis=drawing.axis("share of cases released", size[0] // 110)
    )
    y = alt.Y(
        "error:Q",
        scale=alt.Scale(domain=[0, whole_top], nice=False),
        axis=drawing.axis("", 5, grid=True, values=_steps(top)),
    )
    base = drawing.chart(
        points.select("coverage", "error", "low", high=pl.min_horizontal("high", pl.lit(top))).to_dicts()
    )
    layers: list[Any] = [
        drawing.chart(_certified(points, report.target))
        .mark_rect(color=drawing.ACCENT, opacity=0.22)
        .encode(x=alt.X("from:Q"), x2="to:Q", y=alt.Y("foot:Q"), y2="target:Q"),
        base.mark_area(color=drawing.ACCENT, opacity=0.14, clip=True).encode(
            x=x, y=alt.Y("low:Q", title=""), y2="high:Q"
        ),
        drawing.chart([{"y": report.target}])
        .mark_rule(color=drawing.INK, strokeDash=[5, 4], strokeWidth=1.25)
        .encode(y="y:Q"),
        base.mark_line(color=drawing.ACCENT, strokeWidth=2.25, clip=True).encode(x=x, y=y),
    ]
    layers += drawing.words(f"target {formats.whole(report.target)}", 0, report.target, "left")
    for place, (name, row) in enumerate(lanes):
        layers += _pin(name, row, top + lane * (len(lanes) - place), size[0])
    return _framed(drawing.svg(alt.layer(*layers), size, spoken_curve(report)), whole_top, top)


def image(report: Report) -> str:
    """The curve as the address of an image that is all in the address, on white paper; "" without data."""
    picture = curve(report, "wide")
    if not picture:
        return ""
    for name, colour in PAPER.items():
        picture = picture.replace(f"var(--{name})", colour)
    picture = picture.replace(">", f'><rect width="100%" height="100%" fill="{PAPER["paper"]}"/>', 1)
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def _pin(name: str, row: dict[str, Any], lane: float, width: int) -> list[Any]:
    """A line of text above the plot, its thread, and where it meets the curve."""
    shape, word = PINS[name]
    spot = drawing.chart([{"x": row["coverage"], "y": row["error"], "lane": lane}])
    right = row["coverage"] > (0.5 if width > 400 else 0.42)
    text = drawing.chart([{"x": row["coverage"], "y": lane, "t": f"{word}, {formats.share(row['coverage'])}"}])
    mark = {"align": "right" if right else "left", "dx": -9 if right else 9, "fontSize": 12, "baseline": "middle"}
    return [
        spot.mark_rule(color=drawing.QUIET, strokeWidth=1).encode(x="x:Q", y="y:Q", y2="lane:Q"),
        spot.mark_point(
            color=drawing.INK, fill="var(--paper)", size=64, opacity=1, strokeWidth=1.75, shape=shape
        ).encode(x="x:Q", y="y:Q"),
        spot.mark_point(
            color=drawing.INK, fill="var(--paper)", size=44, opacity=1, strokeWidth=1.5, shape=shape
        ).encode(x="x:Q", y="lane:Q"),
        text.mark_text(**mark, color="none", stroke="var(--paper)", strokeWidth=4).encode(x="x:Q", y="y:Q", text="t:N"),
        text.mark_text(**mark, color=drawing.INK).encode(x="x:Q", y="y:Q", text="t:N"),
    ]


def _certified(points: pl.DataFrame, target: float) -> list[dict[str, float]]:
    """Stretches of coverage whose thresholds are certified: their error lies below the target."""
    falling = points.with_columns(run=(pl.col("certified") != pl.col("certified").shift(1)).fill_null(True).cum_sum())
    runs = falling.filter("certified").group_by("run").agg(low=pl.col("coverage").min(), high=pl.col("coverage").max())
    return [
        # One threshold alone is a stretch too, if a thin one.
        {"from": row["low"] - 0.004, "to": min(row["high"] + 0.004, 1.0), "foot": 0.0, "target": target}
        for row in runs.sort("run").iter_rows(named=True)
    ]


def _steps(top: float) -> list[float]:
    """Round numbers from 0 up to the ceiling, at most eight steps."""
    size: float = 10 ** math.floor(math.log10(top))
    step = next(step * size for step in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if top / (step * size) <= 8)
    return [round(step * count, 12) for count in range(int(top / step + 1e-9) + 1)]


def _framed(svg: str, whole: float, top: float) -> str:
    """The SVG with its plot's left, top, width, height in its own units, and the ends of the error axis."""
    match = FRAME.search(svg)
    if match is None:
        raise RuntimeError("the chart has no frame where Vega used to put it")
    plot = ",".join([*match.groups(), f"{whole:.8g}", f"{top:.8g}"])
    return svg.replace("<svg ", f'<svg data-plot="{plot}" ', 1)


def spoken_curve(report: Report) -> str:
    """The curve in one sentence, for who cannot see it."""
    at = formats.share(report.coverage_here) if report.coverage_here is not None else "no share"
    ends = report.what_if.rows.filter(pl.col("error").is_not_null()).tail(1)
    full = f" With all that can be scored released: {formats.share(ends['error'].item())}." if ends.height else ""
    return (
        f"Error among released cases against the share released. Today's threshold releases {at}, "
        f"error {formats.between(report.here)}; target {formats.whole(report.target)}.{full} The table below has the figures."
    )


def _ceiling(points: pl.DataFrame, target: float) -> float:
    """Where the error axis ends. At the far left, with few labels, the limits reach anywhere: no news, so cut off."""
    most: float = points.filter(pl.col("coverage") >= LEFT)["error"].to_numpy().max(initial=0)
    return float(min(1.0, max(2 * target, 1.3 * most, 1.1 * points["high"][-1])))
