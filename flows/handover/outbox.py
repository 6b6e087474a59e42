"""The outbox: files of finished answers for a receiver, numbered without a gap, each new answer in one of them.

What a file holds is recorded before it appears: between which two seals, and the digest of its bytes. So whatever dies in
between, the next run puts the same file under the same name.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.handover import answer_files
from flows.runtime import runs
from models.errors import Busy, LedgerInvalid, Misuse, Unavailable
from review import private_files
from review.ledger.ledger import Ledger
from review.queries import finished, handouts

FOLDER = "outbox"  # below the data folder; in it one folder for each stream
BATCH_ROWS = 500  # of the webhook: some 200 kB
_DIGITS = 12  # of the digest, in a file's name: that of another ledger, or of one restored, has another name
_PENDING = ".pending"  # what was recorded and has not arrived everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The outbox of one stream: the folder that a receiver looks into."""

    folder: Path

    def path(self, handout: handouts.Handout) -> Path:
        """Where the receiver sees a handout."""
        return self.folder / handout.file

    def pending(self, number: int) -> Path:
        """Where the rows of a handout lie until they have arrived everywhere."""
        return self.folder / _PENDING / f"{number:08d}.jsonl"


def of(run: runs.Run) -> Outbox:
    """The stream's outbox. Raises Misuse if its files would be read as model outputs."""
    folder = run.settings.data / FOLDER / run.stream.name
    source = run.settings.data / run.stream.input.source
    if source.is_dir() and folder.resolve().is_relative_to(source.resolve()):
        raise Misuse(
            f"{folder} lies in input.source, where it would be read as outputs; name a folder of their own in the stream file"
        )
    return Outbox(folder=folder)


def hand_out(run: runs.Run, outbox: Outbox) -> runs.Counts:
    """Put into the outbox what an earlier run could not, then what has become another since: files, and rows in them.

    Raises Busy if another run hands out, Misuse if a file that somebody changed is in the way, LedgerInvalid, Unavailable.
    """
    with _writing(outbox):
        _sweep(outbox)
        late = handouts.unplaced(run.ledger, run.stream.name)
        for handout in late:
            _place(run, outbox, handout)
        new = _record(run, outbox)
        if new is not None:
            _place(run, outbox, new)
    whole = [*late, *([new] if new else [])]
    return {"files": len(whole), "rows": sum(one.row_count for one in whole)}


def ready(book: Ledger, outbox: Outbox, handout: handouts.Handout) -> Path:
    """A file that holds what was recorded: kept, in the outbox, or else made again of the ledger.

    Raises LedgerInvalid if it cannot be made again, Unavailable if it cannot be written.
    """
    kept = outbox.pending(handout.number)
    with _writing(outbox):
        for path in (kept, outbox.path(handout)):
            if path.is_file() and _digest(path) == handout.digest:
                return path
        if _write(book, handout.stream, kept, handout.after_seal, handout.until_seal)[0] != handout.digest:
            kept.unlink()
            raise LedgerInvalid(
                f"{handout.file}: what became another between seals {handout.after_seal} and {handout.until_seal} is not what "
                "was recorded; run second-reader verify, and if all is well there, release once with the version that recorded it"
            )
    return kept


def forget(outbox: Outbox, handout: handouts.Handout) -> None:
    """It has arrived everywhere."""
    outbox.pending(handout.number).unlink(missing_ok=True)


def _record(run: runs.Run, outbox: Outbox) -> handouts.Handout | None:
    """Record the next handout, its file kept ready; None if nothing has become another."""
    book, stream = run.ledger, run.stream.name
    last = handouts.newest(book, stream)
    after, number = (last.until_seal, last.number + 1) if last else (0, 1)
    until = book.head()[0]
    if not handouts.anything_new(book, stream, after=after):
        return None
    kept = outbox.pending(number)
    digest, rows = _write(book, stream, kept, after, until)
    if rows == 0:
        kept.unlink()
        return None
    now = runs.clock()
    handout = handouts.Handout(
        stream=stream,
        number=number,
        after_seal=after,
        until_seal=until,
        file=f"{stream}-{number:08d}-{digest[:_DIGITS]}.jsonl",
        digest=digest,
        row_count=rows,
        batch_rows=BATCH_ROWS,
        recorded_at=now,
    )
    if book.append({"handout": handout.frame()}, now=now).written["handout"].is_empty():
        raise Busy(f"another run hands out the stream {stream}: wait until it ends, then try again")
    return handout


def _place(run: runs.Run, outbox: Outbox, handout: handouts.Handout) -> None:
    """Let a handout appear under its name, and record that it has."""
    path = outbox.path(handout)
    if path.exists() and _digest(path) != handout.digest:
        raise Misuse(f"{path} is there and holds something else than was recorded; move it away, and run it again")
    if not path.exists():
        kept = ready(run.ledger, outbox, handout)
        with private_files.appearing(path) as part:
            shutil.copyfile(kept, part)
            if _digest(part) != handout.digest:
                raise Busy(f"another run hands out the stream {handout.stream}: wait until it ends, then try again")
    private_files.sync(outbox.folder)
    now = runs.clock()
    run.ledger.append({"delivery": handouts.delivered(handout, handouts.FILE, 0, now=now)}, now=now)
    if run.stream.release is None or run.stream.release.webhook is None:
        forget(outbox, handout)


def _write(book: Ledger, stream: str, path: Path, after: int, until: int) -> tuple[str, int]:
    """Write what has become another between two seals, the same bytes each time: their digest, and how many rows."""
    rows = finished.since(book, stream, after=after, until=until).sort("sequence", "case_id")
    answer_files.write(rows, path, "jsonl", about={})
    private_files.sync(path.parent)
    return _digest(path), len(rows)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(outbox: Outbox) -> None:
    """Take away what runs that were killed left half written."""
    for folder in (outbox.folder, outbox.folder / _PENDING):
        for part in folder.glob(".*.part"):
            part.unlink(missing_ok=True)


@contextmanager
def _writing(outbox: Outbox) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"{outbox.folder}: cannot be written ({error.strerror}); make room there, or give the right, and run it again"
        ) from None
