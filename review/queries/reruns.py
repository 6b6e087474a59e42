"""Whether another model answered, in a new epoch, what was decided before."""

from dataclasses import dataclass

import polars as pl

from review.ledger.ledger import Ledger

_IN_A_QUERY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """`cases`: ids that an earlier epoch decided, of what they show now or what the ledger does not keep. `model`: whose."""

    cases: int
    model: str


def among(ledger: Ledger, stream: str, epoch_id: str, clashes: pl.DataFrame) -> Rerun | None:
    """What of `clashes` (case_id, payload; recorded with other content) is no other input but another answer; None: none."""
    ids = clashes["case_id"].to_list()
    frames = [
        ledger.read(
            "SELECT case_id, payload, model_id FROM decision "
            "WHERE stream = :stream AND epoch_id <> :epoch AND case_id IN :cases",
            stream=stream,
            epoch=epoch_id,
            cases=ids[start : start + _IN_A_QUERY],
        )
        for start in range(0, len(ids), _IN_A_QUERY)
    ]
    if not frames:
        return None
    both = pl.concat(frames).join(clashes.select("case_id", now="payload"), on="case_id")
    same = both.filter((pl.col("payload") == pl.col("now")).fill_null(True))
    if same.is_empty():
        return None
    return Rerun(cases=len(same), model=str(same["model_id"].drop_nulls().mode().sort().first()))
