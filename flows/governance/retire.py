"""Retire old decisions of a stream: a named person's act, for whoever owns the ledger's tables."""

from datetime import UTC, datetime
from pathlib import Path

from flows.runtime import runs
from models import names_and_reasons, timestamps
from models.errors import Misuse
from review.queries import handouts
from review.retention import retirement


def retire(stream_name: str, *, before: str, folder: Path, by: str, because: str) -> retirement.Done:
    """Retire what was decided before a day (or an ISO 8601 time with a zone) into files in `folder`.

    Raises Misuse on a name or reason that cannot be kept, or a time that is none or has not come; Busy; what
    `review.retention.retirement` does.
    """
    by, because = names_and_reasons.checked(by, "--by"), names_and_reasons.checked(because, "--because")
    now = runs.clock()
    moment_text = _moment(before)
    if moment_text > now:
        raise Misuse(f"--before {before} has not come yet; give a day up to today")
    with runs.running("retire", stream_name) as run:
        who = retirement.Who(by=by, because=because, now=now)
        return retirement.retire(
            run.ledger, run.stream.name, before=moment_text, folder=folder, who=who, settled=_settled(run)
        )


def _settled(run: runs.Run) -> int | None:
    """The seal up to which all was handed out, of a stream that hands out by itself: the rest could not be any more."""
    asked = run.stream.release
    if asked is None:
        return None
    return handouts.settled_seal(run.ledger, run.stream.name, webhook=asked.webhook is not None)


def _moment(before: str) -> str:
    """A day's beginning in UTC, or a time, as the ledger writes times."""
    try:
        return timestamps.text(datetime.strptime(before, "%Y-%m-%d").replace(tzinfo=UTC))
    except ValueError:
        pass
    try:
        return timestamps.text(timestamps.parse(before))
    except ValueError as error:
        raise Misuse(f"--before: {error}; or give a day, such as 2026-01-31") from None
