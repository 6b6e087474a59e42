"""How long a study of a million labelled cases takes, and how much one look at a file releases, beside MAPIE's methods."""

import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from mapie.risk_control import BinaryClassificationController
from numpy.typing import NDArray

from flows.planning import study as studies
from models.certification import certificate, e_values, era_plan
from models.planning import labelled, single_look, study
from tests.bench import table
from tests.simulations.shapes import MODELS, Model

ROWS = 1_000_000
DELTA = 0.05
RUNS = 100
METHODS = ("bonferroni", "bonferroni_holm", "fixed_sequence")
ITS_OWN = np.linspace(0, 0.99, 100, dtype=np.float64)  # MAPIE's default thresholds
RANKS = (np.arange(100_000) + 0.5) / 100_000

Floats = NDArray[np.float64]
Answers = NDArray[np.bool_]


def test_study_a_million_rows_beside_reading_and_sorting_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    rank = rng.random(ROWS)
    path = tmp_path / "history.parquet"
    pl.DataFrame(
        {
            "truth": np.where(rng.random(ROWS) < 0.002 + 0.3 * rank**6, "b", "a"),
            "prediction": ["a"] * ROWS,
            "confidence": 1 - 0.3 * rank**6,
        }
    ).write_parquet(path)

    def ours() -> None:
        history = studies.read(path, labelled.Columns())
        assert ROWS == study.of(history.cases, target=0.01, delta=0.05).cases

    def floor() -> None:
        pl.read_parquet(path).sort("confidence")

    table.record(
        f"study {ROWS:,} labelled outputs, without the rehearsal",
        "read the Parquet file, sort by confidence",
        table.median(ours),
        table.median(floor),
    )


def of_mapie(scores: Floats, right: Answers, thresholds: Floats, target: float, method: str) -> float | None:
    """The threshold of MAPIE's controller of precision, which releases most; None: it finds none.

    Its risk, one less precision, rounds up by an error in 45 % of cases; its p-value is the exact one otherwise.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a risk is not monotone, that none is found
        controller = BinaryClassificationController(
            lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]),
            risk="precision",
            target_level=1 - target,
            confidence_level=1 - DELTA,
            best_predict_param_choice="recall",
            list_predict_params=thresholds,
            fwer_method=method,
        )
        controller.calibrate(scores[:, None], right.astype(int))
    best = controller.best_predict_param
    return None if best is None else float(best)


def of_ours(scores: Floats, right: Answers, target: float) -> dict[str, float | None]:
    """The thresholds of one exact look, and of the e-values that stay valid while labels go on coming."""
    thresholds, starts, weights = era_plan.ranks(pl.Series(scores))
    labels, wrong = (
        len(part) - np.searchsorted(np.sort(part), thresholds).astype(np.float64) for part in (scores, scores[~right])
    )
    once = single_look.certified(labels, wrong, *single_look.starts(labels, target, DELTA), target, DELTA)
    log_e = e_values.constant(wrong, labels, target)
    anytime = certificate.walk(log_e, starts, weights, delta=DELTA).passed
    return {
        "one look": thresholds[once[-1]] if once else None,
        "any time": thresholds[anytime[-1]] if anytime else None,
    }


def shares(model: Model, labels: int) -> dict[str, float]:
    """Mean share of all cases that each method releases after so many labels."""
    random = np.random.default_rng(16)
    rising = model.confidence(RANKS)[::-1]
    summed: dict[str, float] = {}
    for _ in range(RUNS):
        rank = random.random(labels)
        scores, right = model.confidence(rank), random.random(labels) >= model.error(rank)
        laid = np.array(era_plan.ranks(pl.Series(scores))[0][::-1])
        ours = of_ours(scores, right, model.target)
        for method in METHODS:
            ours[method] = of_mapie(scores, right, ITS_OWN, model.target, method)
            ours[f"{method}, our grid"] = of_mapie(scores, right, laid, model.target, method)
        for name, line in ours.items():
            share = 0.0 if line is None else 1 - float(np.searchsorted(rising, line)) / len(rising)
            summed[name] = summed.get(name, 0.0) + share / RUNS
    return summed


@pytest.mark.parametrize("labels", [1000, 3000])
@pytest.mark.parametrize("name", MODELS)
def test_one_look_at_a_file_releases_no_less_than_the_best_of_mapies_methods(name: str, labels: int) -> None:
    result = shares(MODELS[name], labels)
    print(f"\n{name}, {labels:,} labels: " + ", ".join(f"{method} {share:.1%}" for method, share in result.items()))
    assert result["one look"] >= max(result[key] for key in result if key.startswith(METHODS))
