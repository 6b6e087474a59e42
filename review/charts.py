"""Charts as SVG text, to stand inside a page: colours are its CSS variables, so light and dark are the page's affair.

Each chart is drawn twice, wide and narrow, because a scaled-down wide one has letters nobody can read on a phone.
"""

import hashlib
import html
import math
import re
from typing import Any, Literal

import altair as alt
import polars as pl
import vl_convert

from models.estimate import Estimate
from review import wording
from review.figures import Report

Width = Literal["wide", "narrow"]
SIZES: dict[Width, tuple[int, int]] = {"wide": (720, 330), "narrow": (330, 270)}
INK, QUIET, RULE, ACCENT = "var(--ink)", "var(--quiet)", "var(--rule)", "var(--accent)"
PERCENT = "format(100 * datum.value, '.3~f') + '\u00a0%'"
LEFT = 0.3  # coverage from which on the error axis must hold the curve
DAYS = 42  # bars that still can be told apart; the table has every day


def curve(report: Report, width: Width) -> str:
    """Error among the released against the share released, with limits, the target and today's line; "" without data."""
    points = report.curve.filter(pl.col("error").is_not_null())
    if points.height < 2:
        return ""
    size = SIZES[width]
    top = _ceiling(points, report.target)
    x = alt.X("coverage:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis("share of cases released", size[0] // 110))
    y = alt.Y("error:Q", scale=alt.Scale(domain=[0, top]), axis=_axis("", 5, grid=True))
    base = _chart(points.to_dicts())
    layers: list[Any] = [
        base.mark_area(color=ACCENT, opacity=0.16, clip=True).encode(x=x, y=alt.Y("low:Q", title=""), y2="high:Q"),
        _chart([{"y": report.target}]).mark_rule(color=INK, strokeDash=[5, 4], strokeWidth=1.25).encode(y="y:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2.25, clip=True).encode(x=x, y=y),
    ]
    released, here = report.coverage_here, report.here
    right = released is not None and released < 0.4  # which end of the target's line has room for its name
    layers += _words(
        f"target {wording.whole(report.target)}", float(right), report.target, "right" if right else "left"
    )
    if released and isinstance(here, Estimate):
        place = {"x": released, "y": here.value, "low": here.low, "high": min(here.high, top), "top": top, "foot": 0}
        spot = _chart([place])
        layers += [
            spot.mark_rule(color=QUIET, strokeWidth=1).encode(x="x:Q", y="foot:Q", y2="top:Q"),
            spot.mark_rule(color=INK, strokeWidth=3, clip=True).encode(x="x:Q", y="low:Q", y2="high:Q"),
            spot.mark_point(color=INK, fill="var(--paper)", size=80, opacity=1, strokeWidth=2).encode(x="x:Q", y="y:Q"),
            *_words(
                f"today's line, {wording.share(released)}",
                released,
                top,
                "right" if released > 0.5 else "left",
                below=True,
            ),
        ]
    return _svg(alt.layer(*layers), size, spoken_curve(report))


def spoken_curve(report: Report) -> str:
    """The curve in one sentence, for who cannot see it."""
    at = wording.share(report.coverage_here) if report.coverage_here is not None else "no share"
    ends = report.curve.filter(pl.col("error").is_not_null()).tail(1)
    full = f" With all that can be scored released: {wording.share(ends['error'].item())}." if ends.height else ""
    return (
        f"Error among released cases against the share released. Today's line releases {at}, "
        f"error {wording.between(report.here)}; target {wording.whole(report.target)}.{full} The table below has the figures."
    )


def days(report: Report, width: Width) -> str:
    """Cases of each day, released and sent to a person, newest on the right; "" without data."""
    shown = report.by_day.tail(DAYS if width == "wide" else DAYS // 3)
    if not shown.height:
        return ""
    size = SIZES[width][0], 220
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
        axis=_axis("", 0, labels=f"(indexof(domain('x'), datum.value) % {math.ceil(48 / band)}) ? '' : datum.value"),
    )
    y = alt.Y(
        "automated:Q", axis=_axis("", 4, grid=True, labels=f"replace(format(datum.value, ','), /,/g, '{wording.THIN}')")
    )
    base = _chart(rows.to_dicts())
    layers = [
        base.mark_bar(color=ACCENT).encode(x=x, y=y),
        base.mark_bar(fill="var(--paper)", stroke=QUIET, strokeWidth=1).encode(x=x, y="automated:Q", y2="decisions:Q"),
    ]
    if band > 44:
        layers.append(base.mark_text(dy=-8, fontSize=12, color=INK).encode(x=x, y="decisions:Q", text="share:N"))
    return _svg(alt.layer(*layers), size, spoken_days(report))


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


def _ceiling(points: pl.DataFrame, target: float) -> float:
    """Where the error axis ends. At the far left, with few labels, the limits reach anywhere: no news, so cut off."""
    most: float = points.filter(pl.col("coverage") >= LEFT)["error"].to_numpy().max(initial=0)
    return float(min(1.0, max(2 * target, 1.3 * most, 1.1 * points["high"][-1])))


def _axis(title: str, ticks: int, *, grid: bool = False, labels: str = PERCENT) -> alt.Axis:
    return alt.Axis(
        title=title or None,
        tickCount=ticks,
        grid=grid,
        gridColor=RULE,
        domain=not grid,
        domainColor=QUIET,
        ticks=False,
        labelExpr=labels,
        labelColor=QUIET,
        labelFontSize=12,
        labelPadding=8,
        labelAngle=0,
        labelFlush=False,
        titleColor=QUIET,
        titleFontSize=12,
        titleFontWeight="normal",
        titlePadding=10,
    )


def _words(text: str, x: float, y: float, align: str, *, below: bool = False) -> list[Any]:
    """A label beside a place, on a halo of paper so that what runs behind does not cross it."""
    base = _chart([{"x": x, "y": y, "t": text}]).encode(x="x:Q", y="y:Q", text="t:N")
    mark = {"align": align, "dx": -7 if align == "right" else 7, "dy": 8 if below else -8, "fontSize": 12}
    return [
        base.mark_text(**mark, color="none", stroke="var(--paper)", strokeWidth=4),
        base.mark_text(**mark, color=INK),
    ]


def _chart(rows: list[dict[str, Any]]) -> Any:
    # Plain rows: Altair's own way through data frames caps rows and guesses types. Any: its types refuse its own idioms.
    return alt.Chart(alt.InlineData(values=rows))


def _svg(chart: Any, size: tuple[int, int], spoken: str) -> str:
    """The SVG element: scales with its box, speaks one sentence, and its ids collide with no other chart's."""
    spec = chart.properties(width=size[0], height=size[1], background="transparent").configure(
        aria=False, autosize={"type": "fit", "contains": "padding"}, padding=2, view={"stroke": None}
    )
    svg = vl_convert.vegalite_to_svg(spec.to_dict())
    # Two charts on one page must not share an id, or the second is clipped by the first's frame.
    mark = hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(
        r'id="([^"]+)"|url\(#([^)]+)\)', lambda m: f'id="{m[1]}-{mark}"' if m[1] else f"url(#{m[2]}-{mark})", svg
    )
    box = f'viewBox="{0} {0} {size[0]} {size[1]}"'
    label = html.escape(spoken, quote=True)
    return re.sub(
        r"^<svg [^>]*?>", f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" {box}>', svg
    )
