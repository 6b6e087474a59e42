"""What deciding and recording costs beside reading the same rows and writing the same columns."""

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from adbc_driver_sqlite import dbapi

from flows import epochs, files, score
from models import stream
from review import ledger
from tests.bench import table

ROWS = 100_000
LABELS = [f"class-{n}" for n in range(10)]
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

[costs]
error = 1.0
review_minute = 0.5
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a stream file and a Parquet file of outputs: ten probabilities and a text of 200 bytes each."""
    random = np.random.default_rng(1)
    probabilities = random.dirichlet(np.full(10, 0.2), ROWS)
    columns = {"id": [f"case-{n}" for n in range(ROWS)], "label": [LABELS[n] for n in probabilities.argmax(axis=1)]}
    shares = {f"p{n}": probabilities[:, n] for n in range(10)}
    pl.DataFrame(columns | shares | {"text": [f"{n:0200d}" for n in range(ROWS)]}).write_parquet(
        tmp_path / "outputs.parquet"
    )
    (tmp_path / "bench.toml").write_text(STREAM, encoding="utf-8")
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    return tmp_path


def test_score_and_record_beside_reading_and_a_bare_write(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described = stream.parse(STREAM, origin="bench.toml")
    number = itertools.count()
    recorded = place / "ledger-0.db"

    def ours() -> None:
        nonlocal recorded
        recorded = place / f"ledger-{next(number)}.db"
        url = f"sqlite:///{recorded}"
        monkeypatch.setenv("SECOND_READER_LEDGER", url)
        ledger.migrate(url)
        with ledger.open(url) as book:
            epochs.begin_epoch(book, described, "bench")
        for chunk in files.chunks(place / "outputs.parquet", described):
            score.record.fn(described, "run", chunk)

    seconds = table.median(ours)
    with closing(sqlite3.connect(recorded)) as connection:
        assert connection.execute("SELECT count(DISTINCT case_id) FROM decision").fetchone() == (ROWS,)
        columns = pl.read_database("SELECT * FROM decision", connection).to_arrow()

    def bare() -> None:
        path = place / f"bare-{next(number)}.db"
        pl.read_parquet(place / "outputs.parquet")
        with closing(sqlite3.connect(path)) as connection:
            names = ", ".join(columns.column_names)
            connection.execute(f"CREATE TABLE decision ({names}, PRIMARY KEY (stream, case_id))")
        with dbapi.connect(str(path)) as adbc, adbc.cursor() as cursor:
            cursor.adbc_ingest("decision", columns, mode="append")
            adbc.commit()

    table.record(
        f"score, route, record {ROWS:,} outputs, SQLite",
        "read the Parquet file, write the same columns to a bare table with the same key",
        seconds,
        table.median(bare),
    )
