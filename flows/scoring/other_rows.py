"""What another model said of cases, ready for the ledger: of rows that are being scored, and of those that were before.

Recorded is what it said of blind samples that are for measuring, as `review.queries.shadows.wanted` lists them, each once.
"""

import polars as pl

from models.config.stream import Stream
from models.outputs import contract, other_answers
from review.ledger import ledger, records
from review.queries import shadows

_KEY = ["case_id", "model_id"]


def measuring(checked: contract.Validated, stream: Stream, source: str, identity: str) -> pl.DataFrame | None:
    """What the other models of a stream said of the cases of a chunk that are for measuring; None: it names no other model.

    Returns `models.outputs.other_answers.SCHEMA`. `checked`, `source`: as there; `identity`: of the ledger. Raises
    InputInvalid, as for the stream's own model, where a column as a whole is not what the stream says.
    """
    if not stream.shadow:
        return None
    answers = other_answers.read(checked, stream, source)
    kept = checked.cases.select("case_id").filter(shadows.for_measuring(identity, checked.cases))
    return answers.join(kept, on="case_id", how="semi", maintain_order="left")


def of_decisions(answers: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Those of the answers that are of blind decisions. `decided`: case_id, blind."""
    return answers.join(decided.filter("blind"), on="case_id", how="semi", maintain_order="left")


def facts(answers: pl.DataFrame, stream: Stream, *, run_id: str, now: str) -> pl.DataFrame:
    """Answers of other models as rows of the table `shadow`. `answers`: what `records.shadows` takes, and `ours`."""
    written = answers.with_columns(other_answers.as_ours(answers, stream))
    return records.shadows(written, stream=stream.name, run_id=run_id, now=now)


def catch_up(
    book: ledger.Ledger, stream: Stream, answers: pl.DataFrame, again: pl.DataFrame, *, run_id: str, now: str
) -> pl.DataFrame:
    """Record what was said of cases that were decided before this chunk: a fault for each answer that is another than before.

    `answers`: of `measuring`. `again`: the decisions (rows of that table) that the chunk says again. Which of them are blind the
    ledger knows, since another policy may have been in force.
    """
    asked = again.join(answers, on="case_id", how="semi", maintain_order="left")
    known = book.recorded("decision", asked, ["content", "blind", "prediction"]).filter("blind")
    known = known.join(asked.select("case_id", "content"), on=["case_id", "content"], how="semi")
    rows = answers.drop("ours").join(known.select("case_id", ours="prediction"), on="case_id", maintain_order="left")
    shadow = facts(rows, stream, run_id=run_id, now=now)
    return clashes(rows, book.append({"shadow": shadow}, now=now).conflicts["shadow"])


def clashes(rows: pl.DataFrame, clashing: pl.DataFrame) -> pl.DataFrame:
    """Faults for answers that are other than the recorded one. `rows`: case_id, model_id, prediction, source and line."""
    return rows.join(clashing, on=_KEY, how="semi", maintain_order="left").select(
        "source",
        "line",
        reason=pl.lit("the model said something else of this case before; the first answer stays"),
        raw=pl.struct(*_KEY, "prediction").struct.json_encode(),
    )
