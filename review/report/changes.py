"""What has changed, what may change, and when the queue will be empty: sentences for the page. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

from review import formats
from review.report import as_json, detection_delay, summary
from review.report.figures import Report


def lines(report: Report) -> list[str]:
    """What differs from the report before, a sentence each; empty for the first report."""
    before = report.since
    if before is None:
        return []
    sentences = [f"Compared with the report of {formats.when(before['made_at'])}."]
    policy = report.in_force
    if policy is not None and before["epoch"] != policy.epoch_id:
        return [*sentences, "A new epoch has begun since: evidence starts at zero, and every case goes to a person."]
    if policy is not None and before["version"] != policy.version:
        moved = formats.releases(policy.policy.threshold, policy.policy.by_class, report.shown)
        sentences.append(f"The threshold was moved (version {before['version']} to {policy.version}): now {moved}.")
    cases, released = report.cases - before["cases"], report.released - before["released"]
    if cases:
        sentences.append(f"{formats.count(cases, 'more case')}, {formats.count(released)} of them released.")
    labels, wrong = report.everything.n - before["labels"], report.everything.errors - before["wrong"]
    if labels or wrong:
        undone = f"; {formats.count(-wrong)} no longer wrong, by another reading" if wrong < 0 else ""
        sentences.append(f"{formats.count(labels, 'more blind label')}, {formats.count(max(wrong, 0))} wrong{undone}.")
    certified = None if report.proposal is None else report.proposal.threshold
    if certified != before["certified"]:
        sentences.append(
            f"Certified: {_threshold(before['certified'], report)} before, {_threshold(certified, report)} now."
        )
    faults = report.totals["faults"] - before["faults"]
    if faults:
        sentences.append(f"{formats.count(faults, 'row')} could not be read.")
    waiting = report.queue.open + report.queue.waiting, before["open"] + before["waiting"]
    if waiting[0] != waiting[1]:
        sentences.append(f"For people: {formats.count(waiting[1])} before, {formats.count(waiting[0])} now.")
    return (
        sentences
        if len(sentences) > 1
        else [f"Nothing has changed since the report of {formats.when(before['made_at'])}."]
    )


News = Literal["alarm", "proposal", "late", "silence"]


def news(report: Report, before: Mapping[str, Any] | None) -> list[tuple[News, dict[str, Any]]]:
    """What a person should hear at once: alarm, proposal, late, silence, each with its figures, and none reported before.

    `before`: the key figures (`as_json.key`) of the report before; None: there was none.
    """
    items: list[tuple[News, dict[str, Any]]] = []
    now, alarm = as_json.key(report), report.alarm
    if alarm is not None and now["alarm"] and (before is None or before["alarm"] != now["alarm"]):
        items.append(("alarm", {"labels": alarm.labels, "errors": alarm.errors, "suspects": alarm.suspects}))
    known = {} if before is None else {one["raised_at"]: one["suspects"] for one in before.get("past_alarms", ())}
    for past in report.past_alarms:
        if past.suspects > known.get(past.raised_at, 0):
            figures = {"labels": past.labels, "errors": past.errors, "suspects": past.suspects}
            items.append(("alarm", figures | {"model": past.model}))
    proposes = summary.proposed(report)[0].startswith("Move")
    if proposes and (before is None or before["proposed"] != now["proposed"]):
        items.append(("proposal", {"proposed": now["proposed"]}))
    if report.queue.late and (before is None or not before["late"]):
        items.append(("late", {"late": report.queue.late, "open": report.queue.open}))
    if report.silence and (before is None or before.get("silence") != report.silence):
        items.append(("silence", {"release": "stops within a day" if report.silence == "soon" else "stopped"}))
    return items


def _threshold(value: Any, report: Report) -> str:
    return "nothing" if value is None else formats.threshold(value, report.shown)


def drift(report: Report) -> list[str]:
    """Is it still the same? What the labels say, and what the confidences say without any."""
    sentences = []
    if report.watch is None:
        sentences.append("The watchdog has no blind label of a released case to look at yet.")
    else:
        watch = report.watch
        sentences.append(
            f"The watchdog has looked at {formats.count(watch.labels, 'blind label')} of released cases, "
            f"{formats.count(watch.errors)} wrong. Its evidence that the error has risen{_of_which(report)} stands at "
            f"{formats.whole(round(watch.level, 2))} of what raises an alarm (on a logarithmic scale)."
        )
        sentences += _noticed(report)
    if report.shift is None:
        sentences.append("Whether the confidences have moved cannot be said before there are two days of 100 cases.")
    else:
        moved = report.shift
        sentences.append(
            f"The confidences of the newest day ({formats.count(moved.after, 'case')}) differ from those before "
            f"({formats.count(moved.before, 'case')}) by at most {formats.share(moved.distance)} of cases"
            + (": more than chance and more than is harmless." if moved.warn else ": no cause for a warning.")
        )
    return sentences


def _fields(report: Report) -> int:
    """How many fields have a target of their own."""
    return sum(field.target is not None for field in report.fields)


def _of_which(report: Report) -> str:
    return ", of the records or of a field with a target of its own," if _fields(report) else ""


def _noticed(report: Report) -> list[str]:
    """How often an alarm is false, and how long a rise goes unnoticed, at the stream's own pace."""
    if report.in_force is None:
        return []
    # Where bands are audited at different rates, what is watched is thinned to the least of them (`queries.watched`).
    rate = min(report.in_force.policy.audit_rates)
    audits = report.what_if.cases_per_day * (report.automation or 0.0) * rate
    sentence = detection_delay.sentence(report.target, audits, beside=_fields(report))
    return [] if sentence is None else [sentence]


def forecast(report: Report) -> str:
    """When the queue will be empty, at the pace of the last days: whole ones, of arrivals and of answers."""
    waiting, pace = report.queue.open + report.queue.waiting, report.pace
    if not waiting:
        return ""
    if not pace.known:
        return "When it will be empty is known after a day of cases and of answers."
    rates = f"people answer {formats.daily(pace.answers)} a day (last {formats.hours(pace.answer_hours)}) and "
    rates += f"{formats.daily(pace.arrivals)} come in (last {formats.hours(pace.hours)})"
    if pace.answers <= pace.arrivals:
        return f"It will not become empty: {rates}."
    return f"Empty in about {formats.hours(24 * waiting / (pace.answers - pace.arrivals))}: {rates}."
