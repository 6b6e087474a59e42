"""A ledger and the files that retired decisions went to, checked together, and what a person hears of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import Misuse, Tampered
from review import formats
from review.integrity import verify
from review.ledger import ledger, seals
from review.retention import retirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was checked. `broken`: each record that is not as sealed. `files` of retired decisions read; None: none asked for."""

    broken: Sequence[seals.Finding]
    seals: int
    digest: str  # of the last seal
    archive: Path | None
    files: int | None

    def lines(self) -> list[str]:
        """What to print: each record that is not as sealed, or that all are, and what was read of the archive."""
        if self.broken:
            return [str(finding) for finding in self.broken]
        whole = f"{self.seals} seals, every record as it was sealed. Head: {self.seals}:{self.digest}"
        if self.files is None:
            return [whole]
        if not self.files:
            return [whole, f"Nothing was retired: {self.archive} was not read."]
        read = formats.plain(formats.count(self.files, "file"))
        return [whole, f"{read} of retired decisions read in {self.archive}, each as it was written."]

    def check(self) -> None:
        """Raises Tampered if any record is not as sealed."""
        if self.broken:
            broken = formats.plain(formats.count(len(self.broken), "record is", "records are"))
            raise Tampered(f"{broken} not as sealed; restore the ledger from a backup and compare")


def of(url: str, *, head: str, archive: Path | None) -> Verification:
    """Hold every record of a ledger against its seal. Nothing is changed.

    Args:
        url: The ledger.
        head: `NUMBER:DIGEST` of a seal that must be in it, as a report prints it; empty: none is known.
        archive: The folder with the files of retired decisions, to read them too.

    Raises:
        Misuse: `head` is no such text, or `archive` no folder.
        LedgerInvalid: There is no such ledger, or it is of another version.
    """
    number, _, digest = head.partition(":")
    if head and not (number.isdecimal() and re.fullmatch("[0-9a-f]{64}", digest)):
        raise Misuse(f"--head {head!r}: give NUMBER:DIGEST as a report prints it, a number and 64 hex digits")
    if archive is not None and not archive.is_dir():
        raise Misuse(f"--archive {archive}: no such folder; name the one that `retire --to` wrote into")
    with ledger.open(url) as book:
        broken = verify.ledger(book, known=(int(number), digest) if head else None, archive=archive)
        files = None if archive is None else retirement.files(book)
        seals_, last = book.head()
    return Verification(broken=broken, seals=seals_, digest=last, archive=archive, files=files)
