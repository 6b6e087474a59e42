"""Accuracy against the time of people: a candidate is fitted on parts of its own training labels. Nothing of the measuring side.

The labels are those that it learned from, so the wall is the same (`tests/laws/test_wall.py`).
"""

from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from flows.planning import spending
from flows.planning.candidate_kinds import Kind, Material
from flows.runtime import runs
from models.evaluation import learning_curve
from review.queries.candidates import Candidate


def measured(run: runs.Run, one: Candidate, known: Material, how: Kind) -> Candidate:
    """The candidate with its learning curve: to fit all those parts takes up to fifteen times as long as to train it once.

    One that keeps the order of the model's own score has none: the order is what it was, whatever its labels say.
    """
    if one.check is not None and not one.check.reorders:
        return one
    labels = known.cases
    timed = labels["seconds"].null_count() == 0
    first, whole = (
        labels.select("first_seconds", "seconds").to_numpy().T
        if timed
        else (np.ones(len(labels)), labels["readings"].to_numpy().astype(np.float64))
    )
    curve = learning_curve.of(
        learning_curve.Labels(
            group=(labels["group"].rank("dense").cast(pl.Int64) - 1).to_numpy(),
            turn=learning_curve.turns(run.ledger.identity, labels["group"]),
            first=first,
            whole=whole,
            again=(labels["readings"] > 1).to_numpy(),
            measured=labels["blind"].to_numpy(),
            weight=labels["weight"].to_numpy(),
            right=labels["right"].to_numpy(),
        ),
        partial(how.learn, run, known),
        measure=how.measure,
        resamples=partial(spending.resamples, "\n".join([run.ledger.identity, run.stream.name, one.name])),
        alpha=run.stream.target.delta,
    )
    return replace(one, curve=curve, timed=timed)
