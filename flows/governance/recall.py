"""Call released cases back: those under the suspicion of an alarm go to people."""

import polars as pl

from flows.governance import actions
from flows.runtime import runs, settings
from models.errors import Misuse
from review import formats
from review.queries import alarms, items
from review.retention import retirement


def recall(stream_name: str, *, by: str, because: str) -> int:
    """Send the released cases under suspicion since the last alarm to people. Returns how many; again adds nothing.

    Raises Misuse if no alarm was raised.
    """
    with actions.governed(stream_name, by, because) as (stream, book, _, who):
        suspects = alarms.suspects(book, stream.name)
        if suspects is None:
            raise Misuse(f"no alarm was raised on {stream.name}; there is nothing to recall")
        now = runs.clock()
        rows = suspects.select(
            stream=pl.lit(stream.name),
            case_id="case_id",
            recalled_by=pl.lit(who.by),
            because=pl.lit(who.because),
            recalled_at=pl.lit(now),
        )
        return len(book.append({"recall": rows}, now=now).written["recall"])


def sentences(recalled: int, beyond: int, overtaken: int = 0) -> list[str]:
    """How many cases go to people, of how many people read another case of the item, and how many under suspicion cannot be
    recalled, as they were retired before."""
    text = [
        f"{formats.count(recalled, 'released case')} {'goes' if recalled == 1 else 'go'} to people with the next dispatch."
    ]
    if overtaken:
        text.append(
            f"{formats.count(overtaken, 'recalled case')} {'is' if overtaken == 1 else 'are'} not sent: people read what was "
            "decided of the same item since."
        )
    if beyond:
        text.append(
            f"{beyond} more are under suspicion and were retired before: they cannot be recalled. "
            "Their records are in the archive's files."
        )
    return text


def overtaken(stream_name: str) -> int:
    """How many recalled cases will not be sent, since people have or get a later case of their item."""
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    with runs.open_ledger(config) as book:
        cases = items.overtaken(book, stream.name)["case_id"]
        return int(cases.is_in(items.recalled(book, stream.name).implode()).sum())


def beyond_recall(stream_name: str) -> int:
    """How many cases under suspicion since the last alarm had been retired, so that none of them can be recalled."""
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    with runs.open_ledger(config) as book:
        return retirement.beyond_recall(book, stream.name)
