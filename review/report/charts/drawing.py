"""How every chart of the page is made: Altair describes it, Vega renders it as SVG text, and its colours are CSS variables.

So light and dark are the page's affair, and nothing must run for a chart to be seen.
"""

import hashlib
import html
import re
from typing import Any, Literal

import altair as alt
import vl_convert

Width = Literal["wide", "narrow"]
SIZES: dict[Width, tuple[int, int]] = {"wide": (720, 360), "narrow": (330, 310)}
INK, QUIET, RULE, ACCENT = "var(--ink)", "var(--quiet)", "var(--rule)", "var(--accent)"
PERCENT = "format(100 * datum.value, '.3~f') + '\u00a0%'"


def axis(
    title: str, ticks: int, *, grid: bool = False, labels: str = PERCENT, values: list[float] | None = None
) -> alt.Axis:
    """An axis in the page's colours; its labels are percentages unless `labels`, a Vega expression, says otherwise."""
    return alt.Axis(
        values=alt.Undefined if values is None else values,
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


def words(text: str, x: float, y: float, align: str, *, below: bool = False) -> list[Any]:
    """A label beside a place, on a halo of paper so that what runs behind does not cross it."""
    base = chart([{"x": x, "y": y, "t": text}]).encode(x="x:Q", y="y:Q", text="t:N")
    mark = {"align": align, "dx": -7 if align == "right" else 7, "dy": 8 if below else -8, "fontSize": 12}
    return [
        base.mark_text(**mark, color="none", stroke="var(--paper)", strokeWidth=4),
        base.mark_text(**mark, color=INK),
    ]


def chart(rows: list[dict[str, Any]]) -> Any:
    """A chart of these rows, without a mark yet."""
    # Plain rows: Altair's own way through data frames caps rows and guesses types. Any: its types refuse its own idioms.
    return alt.Chart(alt.InlineData(values=rows))


def svg(layers: Any, size: tuple[int, int], spoken: str) -> str:
    """The SVG element: scales with its box, speaks one sentence, and its ids collide with no other chart's."""
    spec = layers.properties(width=size[0], height=size[1], background="transparent").configure(
        aria=False, autosize={"type": "fit", "contains": "padding"}, padding=2, view={"stroke": None}
    )
    image: str = vl_convert.vegalite_to_svg(spec.to_dict())
    # One picture with one description: what Vega says of each of its marks would be read out beside it.
    image = re.sub(r' (?:role="graphics-[a-z]+"|aria-roledescription="[^"]*")', "", image)
    # Two charts on one page must not share an id, or the second is clipped by the first's frame.
    mark = hashlib.sha256(image.encode()).hexdigest()[:8]
    image = re.sub(
        r'id="([^"]+)"|url\(#([^)]+)\)', lambda m: f'id="{m[1]}-{mark}"' if m[1] else f"url(#{m[2]}-{mark})", image
    )
    box = f'viewBox="{0} {0} {size[0]} {size[1]}"'
    label = html.escape(spoken, quote=True)
    return re.sub(
        r"^<svg [^>]*?>", f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" {box}>', image
    )
