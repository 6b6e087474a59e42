"""The report's first lines for a terminal of 80 columns, with a small curve. Plain text: no colour carries a meaning."""

import re

import polars as pl

from models.evaluation.estimate import NotEnoughEvidence
from review import formats
from review.report import certificate_text, summary, waiting
from review.report.charts import risk_coverage
from review.report.figures import Report

WIDTH = 80
STEPS = tuple(step / 10 for step in range(1, 11))


def lines(report: Report) -> str:
    """What is released, what that risks, the target, the queue, the curve."""
    words = summary.of(report)
    sign, word, sentence = summary.verdict(report)
    proposes, why = summary.proposed(report)
    parts = [
        f"{report.title} ({report.stream}), {formats.when(report.made_at)}",
        words.lead,
        words.promise,
        words.basis,
        *([f"{sign} {word}. {sentence}"] if report.released else []),
        f"{proposes}: {why}",
        *(sentence for sentence in certificate_text.lines(report) if sentence not in why),
        queue(report),
    ]
    if faults := report.totals["faults"]:
        parts.append(f"{formats.count(faults, 'row')} could not be read; each is kept whole in the ledger.")
    parts += [f"Columns: {line}." for line in report.columns]
    if report.unscored:
        parts.append(
            f"{formats.count(report.unscored, 'case')} could not be scored and went to people: what the model answered, or how "
            f"sure it was, cannot be used. Which, and why: second-reader show unscored {report.stream}."
        )
    return "\n".join([*parts, *_curve(report)])


def markdown(report: Report) -> str:
    """The sentences of `lines` as paragraphs, and the curve as an image that needs no other file."""
    sentences, _, curve = lines(report).partition("\n\n")
    head, *rest = (_escaped(sentence) for sentence in sentences.splitlines())
    image = risk_coverage.image(report)
    block = (
        f"\n\n![{_escaped(risk_coverage.spoken_curve(report))}]({image})"
        if image
        else f"\n\n```text\n{curve}\n```" * bool(curve)
    )
    return f"### {head}\n\n" + "\n\n".join(rest) + block + "\n"


def _escaped(text: str) -> str:
    # A stream's title is anyone's text, and Markdown lets HTML through.
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)


def queue(report: Report) -> str:
    """The queue in one sentence, and what became of readings against the model."""
    now = report.queue
    if not now.open and not now.waiting:
        suspects = report.past_alarms or (report.alarm is not None and report.alarm.suspects)
        later = suspects or (report.second_opinion and report.totals["disputed"])
        return f"{'Nothing is before people now.' if later else 'The queue is empty.'}{_disputed(report)}{_unshown(report)}"
    oldest = f", oldest {formats.hours(now.oldest)}" if now.oldest is not None else ""
    return (
        f"In the queue: {formats.count(now.open)} open ({formats.count(now.late)} late{oldest}), "
        f"{formats.count(now.waiting)} not sent yet.{_disputed(report)}{_unshown(report)}"
    )


def _unshown(report: Report) -> str:
    sentence = waiting.unshown(report.totals["unshown"], report.totals["unshown_samples"])
    way_out = waiting.WAY_OUT[0].upper() + waiting.WAY_OUT[1:]
    return f" {sentence}. {way_out}; which, and why: second-reader show faults {report.stream}." if sentence else ""


def _disputed(report: Report) -> str:
    disputed = report.totals["disputed"]
    if not disputed:
        return ""
    cases = formats.count(disputed, "case")
    if not report.second_opinion:
        return f" In {cases} the reader disagrees with the model: that counts as wrong, nobody else reads it."
    return f" In {cases} people disagree with the model or are not sure, and another reads it; until then it counts as wrong."


def _curve(report: Report) -> list[str]:
    """At each tenth of the cases: the confidence it takes, error, limits, and a bar whose dots reach to the upper limit."""
    known = report.curve.filter(pl.col("error").is_not_null())
    if isinstance(report.everything, NotEnoughEvidence) or not known.height:
        return []
    first = known["coverage"].search_sorted(pl.Series(STEPS), "left")  # coverage rises from row to row
    rows = known[sorted({*first, known.height - 1} - {known.height})]
    scale = max(report.target, *rows["high"])
    at = [report.shown.get(one) or formats.number(one) for one in rows["threshold"]]
    wide = max(len("confidence"), *map(len, at))
    limited = formats.whole(1 - report.delta) + " limits"
    text = ["", f"{'released':>10}  {'confidence':>{wide}}  {'error':>7}  {limited:>18}  {'labels':>7}"]
    bar = max(WIDTH - len(text[-1]) - 2, 1)
    for confidence, row in zip(at, rows.iter_rows(named=True), strict=True):
        error, high = (round(bar * row[name] / scale) for name in ("error", "high"))
        limits = f"{formats.at_least(row['low'])} to {formats.at_most(row['high'])}"
        figures = f"{formats.share(row['coverage']):>10}  {confidence:>{wide}}  {formats.share(row['error']):>7}"
        reach = "\u2588" * error + "\u00b7" * (high - error)
        text.append(f"{figures}  {limits:>18}  {formats.count(row['n']):>7}  {reach}".rstrip())
    return text
