"""What to think of answers that leave by themselves. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from models.config.stream import Stream
from review.health import findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Of a stream with a webhook: batches that it lacks, why the last try ended, and what is wrong with the secret."""

    waiting: int
    because: str | None
    secret: str | None


def of(stream: Stream, seen: Seen) -> Iterator[findings.Finding]:
    """Nothing if all is well: what has not been tried yet is no fault."""
    write = findings.Scribe("webhook", stream.name)
    if seen.secret is not None:
        yield write.bad(f"nothing can be signed: {seen.secret}", "set SECOND_READER_WEBHOOK_SECRET where the flows run")
    elif seen.waiting and seen.because is not None:
        yield write.bad(
            f"{findings.counted(seen.waiting, 'batch waits', 'batches wait')}: {seen.because}",
            f"mend the receiver, or release.webhook; the files are in the outbox; then second-reader release {stream.name}",
        )


def line(stream: str, waiting: int, because: str | None) -> str | None:
    """The same as a sentence for `status`; None if all is well."""
    if not waiting or because is None:
        return None
    return f"{stream}: {findings.counted(waiting, 'batch', 'batches')} of answers not delivered: {because}"
