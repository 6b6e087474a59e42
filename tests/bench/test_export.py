"""How long an export of a million finished cases takes, beside reading the same columns bare."""

from pathlib import Path

import pytest

from flows.handover import export
from review.ledger import ledger
from tests.bench import once, outputs, table

ROWS = 1_000_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.server)])
def test_export_a_million_finished_cases_beside_reading_their_columns(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if database == "SQLite" else request.getfixturevalue("postgres_url")
    outputs.write(tmp_path, ROWS)
    for name, value in {"LEDGER": url, "STREAMS": str(tmp_path), "DATA": str(tmp_path)}.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    once.opened(url)
    released = int(once.run("score", tmp_path, url)["automated"])

    def ours() -> None:
        assert released == export.export("bench", str(tmp_path / "out.parquet")).states["released"]

    def floor() -> None:
        with ledger.open(url) as book:
            read = book.read(
                "SELECT stream, case_id, prediction, confidence, model_id, decided_at, seal, route FROM decision "
                "WHERE stream = 'bench' AND route = 'AUTOMATE'"
            )
        assert released == len(read)

    table.record(
        f"export {released:,} finished cases of {ROWS:,} to Parquet, {database}",
        "read the same columns",
        table.median(ours),
        table.median(floor),
    )
