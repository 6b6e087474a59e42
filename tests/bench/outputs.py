"""A stream of a benchmark and its model outputs: ten probabilities and a text of 200 bytes each."""

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

LABELS = [f"class-{n}" for n in range(10)]
THRESHOLD = 0.35  # releases about four of five
PIECE = 1_000_000
STREAM = f"""
name = "bench"
title = "Bench"
labels = {LABELS}

[input]
source = "outputs.parquet"
id = "id"
prediction = "label"
probabilities = {[f"p{n}" for n in range(10)]}
score = "max"
payload = ["text"]

[model]
id = "bench-1"

[review]
kind = "text"
question = "Which class?"
project = "bench"

[target]
error = 0.05

[policy]
audit_rate = 0.01
blind_rate = 0.05

[costs]
error = 1.0
review_minute = 0.5
"""


def write(folder: Path, rows: int, *, labels: int = len(LABELS)) -> None:
    """Write `outputs.parquet` and the stream's file into the folder."""
    random = np.random.default_rng(1)
    names = [f"class-{n}" for n in range(labels)]
    text = STREAM.replace(str(LABELS), str(names))
    text = text.replace(str([f"p{n}" for n in range(len(LABELS))]), str([f"p{n}" for n in range(labels)]))
    (folder / "bench.toml").write_text(text, encoding="utf-8")
    writer = None
    for first in range(0, rows, PIECE):
        size = min(PIECE, rows - first)
        shares = random.dirichlet(np.full(labels, 0.2), size)
        columns = {
            "id": [f"case-{n}" for n in range(first, first + size)],
            "label": [names[n] for n in shares.argmax(axis=1)],
            **{f"p{n}": shares[:, n] for n in range(labels)},
            "text": [f"{n:0200d}" for n in range(first, first + size)],
        }
        table = pl.DataFrame(columns).to_arrow()
        writer = writer or pq.ParquetWriter(folder / "outputs.parquet", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
