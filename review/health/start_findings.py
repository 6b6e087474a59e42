"""Whether people can read what is sampled for them, and when a first certificate can come. Pure."""

from dataclasses import dataclass

from models.certification import certificate
from models.certification import era as era_
from models.config.stream import Stream
from models.planning import start
from models.routing.policy import Policy
from review import formats
from review.adoption.proposal import MINUTES
from review.health import findings
from review.report import detection_delay, starting
from review.report.figures import DAY, Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A stream in operation: how fast cases come and people answer, what waits for them, the policy in force, and whether
    anything is certified."""

    pace: Pace
    waiting: int
    policy: Policy
    certified: bool


def finding(stream: Stream, seen: Seen) -> findings.Finding:
    """Blind samples and cases a day beside what people read, in one line."""
    write = findings.Scribe("ledger", f"{stream.name}, readers")
    readings, how = _readings(stream, seen)
    if seen.pace.hours < DAY:
        pace = "" if readings is None else f"people can read {formats.daily(readings)} a day ({how}); "
        return write.ok(formats.plain(f"{pace}how many cases come is known after a day of them"))
    arrivals = seen.pace.arrivals
    come = f"{formats.daily(arrivals)} cases a day come for people"
    if readings is None and seen.waiting:
        return write.ok(f"{formats.plain(come)}; how many they read is known after a day of answers")
    read = "who keep up" if readings is None else f"who read {formats.daily(readings)} ({how})"
    pace = f"{come}, {read}"
    behind = readings is not None and readings < arrivals
    if behind and readings is not None:
        pace += f": {formats.daily(arrivals - readings)} more wait every day"
    if not seen.policy.releases and not seen.certified:
        planned = plan(stream, arrivals=arrivals, readings=readings, blind_rate=seen.policy.blind_rate)
        first, *more = starting.sentences(planned, readers=how)
        pace += f". {first}"
        if more:
            return write.warn(formats.plain(pace), formats.plain(" ".join(more)))
    todo = "more readers, fewer cases, or a line that releases more: nothing is released because it waits"
    return write.warn(formats.plain(pace), todo) if behind else write.ok(formats.plain(pace))


def plan(stream: Stream, *, arrivals: float, readings: float | None, blind_rate: float | None = None) -> start.Start:
    """The start of a stream as its file describes it, at so many cases and readings (None: all) a day."""
    return start.plan(
        start.Situation(
            arrivals=arrivals,
            blind_rate=stream.policy.cold_blind_rate if blind_rate is None else blind_rate,
            readings=readings,
            target=stream.least_error,
            delta=stream.target.delta,
            minutes=MINUTES if stream.costs.minutes_per_review is None else stream.costs.minutes_per_review,
        )
    )


PER = 100  # cases a day, where nobody knows yet how many come


def opening(stream: Stream) -> list[str]:
    """What `init` says of the start: how long evidence counts, what goes unnoticed, and when the first certificate comes.

    For every 100 cases a day, since nobody knows yet how many come; the last only where the file says what people can read.
    """
    era = era_.DAYS if stream.policy.era_days is None else stream.policy.era_days
    longer = (
        f", up to {era_.MOST} where labels come so slowly that a third of it would certify nothing"
        if stream.policy.era_days is None
        else ""
    )
    sentences = [f"Evidence counts for an era of {formats.days(era)}{longer}; then it starts at zero again."]
    sentences += _too_slow(stream)
    beside = sum(field.error is not None for field in stream.field)
    noticed = detection_delay.sentence(stream.target.error, PER * stream.policy.audit_rate, beside=beside)
    if noticed:
        sentences.append(f"Were {PER} cases a day released: {noticed[0].lower()}{noticed[1:]}")
    capacity = stream.review.capacity_per_day
    if capacity is None:
        return sentences
    start = starting.sentences(plan(stream, arrivals=PER, readings=capacity))
    return [*sentences, f"Were {PER} cases a day to come, and people to read up to {formats.count(capacity)}:", *start]


def _too_slow(stream: Stream) -> list[str]:
    """That a release could not be certified again within an era at 100 cases a day."""
    audits = PER * stream.policy.audit_rate
    labels = min(audits, stream.review.capacity_per_day or audits)
    days = era_.length(stream.least_error, stream.target.delta, labels)
    days = days if stream.policy.era_days is None else stream.policy.era_days
    if not era_.too_slow(stream.least_error, stream.target.delta, labels, days):
        return []
    fewest = formats.count(certificate.fewest(stream.least_error, stream.target.delta), "blind label")
    strictest = next((field.name for field in stream.field if field.error == stream.least_error), None)
    key = "target.error" if strictest is None else f"error of field {strictest!r}"
    return [
        f"Were {PER} cases a day released, an era of {formats.days(days)} could not certify them again: it takes {fewest} and "
        f"{formats.daily(labels)} a day come. Raise policy.audit_rate or {key}, or set a longer policy.era_days."
    ]


def _readings(stream: Stream, seen: Seen) -> tuple[float | None, str]:
    """What people read a day, and how that is known. None: all there is, or not known yet."""
    if stream.review.capacity_per_day is not None:
        return float(stream.review.capacity_per_day), "review.capacity_per_day"
    if seen.waiting and seen.pace.answer_hours >= DAY:
        return seen.pace.answers, f"measured over {formats.hours(seen.pace.answer_hours)}"
    return None, ""
