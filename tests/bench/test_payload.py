"""What is saved by keeping the payloads of what nobody reads by reference: bytes of the ledger, and time of scoring."""

from pathlib import Path

import psycopg
import pytest

from tests.bench import once, outputs, table
from tests.bench.test_score import emptied, middle

ROWS = 1_000_000
TIMES = 5


def megabytes(folder: Path, url: str) -> float:
    """What the whole ledger takes on the disk."""
    if url.startswith("sqlite"):
        return sum(path.stat().st_size for path in folder.glob("ledger.db*")) / 1e6
    with psycopg.connect(url) as server:
        result = server.execute("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'").fetchone()
        return float(result[0]) / 1e6 if result else 0.0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.server)])
def test_a_ledger_with_payloads_by_reference_beside_one_with_all_of_them(
    tmp_path: Path, request: pytest.FixtureRequest, database: str
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if database == "SQLite" else request.getfixturevalue("postgres_url")
    outputs.write(tmp_path, ROWS)
    described = tmp_path / "bench.toml"
    by_value = described.read_text(encoding="utf-8")
    texts = {"value": by_value, "reference": by_value.replace("payload = ", 'payload_by = "reference"\npayload = ')}
    runs: dict[str, list[dict[str, float]]] = {kept: [] for kept in texts}
    for _ in range(TIMES):
        for kept, text in texts.items():
            described.write_text(text, encoding="utf-8")
            emptied(tmp_path, url)
            runs[kept].append(once.run("score", tmp_path, url))
            runs[kept][-1]["mb"] = megabytes(tmp_path, url)
    assert {runs["value"][0]["automated"]} == {run["automated"] for kept in runs.values() for run in kept}
    value, reference = runs["value"], runs["reference"]
    work = f"{ROWS:,} outputs with payloads by reference, {database}"
    table.record(f"ledger of {work}", "the same by value", middle(reference, "mb"), middle(value, "mb"), unit="MB")
    peak = middle(reference, "peak_mb")
    table.record(f"score, route, record {work}", "the same by value", middle(reference), middle(value), peak=peak)
