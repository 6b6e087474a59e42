"""Charts as SVG text, to stand inside a page: colours are its CSS variables, so light and dark are the page's affair.

Each chart is drawn twice, wide and narrow, because a scaled-down wide one has letters nobody can read on a phone.
"""

import base64
import math
import re
from typing import Any

import altair as alt
import polars as pl

from review import drawing, live, wording
from review.figures import Report

BARS = 0.25  # of the height: the bin with most labels
LEFT = 0.3  # coverage from which on the error axis must hold the curve
DAYS = 42  # bars that still can be told apart; the table has every day


def curve(report: Report, width: drawing.Width) -> str:
    """Error among the released against the share released, with limits, the target, the certified part and the lines
    worth knowing; "" without data. Carries the frame of its plot (data-plot) for the what-if line of the page."""
    points = report.what_if.rows.filter(pl.col("error").is_not_null(), pl.col("coverage") > 0)
    if points.height < 2:
        return ""
    size = drawing.SIZES[width]
    top = _ceiling(points, report.target)
    lanes = [
        (preset["kind"], points.row(by_predicate=pl.col("threshold") == line, named=True))
        for preset in live.presets(report)
        if (line := report.what_if.rows["threshold"][preset["row"]]) in points["threshold"].to_list()
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
    layers += drawing.words(f"target {wording.whole(report.target)}", 0, report.target, "left")
    for place, (name, row) in enumerate(lanes):
        layers += _pin(name, row, top + lane * (len(lanes) - place), size[0])
    return _framed(drawing.svg(alt.layer(*layers), size, spoken_curve(report)), whole_top, top)


def image(report: Report) -> str:
    """The curve as the address of an image that is all in the address, on white paper; "" without data."""
    drawn = curve(report, "wide")
    if not drawn:
        return ""
    for name, colour in PAPER.items():
        drawn = drawn.replace(f"var(--{name})", colour)
    drawn = drawn.replace(">", f'><rect width="100%" height="100%" fill="{PAPER["paper"]}"/>', 1)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()


PAPER = {"ink": "#1b1e1d", "quiet": "#626864", "rule": "#e5e2da", "accent": "#0e6a5b", "paper": "#ffffff"}
PINS = {  # what tells them apart without colour: a shape and a word
    "today": ("circle", "today's line"),
    "proposal": ("diamond", "certified"),
    "cheapest": ("triangle-up", "cheapest"),
    "carried": ("square", "people can carry"),
}


def _pin(name: str, row: dict[str, Any], lane: float, width: int) -> list[Any]:
    """A line of text above the plot, its thread, and where it meets the curve."""
    shape, word = PINS[name]
    spot = drawing.chart([{"x": row["coverage"], "y": row["error"], "lane": lane}])
    right = row["coverage"] > (0.5 if width > 400 else 0.42)
    text = drawing.chart([{"x": row["coverage"], "y": lane, "t": f"{word}, {wording.share(row['coverage'])}"}])
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
    step = next(step * size for step in (0.1, 0.2, 0.25, 0.5, 1.0) if top / (step * size) <= 8)
    return [round(step * count, 12) for count in range(int(top / step + 1e-9) + 1)]


FRAME = re.compile(
    r'transform="translate\(([\d.]+),([\d.]+)\)"><g class="mark-group role-frame root".*?'
    r'<path class="background"[^>]*d="M[\d.]+,[\d.]+h([\d.]+)v([\d.]+)',
    re.DOTALL,
)


def _framed(svg: str, whole: float, top: float) -> str:
    """The SVG with its plot's left, top, width, height in its own units, and the ends of the error axis."""
    found = FRAME.search(svg)
    if found is None:
        raise RuntimeError("the chart has no frame where Vega used to put it")
    plot = ",".join([*found.groups(), f"{whole:.8g}", f"{top:.8g}"])
    return svg.replace("<svg ", f'<svg data-plot="{plot}" ', 1)


def spoken_curve(report: Report) -> str:
    """The curve in one sentence, for who cannot see it."""
    at = wording.share(report.coverage_here) if report.coverage_here is not None else "no share"
    ends = report.what_if.rows.filter(pl.col("error").is_not_null()).tail(1)
    full = f" With all that can be scored released: {wording.share(ends['error'].item())}." if ends.height else ""
    return (
        f"Error among released cases against the share released. Today's line releases {at}, "
        f"error {wording.between(report.here)}; target {wording.whole(report.target)}.{full} The table below has the figures."
    )


def days(report: Report, width: drawing.Width) -> str:
    """Cases of each day, released and sent to a person, newest on the right; "" without data."""
    shown = report.by_day.tail(DAYS if width == "wide" else DAYS // 3)
    if not shown.height:
        return ""
    size = drawing.SIZES[width][0], 220
    rows = shown.with_columns(
        people=pl.col("decisions") - pl.col("automated"),
        name=pl.col("day").map_elements(wording.day, return_dtype=pl.String),
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
        axis=drawing.axis("", 4, grid=True, labels=f"replace(format(datum.value, ','), /,/g, '{wording.THIN}')"),
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
        f"Cases by day, {wording.count(report.by_day.height, 'day')}. On the last, {last['day'].item()}, "
        f"{wording.count(done)} of {wording.count(sent)} were released. The table below has the figures."
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
    most = int(bins["n"].max())  # type: ignore[arg-type]
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
    said = "; ".join(
        f"said {wording.share(row['confidence'])}, right {wording.share(row['right'])}"
        for row in bins.iter_rows(named=True)
    )
    return f"Share right against the model's confidence: {said or 'no label yet'}. The table below has the figures."


def evidence(report: Report, width: drawing.Width) -> str:
    """Blind labels so far, day by day; "" before there are two days."""
    shown = report.by_day.with_columns(total=pl.col("labelled").cum_sum())
    if shown.height < 2 or not shown["total"][-1]:
        return ""
    size = drawing.SIZES[width][0], 190
    rows = shown.select("day", "total", name=pl.col("day").map_elements(wording.day, return_dtype=pl.String))
    skip = math.ceil(48 * rows.height / size[0])
    x = alt.X(
        "name:N",
        sort=None,
        scale=alt.Scale(paddingInner=0.3, paddingOuter=0.2),
        axis=drawing.axis("", 0, labels=f"(indexof(domain('x'), datum.value) % {skip}) ? '' : datum.value"),
    )
    y = alt.Y(
        "total:Q",
        axis=drawing.axis("", 4, grid=True, labels=f"replace(format(datum.value, ','), /,/g, '{wording.THIN}')"),
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
        f"Blind labels so far, {wording.count(total)} over {wording.count(report.by_day.height, 'day')}. "
        "The table of the days has the figures."
    )


def _ceiling(points: pl.DataFrame, target: float) -> float:
    """Where the error axis ends. At the far left, with few labels, the limits reach anywhere: no news, so cut off."""
    most: float = points.filter(pl.col("coverage") >= LEFT)["error"].to_numpy().max(initial=0)
    return float(min(1.0, max(2 * target, 1.3 * most, 1.1 * points["high"][-1])))
