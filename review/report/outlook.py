"""How long labels that are still needed take, in days and in hours of people, at the stream's own pace. Pure."""

from models.planning import start
from review import formats
from review.queries import blind_samples
from review.report.figures import DAY, Report


def words(report: Report, labels: int, threshold: float) -> str:
    """`about 6 days at 120 a day, 12 hours of people`: blind labels at or above a threshold; empty where nothing arrives.

    People read what `review.capacity_per_day` says; else, where cases wait for them, what they read in the last days; else
    all that is sampled. While nothing is certified blind samples go before other cases.
    """
    policy = report.in_force
    coverage = dict(report.what_if.rows.select("threshold", "coverage").iter_rows()).get(threshold)
    if policy is None or coverage is None:
        return ""
    cases, released = report.what_if.cases_per_day, report.coverage_here or 0.0
    audited, blind = policy.policy.audit_rate, policy.policy.blind_rate
    here = cases * (min(coverage, released) * audited + max(coverage - released, 0.0) * blind)
    sampled = cases * (released * audited + (1 - released) * blind)
    if not here:
        return ""
    people = formats.people(labels * sampled / here * report.what_if.minutes / 60)
    # What came on a day of which an hour has passed says nothing of days.
    lacks = [] if report.pace.hours >= DAY else ["of cases"]
    known, speed = _speed(report)
    lacks += [] if known or report.pace.answer_hours >= DAY else ["of answers"]
    if lacks:
        return f"about {people}; in how many days is known after a day {' and '.join(lacks)}"
    blind_first = report.proposal is None or not report.proposal.certified
    queued = sampled if blind_first else cases * (1 - released + released * audited)
    waiting = blind_samples.at(report.samples, threshold)
    days = start.days_for(
        labels,
        sampled=here,
        read=None if speed is None else speed * here / queued,
        waiting=waiting.pending - waiting.disputed,
    )
    if days is None:
        return f"{people}, and nobody reads"
    pace = f" at {formats.daily(labels / days)} a day" if days >= 1 else ""
    return f"{'about ' if days >= 1 else ''}{formats.days(days)}{pace}, {people}"


def _speed(report: Report) -> tuple[bool, float | None]:
    """Whether it is known how much people read, and how many cases a day; None: all there are."""
    if report.capacity is not None:
        return True, float(report.capacity)
    if not report.pace.known:
        return False, None
    return True, report.pace.answers if report.queue.open + report.queue.waiting else None
