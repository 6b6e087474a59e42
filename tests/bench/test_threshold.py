"""How long it takes to choose a threshold beside MAPIE's controller, at the same risk, and how much each releases."""

import warnings

import numpy as np
from mapie.risk_control import BinaryClassificationController
from numpy.typing import NDArray

from models.certification import era_plan
from models.planning import single_look
from tests.bench import table

LABELS = 100_000
TARGET, DELTA = 0.05, 0.1
THRESHOLDS = np.arange(99, 49, -1) / 100

Floats = NDArray[np.float64]


def labelled(seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores that mean what they say, and whether each answer was right."""
    random = np.random.default_rng(seed)
    scores = random.beta(6, 1, LABELS)
    return scores, random.random(LABELS) < scores


def registered() -> era_plan.Plan:
    """What is fixed before the first label is seen."""
    past = np.random.default_rng(0).beta(6, 1, 1000)
    starts, weights = era_plan.starts([float((past >= line).mean()) for line in THRESHOLDS])
    return era_plan.Plan(
        epoch="bench",
        alpha=TARGET,
        delta=DELTA,
        thresholds=tuple(THRESHOLDS.tolist()),
        starts=starts,
        weights=weights,
    )


PLAN = registered()
EDGES = np.append(THRESHOLDS[::-1], 1.0)


def ours(scores: Floats, right: NDArray[np.bool_]) -> float | None:
    n, agree = (np.histogram(part, EDGES)[0][::-1] for part in (scores, scores[right]))
    labels, wrong = n.cumsum().astype(np.float64), (n - agree).cumsum().astype(np.float64)
    passed = single_look.certified(labels, wrong, PLAN.starts, PLAN.weights, TARGET, DELTA)
    return PLAN.thresholds[passed[-1]] if passed else None


def theirs(scores: Floats, right: NDArray[np.bool_]) -> float | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        controller = BinaryClassificationController(
            lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]),
            risk="precision",
            target_level=1 - TARGET,
            confidence_level=1 - DELTA,
            best_predict_param_choice="recall",
            list_predict_params=THRESHOLDS[::-1],
        )
        controller.calibrate(scores[:, None], right.astype(int))
    best = controller.best_predict_param
    return None if best is None else float(best)


def test_choose_a_threshold_beside_mapies_controller() -> None:
    chosen = []
    for seed in range(20):
        scores, right = labelled(seed)
        lines = ours(scores, right), theirs(scores, right)
        chosen.append([0.0 if line is None else float((scores >= line).mean()) for line in lines])
    released, of_theirs = np.mean(chosen, axis=0)
    scores, right = labelled(0)
    took = 1000 * table.median(lambda: ours(scores, right))
    of_mapie = 1000 * table.median(lambda: theirs(scores, right))
    table.record(
        f"choose a threshold on {LABELS:,} labels (releases {released:.1%}, MAPIE {of_theirs:.1%}; 20 samples)",
        "MAPIE's controller, same risk and thresholds",
        took,
        of_mapie,
        unit="ms",
    )
    assert released > 0
