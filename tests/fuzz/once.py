"""One input through what `score` does with it, and whether it kept its promises.

The promises: it ends, in an error of ours or with each row decided, a fault, or the silent repeat of a decided one; an
input that is refused at the start leaves nothing in the ledger, and one that breaks off leaves whole chunks.
"""

import os
import shutil
import sqlite3
import time
import traceback
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.governance import epochs
from flows.inputs import files
from flows.scoring import decide
from models import columns
from models.config.stream import Stream
from models.errors import SecondReaderError
from models.outputs import reserved
from review.integrity import verify
from review.ledger import ledger
from tests.fuzz import tables
from tests.fuzz.inputs import Input

LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an input came to. `broken`: the promise that was not kept, empty if all were."""

    kind: str
    ended: str  # "scored", "scored with faults" or the class of the error
    message: str
    broken: str
    rows: int
    decided: int
    faults: int
    bytes: int
    seconds: float  # of processor time
    peak: int  # bytes of memory


def template(folder: Path) -> Path:
    """A ledger with one epoch per way of giving answers, to be copied for each input."""
    path = folder / "template.db"
    ledger.migrate(f"sqlite:///{path}")
    with ledger.open(f"sqlite:///{path}") as book:
        for answer in tables.ANSWERS:
            epochs.begin_epoch(book, tables.stream(answer, name=answer), "fuzz")
    return path


def run(value: Input, empty: Path, folder: Path, *, chunk_rows: int) -> Outcome:
    """Score an input into a copy of the ledger `empty`, below `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    inbox = folder / "inbox"
    inbox.mkdir(parents=True)
    for name, data in value.files.items():
        (inbox / name).write_bytes(data)
    path = folder / "ledger.db"
    shutil.copyfile(empty, path)
    os.environ["SECOND_READER_LEDGER"] = f"sqlite:///{path}"
    stream = tables.stream(value.answer, name=value.answer)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    started = time.process_time()
    ended, message, broken, rows, seen = "scored", "", "", 0, []
    try:
        for chunk in files.chunks(inbox, stream, rows=chunk_rows):
            decide.record.fn(stream, "run", chunk)
            rows += len(chunk.frame) + len(chunk.faults)
            seen.append((chunk.source, _lines(chunk, stream)))
    except SecondReaderError as error:
        ended, message = type(error).__name__, str(error)
    except BaseException as error:  # noqa: BLE001 (a panic of Polars is no Exception)
        broken = f"{type(error).__name__}: " + "".join(traceback.format_exception(error))[-1500:]
        ended = "broken"
    seconds = time.process_time() - started
    peak = _peak()
    broken = broken or _message(message) or _ledger(path, seen, message, value.rows, rows)
    decided, faults = _counts(path)
    if ended == "scored" and faults:
        ended = "scored with faults"
    return Outcome(
        kind=value.kind,
        ended=ended,
        message=message[:300],
        broken=broken,
        rows=rows,
        decided=decided,
        faults=faults,
        bytes=sum(map(len, value.files.values())),
        seconds=seconds,
        peak=peak,
    )


def again(value: Input, folder: Path, *, chunk_rows: int) -> str:
    """Score what `run` scored once more: which promise of doing it twice was not kept, if any."""
    stream = tables.stream(value.answer, name=value.answer)
    before = _counts(folder / "ledger.db")
    for chunk in files.chunks(folder / "inbox", stream, rows=chunk_rows):
        decide.record.fn(stream, "run again", chunk)
    after = _counts(folder / "ledger.db")
    with ledger.open(f"sqlite:///{folder / 'ledger.db'}") as book:
        result = verify.ledger(book)
    if result:
        return f"the ledger does not verify: {result[0]}"
    return "" if before == after else f"done again, {before} became {after}"


def _lines(chunk: files.Chunk, stream: Stream) -> pl.DataFrame:
    """The lines of a chunk with the id in each, null where the file's reader found a fault."""
    ids = columns.text(chunk.frame.select(stream.input.id)).to_series()
    read = pl.DataFrame({"line": chunk.frame[reserved.LINE], "id": ids.cast(pl.String)})
    return pl.concat([read, chunk.faults.select("line", pl.lit(None, pl.String).alias("id"))])


def _message(text: str) -> str:
    if len(text.splitlines()) > 1 or len(text) > LONGEST_MESSAGE:
        return f"the message is not one line: {len(text)} characters, {len(text.splitlines())} lines: {text[:200]!r}"
    return "" if text.isprintable() else f"the message holds what a terminal obeys: {text[:200]!r}"


def _ledger(path: Path, seen: list[tuple[str, pl.DataFrame]], text: str, expected: int | None, rows: int) -> str:
    """Which promise the ledger breaks, if any."""
    with closing(sqlite3.connect(path)) as database:
        decided = {(source, line) for source, line in database.execute("SELECT source, line FROM decision")}
        ids = {case for (case,) in database.execute("SELECT case_id FROM decision")}
        faulty = {(source, line) for source, line in database.execute("SELECT source, line FROM fault")}
    known: set[Any] = decided | faulty
    for source, lines in seen:
        for line, case in lines.iter_rows():
            if (source, line) not in known and case not in ids:
                return f"{source}, line {line}: neither decided nor a fault nor a repeat"
    written = {(source, line) for source, lines in seen for line in lines["line"]}
    if known - written:
        return f"written, but not of a whole chunk: {sorted(known - written)[:3]}"
    if decided & faulty:
        return f"decided and a fault: {sorted(decided & faulty)[:3]}"
    if expected is not None and not text and rows != expected:
        return f"{expected} rows were written and {rows} were read"
    return ""


def _counts(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as database:
        ((decided,), (faults,)) = database.execute("SELECT count(*) FROM decision UNION ALL SELECT count(*) FROM fault")
    return int(decided), int(faults)


def _peak() -> int:
    """The most memory this process has held since the peak was set back, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data."""
    return asdict(outcome)
