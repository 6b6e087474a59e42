"""The report as one HTML file: figures and words into `templates/report.html`, style and charts inside."""

import base64
import hashlib
import json
from typing import Any

import jinja2
import polars as pl
from markupsafe import Markup

from models.evaluation.estimate import Estimate
from review import formats
from review.choices import spending_text
from review.queries import blind_samples
from review.report import (
    certificate_text,
    changes,
    choices_text,
    model_answers,
    other_models_text,
    slider,
    summary,
    terminal,
)
from review.report.charts import drawing, panels, risk_coverage
from review.report.figures import Report

ROWS = 21  # of a curve's table: every twentieth of its thresholds, and the ends
FAULTS = 20  # shown; the ledger keeps them all
FORMATS = (
    formats.count,
    formats.amount,
    formats.share,
    formats.at_most,
    formats.at_least,
    formats.whole,
    formats.threshold,
    formats.people,
    blind_samples.pending,
    formats.between,
    formats.labels,
    formats.hours,
    formats.seconds,
    formats.when,
    formats.place,
)


def html(report: Report) -> str:
    """The whole page. Whatever people wrote (titles, names, reasons, file names) is escaped."""
    templates = jinja2.PackageLoader("review.report", "templates")
    pages = jinja2.Environment(
        loader=templates,
        autoescape=True,
        undefined=jinja2.StrictUndefined,  # a misspelt figure is an error, not a gap in the page
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update({write.__name__: write for write in FORMATS})
    pages.tests["known"] = lambda figure: isinstance(figure, Estimate)
    script = Markup(templates.get_source(pages, "report.js")[0])  # noqa: S704 (a file of ours)
    return pages.get_template("report.html").render(
        report=report,
        headline=summary.of(report),
        verdict=summary.verdict(report),
        certified=certificate_text.lines(report),
        needed=certificate_text.needed(report),
        queue_words=terminal.queue(report),
        proposal=summary.proposed(report),
        changed=changes.lines(report),
        drift=changes.drift(report),
        forecast=changes.forecast(report),
        curve=_thinned(report.what_if.rows.filter(pl.col("coverage") > 0)),
        first=slider.first(report),
        presets=slider.presets(report),
        parts=_parts(report),
        data=_data(report),
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        lines={row["version"]: _releases(report, row) for row in report.history.iter_rows(named=True)},
        priced=model_answers.words(report.model_answers, report.currency),
        answers=[(one, choices_text.badge(one), *choices_text.halves(one)) for one in report.choices],
        faults=report.faults.head(FAULTS).to_dicts(),
        others=[
            (
                one,
                other_models_text.right(one, report.model),
                other_models_text.released(one, report.model),
                other_models_text.price(one, report.currency),
                spending_text.of(one, report.model, report.currency),
            )
            for one in report.others
        ],
        # Vega escapes what it renders, and `charts` what it adds: this markup is ours.
        drawings={
            name: [(width, Markup(image_of(report, width))) for width in drawing.SIZES]  # noqa: S704
            for name, image_of in (
                ("curve", risk_coverage.curve),
                ("days", panels.days),
                ("reliability", panels.reliability),
                ("evidence", panels.evidence),
            )
        },
    )


def _data(report: Report) -> Markup:
    """What the script reads, as JSON that cannot end its element: slices and labels are anyone's text."""
    text = json.dumps(slider.of(report), allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704


def _parts(report: Report) -> list[dict[str, Any]]:
    """Each part at the threshold the page opens with, and its flag."""
    at, flagged = slider.start(report), {part.name for part in report.slices if part.flagged}
    sections = []
    for part in slider.shown(report):
        row = part.rows.row(at, named=True)
        sections.append(
            {"name": part.name, "cases": part.cases, "flagged": part.name in flagged, "say": slider.part_words(row)}
        )
    return sections


def _releases(report: Report, row: dict[str, Any]) -> str:
    by_class = row.get("by_class")
    if by_class is None:
        return formats.threshold(row["threshold"], report.shown)
    return formats.releases(None, json.loads(by_class))


def _thinned(curve: pl.DataFrame) -> list[dict[str, float | None]]:
    """Rows for a table a person reads: at most 21 thresholds, even along the curve, both ends included."""
    last = curve.height - 1
    places = sorted({round(step * last / (ROWS - 1)) for step in range(ROWS)}) if curve.height else []
    return curve[places].to_dicts()
