"""Another model beside the one that answers: which cases it is to be asked about, and what it said of them, recorded.

It lets nothing out. Nothing of Prefect is loaded here.
"""

import json
from pathlib import Path

import polars as pl

from flows.governance import shadow_evidence
from flows.inputs import files
from flows.planning import shadow_request
from flows.planning.shadow_request import NO_PRICES, Prices
from flows.runtime import runs
from flows.scoring import other_rows, payloads
from models.config import terms
from models.config.shadow_table import LONGEST_NAME
from models.errors import Misuse
from models.outputs import contract, other_answers
from review import formats, private_files
from review.ledger import appends, records
from review.queries import policy_history, registered, shadows

CASE = "case_id"  # the column that names the case, in what is asked and in what is answered


def done(
    stream_name: str, model_id: str, *, answers: Path | None, wanted: Path | None, prices: Prices = NO_PRICES
) -> str:
    """Record the model's `answers`, or write the cases that are `wanted` of it: a sentence. Raises as `asked` and `record` do."""
    if answers is not None and wanted is None:
        return record(stream_name, answers, model_id, prices)
    if wanted is not None and prices != NO_PRICES:
        raise Misuse(
            "--million-tokens-in, --million-tokens-out: prices of answers, and --wanted records none; drop them"
        )
    if wanted is not None and answers is None:
        return asked(stream_name, model_id, wanted)
    raise Misuse("name a file of answers to record, or with --wanted one to write the cases into; one of the two")


def asked(stream_name: str, model_id: str, to: Path) -> str:
    """Write the cases that a model is still to be asked about, as JSON Lines: a sentence that says so.

    A line has `case_id` and the columns of the payload. No case is older than evidence lasts, nor of an epoch with other terms
    (`shadow_evidence.since`). Raises Misuse, LedgerInvalid, Unavailable.
    """
    with runs.running("shadow", stream_name) as run:
        check(run, model_id)
        after = shadow_evidence.since(run.ledger, run.stream, runs.clock())
        wanted = shadows.wanted(run.ledger, run.stream.name, model_id, after=after)
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
    faults = f"second-reader show faults {run.stream.name}"
    left = f" {formats.count(lost, 'more case')} cannot be shown: {faults}." if lost else ""
    return f"{to}: {formats.count(len(lines), 'case')} to ask {model_id} about.{left}"


def record(stream_name: str, file: Path, model_id: str, prices: Prices = NO_PRICES) -> str:
    """Record what a model said of cases, each once: a sentence that says what was recorded.

    `file`: rows with `case_id` and the answer in the columns that the stream reads it from (`prediction` and `confidence` where
    the stream's own model answers). A case the stream never decided, or that the model answered otherwise before, is a fault.
    `prices`: what a million tokens cost of this model, read and written; none: what they cost of the stream's.
    Raises InputInvalid if the file is not what it says, Misuse, Busy, LedgerInvalid, Unavailable.
    """
    with runs.running("shadow", stream_name) as run:
        check(run, model_id)
        described = shadow_request.described(
            other_answers.of_file(run.stream, model_id, CASE), run.stream, file, prices
        )
        recorded = faults = again = 0
        for chunk in files.chunks(file, described, scale_first=True):
            checked = contract.validate(chunk.frame, described, source=chunk.source)
            rows, strange = _known(run, checked.cases)
            now = runs.clock()
            appended = append(run, rows, now)
            clashing = appended.conflicts["shadow"]
            bad = pl.concat([chunk.faults, checked.faults, strange, other_rows.clashes(rows, clashing)])
            run.ledger.append({"fault": _faults(run, bad, now)}, now=now)
            written = len(appended.written["shadow"])
            recorded, faults = recorded + written, faults + len(bad)
            again += len(rows) - written - len(clashing)
        counts = {"recorded": recorded, "again": again or None, "faults": faults or None}
        run.finish({name: number for name, number in counts.items() if number is not None})
    return f"{model_id}: {runs.line(counts)}{shadow_request.priced_by(described, prices)}"


def append(run: runs.Run, rows: pl.DataFrame, now: str) -> appends.Appended:
    """Record what a model said of cases, each once.

    `rows`: case_id, model_id, prediction (as that model gave it), ours (what this one said), raw_score (null exactly where
    `doubt` says why), `doubt`, cost, latency_ms, content and request.
    """
    shadow = other_rows.facts(rows, run.stream, run_id=run.run_id, now=now)
    return run.ledger.append({"shadow": shadow}, now=now)


def check(run: runs.Run, model_id: str) -> None:
    """Raises Misuse if this is no name of another model, or the stream file differs in more than the model from the epoch."""
    in_force = policy_history.policy_in_force(run.ledger, run.stream.name)
    if model_id == (run.stream.model.id if in_force is None else in_force.model_id):
        raise Misuse(f"--model {model_id}: that is the model whose answers go out; name the other one")
    then = None if in_force is None else registered.terms(run.ledger, in_force.epoch_id)
    differs = terms.differs(runs.terms_now(run.stream, then), then, but=terms.MODEL)
    if in_force is not None and differs:  # it would be read otherwise than this model is
        raise Misuse(f"stream {run.stream.name!r}: {differs}; run first: second-reader init {run.stream.name}")
    if not model_id.strip() or "\0" in model_id or len(model_id) > LONGEST_NAME:
        raise Misuse("--model: give the other model a name of at most 200 characters")


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


def _faults(run: runs.Run, bad: pl.DataFrame, now: str) -> pl.DataFrame:
    return records.faults(bad, stream=run.stream.name, run_id=run.run_id, now=now)
