"""What another model said of cases, ready for the ledger."""

import polars as pl

from models.config.stream import Stream
from models.outputs import other_answers
from review.ledger import records


def facts(answers: pl.DataFrame, stream: Stream, *, run_id: str, now: str) -> pl.DataFrame:
    """Answers of other models as rows of the table `shadow`. `answers`: what `records.shadows` takes, and `ours`."""
    written = answers.with_columns(other_answers.as_ours(answers, stream))
    return records.shadows(written, stream=stream.name, run_id=run_id, now=now)
