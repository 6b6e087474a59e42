"""Facts that are written at several places, each made here and nowhere else, in the columns of its table.

The one who writes a fact knows what happened; the stream, the run, the moment and the hash are the same for every row.
"""

import polars as pl
import polars_hash as plh

from review.ledger import layout


def faults(rows: pl.DataFrame, *, stream: str, run_id: str, now: str) -> pl.DataFrame:
    """Rows and answers that could not be read, as the ledger keeps them: whole, and once however often they are met.

    Args:
        rows: `source`, `line`, `reason`, `raw` of each, as in `models.outputs.contract.FAULT_SCHEMA`.
        stream: Whose they are.
        run_id: The run that met them.
        now: The moment, a text of `models.timestamps`.
    """
    whole = rows.with_columns(
        stream=pl.lit(stream),
        content=plh.col("raw").chash.sha2_256(),
        run_id=pl.lit(run_id),
        found_at=pl.lit(now),
    )
    return whole.select(*layout.columns("fault")).unique(layout.key("fault"), keep="first", maintain_order=True)


def dispatches(tasks: pl.DataFrame, *, stream: str, run_id: str, now: str) -> pl.DataFrame:
    """Cases that were put before people.

    Args:
        tasks: `case_id`, `blind`, `slot`, `task_key`, `project_id`, `task_id` of each; other columns are left out.
        stream: Whose they are.
        run_id: The run that sent them, or learned that an earlier one had.
        now: The moment, a text of `models.timestamps`.
    """
    whole = tasks.with_columns(stream=pl.lit(stream), wave=pl.lit(run_id), sent_at=pl.lit(now))
    return whole.select(*layout.columns("dispatch"))


def shadows(answers: pl.DataFrame, *, stream: str, run_id: str, now: str) -> pl.DataFrame:
    """What other models said of cases.

    Args:
        answers: `case_id`, `model_id`, `prediction` (as it is to be recorded), `raw_score` (null exactly where `doubt` says why),
            `doubt`, `cost`, `latency_ms`, `content` and `request` of each; other columns are left out.
        stream: Whose cases they are.
        run_id: The run that records them.
        now: The moment, a text of `models.timestamps`.
    """
    whole = answers.with_columns(
        stream=pl.lit(stream),
        answer="prediction",
        score="raw_score",
        unscored="doubt",
        run_id=pl.lit(run_id),
        recorded_at=pl.lit(now),
    )
    return whole.select(*layout.columns("shadow"))
