"""What a certificate would grant on a labelled history: at one look over all of it, and label by label.

A history is a frame as `models.planning.study` takes it.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.certification import certificate, era_plan
from models.planning import looks, single_look

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Per target: `once`, the threshold that one look at all labels certifies, None: none. `needed`: labels (or items) to
    come for the next step of a certificate that looks as labels come.

    `steps`: (labels, threshold) of that certificate, in a random order of the labels; what it has after so many and still
    has after all of them. (A stream keeps what it once had; here a lucky start is no answer.) None: nothing yet.
    """

    labels: int
    once: float | None
    steps: tuple[tuple[int, float | None], ...]
    needed: certificate.Needed | None


def granted(history: pl.DataFrame, targets: list[float], delta: float) -> dict[float, Granted]:
    """What is certified at each target. Nothing, if no case has both a confidence and a truth."""
    labels = looks.Labels.of(history)
    if labels is None:
        known = int(history["right"].is_not_null().sum())
        nothing = Granted(labels=known, once=None, steps=((known, None),), needed=None)
        return dict.fromkeys(targets, nothing)
    by_goal = {}
    taken = {size: labels.look(size) for goal in targets for size in labels.sizes(certificate.fewest(goal, delta))}
    for goal in targets:
        mine = [taken[size] for size in labels.sizes(certificate.fewest(goal, delta))]
        by_goal[goal] = _granted(labels, mine, goal, delta)
    return by_goal


def _once(last: looks.Look, labels: looks.Labels, target: float, delta: float) -> tuple[int, ...]:
    """Indices that one look at all labels certifies: exactly where labels are alike, else by the evidence."""
    if last.kinds is not None:
        evident = last.log_e(target, labels.largest)
        return certificate.walk(evident, labels.starts, labels.weights, delta=delta).passed
    starts, weights = single_look.starts(last.n, target, delta)
    return single_look.certified(last.n, last.k, starts, weights, target, delta)


def _granted(labels: looks.Labels, taken: list[looks.Look], target: float, delta: float) -> Granted:
    reached: list[int] = []  # index of the least strict threshold certified at each look; -1: none
    walked = certificate.Walk(passed=(), stops=())
    evident: Floats = np.zeros(len(labels.thresholds))
    for look in taken:
        evident = look.log_e(target, labels.largest)
        walked = certificate.walk(evident, labels.starts, labels.weights, delta=delta)
        reached.append(max(walked.passed, default=-1))
    kept = np.minimum.accumulate(reached[::-1])[::-1]
    steps = [
        (look.labels, labels.thresholds[place] if place >= 0 else None)
        for look, place in zip(taken, kept.tolist(), strict=True)
    ]
    last = taken[-1]
    once = _once(last, labels, target, delta)
    progress = certificate.Progress(
        plan=era_plan.Plan(
            epoch="study",
            alpha=target,
            delta=delta,
            thresholds=labels.thresholds,
            starts=labels.starts,
            weights=labels.weights,
        ),
        looks=len(taken),
        log_e=tuple(evident.tolist()),
        certified=walked.passed,
        cases=tuple(int(n) for n in last.n),
        labels=tuple(last.n.tolist()),
        errors=tuple(last.k.tolist()),
        pending=(0,) * len(last.n),
        unsent=(0,) * len(last.n),
        stops=walked.stops,
    )
    return Granted(
        labels=last.labels,
        once=labels.thresholds[max(once)] if once else None,
        steps=tuple(steps),
        needed=certificate.needed(progress),
    )
