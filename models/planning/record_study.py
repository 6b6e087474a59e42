"""What a labelled history of records says of each of their fields, beside what `models.planning.study` says of the records.

One threshold on the least score of a record is one threshold on every field. What each field alone would let out at the same
target shows what that costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from models.evaluation.estimate import Estimate
from models.planning import study
from models.planning.study import Attainable, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field of the records of a history.

    `right`: the share of its values that are right, of records that it does not leave to a person; `released`: the same among
    records at or above the threshold. None: nothing is known, for it has no truths, or nothing is released. `decides`: the
    share of records with a confidence whose least score it has, ties shared. `unscored`: records that it leaves to a person.
    `alone`: of what share of records its value could be released at the target by a threshold on its own score; None: it has
    no truths.
    """

    name: str
    right: Estimate | None
    released: Estimate | None
    decides: float
    unscored: int
    alone: Attainable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByField:
    """The fields in the order of the stream file.

    `threshold`: of records, at the target asked for: the one that is `certified` by one look or, where none is, the one that
    could release most. None: no record could be released.
    """

    threshold: float | None
    certified: bool
    rows: tuple[FieldRow, ...]


def of(history: pl.DataFrame, names: Sequence[str], result: Study) -> ByField:
    """The fields of a history of records.

    `history`: as of `study.of`, and of the n-th of the `names` the columns `score n` (as `confidence`; 1 where an empty field
    has no say), `why n` (null, or what leaves the record to a person) and `right n` (Boolean; null: not known). `result`: the
    study of the same records.
    """
    asked = next(row for row in result.attainable if row.target == result.target)
    certified = asked.certified_threshold is not None
    threshold = asked.certified_threshold if certified else asked.oracle_threshold
    shared = _deciding(history, len(names))
    return ByField(
        threshold=threshold,
        certified=certified,
        rows=tuple(
            _row(history, place, name, decides, threshold, result)
            for place, (name, decides) in enumerate(zip(names, shared, strict=True))
        ),
    )


def _row(
    history: pl.DataFrame, place: int, name: str, decides: float, threshold: float | None, result: Study
) -> FieldRow:
    unscored = history.height - history[f"why {place}"].null_count()
    one = history.with_columns(right=pl.when(pl.col("right").is_not_null()).then(f"right {place}"))
    one = one.select(name for name in ("confidence", "right", "group", "chance") if name in one.columns)
    if one["right"].null_count() == len(one):
        return FieldRow(name=name, right=None, released=None, decides=decides, unscored=unscored, alone=None)
    alone = one.with_columns(confidence=history[f"score {place}"].set(history[f"why {place}"].is_not_null(), None))
    above = one.filter(pl.col("confidence") >= threshold) if threshold is not None else one.clear()
    return FieldRow(
        name=name,
        right=study.share_right(alone, result.delta),
        released=study.share_right(above, result.delta),
        decides=decides,
        unscored=unscored,
        alone=study.at_target(alone, result.target, result.delta),
    )


def _deciding(history: pl.DataFrame, count: int) -> list[float]:
    """Of each field the share of records with a confidence whose least score it has."""
    scored = history.filter(pl.col("confidence").is_not_null())
    if scored.is_empty():
        return [0.0] * count
    least = scored.select(pl.col(f"score {place}") == pl.col("confidence") for place in range(count))
    parts = least.select(pl.all().cast(pl.Float64) / pl.sum_horizontal(pl.all().cast(pl.Float64))).mean()
    return [float(share) for share in parts.row(0)]
