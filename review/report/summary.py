"""What a report says in words before any chart: how much is answered by the machine alone, and how wrong that can be."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.answers import same
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.queries import blind_samples
from review.report import certificate_text, estimate_text, outlook, silence_text
from review.report.figures import Figure, Report

NONE_YET = "Nothing has gone out alone yet at today's threshold."


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """`lead` and `promise` are the first line: what is proved or known for sure stands first. `basis`: what it rests on."""

    lead: str
    promise: str
    basis: str


def of(report: Report) -> Headline:
    """The sentences for any state of a stream, from an empty one on."""
    if not report.cases and report.totals["decisions"]:
        return _new_epoch(report)
    if not report.cases:
        return Headline(
            lead="No case has arrived yet.",
            promise="This page fills with the first answers of the model.",
            basis=f"Put them where the stream looks for its input, then: second-reader run {report.stream}",
        )
    if report.verdict == "certified":
        return _certified(report)
    if not report.released:
        return _nothing_released(report)
    alone = f"{formats.share(report.automation)} of cases alone"
    lead = (
        f"The machine answers {alone}."
        if report.releases
        else f"The machine answered {alone} so far; nothing is released now."
    )
    released = f"Released: {formats.count(report.released)} of {formats.count(report.cases, 'case')}."
    promise, error = report.promise, report.error
    if isinstance(error, NotEnoughEvidence) or isinstance(promise, NotEnoughEvidence):
        return Headline(
            lead=lead,
            promise=f"How many of these answers are wrong is not known yet: {_reason(promise, error)}.",
            basis=(
                f"{released} A share of them is sampled for a blind label; as people answer, the error shows. "
                + estimate_text.wider(report)
            ).strip(),
        )
    return Headline(
        lead=lead,
        promise=(
            f"With {formats.whole(1 - report.delta)} confidence at most {formats.at_most(promise.high)} "
            f"of the {formats.count(report.released)} released are wrong."
        ),
        basis=" ".join(
            filter(
                None,
                (
                    f"{released} From {formats.labels(promise)}. Best estimate {formats.between(error)}, {error.method}.",
                    estimate_text.doubted(report.audits_disputed),
                    estimate_text.wider(report),
                ),
            )
        ),
    )


def _new_epoch(report: Report) -> Headline:
    return Headline(
        lead="No case of this epoch has arrived yet.",
        promise=(
            "This page fills with the first answers of the model."
            if report.releases
            else "Nothing is released alone until a named person sets the threshold."
        ),
        basis="Cases and labels of earlier epochs are no evidence about this one.",
    )


def _certified(report: Report) -> Headline:
    """The promise that is proved leads; what today's labels say by themselves is an estimate, and named so."""
    of_class = "" if not report.classes else " of a class" if report.each else " of each class"
    by_itself = ", each class by itself" if report.each else ""
    era = report.era
    before = f" {era.before}, until {formats.when(era.until)}" if era and era.state == "carried" else ""
    lead = (
        f"With {formats.whole(1 - report.delta)} confidence at most {formats.whole(report.target)} of what it releases"
        f"{of_class} is wrong{certificate_text.field_targets(report)} (certified{before}{by_itself})."
    )
    if not report.released:
        return Headline(lead=lead, promise=NONE_YET, basis="")
    alone = f"The machine answers {formats.share(report.automation)} of cases alone"
    released = f"Released: {formats.count(report.released)} of {formats.count(report.cases, 'case')}."
    error = report.error
    if isinstance(error, NotEnoughEvidence):
        basis = f"{released} Of these themselves nothing is known yet: {error.reason}. {estimate_text.wider(report)}".strip()
        return Headline(lead=lead, promise=f"{alone}.", basis=basis)
    return Headline(
        lead=lead,
        promise=(
            f"{alone}; by the labels so far between {formats.at_least(error.low)} and {formats.at_most(error.high)} "
            "of these are wrong."
        ),
        basis=" ".join(
            filter(
                None,
                (
                    f"{released} Today's estimate: {formats.share(error.value)} wrong, from {formats.labels(error)} "
                    f"({formats.whole(1 - error.alpha)} limits, {error.method}).",
                    estimate_text.doubted(report.audits_disputed),
                    estimate_text.wider(report),
                ),
            )
        ),
    )


def _reason(*figures: Figure) -> str:
    return next(figure.reason for figure in figures if isinstance(figure, NotEnoughEvidence))


def _nothing_released(report: Report) -> Headline:
    everything = report.everything
    if isinstance(everything, Estimate):
        basis = f"Were everything released, {formats.between(everything)} would be wrong, from {formats.labels(everything)}."
        basis = f"{basis} {estimate_text.doubted(blind_samples.at(report.samples, 0.0).disputed)}".strip()
    else:
        basis = f"About the model nothing can be said yet: {everything.reason}."
    return Headline(
        lead=f"Every one of {formats.count(report.cases, 'case')} goes to a person.",
        promise=(
            "Nothing is released alone until a named person sets the threshold." if not report.releases else NONE_YET
        ),
        basis=basis,
    )


def verdict(report: Report) -> tuple[str, str, str]:
    """On the target: a sign, a word, a sentence. The sign tells it without colour."""
    targets = certificate_text.field_targets(report)
    target = f"The target is at most {formats.whole(report.target)} wrong among the released{targets}"
    where = _where(report.ruling.exceeded_in)
    match report.verdict:
        case "certified":
            return "\u2713", "Certified", f"{target}: certified for today's threshold, {_stands(report)}."
        case "kept":
            return "\u2713", "Target kept", f"{target}: the limit is below it, at this look; no certificate says so."
        case "missed":
            todo = " Raise the threshold, or halt." if report.releases else ""
            return "\u2715", "Target missed", f"{target}: even the lower limit{where} is above it.{todo}"
        case "contradicted":
            return (
                "\u2715",
                "Contradicted",
                f"{target}: today's threshold is certified, but by {report.ruling.so_far} more of what it releases is "
                f"wrong{where}.",
            )
        case "refused":
            return "\u2715", "Do not route by it", f"{target}. {_sentence(_refusals(report)[0])}"
        case "open":
            more = ""
            if report.needed is not None:
                labels = formats.count(report.needed, "more blind label")
                more = f" About {labels}, all right, would show it{_how_long(report, report.needed)}."
            shown = isinstance(report.promise, Estimate) and report.promise.high <= report.target
            where = _where([field.name for field in report.fields if not field.kept]) if shown else ""
            return "\u2026", "Not shown yet", f"{target}: the limits{where} still reach to both sides.{more}"
        case _:
            return "\u2013", "Nothing to judge", f"{target}."


def _where(fields: Sequence[str]) -> str:
    """In which fields, as the end of a clause; empty where it is not a matter of single fields."""
    more = f" and {len(fields) - 3} more fields" if len(fields) > 3 else ""
    named = f"the field{'s' if fields[1:] else ''} {', '.join(fields[:3])}"
    return f" in {named}{more}" if fields else ""


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."


def _stands(report: Report) -> str:
    era = report.era
    if era is not None and era.state == "carried":
        labels = "what it said in shadow" if era.promoted else f"the labels of era {era.number - 1}"
        return f"by {labels}; it lapses {formats.when(era.until)} unless era {era.number} certifies it"
    until = "" if era is None else f", until {formats.when(era.ends_at)}"
    return f"from all blind labels at or above it{until}"


def _how_long(report: Report, labels: int) -> str:
    threshold = None if report.in_force is None else report.in_force.policy.threshold
    how_long = "" if threshold is None else outlook.words(report, labels, threshold)
    return f" ({how_long})" if how_long else ""


def _refusals(report: Report) -> tuple[str, ...]:
    """What the gate says, of all cases or of the classes that are released."""
    if report.classes:
        return tuple(
            f"{threshold.label}: {refusal}" for threshold in report.classes for refusal in threshold.verdict.refusals
        )
    return report.ruling.refusals


def proposed(report: Report) -> tuple[str, str]:
    """What the product proposes, in a word, and why or why not."""
    alarm, proposal, ruling = report.alarm, report.proposal, report.ruling
    if alarm is not None and alarm.current:
        return (
            "Find the cause",
            "The watchdog has closed the epoch. No threshold can be proposed before new evidence is in.",
        )
    if waits := silence_text.no_threshold(report):
        return "Wait for readers", waits
    if report.classes:
        return _proposed_by_class(report)
    if ruling.state == "refused":
        return "Do not release", _sentence(ruling.refusals[0])
    if proposal is None:
        if ruling.state == "carried" and report.verdict != "contradicted":
            return "Stay", certificate_text.era(report)
        return "Nothing yet", "No label has been looked at in this epoch."
    if ruling.state == "carried" and report.verdict == "contradicted":
        return (
            "Raise the threshold, or halt",
            f"By {report.ruling.so_far} more of what today's threshold releases is wrong than is asked for.",
        )
    match ruling.state:
        case "contradicted":
            return "Not yet", f"What is certified cannot be proposed: {certificate_text.contradicted(report)}"
        case "carried":
            return "Stay", f"{certificate_text.era(report)} {certificate_text.nothing(report)}"
        case "uncertified" | "unlooked":
            return "Wait", certificate_text.nothing(report)
    share = f"{certificate_text.region(report, ruling.threshold)}, {formats.share(_coverage(report, ruling.threshold))} of cases"
    labels = _rests_on(report)
    if ruling.state == "stay":
        more = certificate_text.needed(report)
        return "Stay", f"Today's threshold is the one that releases most of what may be adopted{labels}. {more}".strip()
    if ruling.state == "back":
        return "Move back", f"Today's threshold releases more than is certified; certified is {share}{labels}."
    return "Move the threshold", f"Certified is {share}{labels}."


def _proposed_by_class(report: Report) -> tuple[str, str]:
    ready = [one.label for one in report.classes if one.verdict.state == "move"]
    back = [one.label for one in report.classes if one.verdict.state == "back"]
    refused = [one for one in report.classes if one.verdict.refusals and one.in_force is not None]
    if refused:
        return "Do not release", f"{refused[0].label}: {refused[0].verdict.refusals[0]}."
    if back:
        return "Move the thresholds", f"The threshold in force releases more than is certified for {same.few(back)}."
    if ready:
        return "Move the thresholds", f"More is certified than is in force for {same.few(ready)}."
    contradicted = [one.label for one in report.classes if one.verdict.state == "contradicted"]
    if contradicted:
        return (
            "Not yet",
            f"What is certified for {same.few(contradicted)} cannot be proposed: today's labels speak against it.",
        )
    bare = [one.label for one in report.classes if one.in_force is not None and one.verdict.state == "uncertified"]
    if bare:
        return "Wait", f"The threshold in force is not certified for {same.few(bare)}."
    if all(one.in_force is None and one.certified is None for one in report.classes):
        return "Wait", "No class has a certified threshold yet."
    return "Stay", "No class has more certified than is in force."


def _rests_on(report: Report) -> str:
    """What the certificate of the threshold that is proposed rests on; empty where it is not the least strict one."""
    proposal = report.proposal
    if proposal is None or proposal.threshold != report.ruling.threshold:
        return ""
    return (
        f", from {formats.count(proposal.labels, 'settled blind label')} at or above it, {formats.count(proposal.errors)} "
        "wrong"
    )


def _coverage(report: Report, threshold: float | None) -> float | None:
    coverage: float | None = dict(report.what_if.rows.select("threshold", "coverage").iter_rows()).get(threshold)
    return coverage
