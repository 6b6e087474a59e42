"""What a record of twelve fields costs beside a row with one label and twelve probabilities."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import labels, once, outputs, records, table
from tests.bench.test_score import TIMES, emptied, middle

SCORED, REPORTED = 100_000, 1_000_000
FLAT = f"as many flat rows with {records.FIELDS} probabilities"
Write = Callable[[Path, int], None]


def flat(folder: Path, rows: int) -> None:
    outputs.write(folder, rows, labels=records.FIELDS)


@pytest.mark.timeout(900)
def test_score_records_beside_flat_rows(tmp_path: Path) -> None:
    seconds: dict[Write, list[dict[str, float]]] = {records.write: [], flat: []}
    size: dict[Write, float] = {}
    for write, runs in seconds.items():
        folder = tmp_path / write.__module__
        folder.mkdir()
        write(folder, SCORED)
        url = f"sqlite:///{folder / 'ledger.db'}"
        for _ in range(TIMES):
            emptied(folder, url)
            runs.append(once.run("score", folder, url))
            assert runs[-1]["decided"] == SCORED
        size[write] = sum(path.stat().st_size for path in folder.glob("ledger.db*")) / 1e6
    work = f"{SCORED:,} records of {records.FIELDS} fields, SQLite"
    now, floor = seconds[records.write], seconds[flat]
    table.record(f"score, route, record {work}", FLAT, middle(now), middle(floor), peak=middle(now, "peak_mb"))
    table.record(f"ledger of {work}", FLAT, size[records.write], size[flat], unit="MB")


@pytest.mark.timeout(1800)
def test_report_on_records_beside_one_on_flat_rows(tmp_path: Path) -> None:
    seconds: dict[Write, list[dict[str, float]]] = {records.write: [], flat: []}
    for write, runs in seconds.items():
        folder = tmp_path / write.__module__
        folder.mkdir()
        write(folder, REPORTED)
        url = f"sqlite:///{folder / 'ledger.db'}"
        once.run("score", folder, url)
        labels.answer(url)
        runs += [once.run("estimate", folder, url) for _ in range(TIMES)]
    table.record(
        f"all that a report says of {REPORTED:,} records of {records.FIELDS} fields, SQLite",
        FLAT,
        middle(seconds[records.write]),
        middle(seconds[flat]),
        peak=middle(seconds[records.write], "peak_mb"),
    )
