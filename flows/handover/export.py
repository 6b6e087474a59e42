"""Finished answers on request: all of them, or what has become another since an earlier export, each once."""

import re
from dataclasses import dataclass
from pathlib import Path

from flows.handover import answer_files
from flows.runtime import settings
from models.errors import Misuse
from review import formats
from review.ledger import ledger
from review.queries import finished

_LAST = "last"
_DIGITS = 12  # of a digest in a cursor: another ledger has them with a chance of 1 in 10^14


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote. `file` None: nothing was new. `cursor`: what the next one is to start from."""

    file: Path | None
    states: dict[str, int]  # released, reviewed, withdrawn -> rows
    cursor: str

    def sentence(self) -> str:
        """What was written, and where the next export is to start."""
        counts = ", ".join(f"{state} {formats.count(rows)}" for state, rows in self.states.items())
        what = "Nothing has changed" if self.file is None else f"{self.file}: {counts}"
        return f"{what}. Next: --since {self.cursor}"


def export(
    stream_name: str, target: str, *, since: str | None = None, form: answer_files.Format | None = None
) -> Exported:
    """Write the finished answers of a stream, as of now.

    `target`: a file, or a folder (one that is there, or ends in /), in which the file is named after its seals. `since`:
    the cursor of an earlier export; only what has become another from there on is written, and no file if nothing has. "last":
    from where the last file in the folder ends. Raises Misuse, LedgerInvalid, Unavailable.
    """
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    to = Path(target)
    into_folder = answer_files.is_folder(target)
    if since == _LAST and not into_folder:
        raise Misuse(
            f"--since last: speaks of the files in a folder, and --to {to} is a file; end it in / for a folder, or give a cursor"
        )
    form = form or "parquet" if into_folder else answer_files.format_of(to, form)
    with ledger.open(config.ledger.get_secret_value()) as book:
        head, digest = book.head()
        after = _place(book, since, to, stream.name)
        if after > head:
            raise Misuse(
                f"--since {since}: this ledger has {head} seals; that export is of another ledger, or of a newer copy"
            )
        rows = (
            finished.at(book, stream.name, until=head)
            if since is None
            else finished.since(book, stream.name, after=after, until=head)
        )
        cursor = f"{head}:{digest[:_DIGITS]}"
        about = {
            "stream": stream.name,
            "ledger": book.identity,
            "since": "" if since is None else str(after),
            "cursor": cursor,
        }
    file = to / f"{stream.name}-{after:012d}-{head:012d}-{digest[:_DIGITS]}.{form}" if into_folder else to
    new = since is None or not rows.is_empty()
    if new:
        answer_files.write_to(rows, file, form, about=about)
    counts = dict(rows["state"].value_counts().iter_rows())
    states = {state: counts.get(state, 0) for state in (finished.RELEASED, finished.REVIEWED, finished.WITHDRAWN)}
    return Exported(file=file if new else None, states=states, cursor=cursor)


def _last(folder: Path, stream: str) -> str:
    """The cursor at which the newest file of a stream in a folder ends; the very beginning if it holds none."""
    named = re.compile(
        rf"{re.escape(stream)}-\d{{12}}-(\d{{12}})-([0-9a-f]{{12}})\.(?:{'|'.join(answer_files.FORMATS)})"
    )
    matches = [named.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    number, digest = max(((int(match[1]), match[2]) for match in matches if match), default=(0, ""))
    return f"{number}:{digest}"


def _place(book: ledger.Ledger, since: str | None, folder: Path, stream: str) -> int:
    """The seal after which something is new; 0: everything is. Raises Misuse on a cursor that is none, or another ledger's."""
    if since is None:
        return 0
    if since == _LAST:
        since = _last(folder, stream)
    number, _, digest = since.partition(":")
    if not number.isdecimal() or len(number) > 18 or not re.fullmatch("|[0-9a-f]{4,64}", digest):
        raise Misuse(f"--since {since}: give the cursor that an export printed, as in 53:e1c8f9fe1d2a, or last")
    known = book.read("SELECT digest FROM seal WHERE seq = :number", number=int(number))
    if digest and not known.is_empty() and not known["digest"].item().startswith(digest):
        raise Misuse(f"--since {since}: seal {number} of this ledger is another; that export is of another ledger")
    return int(number)
