"""Laws of the ledger: said twice is said once, in any order it is the same, and no change goes unseen."""

import math
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.integrity import verify
from review.ledger import layout, ledger, seals
from tests import families
from tests.integration import ledger_facts as facts
from tests.integration.ledger_facts import NOW

SOME = settings(max_examples=25, deadline=None)
MANY = settings(
    max_examples=families.examples(120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ROW = st.fixed_dictionaries(
    {
        "run_id": TEXT,
        "counts": TEXT,
        "cursor": st.none() | TEXT,
    }
)
ROWS = st.lists(ROW, max_size=8, unique_by=lambda row: row["run_id"])


def runs(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return facts.runs(*rows)


def contents(book: ledger.Ledger) -> list[tuple[Any, ...]]:
    return sorted(book.read("SELECT run_id, counts, cursor FROM run").rows(), key=str)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger without a row: to copy it is much cheaper than to make its tables."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    ledger.migrate(f"sqlite:///{path}")
    return path


@SOME
@given(rows=ROWS)
def test_appending_twice_is_appending_once(empty: Path, rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{shutil.copy(empty, folder)}"
        with ledger.open(url) as book:
            book.append({"run": runs(rows)}, now=NOW)
            once, head = contents(book), book.head()
            done = book.append({"run": runs(rows)}, now=NOW)
            assert (contents(book), book.head()) == (once, head)
            assert done.known["run"] == len(rows) == len(once)


@SOME
@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_and_the_cut_into_batches_change_nothing(
    empty: Path, rows: list[dict[str, Any]], data: Any
) -> None:
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    with tempfile.TemporaryDirectory() as folder:
        urls = [
            f"sqlite:///{shutil.copy(empty, Path(folder) / name)}" for name in ("whole.db", "shuffled.db", "parts.db")
        ]
        with ledger.open(urls[0]) as whole, ledger.open(urls[1]) as mixed, ledger.open(urls[2]) as parts:
            whole.append({"run": runs(rows)}, now=NOW)
            mixed.append({"run": runs(shuffled)}, now=NOW)
            for part in (shuffled[:cut], shuffled[max(0, cut - 1) :]):  # the parts overlap by one
                parts.append({"run": runs(part)}, now=NOW)
            assert contents(whole) == contents(mixed) == contents(parts)
            assert whole.head() == mixed.head()
            assert verify.ledger(parts) == []


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger with rows in every table and more than one seal for some."""
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    ledger.migrate(f"sqlite:///{path}")
    with ledger.open(f"sqlite:///{path}") as book:
        book.append(facts.all_tables(), now=NOW)
        book.append({"decision": facts.decisions({"case_id": "c-8"}, {"case_id": "c-9"})}, now=NOW)
        facts.retire_one(book, path.parent)
        book.append({"run": facts.runs({"run_id": "r-8"}), "fault": facts.faults({"line": 12})}, now=NOW)
    return path


def change(value: Any, kind: pl.DataType) -> Any:
    """The smallest change of a value that its column's type allows."""
    if kind == pl.Binary:
        return bytes([value[0] ^ 1, *value[1:]])
    if value is None:
        return "" if kind == pl.String else 0.0
    if kind == pl.String:
        return value + " "
    if kind == pl.Float64:
        return math.nextafter(value, math.inf)
    return 1 - value if kind == pl.Boolean else value + 1000  # far from any other key


def _columns(table: str) -> dict[str, pl.DataType]:
    return dict(layout.columns(table)) | ({} if table in ("retired", "edition") else {"seal": pl.Int64()})


@pytest.mark.parametrize("column", [*layout.columns("decision"), "seal"])
def test_verify_names_an_edit_of_any_column_of_a_decision(template: Path, tmp_path: Path, column: str) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(template, path)
    kind = _columns("decision")[column]
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        (sql,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'decision_no_update'").fetchone()
        raw.execute("DROP TRIGGER decision_no_update")
        at, value = raw.execute(f'SELECT rowid, "{column}" FROM decision').fetchone()
        raw.execute(f'UPDATE decision SET "{column}" = ? WHERE rowid = {at}', (change(value, kind),))
        raw.execute(sql)
    with ledger.open(f"sqlite:///{path}") as book:
        kinds = {finding.kind for finding in verify.ledger(book, known=head(template))}
    assert kinds == {"edited"} or column in (*layout.key("decision"), "seal")
    assert kinds
    assert "unreadable" not in kinds


@MANY
@given(data=st.data())
def test_verify_finds_and_names_any_single_edit_removal_or_addition(template: Path, data: Any) -> None:
    table = data.draw(st.sampled_from([*layout.names(), *layout.BESIDE]))
    deed = data.draw(st.sampled_from(["edit", "edit", "edit", "remove", "add"]))
    schema = dict(seals.COLUMNS if table == "seal" else _columns(table))
    key = layout.key(table)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        shutil.copy(template, path)
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.row_factory = sqlite3.Row
            raw.execute("PRAGMA ignore_check_constraints = ON")
            guards = raw.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
            )
            triggers = guards.fetchall()
            for name, _ in triggers:
                raw.execute(f"DROP TRIGGER {name}")
            row = dict(data.draw(st.sampled_from(raw.execute(f"SELECT rowid AS at, * FROM {table}").fetchall())))
            at = row.pop("at")
            touched = data.draw(st.sampled_from(key if deed == "add" else list(schema)))
            new = row | {touched: change(row[touched], schema[touched])}
            if deed == "remove":
                raw.execute(f"DELETE FROM {table} WHERE rowid = {at}")
            elif deed == "add":
                raw.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(new))})", list(new.values()))
            else:
                raw.execute(f'UPDATE {table} SET "{touched}" = ? WHERE rowid = {at}', (new[touched],))
            for _, sql in triggers:
                raw.execute(sql)
        with ledger.open(f"sqlite:///{path}") as book:
            # The last seal and its rows: only a head that was printed knows of what was cut off behind it.
            result = verify.ledger(book, known=head(template))
    named = {(finding.kind, finding.table, finding.key) for finding in result}
    if table == "seal":
        # A seal put in far beyond the last shows as a gap before it, and by the rows it claims and has not.
        assert {finding.seal for finding in result} & {row["seq"], new["seq"]}, (deed, touched, result)
        return
    if table in ("retirement", "retired"):
        # What they excuse is found missing as well; a content that is kept in part is named by its seal.
        assert table in {finding.table for finding in result}, (deed, touched, result)
        return
    was, is_now = (seals.name({column: values[column] for column in key}) for values in (row, new))
    if deed == "remove":
        assert named == {("removed", table, was)}
    elif deed == "add":
        assert named == {("added", table, is_now)}
    elif touched in (*key, "seal"):
        assert {("removed", table, was), ("added", table, is_now)} <= named | {("unsealed", table, is_now)}, result
        assert any(finding.kind in ("added", "unsealed") for finding in result)
    else:
        assert named == {("edited", table, was)}


def head(path: Path) -> tuple[int, str]:
    with ledger.open(f"sqlite:///{path}") as book:
        return book.head()
