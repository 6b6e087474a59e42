"""What a report costs beside sorting as many numbers, and how large and quick its page is, over a ledger of that size."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from playwright.sync_api import sync_playwright

from flows import certify, epochs, files, measure, runs, score, settings
from review import certified, ledger, report
from tests.bench import table
from tests.e2e.test_queue_page import FLAGS

ROWS = 1_000_000
STREAM = """
name = "bench"
title = "Bench"
labels = ["a", "b", "c"]

[input]
source = "outputs.parquet"
prediction = "label"
confidence = "score"
payload = ["text"]
slices = ["shop"]

[model]
id = "bench-1"

[review]
kind = "text"
question = "Which?"
project = "bench"

[target]
error = 0.02

[costs]
error = 1.0
review_minute = 0.5
"""


@pytest.mark.timeout(900)
def test_a_report_over_a_million_decisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chromium: str) -> None:
    random = np.random.default_rng(1)
    scores = random.beta(8, 1, ROWS)
    columns = {
        "id": [str(n) for n in range(ROWS)],
        "label": np.array(["a", "b", "c"])[random.integers(0, 3, ROWS)],
        "score": scores,
        "text": [f"{n:020d}" for n in range(ROWS)],
        "shop": np.array([f"shop {n}" for n in range(20)])[random.integers(0, 20, ROWS)],
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "outputs.parquet")
    (tmp_path / "bench.toml").write_text(STREAM, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    for name, value in (("LEDGER", url), ("STREAMS", str(tmp_path)), ("DATA", str(tmp_path))):
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    config = settings.read()
    described = settings.read_stream("bench", config)
    ledger.migrate(url)
    with ledger.open(url) as book:
        epochs.begin_epoch(book, described, "bench")
    for chunk in files.chunks(tmp_path / "outputs.parquet", described):
        score.record.fn(described, "run", chunk)
    page = tmp_path / "page.html"

    def ours() -> None:
        with runs.open_ledger(config) as book:
            now = runs.clock()
            run = runs.Run(
                run_id="bench", flow="measure", started_at=now, stream=described, settings=config, ledger=book
            )
            in_force = runs.policy_in_force(book, described)
            cases = certify.judged(run, now)
            certify.look(run, in_force, cases, now)
            standings = certified.standings(book, in_force.epoch_id)
            labels = certified.watched(cases, in_force.epoch_id)
            made = measure.gather(run, in_force, cases, standings, labels, now)
            page.write_text(report.page(made), encoding="utf-8")

    table.record(
        f"certificate, estimates, curve and page from a ledger of {ROWS:,} decisions, SQLite",
        "numpy.sort of as many floats",
        table.median(ours, times=3),
        table.median(lambda: np.sort(scores)),
    )
    assert page.stat().st_size < 3_000_000
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        shown = browser.new_page()
        shown.goto(page.as_uri())
        loaded = shown.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
        browser.close()
    print(f"the page: {page.stat().st_size / 1000:.0f} kB, loaded in {loaded:.2f} s")
    assert loaded < 2
