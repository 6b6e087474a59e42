"""Which files of an inbox earlier runs took whole: they are passed over by name, size and times, unopened.

A run keeps what it took with its own record in the ledger, as 128 bits for each file, so that a ledger restored from a
backup knows what it holds. A file is read again whenever one of these numbers differs, or the stream reads otherwise than
it did; what is known of its rows adds nothing. A file counts as taken only if every row of it became a case, and nobody can
have changed it unseen: it was the same before and after it was read, and had been so for longer than a clock of a file
system takes to tick.
"""

import hashlib
import json
import logging
import os
import time
from importlib import metadata
from pathlib import Path

from models.config.stream import Stream
from review.ledger.ledger import Ledger
from review.queries import scored_files

log = logging.getLogger("second_reader")

YOUNG = 300.0  # seconds: what was written since may still be being written
_TICK = 3.0  # seconds; the times of FAT go by two, those of older network file systems by one


class Look:
    """One run's look at an inbox."""

    def __init__(self, stream: Stream, epoch_id: str, known: frozenset[str] = frozenset()) -> None:
        """`known`: what `kept` gave in earlier runs."""
        read_by = [stream.input.model_dump(), stream.model.model_dump(), stream.labels, epoch_id]
        version_text = json.dumps([metadata.version("second-reader"), *read_by], sort_keys=True)
        self._read_by = hashlib.sha256(version_text.encode())
        self._stream, self._known = stream.name, known
        self._opened: dict[str, tuple[Path, str, bool]] = {}  # by name: where, as what, and whether it was at rest
        self._waiting: list[str] = []
        self._faulty: set[str] = set()
        self._passed_over = 0

    def passes_over(self, path: Path, name: str) -> bool:
        """Whether the file is as an earlier run took it."""
        taken = self._mark(name, path.stat()) in self._known
        self._passed_over += taken
        return taken

    def opens(self, path: Path, name: str) -> None:
        """To be reported before a file is read."""
        stat = path.stat()
        at_rest = time.time() - max(stat.st_mtime, stat.st_ctime) >= _TICK
        self._opened[name] = path, self._mark(name, stat), at_rest

    def finds_faults(self, *names: str) -> None:
        """To be reported of files with rows that could not be read: each run reads them, and says so, until they are mended."""
        self._faulty.update(names)

    def may_wait(self, path: Path, name: str) -> bool:
        """Whether a file that ends within a record may still be being written; then the rest of it waits for another run."""
        if abs(time.time() - path.stat().st_mtime) >= YOUNG:
            return False
        log.warning(
            "score %s: %s ends within a record and is less than %d minutes old; the record waits for the next run",
            self._stream, name, YOUNG // 60,
        )  # fmt: skip
        self._waiting.append(name)
        return True

    def counts(self) -> dict[str, int]:
        """How many files were passed over, and how many are waited for; what there is none of is left out."""
        counted = {"files_passed_over": self._passed_over, "files_waited_for": len(self._waiting)}
        return {name: count for name, count in counted.items() if count}

    def kept(self) -> str | None:
        """What the run keeps of the files it took, once all their rows are recorded; None if it took none."""
        taken = [
            mark
            for name, (path, mark, at_rest) in self._opened.items()
            if at_rest and name not in self._waiting and name not in self._faulty and self._is(mark, path, name)
        ]
        return json.dumps(sorted(taken)) if taken else None

    def _is(self, mark: str, path: Path, name: str) -> bool:
        try:
            return self._mark(name, path.stat()) == mark
        except OSError:  # it is gone; whatever comes in its place is another
            return False

    def _mark(self, name: str, stat: os.stat_result) -> str:
        # The time of change too: a copy may bring an old time of writing with it.
        digest = self._read_by.copy()
        digest.update(f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {name}".encode())
        return digest.hexdigest()[:32]


def look(book: Ledger, stream: Stream, epoch_id: str) -> Look:
    """A look that knows what the earlier runs of the ledger took."""
    return Look(stream, epoch_id, marks(scored_files.cursors(book, stream.name)))


def marks(kept: list[str]) -> frozenset[str]:
    """What a look knows, from what earlier looks kept."""
    return frozenset(mark for one in kept for mark in json.loads(one))
