"""Whoever gets at the database past our code, and past its triggers, is found out, and what they touched is named."""

from pathlib import Path

import polars as pl
import pytest

from review.integrity import verify
from review.ledger import layout, ledger, seals
from tests.integration import ledger_facts as facts
from tests.integration.ledger_facts import NOW


@pytest.fixture
def full(ledger_url: str) -> str:
    """The URL of a closed ledger with rows in every table: seals 1 to 13, then run r-3 alone under seal 14."""
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        book.append(facts.all_tables(), now=NOW)
        book.append({"run": facts.runs({"run_id": "r-3"})}, now=NOW)
        assert verify.ledger(book) == []
    return ledger_url


def tamper(url: str, table: str, statement: str) -> list[str]:
    """Do it without the table's triggers, and say what verify finds besides the missing triggers."""
    facts.execute(url, *facts.unguard(url, table), statement)
    with ledger.open(url) as book:
        items = list(map(str, verify.ledger(book)))
    assert f"unguarded: {table}" in items
    items.remove(f"unguarded: {table}")
    return items


def seal_of(url: str, table: str) -> int:
    with ledger.open(url) as book:
        number: int = book.read("SELECT min(seq) AS seq FROM seal WHERE table_name = :name", name=table)["seq"].item()
        return number


def test_an_edited_decision_is_named(full: str) -> None:
    result = tamper(full, "decision", "UPDATE decision SET propensity = 0.31 WHERE case_id = 'c-3'")
    assert result == [f"edited: decision stream=mail, case_id=c-3 (seal {seal_of(full, 'decision')})"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE extract SET case_ids = ''", "edited"),
        ("UPDATE extract SET confidences = confidences || confidences", "edited"),
        ("DELETE FROM extract", "removed"),
        ("UPDATE extract SET stream = 'other'", "removed"),
    ],
)
def test_an_extract_that_is_not_what_its_decisions_give_is_named(full: str, change: str, kind: str) -> None:
    seal = seal_of(full, "decision")
    assert f"{kind}: extract seal={seal}, stream=mail (seal {seal})" in tamper(full, "extract", change)


def test_a_removed_review_is_named(full: str) -> None:
    result = tamper(full, "review", "DELETE FROM review WHERE annotation_id = 2")
    assert result == [f"removed: review project_id=7, annotation_id=2, revision={NOW} (seal {seal_of(full, 'review')})"]


def test_an_added_adoption_is_named_under_a_seal_that_is_and_one_that_is_not(full: str) -> None:
    seal = seal_of(full, "adoption")
    for version, under in ((2, seal), (3, 99), (4, seal_of(full, "run"))):
        values = f"'mail', {version}, 'p-1', NULL, 'eve', 'because', true, '{{}}', '{NOW}', {under}"
        facts.execute(full, f"INSERT INTO adoption VALUES ({values})")  # adding needs no trigger gone
    with ledger.open(full) as book:
        assert sorted(map(str, verify.ledger(book))) == [
            f"added: adoption stream=mail, version={version} (seal {under})"
            for version, under in ((2, seal), (3, 99), (4, seal_of(full, "run")))
        ]


def test_a_row_moved_to_another_key_is_a_removal_and_an_addition(full: str) -> None:
    seal = seal_of(full, "run")
    assert tamper(full, "run", "UPDATE run SET run_id = 'r-9' WHERE run_id = 'r-1'") == [
        f"removed: run run_id=r-1 (seal {seal})",
        f"added: run run_id=r-9 (seal {seal})",
    ]


@pytest.mark.parametrize(
    "change",
    [
        "digest = repeat('0', 64)",
        "previous = repeat('0', 64)",
        "row_count = row_count + 1",
        "sealed_at = '2026-02-01T12:00:00.000001Z'",
        "keys = marks",
        "marks = keys",
        "table_name = 'decision'",
        "table_name = 'nothing'",
    ],
)
def test_an_edited_seal_is_named(full: str, change: str) -> None:
    change = change.replace("repeat('0', 64)", f"'{'0' * 64}'")
    seal = seal_of(full, "fault")
    assert tamper(full, "seal", f"UPDATE seal SET {change} WHERE seq = {seal}") == [f"edited: seal seq={seal}"]


def test_a_removed_seal_and_the_rows_it_leaves_are_named(full: str) -> None:
    seal = seal_of(full, "project")
    assert tamper(full, "seal", f"DELETE FROM seal WHERE seq = {seal}") == [
        f"unsealed: project stream=mail, config_hash=h-1, project_id=7 (seal {seal})",
        f"removed: seal seq={seal}",
    ]


def test_a_seal_made_anew_over_an_edited_row_breaks_the_chain(full: str) -> None:
    seal = seal_of(full, "fault")
    with ledger.open(full) as book:
        columns = ", ".join(f'"{column}"' for column in layout.columns("fault"))
        rows = book.read(f"SELECT {columns} FROM fault").with_columns(reason=pl.lit("nothing at all")).sort("line")
        previous = book.read("SELECT previous FROM seal WHERE seq = :seq", seq=seal).item()
    new = seals.make(seals.content("fault", rows), seq=seal, previous=previous, now=NOW)
    blob = f"x'{new.marks.hex()}'" if full.startswith("sqlite") else f"'\\x{new.marks.hex()}'"
    facts.execute(full, *facts.unguard(full, "fault"), "UPDATE fault SET reason = 'nothing at all'")
    result = tamper(full, "seal", f"UPDATE seal SET digest = '{new.digest}', marks = {blob} WHERE seq = {seal}")
    assert result == [f"broken chain: seal seq={seal + 1}", "unguarded: fault"]


def test_a_ledger_cut_short_no_longer_has_the_head_that_a_report_printed(full: str) -> None:
    with ledger.open(full) as book:
        head = book.head()
        assert verify.ledger(book, known=head) == []
        assert list(map(str, verify.ledger(book, known=(head[0], "f" * 64)))) == [f"edited: seal seq={head[0]}"]
    tail = (f"DELETE FROM run WHERE seal = {head[0]}", f"DELETE FROM seal WHERE seq = {head[0]}")
    guards = ("run", "seal")
    facts.execute(full, *(statement for table in guards for statement in facts.unguard(full, table)), *tail)
    with ledger.open(full) as book:
        gone = "unguarded"
        assert {finding.kind for finding in verify.ledger(book)} == {gone}
        assert f"removed: seal seq={head[0]}" in map(str, verify.ledger(book, known=head))


def test_a_table_that_is_gone_is_unreadable(full: str) -> None:
    facts.execute(full, "DROP VIEW finished")  # PostgreSQL keeps a table that a view reads
    facts.execute(full, "DROP TABLE review")
    with ledger.open(full) as book:
        assert list(map(str, verify.ledger(book))) == ["unreadable: review", "unguarded: review"]


def test_many_rows_without_a_seal_are_named_together(full: str) -> None:
    rows = ", ".join(f"('x-{n:02}', 'mail', 'score', '{{}}', NULL, '{NOW}', '{NOW}', 99)" for n in range(21))
    facts.execute(full, f"INSERT INTO run VALUES {rows}")
    with ledger.open(full) as book:
        (result,) = map(str, verify.ledger(book))
        assert result.startswith("unsealed: run 21 rows, such as run_id=x-")


def test_an_append_of_many_rows_has_several_seals_and_each_is_checked(
    full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "ROWS", 10)
    cases: list[dict[str, facts.Value]] = [{"case_id": f"d-{n:02}"} for n in range(25)]
    with ledger.open(full) as book:
        last, _ = book.head()
        book.append({"decision": facts.decisions(*cases)}, now=NOW)
        built = book.read("SELECT row_count FROM seal WHERE seq > :last ORDER BY seq", last=last)
        assert built["row_count"].to_list() == [10, 10, 5]
        assert verify.ledger(book) == []
    assert tamper(full, "decision", "UPDATE decision SET line = 3 WHERE case_id = 'd-24'") == [
        f"edited: decision stream=mail, case_id=d-24 (seal {last + 3})"
    ]


@pytest.mark.parametrize(
    "change",
    ["source = CAST(source AS BLOB)", "line = CAST(line AS BLOB)", "raw = CAST(x'ff' AS TEXT)", "line = 'three'"],
)
def test_a_value_stored_as_another_type_is_found_on_sqlite(tmp_path: Path, change: str) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger.migrate(url)
    with ledger.open(url) as book:
        book.append({"fault": facts.faults({}, {"line": 9})}, now=NOW)
    result = tamper(url, "fault", f"UPDATE fault SET {change} WHERE line = 3")
    assert result, change
    assert all(": fault" in finding for finding in result)
