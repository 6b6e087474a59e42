"""What to think of the state of the ledger. Pure."""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from review.health import findings
from review.ledger import seals
from review.report import waiting

_LOW, _NONE = 0.10, 0.02  # free share of the disk
_ROOM = 5_000_000_000  # bytes with which a disk is not full, whatever share of it that is
_SHOWN = 5  # findings of the seals, one by one; `verify` has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A ledger that could be opened. Sizes in bytes; `free`, `disk` and `journal` are of SQLite only."""

    shown: str
    size: int
    free: int | None
    disk: int | None
    journal: str | None
    head: tuple[int, str]  # number and digest of the last seal
    odd: Sequence[seals.Finding]  # not as it was sealed
    deep: bool  # every record was held against its seal, not only the chain and the triggers
    mode: int | None = None  # who may read the file, of SQLite


def of(seen: Seen) -> Iterator[findings.Finding]:
    """One finding if all is well, else one for each thing that is not."""
    write = findings.Scribe("ledger", seen.shown)
    for odd in seen.odd[:_SHOWN]:
        yield write.bad(
            f"not as it was sealed: {odd}", "run second-reader verify, restore the ledger from a backup and compare"
        )
    if len(seen.odd) > _SHOWN:
        yield write.bad(
            f"and {len(seen.odd) - _SHOWN} more records are not as they were sealed", "second-reader verify"
        )
    if seen.journal is not None and seen.journal != "wal":
        yield write.warn(
            f"SQLite's journal mode is {seen.journal!r}, so that readers and the writer wait for each other",
            'set it back: sqlite3 FILE "PRAGMA journal_mode = WAL"',
        )
    if seen.mode is not None and seen.mode & stat.S_IROTH:
        yield write.warn(
            f"everybody on its machine may read it, payloads too (mode {seen.mode:o})",
            "take the right away: chmod o= FILE FILE-wal FILE-shm",
        )
    if seen.free is not None and seen.disk:
        share = seen.free / seen.disk
        room = f"{_gb(seen.free)} free on its disk ({share:.0%})"
        todo = "make room: what cannot be written is not lost, but nothing goes on"
        if share < _NONE and seen.free < _ROOM:
            yield write.bad(room, todo)
        elif share < _LOW and seen.free < _ROOM:
            yield write.warn(room, todo)
    if not seen.odd:
        looked = "every record is as it was sealed" if seen.deep else "the chain of seals and the triggers are whole"
        free = "" if seen.free is None else f", {_gb(seen.free)} free on its disk"
        yield write.ok(f"{looked}; {_gb(seen.size)}{free}; head {seen.head[0]}:{seen.head[1]}")


def unshown(stream: str, *, unshown: int, unshown_samples: int) -> Iterator[findings.Finding]:
    """What to think of cases that cannot be put before anybody: of none, nothing."""
    if sentence := waiting.unshown(unshown, unshown_samples):
        todo = f"{waiting.WAY_OUT}; which, and why: second-reader show faults {stream}"
        yield findings.Scribe("ledger", stream).warn(sentence, todo)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
