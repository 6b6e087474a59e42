"""The fields of a stream's records, one line each: how wrong each is among the released, and what people corrected of it."""

from collections.abc import Sequence

import polars as pl

from models.config.field_table import FieldTable
from models.evaluation import group_intervals, risk
from review.queries import field_outcomes, outcomes
from review.queries.outcomes import Outcomes
from review.report.figures import FieldRow

TEXTS = ("text", "draft")  # kinds of which a part can stay


def of(
    cases: Outcomes,
    differing: pl.DataFrame,
    fields: Sequence[FieldTable],
    *,
    delta: float,
    design: group_intervals.Design = group_intervals.ALONE,
) -> tuple[FieldRow, ...]:
    """Each field, in the order of the stream file.

    Args:
        cases: Those of the epoch in force.
        differing: `field_outcomes.differences` of that epoch.
        fields: As the stream file has them.
        delta: Of the limits.
        design: By how much groups widen limits.
    """
    kinds = {(name, kind): n for name, kind, n in differing.group_by("field", "kind").len().iter_rows()}
    stayed = dict(differing.drop_nulls("kept").group_by("field").agg(pl.col("kept").median()).iter_rows())
    rows = []
    for field in fields:
        if field.graded:
            assessed = field_outcomes.graded(cases, differing, field.name)
        else:
            assessed = field_outcomes.of_fields(cases, differing, [field.name])
        counts = outcomes.counts(assessed)
        rows.append(
            FieldRow(
                name=field.name,
                target=field.error,
                graded=field.graded,
                released=risk.error_among_automated(counts, delta, design=design.released),
                everything=risk.error_at(counts, 0.0, delta, design=float(design.at([0.0])[0])),
                changed=kinds.get((field.name, field_outcomes.CHANGED), 0),
                cleared=kinds.get((field.name, field_outcomes.CLEARED), 0),
                added=kinds.get((field.name, field_outcomes.ADDED), 0),
                stayed=stayed.get(field.name) if field.kind in TEXTS else None,
            )
        )
    return tuple(rows)
