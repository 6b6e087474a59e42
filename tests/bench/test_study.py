"""How long a study of a million labelled cases takes, beside sorting their scores."""

from pathlib import Path

import numpy as np
import polars as pl

from flows import study as studies
from models import labelled, study
from tests.bench import table

ROWS = 1_000_000


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
