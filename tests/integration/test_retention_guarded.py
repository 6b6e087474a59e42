"""What was retired is still guarded: what is missing, edited or in the way is named."""

from pathlib import Path

import polars as pl
import pytest

from models import errors
from review.ledger import ledger
from tests.integration import ledger_facts as facts
from tests.integration.ledger_facts import NOW
from tests.integration.test_retention import DAYS, cases, checked, filled, retire


@pytest.fixture
def full(ledger_url: str) -> str:
    return filled(ledger_url)


def unguarded(url: str, table: str, statement: str) -> list[str]:
    facts.execute(url, *facts.unguard(url, table), statement)
    return [result for result in checked(url) if not result.startswith("unguarded")]


@pytest.mark.parametrize(
    ("table", "change", "text"),
    [
        ("decision", "UPDATE decision SET line = 9 WHERE case_id = 'a-1'", "edited: decision stream=mail, case_id=a-1"),
        ("decision", "DELETE FROM decision WHERE case_id = 'b-0'", "removed: decision stream=mail, case_id=b-0"),
        ("retired", "DELETE FROM retired WHERE case_id = 'b-4'", "removed: retired stream=mail, case_id=b-4"),
        ("retired", "UPDATE retired SET content = '' WHERE case_id = 'b-4'", "edited: retired of_seal="),
        ("retired", "INSERT INTO retired VALUES ('mail', 'z', '', 99)", "added: retired of_seal=99, 1 rows"),
        ("retirement", "DELETE FROM retirement", "removed: retirement of_seal="),
        ("retirement", "UPDATE retirement SET because = 'none'", "edited: retirement of_seal="),
        ("extract", "UPDATE extract SET confidences = confidences || confidences", "edited: extract seal="),
        ("extract", "DELETE FROM extract", "removed: extract seal="),
        ("seal", "UPDATE seal SET row_count = 5 WHERE table_name = 'decision'", "edited: seal seq="),
    ],
)  # fmt: skip
def test_what_is_left_of_a_retired_batch_is_still_guarded(
    full: str, tmp_path: Path, table: str, change: str, text: str
) -> None:
    retire(full, tmp_path)
    assert any(one.startswith(text) for one in unguarded(full, table, change))


def test_a_retirement_that_is_not_sealed_excuses_no_missing_row(full: str, tmp_path: Path) -> None:
    with ledger.open(full) as book:
        seal = book.read("SELECT seal FROM decision WHERE case_id = 'b-4'")["seal"].item()
    values = f"{seal}, 'mail', 4, '', NULL, '', '', '', 'f', '', 'eve', 'because', '{NOW}', 99"
    facts.execute(full, f"INSERT INTO retirement VALUES ({values})")
    result = unguarded(full, "decision", "DELETE FROM decision WHERE case_id = 'b-4'")
    assert sorted(result) == [
        f"added: retirement of_seal={seal} (seal 99)",
        f"removed: decision stream=mail, case_id=b-4 (seal {seal})",
    ]


def test_an_edited_or_missing_archived_row_is_named(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path)
    (file,) = tmp_path.glob("*.parquet")
    rows = pl.read_parquet(file)
    is_b3 = pl.col("case_id") == "b-3"
    seal = rows.filter(is_b3)["seal"].item()
    rows.with_columns(confidence=pl.when(is_b3).then(0.99).otherwise("confidence")).write_parquet(file)
    assert checked(full, tmp_path) == [f"edited: archived decision stream=mail, case_id=b-3 (seal {seal})"]
    rows.filter(~is_b3).write_parquet(file)
    assert checked(full, tmp_path) == [f"removed: archived decision stream=mail, case_id=b-3 (seal {seal})"]
    rows.write_parquet(file, compression="gzip")
    assert checked(full, tmp_path) == [f"edited: archive {file.name}"]
    file.write_bytes(file.read_bytes()[:-9])
    assert checked(full, tmp_path) == [f"unreadable: archive {file.name}"]
    file.unlink()
    assert checked(full, tmp_path) == [f"removed: archive {file.name}"]
    assert checked(full) == []


def test_a_row_that_was_edited_before_is_not_retired(full: str, tmp_path: Path) -> None:
    unguarded(full, "decision", "UPDATE decision SET prediction = 'spam' WHERE case_id = 'b-3'")
    with pytest.raises(errors.Tampered, match="edited: decision stream=mail, case_id=b-3"):
        retire(full, tmp_path)
    assert list(tmp_path.glob("*.parquet")) == []


def test_a_file_that_is_there_and_holds_something_else_is_left_alone(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path / "first", before=DAYS[1])
    (file,) = (tmp_path / "first").glob("*.parquet")
    with ledger.open(full) as book:
        number = book.read("SELECT seal FROM decision WHERE case_id = 'b-3'")["seal"].item()
    other = tmp_path / "second" / f"mail-{number:08d}-{number:08d}.parquet"
    other.parent.mkdir()
    other.write_bytes(file.read_bytes())
    with pytest.raises(errors.LedgerInvalid, match="move that file away, or give another folder"):
        retire(full, other.parent)
    assert other.read_bytes() == file.read_bytes()
    assert "b-3" in cases(full)
