"""What deciding and recording costs beside reading the same rows and writing the same columns, and how that grows."""

import statistics
from pathlib import Path

import altair as alt
import polars as pl
import psycopg
import pytest

from review.report.charts import drawing
from tests.bench import labels, nested, once, outputs, table

ROWS = 1_000_000
TIMES = 5
FLOOR = "read the Parquet file, write the same columns to a bare table with the same key"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
GROWTH = table.RESULTS.with_name("growth.svg")


def emptied(folder: Path, url: str) -> None:
    """No ledger and no bare table."""
    if url.startswith("sqlite"):
        for path in folder.glob("*.db*"):
            path.unlink()
    else:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("DROP SCHEMA public CASCADE")
            server.execute("CREATE SCHEMA public")


def middle(runs: list[dict[str, float]], what: str = "seconds") -> float:
    return statistics.median(run[what] for run in runs)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.server)])
def test_score_and_record_beside_reading_and_a_bare_write(
    tmp_path: Path, request: pytest.FixtureRequest, database: str
) -> None:
    sqlite = database == "SQLite"
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if sqlite else str(request.getfixturevalue("postgres_url"))
    outputs.write(tmp_path, ROWS)
    first, floor, again = [], [], []
    for _ in range(TIMES):
        emptied(tmp_path, url)
        first.append(once.run("score", tmp_path, url))
        again.append(once.run("again", tmp_path, url))
        floor.append(once.run("floor", tmp_path, url))
        assert (first[-1]["decided"], again[-1]["decided"]) == (ROWS, 0)
    work = f"score, route, record {ROWS:,} outputs"
    table.record(f"{work}, {database}", FLOOR, middle(first), middle(floor), peak=middle(first, "peak_mb"))
    table.record(
        f"the same again, all recorded, {database}",
        "first run",
        middle(again),
        middle(first),
        peak=middle(again, "peak_mb"),
    )


@pytest.mark.timeout(900)
def test_score_flat_rows_beside_the_build_before(tmp_path: Path, before: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    outputs.write(tmp_path, ROWS)
    now: list[dict[str, float]] = []
    then: list[dict[str, float]] = []
    for _ in range(TIMES):
        for runs, code in ((now, once.ROOT), (then, before)):
            emptied(tmp_path, url)
            runs.append(once.run("score", tmp_path, url, code=code))
            assert runs[-1]["decided"] == ROWS
    table.record(
        f"score, route, record {ROWS:,} flat outputs, SQLite",
        "the same of the build before",
        middle(now),
        middle(then),
        peak=middle(now, "peak_mb"),
    )


@pytest.mark.timeout(1800)
def test_score_nested_lines_beside_reading_and_unnesting_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    nested.write(tmp_path, ROWS)
    result, floor = [], []
    for _ in range(TIMES):
        emptied(tmp_path, url)
        result.append(once.run("nested", tmp_path, url))
        floor.append(once.run("unnest", tmp_path, url))
        assert (result[-1]["decided"], floor[-1]["rows"]) == (ROWS, ROWS)
    table.record(
        f"score, route, record {ROWS:,} nested JSON lines (six paths, 12 log-probabilities), SQLite",
        "Polars' read_ndjson, and the same six values unnested",
        middle(result),
        middle(floor),
        peak=middle(result, "peak_mb"),
    )


@pytest.mark.timeout(1800)
def test_cost_grows_with_the_rows_and_memory_does_not(tmp_path: Path) -> None:
    items = []
    for size in SIZES:
        folder = tmp_path / str(size)
        folder.mkdir()
        outputs.write(folder, size)
        url = f"sqlite:///{folder / 'ledger.db'}"
        scored = once.run("score", folder, url)
        labels.answer(url)
        estimated = [once.run("estimate", folder, url) for _ in range(TIMES)]
        sampled = [once.run("page", folder, url) for _ in range(TIMES)]
        for work, runs in (("score", [scored]), ("estimate", estimated), ("sample the page", sampled)):
            items.append({"work": work, "rows": size, "seconds": middle(runs), "peak": middle(runs, "peak_mb")})
        if size == SIZES[-1]:
            table.record(
                f"certificate, estimates and curve from a ledger of {size:,} decisions, cold, SQLite",
                "numpy.sort of as many floats",
                middle(estimated),
                middle([once.run("sort", folder, url) for _ in range(TIMES)]),
                peak=middle(estimated, "peak_mb"),
            )
        for path in folder.iterdir():
            if path.is_file():
                path.unlink()
    figures = pl.DataFrame(items)
    print(figures)
    score = figures.filter(pl.col("work") == "score")
    seconds = dict(score.select("rows", "seconds").iter_rows())
    table.record(
        f"score {SIZES[-1]:,} outputs, SQLite",
        f"ten times the run of {ROWS:,}",
        seconds[SIZES[-1]],
        10 * seconds[ROWS],
        peak=float(score["peak"].max() or 0),  # type: ignore[arg-type]
    )
    points = drawing.chart(items).encode(
        x=alt.X("rows:Q", scale=alt.Scale(type="log"), title="outputs"),
        y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="seconds"),
        color=alt.Color("work:N", title=None),
    )
    spoken = (
        "Seconds to score, to estimate and to sample the page against the number of outputs, both on logarithmic scales"
    )
    layers = alt.layer(points.mark_line(), points.mark_point(filled=True, size=60))
    GROWTH.write_text(drawing.svg(layers, (560, 320), spoken) + "\n", encoding="utf-8")
