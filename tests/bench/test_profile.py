"""Where the time of scoring goes, function by function, in every thread; and that nothing of ours is called per row."""

from pathlib import Path

from tests.bench import once, outputs, table

ROWS = 1_000_000
PROFILE = table.RESULTS.with_name("profile.txt")


def test_no_function_is_called_per_row(tmp_path: Path) -> None:
    outputs.write(tmp_path, ROWS)
    run = once.run("profile", tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}")
    assert run["decided"] == ROWS
    lines = (tmp_path / "profile.txt").read_text(encoding="utf-8")
    title = (
        f"Scoring, routing and recording {ROWS:,} outputs (SQLite): {run['calls']:,.0f} Python calls in all, "
        f"{run['calls'] / ROWS:.3f} a row; the most called function {run['most']:,.0f} times. "
        "Functions by their own seconds, all threads.\n\n"
    )
    PROFILE.write_text(title + lines, encoding="utf-8")
    print(title + lines)
    assert run["calls"] < ROWS
    assert run["most"] < ROWS / 10
