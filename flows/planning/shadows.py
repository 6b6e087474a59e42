"""Another model beside the one that answers: which cases it is to be asked about, and what it said of them, recorded.

It lets nothing out. Nothing of Prefect is loaded here.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl

from flows.inputs import files
from flows.runtime import runs
from flows.scoring import payloads
from models.answers import record_text
from models.config import terms
from models.config.stream import Stream
from models.errors import Misuse
from models.outputs import contract, field_same, field_values
from review import formats, private_files
from review.ledger import appends, layout, records
from review.queries import policy_history, registered, shadows

CASE = "case_id"  # the column that names the case, in what is asked and in what is answered


def done(stream_name: str, model_id: str, *, answers: Path | None, wanted: Path | None) -> str:
    """Record the model's `answers`, or write the cases that are `wanted` of it: a sentence. Raises as `asked` and `record` do."""
    if answers is not None and wanted is None:
        return record(stream_name, answers, model_id)
    if wanted is not None and answers is None:
        return asked(stream_name, model_id, wanted)
    raise Misuse("name a file of answers to record, or with --wanted one to write the cases into; one of the two")


def asked(stream_name: str, model_id: str, to: Path) -> str:
    """Write the cases that a model is still to be asked about, as JSON Lines: a sentence that says so.

    A line has `case_id` and the columns of the payload. Raises Misuse, LedgerInvalid, Unavailable.
    """
    with runs.running("shadow", stream_name) as run:
        check(run, model_id)
        wanted = shadows.wanted(run.ledger, run.stream.name, model_id)
        there, lost = payloads.shown(run, wanted) if len(wanted) else (wanted, 0)
        lines = [
            json.dumps({CASE: case_id} | json.loads(payload), ensure_ascii=False) + "\n"
            for case_id, payload in there.select("case_id", "payload").iter_rows()
        ]
        try:
            private_files.replace(to, "".join(lines))
        except OSError as error:
            raise Misuse(
                f"--wanted {to}: cannot be written: {error.strerror}; name a file in a folder of yours"
            ) from None
    left = f" {formats.count(lost, 'more case')} cannot be shown: second-reader show faults." if lost else ""
    return f"{to}: {formats.count(len(lines), 'case')} to ask {model_id} about.{left}"


def record(stream_name: str, file: Path, model_id: str) -> str:
    """Record what a model said of cases, each once: a sentence that says what was recorded.

    `file`: rows with `case_id` and the answer in the columns that the stream reads it from (`prediction` and `confidence` where
    the stream's own model answers). A case the stream never decided, or that the model answered otherwise before, is a fault.
    Raises InputInvalid if the file is not what it says, Misuse, Busy, LedgerInvalid, Unavailable.
    """
    with runs.running("shadow", stream_name) as run:
        check(run, model_id)
        described = _described(run.stream, model_id)
        recorded = faults = again = 0
        for chunk in files.chunks(file, described, scale_first=True):
            checked = contract.validate(chunk.frame, described, source=chunk.source)
            rows, strange = _known(run, checked.cases)
            now = runs.clock()
            appended = append(run, rows, now)
            clashing = appended.conflicts["shadow"]
            bad = pl.concat([chunk.faults, checked.faults, strange, _clashes(rows, clashing)])
            run.ledger.append({"fault": _faults(run, bad, now)}, now=now)
            written = len(appended.written["shadow"])
            recorded, faults = recorded + written, faults + len(bad)
            again += len(rows) - written - len(clashing)
        counts = {"recorded": recorded, "again": again or None, "faults": faults or None}
        run.finish({name: number for name, number in counts.items() if number is not None})
    return f"{model_id}: {runs.line(counts)}"


def append(run: runs.Run, rows: pl.DataFrame, now: str) -> appends.Appended:
    """Record what a model said of cases, each once.

    `rows`: case_id, model_id, prediction (as that model gave it), ours (what this one said), raw_score (null exactly where
    `doubt` says why), `doubt`, cost, latency_ms, content and request.
    """
    return run.ledger.append({"shadow": _rows(run, rows, now)}, now=now)


def check(run: runs.Run, model_id: str) -> None:
    """Raises Misuse if this is no name of another model, or the stream file differs in more than the model from the epoch."""
    in_force = policy_history.policy_in_force(run.ledger, run.stream.name)
    if model_id == (run.stream.model.id if in_force is None else in_force.model_id):
        raise Misuse(f"--model {model_id}: that is the model whose answers go out; name the other one")
    then = None if in_force is None else registered.terms(run.ledger, in_force.epoch_id)
    differs = terms.differs(runs.terms_now(run.stream, then), then, but=terms.MODEL)
    if in_force is not None and differs:  # it would be read otherwise than this model is
        raise Misuse(f"stream {run.stream.name!r}: {differs}; run first: second-reader init {run.stream.name}")
    if not model_id.strip() or "\0" in model_id or len(model_id) > 200:
        raise Misuse("--model: give the other model a name of at most 200 characters")


def _described(stream: Stream, model_id: str) -> Stream:
    """The stream as a file of the other model's answers is read by: nothing but the case, the answer and its score."""
    own = stream.model.file is not None
    table: dict[str, Any] = {"id": CASE, "payload": [CASE], "slices": [], "group": None, "rows": None, "join": None}
    table |= {"files": None, "beside": [], "format": "auto", "model": None, "produced_at": None}
    table |= {"prediction": "prediction", "confidence": "confidence"} if own else {}
    return stream.model_copy(
        update={
            "model": stream.model.model_copy(update={"id": model_id, "file": None, "features": None}),
            "input": stream.input.model_copy(update=table),
            "review": stream.review.model_copy(update={"kind": "text", "box": None}),
            "never_release": [],
            "always_audit": [],
        }
    )


def _known(run: runs.Run, cases: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cases that the stream decided, with their `ours`, and a fault for each other."""
    known = shadows.decided(run.ledger, run.stream.name, cases["case_id"].to_list())
    rows = cases.join(known.rename({"prediction": "ours"}), on="case_id", how="left", maintain_order="left")
    there = pl.Series(cases["case_id"].is_in(known["case_id"].implode()))
    strange = cases.filter(~there).select(
        "source",
        "line",
        reason=pl.lit(f"{run.stream.name} never decided this case"),
        raw=pl.struct("case_id", "prediction").struct.json_encode(),
    )
    return rows.filter(there), strange


def _clashes(rows: pl.DataFrame, clashing: pl.DataFrame) -> pl.DataFrame:
    return rows.join(clashing, on="case_id", how="semi").select(
        "source",
        "line",
        reason=pl.lit("the model said something else of this case before; the first answer stays"),
        raw=pl.struct("case_id", "prediction").struct.json_encode(),
    )


def _faults(run: runs.Run, bad: pl.DataFrame, now: str) -> pl.DataFrame:
    return records.faults(bad, stream=run.stream.name, run_id=run.run_id, now=now)


def _rows(run: runs.Run, cases: pl.DataFrame, now: str) -> pl.DataFrame:
    answers = [_as_ours(run.stream, ours, theirs) for ours, theirs in cases.select("ours", "prediction").iter_rows()]
    return cases.with_columns(
        stream=pl.lit(run.stream.name),
        answer=pl.Series(answers, dtype=pl.String),
        score=pl.col("raw_score"),
        unscored=pl.col("doubt"),
        run_id=pl.lit(run.run_id),
        recorded_at=pl.lit(now),
    ).select(*layout.columns("shadow"))


def _as_ours(stream: Stream, ours: str | None, theirs: str | None) -> str | None:
    """An answer; of a record with each field that is the same as this model's written as it is there, as people's are."""
    if not stream.field or theirs is None:
        return theirs
    fields = {field.name: field for field in stream.field}

    def same(name: str, one: Any, other: Any) -> bool:
        return field_values.fits(one, fields[name]) and field_same.same(one, other, fields[name])

    return record_text.answered(ours, record_text.values(theirs), same)
