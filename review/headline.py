"""What a report says in words before any chart: how much is answered by the machine alone, and how wrong that can be."""

from dataclasses import dataclass

from models.estimate import Estimate, NotEnoughEvidence
from review import wording
from review.figures import ClassLine, Figure, Report

FLAGS = 3  # worse parts named in the first lines; the table has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """`lead` is what is known for sure, `promise` what is shown by labels, `basis` what that rests on."""

    lead: str
    promise: str
    basis: str


def of(report: Report) -> Headline:
    """The sentences for any state of a stream, from an empty one on."""
    if not report.cases:
        return Headline(
            lead="No case has arrived yet.",
            promise="This page fills with the first answers of the model.",
            basis=f"Put them where the stream looks for its input, then: second-reader run {report.stream}",
        )
    if not report.released:
        return _nothing_released(report)
    lead = f"The machine answers {wording.share(report.automation)} of cases alone."
    released = f"Released: {wording.count(report.released)} of {wording.count(report.cases, 'case')}."
    promise, error = report.promise, report.error
    if isinstance(error, NotEnoughEvidence) or isinstance(promise, NotEnoughEvidence):
        return Headline(
            lead=lead,
            promise=f"How many of these answers are wrong is not known yet: {_reason(promise, error)}.",
            basis=f"{released} A share of them is drawn for a blind label; as people answer, the error shows.",
        )
    return Headline(
        lead=lead,
        promise=(
            f"With {wording.whole(1 - report.delta)} confidence at most {wording.at_most(promise.high)} "
            f"of the {wording.count(report.released)} released are wrong."
        ),
        basis=f"{released} From {wording.labels(promise)}. Best estimate {wording.between(error)}, {error.method}.",
    )


def _reason(*figures: Figure) -> str:
    return next(figure.reason for figure in figures if isinstance(figure, NotEnoughEvidence))


def _nothing_released(report: Report) -> Headline:
    policy = report.in_force
    first = policy is None or not policy.policy.releases
    everything = report.everything
    if isinstance(everything, Estimate):
        basis = f"Were everything released, {wording.between(everything)} would be wrong, from {wording.labels(everything)}."
    else:
        basis = f"About the model nothing can be said yet: {everything.reason}."
    return Headline(
        lead=f"Every one of {wording.count(report.cases, 'case')} goes to a person.",
        promise=(
            "Nothing is released alone until a named person draws the line."
            if first
            else "No case so far was as sure as today's line asks."
        ),
        basis=basis,
    )


def verdict(report: Report) -> tuple[str, str, str]:
    """On the target: a sign, a word, a sentence. The sign tells it without colour."""
    target = f"The target is at most {wording.whole(report.target)} wrong among the released"
    match report.verdict:
        case "certified":
            return "\u2713", "Certified", f"{target}: certified for today's line, from all blind labels at or above it."
        case "kept":
            return "\u2713", "Target kept", f"{target}: the limit is below it."
        case "missed":
            return "\u2715", "Target missed", f"{target}: even the lower limit is above it. Raise the line, or halt."
        case "open":
            more = ""
            if report.needed is not None:
                labels = wording.count(report.needed, "more blind label")
                more = f" About {labels}, all right, would show it."
            return "\u2026", "Not shown yet", f"{target}: the limits still reach to both sides.{more}"
        case _:
            return "\u2013", "Nothing to judge", f"{target}."


def proposed(report: Report) -> tuple[str, str]:
    """What the product proposes, in a word, and why or why not."""
    alarm, proposal, policy = report.alarm, report.proposal, report.in_force
    if alarm is not None and alarm.current:
        return "Find the cause", "The watchdog has closed the epoch. No line can be proposed before new evidence is in."
    if report.look_open:
        return "Wait", "A single exact look is registered; it pays to take it late, for there is no other."
    if report.classes:
        ready = [
            line.label for line in report.classes if line.certified is not None and line.certified != line.in_force
        ]
        if ready:
            return "Move the lines", f"More is certified than is in force for {', '.join(ready)}."
        return "Stay", "No class has more certified than is in force."
    if report.trust.refusals:
        return "Do not release", f"{report.trust.refusals[0]}."
    if proposal is None:
        return "Nothing yet", "No label has been looked at in this epoch."
    if proposal.threshold is None:
        return "Not yet", f"No line is certified. {needed(report)}".strip()
    line = None if policy is None else policy.policy.threshold
    labels = (
        f"from {wording.count(proposal.labels, 'blind label')} at or above it, {wording.count(proposal.errors)} wrong"
    )
    if line == proposal.threshold:
        return (
            "Stay",
            f"Today's line is the one that releases most of what is certified, {labels}. {needed(report)}".strip(),
        )
    share = f"{wording.threshold(proposal.threshold)}, {wording.share(proposal.coverage)} of cases"
    if line is not None and line < proposal.threshold:
        return "Move back", f"Today's line releases more than is certified; certified is {share}, {labels}."
    return "Move the line", f"Certified is {share}: {labels}."


def certificate(report: Report) -> list[str]:
    """What is certified, what the next step takes, what an alarm asks for: a sentence each."""
    said = []
    alarm, proposal = report.alarm, report.proposal
    if alarm is not None and alarm.current:
        said.append(
            f"Alarm, {wording.when(alarm.raised_at)}: the error among the released has risen ({alarm.errors} wrong at the "
            f"end of {wording.count(alarm.labels, 'blind label')}). Nothing is released since; "
            + (
                f"{wording.count(alarm.suspects, 'released case')} under suspicion, read by nobody: second-reader recall."
                if alarm.suspects
                else "every case under suspicion was read or recalled."
            )
        )
    said += [f"Beware: {sentence}" for sentence in beware(report)]
    if report.look_open:
        said.append(
            "A single exact look is registered and not taken: nothing is certified until somebody takes it, once "
            f"(second-reader look {report.stream} --by NAME --because TEXT)."
        )
    said += [_of_class(line, report) for line in report.classes if line.certified is not None]
    silent = [line.label for line in report.classes if line.certified is None]
    if silent:
        said.append(f"Nothing is certified yet for {', '.join(silent)}: these stay with people.")
    if proposal is None:
        return said
    if proposal.threshold is None:
        said.append(f"Nothing is certified yet. {needed(report)}".strip())
    else:
        said.append(
            f"Certified: {wording.threshold(proposal.threshold)} ({wording.share(proposal.coverage)} of cases). At most "
            f"{wording.whole(proposal.alpha)} of what it releases is wrong, with {wording.whole(1 - proposal.delta)} "
            "confidence, however often one looks."
        )
    for sentence in (*proposal.gate.refusals, *proposal.gate.warnings):
        said.append(f"Beware: {sentence}.")
    return said


def _of_class(line: ClassLine, report: Report) -> str:
    return (
        f"Certified for {line.label}: {wording.threshold(line.certified)} ({wording.share(line.coverage)} of its cases), at "
        f"most {wording.whole(report.target)} wrong."
    )


def beware(report: Report) -> list[str]:
    """What needs no certificate to worry: parts that are worse than the target, confidences that have moved."""
    worse = [part for part in report.slices if part.flagged]
    said = [
        f"{part.name} is above the target: {wording.between(part.error)} of the released there are wrong."
        for part in worse[:FLAGS]
    ]
    if len(worse) > FLAGS:
        said.append(f"{len(worse) - FLAGS} more parts are above the target; the report names them.")
    if report.shift is not None and report.shift.warn:
        said.append(
            f"the confidences of the newest day have moved: up to {wording.share(report.shift.distance)} of cases lie "
            "elsewhere than before. That needs no label to see and is no proof of errors; look at the input."
        )
    return said


def needed(report: Report) -> str:
    """What certifies the next threshold; empty if there is none."""
    if report.proposal is None or 0 < report.cases == report.unscored:
        return ""
    step = report.proposal.needed
    if step is None:
        return "" if report.proposal.certified else "At the errors seen so far no number of labels would certify one."
    if not step.seen:
        labels, line = wording.count(step.labels, "blind label"), wording.threshold(step.threshold)
        return f"There is no blind label at {line} yet; about {labels} there, all right, would certify that."
    labels = wording.count(step.labels, "more blind label")
    return f"About {labels} at {wording.threshold(step.threshold)} would certify that, were errors to stay as rare as so far."
