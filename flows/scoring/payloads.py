"""What a person is shown of a case, and the cases of which nothing can be shown.

Payloads that the ledger keeps by reference are read again from the input when a person is to see the case after all. A file may
have been moved or written anew since. So what a row says now counts only if it hashes to what was decided. Of a PDF a person
sees the pages; the ledger keeps the PDF alone.
"""

import dataclasses
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import polars as pl

from flows.inputs import files
from flows.runtime import runs
from flows.scoring import pdf_pages
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, stored_pictures
from review import formats
from review.ledger import ledger, records
from review.queries import pending_cases, rejected

Storages = Callable[[], Collection[str]]

_OTHER = "the row no longer says what was decided; put the file, and the columns the stream names, back as they were"


def pending(
    run: runs.Run,
    room: int,
    *,
    blind_first: bool = False,
    since: int | None = None,
    connected: Storages | None = None,
) -> tuple[pl.DataFrame, int]:
    """As `pending_cases.pending`, but every case with its payload; and how many are left out because theirs is not to be had.

    `connected`: as for `read`.

    Those wait on, are tried again by the next run, and do not keep the cases behind them waiting. Each is recorded as a
    fault, once.
    """
    limit = room
    while True:
        cases = pending_cases.pending(run.ledger, run.stream.name, limit, blind_first=blind_first, since=since)
        there, lost = read(cases, run.stream, _inbox(run), connected)
        if len(there) >= room or len(cases) < limit:
            break
        limit *= 2
    _record(run, lost)
    return there.head(room), len(lost)


def shown(run: runs.Run, cases: pl.DataFrame, connected: Storages | None = None) -> tuple[pl.DataFrame, int]:
    """Those of the cases (as for `read`) whose payload is to be had, and how many are left out, as in `pending`."""
    there, lost = read(cases, run.stream, _inbox(run), connected)
    _record(run, lost)
    return there, len(lost)


def evidence(stream: Stream, payload: Mapping[str, object]) -> Mapping[str, object]:
    """A payload as `task_data.data` takes it: a PDF as its pages."""
    if stream.review.kind != "pdf":
        return payload
    column = stream.input.payload[0]
    return {column: pdf_pages.read(str(payload.get(column)))}


def _inbox(run: runs.Run) -> Path:
    return run.settings.data / run.stream.input.source


def read(
    cases: pl.DataFrame, stream: Stream, inbox: Path, connected: Storages | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cases that can be shown, in their order, those by reference read again; and the others, with the reason as `why`.

    `cases`: case_id, payload (null: by reference), source, line, content, and any other columns. `connected`: asks for the
    storages of the project, where a picture lies in one (`stored_pictures.unseen`); None: nobody asks.
    """
    there, lost = _read_again(cases, stream, inbox)
    if there.is_empty() or stream.review.kind not in ("pdf", "image"):
        return there, lost
    column = stream.input.payload[0]
    values = [json.loads(payload).get(column) for payload in there["payload"]]
    if stream.review.kind == "pdf":
        problems = pl.Series([pdf_pages.problem(str(value)) for value in values], dtype=pl.String)
    else:
        pictures = pl.Series([value if isinstance(value, str) else None for value in values], dtype=pl.String)
        if connected is None or not stored_pictures.any_in(pictures):
            return there, lost
        problems = stored_pictures.unseen(pictures, stream, connected())
    there = there.with_columns(why=problems)
    bad = pl.col("why").is_not_null()
    return there.filter(~bad).drop("why"), pl.concat([lost, there.filter(bad)])


def _read_again(cases: pl.DataFrame, stream: Stream, inbox: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """As `read`, whatever the payload may be."""
    by_reference = cases.filter(pl.col("payload").is_null())
    if by_reference.is_empty():
        return cases, by_reference.with_columns(why=pl.lit(None, pl.String))
    frames, lost = [], []
    for (source,), part in by_reference.group_by("source", maintain_order=True):
        rows, why = _rows(inbox, str(source), stream, part["line"])
        there = part.drop("payload").join(rows, on=["line", "content"])
        frames.append(there.select("case_id", pl.col("payload").alias("again")))
        lost.append(part.join(there, on="case_id", how="anti").with_columns(why=pl.lit(why)))
    shown = (
        cases.join(pl.concat(frames), on="case_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("payload", "again").alias("payload"))
        .drop("again")
        .filter(pl.col("payload").is_not_null())
    )
    return shown, pl.concat(lost)


def state(book: ledger.Ledger, stream: Stream, inbox: Path, case_id: str) -> tuple[str, str | None]:
    """Where a case's payload is, and the payload as JSON; None, and why, if it is not to be had; "" if there is no case."""
    case = pending_cases.kept(book, stream.name, [case_id])
    if case.is_empty():
        return "", None
    row = case.row(0, named=True)
    if row["payload"] is not None:
        return "in the ledger", row["payload"]
    there, lost = read(case, stream, inbox)
    state = "unchanged there" if lost.is_empty() else f"cannot be shown, {lost['why'].item()}"
    where = f"by reference, line {row['line']} of {row['source']}: {state}"
    return where, there["payload"].item() if lost.is_empty() else None


def findable(run: runs.Run, inbox: Path) -> runs.Run:
    """The run as it should read `inbox`: what lies elsewhere than the stream's input is kept by value, as nobody would
    look for it there."""
    if _folder(inbox).resolve() == _folder(_inbox(run)).resolve():
        return run
    table = run.stream.input.model_copy(update={"payload_by": "value"})
    return dataclasses.replace(run, stream=run.stream.model_copy(update={"input": table}))


def _folder(inbox: Path) -> Path:
    return inbox if inbox.is_dir() else inbox.parent


def _rows(inbox: Path, source: str, stream: Stream, lines: pl.Series) -> tuple[pl.DataFrame, str]:
    """What some lines of a file say now (`contract.REREAD_SCHEMA`), and what is wrong with those that are not there."""
    frames = [contract.REREAD_SCHEMA.to_frame()]
    try:
        for frame in files.picked(_folder(inbox), source, stream, lines):
            frames.append(contract.reread(frame, stream))
    except InputInvalid as error:
        return pl.concat(frames), str(error)
    return pl.concat(frames), _OTHER


def _record(run: runs.Run, lost: pl.DataFrame) -> None:
    if lost.is_empty():
        return
    now = runs.clock()
    rows = []
    named = ("case_id", "source", "line", "content", "payload", "why")
    for case_id, source, line, content, payload, why in lost.select(named).rows():
        raw = json.dumps({"case_id": case_id, "content": content}, ensure_ascii=False)
        where = ", its payload is by reference" if payload is None else ""
        reason = f"id {case_id[:60]!r} {rejected.UNSHOWN}{where}: {why}"
        rows.append({"source": source, "line": line, "reason": reason, "raw": raw})
    faults = records.faults(pl.DataFrame(rows), stream=run.stream.name, run_id=run.run_id, now=now)
    run.ledger.append({"fault": faults}, now=now)
    cases = formats.plain(formats.count(len(lost), "case"))
    runs.log.warning("%s %s: left out %s: %s", run.flow, run.stream.name, cases, rows[0]["reason"])
