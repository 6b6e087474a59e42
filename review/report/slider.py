"""The what-if threshold of the page: for each threshold its figures in words, and where it lies in the chart. Pure.

The page's script moves a threshold and copies these words. It formats nothing and computes only where things lie, so what it
shows is what `--json` says, written by `wording` as everywhere.
"""

import shlex
from typing import Any

from models.planning.what_if import Part
from review import formats
from review.adoption import verdict
from review.queries import blind_samples
from review.report.figures import Report

NOT_REACHED = "no case so far was that sure"


def of(report: Report) -> dict[str, Any]:
    """Everything the script needs: `rows`, `parts`, `labels`, and the row to begin with."""
    rows = report.what_if.rows.to_dicts()
    return {
        "start": start(report),
        "target": report.target,
        "rows": [_place(row) | {"say": _words(report, row), "do": command(report, row)} for row in rows],
        "parts": [[_place(row) | {"say": part_words(row)} for row in part.rows.to_dicts()] for part in shown(report)],
        "labels": [
            {
                "name": label,
                "rows": [
                    {"say": sentence(report, row | of_label, label), "do": command(report, row | of_label, label)}
                    for row, of_label in zip(rows, lines.to_dicts(), strict=True)
                ],
            }
            for label, lines in (report.what_if.labels or {}).items()
        ],
        "presets": presets(report),
    }


def start(report: Report) -> int:
    """The row the page opens with: today's threshold; nothing released, where there is none."""
    threshold = None if report.in_force is None else report.in_force.policy.threshold
    thresholds = report.what_if.rows["threshold"].to_list()
    return thresholds.index(threshold) if threshold in thresholds else 0


def first(report: Report) -> dict[str, Any]:
    """The words of that row, for a page whose script does not run."""
    row = report.what_if.rows.row(start(report), named=True)
    return _words(report, row) | {"do": command(report, row)}


def shown(report: Report) -> list[Part]:
    """The parts on the page: those flagged first, then by error at today's threshold."""
    flagged = {part.name for part in report.slices if part.flagged}
    at = start(report)

    def worst_first(part: Part) -> tuple[bool, float, str]:
        error = part.rows["error"][at]
        return part.name not in flagged, -(error if error is not None else -1.0), part.name

    return sorted(report.what_if.parts, key=worst_first)


def presets(report: Report) -> list[dict[str, Any]]:
    """Lines worth a look, as rows: today's, what may be adopted as certified, its cheapest, what people can carry."""
    proposal = report.proposal
    wanted: list[tuple[str, str, float | None]] = []
    if report.in_force is not None and report.in_force.policy.by_class is None:
        wanted.append(("today", "Today\u2019s threshold", report.in_force.policy.threshold))
    if proposal is not None and report.ruling.threshold is not None:
        wanted.append(("proposal", "Certified", report.ruling.threshold))
        # Where errors are dear and reviews cheap, the cheapest is to release nothing.
        cheapest = proposal.cheapest.threshold
        wanted.append(("cheapest", "Cheapest: release nothing" if cheapest is None else "Cheapest certified", cheapest))
    if proposal is not None and proposal.carried is not None:
        wanted.append(("carried", "What people can carry", proposal.carried.threshold))
    thresholds = report.what_if.rows["threshold"].to_list()
    return [{"kind": kind, "name": name, "row": thresholds.index(at)} for kind, name, at in wanted if at in thresholds]


def table(report: Report, most: int) -> list[dict[str, str]]:
    """The thresholds as rows in words, at most `most` of them, both ends included."""
    rows = report.what_if.rows.filter(
        report.what_if.rows["threshold"].is_null() | (report.what_if.rows["coverage"] > 0)
    )
    last = rows.height - 1
    table_rows = []
    for place in sorted({round(step * last / (most - 1)) for step in range(most)}):
        words = _words(report, rows.row(place, named=True))
        table_rows.append(
            {
                "line": words["line"],
                "released": words["share"],
                "wrong among them": words["error"],
                "limits and labels": words["error_limits"],
                "work for people": words["hours"],
                "cost of 1000 cases": words["cost"],
                "promise": words["certified"],
            }
        )
    return table_rows


def _place(row: dict[str, Any]) -> dict[str, Any]:
    """Coverage, error and its limits; null where there is no label."""
    return {"at": [row[name] for name in ("coverage", "error", "low", "high")]}


def _words(report: Report, row: dict[str, Any]) -> dict[str, str]:
    money, known = report.currency, row["error"] is not None
    nothing = row["threshold"] is None
    none = formats.DASH if row["coverage"] or nothing else NOT_REACHED
    words = {
        "line": formats.threshold(row["threshold"], report.shown),
        "share": f"{formats.share(row['coverage'])} of cases",
        "released": f"{formats.amount(row['released'])} a day",
        "error": formats.share(row["error"]) if known else none,
        "error_limits": _limits(report, formats.at_least(row["low"]), formats.at_most(row["high"]), row)
        if known
        else "",
        "wrong": f"{formats.amount(row['wrong'])} a day" if row["wrong"] is not None else none,
        "wrong_limits": f"limits {formats.amount(row['wrong_low'])} to {formats.amount(row['wrong_high'])}"
        if row["wrong"]
        else "",
        "hours": f"{formats.amount(row['review_hours'])} h a day",
        "reviews": f"{formats.amount(row['reviews'])} reviews, audits included",
        "cost": f"{formats.amount(row['cost'])} {money}" if row["cost"] is not None else formats.DASH,
        "cost_limits": f"limits {formats.amount(row['cost_low'])} to {formats.amount(row['cost_high'])}"
        if row["cost"] is not None and row["cost_low"] != row["cost_high"]
        else "",
    }
    return words | sentence(report, row)


def sentence(report: Report, row: dict[str, Any], label: str | None = None) -> dict[str, str]:
    """Whether the threshold is certified (of a class, with `label`) and may be adopted, and what it lacks."""
    if row["threshold"] is None:
        return {"certified": "Nothing to certify", "needed": "no answer goes out without a person"}
    if row["certified"]:
        against = _verdict(report, label).against(row["threshold"])
        return {
            "certified": "\u2713 Certified",
            "needed": against or f"at most {formats.whole(report.target)} wrong, however often one looks",
        }
    if report.era is not None and _carried(report, row["threshold"], label):
        until = f"it carries over until {formats.when(report.era.until)}, unless this era certifies one"
        return {"certified": f"\u2713 Certified {report.era.before}", "needed": until}
    if row["needed"]:
        work = formats.people(row["needed"] * report.what_if.minutes / 60)
        return {
            "certified": "\u2715 Not certified",
            "needed": f"about {formats.count(row['needed'], 'more label')}, {work}",
        }
    return {"certified": "\u2715 Not certified", "needed": _why_not(report, row["threshold"], label)}


def _carried(report: Report, threshold: float, label: str | None) -> bool:
    """Whether this is the threshold in force, which stands by what was certified before this era."""
    if label is None:
        today = None if report.in_force is None else report.in_force.policy.threshold
    else:
        today = next((one.in_force for one in report.classes if one.label == label), None)
    return threshold == today and _verdict(report, label).state == "carried" and report.verdict != "contradicted"


def _verdict(report: Report, label: str | None) -> verdict.Verdict:
    return next((one.verdict for one in report.classes if one.label == label), report.ruling)


def _why_not(report: Report, threshold: float, label: str | None) -> str:
    if report.what_if.labels is not None and label is None:
        return "each class has a threshold of its own"
    if report.proposal is None and label is None:
        return "nobody has looked yet"
    waits = blind_samples.pending(blind_samples.at(report.samples, threshold)) if label is None else ""
    if waits:
        return f"not settled, and wrong until then: {waits}"
    return "no number of labels would do at these errors, or the threshold is not among those this epoch can certify"


def part_words(row: dict[str, Any]) -> list[str]:
    """Released, wrong, limits, labels of one part at one threshold."""
    known = row["error"] is not None
    return [
        formats.share(row["coverage"]),
        formats.share(row["error"]) if known else formats.DASH,
        f"{formats.at_least(row['low'])} to {formats.at_most(row['high'])}" if known else "",
        f"{formats.count(row['n'], 'label')}, {formats.count(row['errors'])} wrong",
    ]


def command(report: Report, row: dict[str, Any], label: str | None = None) -> str:
    """The command that puts the row's threshold in force. Of a stream with a threshold per class it takes the class."""
    who = "--by NAME --because TEXT"
    if row["threshold"] is None:
        return f"second-reader halt {report.stream} {who}"
    if report.what_if.labels is not None and label is None:
        return ""
    of_class = "" if label is None else f" --class {shlex.quote(label)}"
    mark = "" if row["certified"] and _verdict(report, label).against(row["threshold"]) is None else " --uncertified"
    return f"second-reader adopt {report.stream}{of_class} --threshold {report.shown[row['threshold']]} {who}{mark}"


def _limits(report: Report, low: str, high: str, row: dict[str, Any]) -> str:
    labels = f"{formats.count(row['n'], 'blind label')}, {formats.count(row['errors'])} wrong"
    return f"{formats.whole(1 - report.delta)} limits {low} to {high}; {labels}"
