"""Readers who mark answers as not sure, on whichever cases they like: no mark creates evidence.

Seeded. One threshold, the true error exactly the target. A first reader answers as the model wherever they are not sure; another
reads a marked case two looks later, and what is marked and wrong never. The share of runs that ever certify.
"""

import math

import numpy as np
import polars as pl
import pytest

from models.certification import case_counts, certificate, era_plan, prefix
from review.queries import readings

ALPHA = DELTA = 0.05
RUNS, LOOKS, A_LOOK = 100, 6, 100
BOUND = DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / RUNS)
PLAN = era_plan.Plan(epoch="e", alpha=ALPHA, delta=DELTA, thresholds=(0.5,), starts=(0,), weights=(1.0,))


def ever_certified(marks: str, *, second_opinion: bool = True) -> float:
    size = LOOKS * A_LOOK
    came = np.arange(size) // A_LOOK
    claims = pl.DataFrame({"case_id": range(size)}).with_columns(prediction=pl.lit("yes"), confidence=pl.lit(0.9))
    number = 0
    for run in range(RUNS):
        rng = np.random.default_rng([17, run])
        wrong = rng.random(size) < ALPHA
        unsure = {"wrong ones": wrong, "right ones": ~wrong, "by a coin": rng.random(size) < 0.4}[marks]
        first = pl.DataFrame({"case_id": range(size), "agrees": ~wrong | unsure, "unsure": unsure, "came": came})
        second = pl.DataFrame({"case_id": range(size), "agrees": ~wrong, "came": came + 2})
        again = second.with_columns(unsure=pl.lit(False)).filter(pl.Series(unsure & ~wrong)).select(first.columns)
        read = pl.concat([first, again]).with_columns(
            answer=pl.when("agrees").then(pl.lit("yes")).otherwise(pl.lit("no")),
            blind=True,
            submitted_at=pl.lit("2026"),
        )
        progress = None
        for look in range(LOOKS):
            known = readings.verdicts(
                read.filter(pl.col("came") <= look), claims.head((look + 1) * A_LOOK), second_opinion=second_opinion
            ).sort("case_id")
            settled = (~known["disputed"] & ~known["due"]).to_numpy()
            right = (2 * known["agree"] > known["readings"]).to_numpy() & settled
            order = prefix.Samples(
                bin=np.zeros(len(right), np.int64),
                version=np.zeros(len(right), np.int64),
                propensity=np.ones(len(right)),
                right=right,
                group=np.arange(len(right)),
                batch=np.arange(len(right)),
            )
            routed = case_counts.Tally(lowest=np.ones((1, 1)), cases=np.array([float(len(right))]))
            samples = certificate.Samples(order=order, settled=settled, sent=np.ones(len(right), np.bool_))
            progress = certificate.look(PLAN, samples, routed, progress)
            if progress.certified:
                number += 1
                break
    return number / RUNS


@pytest.mark.parametrize("marks", ["wrong ones", "right ones", "by a coin"])
def test_marks_on_whichever_cases_certify_no_more_often_than_promised(marks: str) -> None:
    assert ever_certified(marks) <= BOUND


def test_to_take_a_marked_answer_for_settled_breaks_the_promise() -> None:
    assert ever_certified("wrong ones", second_opinion=False) > BOUND, "the harness can fail"
