"""What a report says of the certificate: what is certified, what speaks against it, what the next step takes. Pure."""

from models.answers import same
from models.certification import certificate
from models.certification import era as era_
from review import formats
from review.queries import blind_samples, policy_history
from review.report import bands_text, outlook, readers_text, rules_text, silence_text
from review.report.figures import Alarm, ClassRow, Report

REVOKED = (
    "Answers were changed or taken back, and what was adopted is no longer certified: release stopped, or moved up to what "
    "still is. It comes back by itself when labels certify it again."
)
FEW_FIELDS = 3  # with targets of their own, named in a sentence
FLAGS = 3  # worse parts named in the first lines; the table has them all


def region(report: Report, threshold: float | None) -> str:
    """A threshold as the page shows it everywhere."""
    return formats.threshold(threshold, report.shown)


def _in(alarm: Alarm) -> str:
    return f" in the field {alarm.field}" if alarm.field else ""


def past_alarm(alarm: Alarm, stream: str) -> str:
    """An alarm about what was released before, which says nothing of what is in force."""
    return (
        f"Alarm of {formats.when(alarm.raised_at)}, about what model {alarm.model} released before: the error{_in(alarm)} had "
        f"risen ({alarm.errors} wrong at the end of {formats.count(alarm.labels, 'blind label')}). "
        f"{formats.count(alarm.suspects, 'case')} of that {'is' if alarm.suspects == 1 else 'are'} under suspicion, read by "
        f"nobody: second-reader recall {stream}. What is in force now is not touched by it."
    )


def lines(report: Report) -> list[str]:
    """What is certified, what the next step takes, what an alarm asks for: a sentence each."""
    sentences = []
    alarm, proposal = report.alarm, report.proposal
    if alarm is not None and alarm.current:
        sentences.append(
            f"Alarm, {formats.when(alarm.raised_at)}: the error{_in(alarm)} among the released has risen ({alarm.errors} wrong "
            f"at the end of {formats.count(alarm.labels, 'blind label')}). Nothing is released since; "
            + (
                f"{formats.count(alarm.suspects, 'released case')} under suspicion, read by nobody: second-reader "
                f"recall {report.stream}."
                if alarm.suspects
                else "every case under suspicion was read or recalled."
            )
        )
    sentences += [past_alarm(one, report.stream) for one in report.past_alarms]
    if report.silence:
        sentences.append(silence_text.of(report))
    elif stopped := _stopped(report):
        sentences.append(f"Nothing is released since {formats.when(stopped.adopted_at)}, by {stopped.adopted_by}.")
    sentences += [f"Beware: {sentence}" for sentence in beware(report)]
    if report.each and report.classes:
        sentences.append(by_itself(report.delta))
    sentences += [_of_class(one, report) for one in report.classes if one.certified is not None]
    sentences += _uncertified_classes(report)
    if report.era is not None and report.era.revoked:
        sentences.append(REVOKED)
    if report.era is not None:
        sentences.append(f"{era(report)} {_too_slow(report)}".strip())
    if report.readers is not None:
        sentences.append(
            readers_text.of(report.readers, report.overlap, region="the released" if report.released else "all cases")
        )
    if report.repeats and (report.releases or report.released):
        sentences.append(
            f"{formats.count(report.repeats, 'case')} went to people, however sure the model was, for as many of "
            f"{'its' if report.repeats == 1 else 'their'} group as its plan allows had come before."
        )
    sentences += rules_text.of(report)
    sentences += bands_text.of(report)
    if proposal is None:
        return sentences
    if proposal.threshold is None:
        sentences.append(nothing(report))
    else:
        sentences.append(
            f"Certified: {region(report, proposal.threshold)} ({formats.share(proposal.coverage)} of cases). At most "
            f"{formats.whole(proposal.alpha)} of what it releases is wrong{field_targets(report)}, with "
            f"{formats.whole(1 - proposal.delta)} confidence, however often one looks.{_but(report)}"
        )
    for sentence in (*proposal.gate.refusals, *proposal.gate.warnings):
        sentences.append(f"Beware: {sentence}.")
    return sentences


def _uncertified_classes(report: Report) -> list[str]:
    """Classes for which nothing is certified, by what becomes of them."""
    silent = [one for one in report.classes if one.certified is None]
    people = [one.label for one in silent if one.in_force is None]
    carried = [one.label for one in silent if one.in_force is not None and one.verdict.state == "carried"]
    others = [one.label for one in silent if one.in_force is not None and one.verdict.state != "carried"]
    sentences = []
    if people:
        sentences.append(f"Nothing is certified yet for {same.few(people)}: these stay with people.")
    if carried and report.era is not None:
        sentences.append(
            f"Era {report.era.number} has certified nothing yet for {same.few(carried)}: what was released goes on."
        )
    if others:
        sentences.append(f"Nothing is certified for {same.few(others)}, and it is released all the same.")
    return sentences


def _stopped(report: Report) -> policy_history.PolicyInForce | None:
    """The policy that ended the release of this epoch's cases; None where they are released, never were, or an alarm says it."""
    alarmed = report.alarm is not None and report.alarm.current
    return None if report.releases or alarmed or not report.released else report.in_force


def by_itself(delta: float) -> str:
    """What `policy.per_class = "each"` promises, and what it does not."""
    return (
        f"Each class is certified by itself, with {formats.whole(1 - delta)} confidence; that all of them keep the target at "
        'once is promised with less. policy.per_class = "joint" promises it of all.'
    )


def nothing(report: Report) -> str:
    """That no threshold is certified, and what would certify one."""
    now = report.era
    carried = now is not None and now.state == "carried"
    sentence = f"Era {now.number} has certified nothing yet." if now and carried else "Nothing is certified yet."
    return f"{sentence} {needed(report)}".strip()


def _but(report: Report) -> str:
    """What speaks against using what is certified."""
    if report.ruling.refusals:
        return " But the confidence does not rank right answers before wrong ones: it must not be routed by."
    return f" But {contradicted(report)}" if report.ruling.speaks_against else ""


def contradicted(report: Report) -> str:
    against = report.ruling.speaks_against[-1]
    what = against.wrong(f"what {region(report, against.threshold)} would release")
    return (
        f"by {report.ruling.so_far} at least {formats.at_least(against.low)} {what}, above the target: it cannot be adopted "
        "without --uncertified."
    )


def field_targets(report: Report) -> str:
    """What is promised of single fields beside the records, as the end of a sentence; empty where no field has a target."""
    targets = [(row, row.target) for row in report.fields if row.target is not None]
    if not targets:
        return ""
    if len(targets) > FEW_FIELDS:
        return ", and of no field more than its own target"
    return ", and at most " + ", ".join(
        f"{formats.whole(target)} of {'the entries of' if row.graded else 'it in'} the field {row.name}"
        for row, target in targets
    )


def _too_slow(report: Report) -> str:
    """That an era of this length cannot certify anything at today's pace; empty where it can, or where no pace is known."""
    now, policy, cases = report.era, report.in_force, report.what_if.cases_per_day
    if now is None or policy is None or not cases:
        return ""
    rule = policy.policy
    labels = cases * (rule.audit_rate if rule.releases else rule.blind_rate)
    labels = min(labels, report.capacity or labels)
    if not era_.too_slow(_least(report), report.delta, labels, now.days):
        return ""
    fewest = formats.count(certificate.fewest(_least(report), report.delta), "blind label")
    return (
        f"At {formats.daily(labels)} blind labels a day it cannot certify anything: that takes {fewest}, and it lasts "
        f"{formats.days(now.days)}."
    )


def _least(report: Report) -> float:
    """The strictest of the target errors."""
    return min([report.target, *(row.target for row in report.fields if row.target is not None)])


def era(report: Report) -> str:
    """How the threshold in force stands in the era that runs; empty without eras."""
    now = report.era
    if now is None:
        return ""
    end = formats.when(now.ends_at)
    match now.state:
        case "own" if report.verdict != "certified":
            return f"Today's threshold stands by the certificate of era {now.number}, until {end}; see what speaks against it."
        case "own":
            return f"Today's threshold is certified by the labels of era {now.number}; the promise stands until {end}."
        case "carried":
            lapses = formats.when(now.until)
            return (
                f"Today's threshold was certified {now.before} and carries over while era {now.number} gathers labels "
                f"of its own; without a certificate of its own it lapses {lapses}, and every case goes to a person."
            )
        case "uncertified":
            lapses = "" if now.until == now.ends_at else f"; without a certificate it lapses {formats.when(now.until)}"
            return f"Today's threshold is not certified in era {now.number}, which ends {end}{lapses}."
        case _:
            return f"Labels count for era {now.number}, until {end}; then evidence starts anew."


def _of_class(one: ClassRow, report: Report) -> str:
    sentence = (
        f"Certified for {one.label}: {region(report, one.certified)} ({formats.share(one.coverage)} of its cases), at "
        f"most {formats.whole(report.target)} wrong."
    )
    if one.verdict.refusals:
        return f"{sentence} But its confidence does not rank right answers before wrong ones: it must not be routed by."
    if one.verdict.contradicted:
        at, low = one.verdict.contradicted[-1]
        sentence += (
            f" But by {one.verdict.so_far} at least {formats.at_least(low)} of what {region(report, at)} would release of it is "
            "wrong."
        )
    return sentence


def beware(report: Report) -> list[str]:
    """What needs no certificate to worry: parts that are worse than the target, confidences that have moved."""
    worse = [part for part in report.slices if part.flagged]
    sentences = [
        f"{part.name} is above the target: {formats.between(part.error)} of the released there are wrong."
        for part in worse[:FLAGS]
    ]
    if len(worse) > FLAGS:
        sentences.append(f"{len(worse) - FLAGS} more parts are above the target; the report names them.")
    if report.shift is not None and report.shift.warn:
        sentences.append(
            f"the confidences of the newest day have moved: up to {formats.share(report.shift.distance)} of cases lie "
            "elsewhere than before. That needs no label to see and is no proof of errors; look at the input."
        )
    return sentences


def needed(report: Report) -> str:
    """What certifies the next threshold, and what is there; empty if there is none."""
    proposal = report.proposal
    if proposal is None or 0 < report.cases == report.unscored:
        return ""
    step = proposal.needed
    if step is None:
        if proposal.certified:
            return ""
        return blind_samples.no_number(report.samples, proposal.next, proposal.alpha, proposal.blocking)
    where, there = region(report, step.threshold), blind_samples.at(report.samples, step.threshold)
    long = outlook.words(report, step.labels, step.threshold)
    long = f" ({long})" if long else ""
    long += f", most of them for the target of the field {step.field}" if step.field else ""
    if not there.read:
        waits = f" (of the samples there, {blind_samples.pending(there)})" if there.pending else ""
        labels = formats.count(step.labels, "blind label")
        return (
            f"There is no blind label at {where} yet{waits}; about {labels} there, all right, would certify that{long}."
        )
    labels = formats.count(step.labels, "more blind label")
    so_far = (
        "So far" if report.era is None or report.era.number == 1 else "In all eras so far"
    )  # one era's count for it
    return (
        f"About {labels} at {where} would certify that, were errors to stay as rare as so far{long}. {so_far} there are "
        f"{blind_samples.labels(there, f'at {where}')}."
    )
