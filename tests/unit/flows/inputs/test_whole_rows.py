"""Rows are picked again by their lines."""

from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files
from models.errors import InputInvalid
from models.outputs import reserved
from tests.unit.flows.inputs.test_files import MAIL, ROW


def picked(path: Path, lines: list[int]) -> dict[int, str]:
    """The texts of the rows at some lines of a file."""
    frames = files.picked(path.parent, path.name, MAIL, pl.Series(lines, dtype=pl.Int64), rows=3)
    return {line: text for frame in frames for line, text in frame.select(reserved.LINE, "text").rows()}


def test_rows_are_picked_by_their_lines_whatever_stands_between_them(tmp_path: Path) -> None:
    rows = [ROW | {"id": f"r-{n}", "text": f"Text {n},\nin two lines"} for n in range(8)]
    frame = pl.DataFrame(rows)
    frame.write_csv(tmp_path / "a.csv")
    damaged = (tmp_path / "a.csv").read_text().replace("r-1,bug,0.9", "r-1,bug,0.9,one,too,many")
    (tmp_path / "a.csv").write_text(damaged)
    frame.write_ndjson(tmp_path / "a.jsonl")
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=2)
    text = {n: f"Text {n},\nin two lines" for n in range(8)}
    assert picked(tmp_path / "a.csv", [2, 4, 10, 16, 99]) == {2: text[0], 10: text[4], 16: text[7]}
    assert picked(tmp_path / "a.jsonl", [8, 2, 2, 99]) == {2: text[1], 8: text[7]}
    assert picked(tmp_path / "a.parquet", [8, 2, 5, 0, 99]) == {2: text[1], 5: text[4], 8: text[7]}


def test_of_a_parquet_file_only_the_row_groups_that_are_asked_for_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [ROW | {"id": f"r-{n}", "text": f"text {n}"} for n in range(40)]
    pl.DataFrame(rows).write_parquet(path, row_group_size=10, compression="uncompressed", use_pyarrow=True)
    spoiled = path.read_bytes().replace(b"text 25", b"text \xff5")  # no UTF-8, in the third row group
    path.write_bytes(spoiled)
    assert picked(path, [1, 40]) == {1: "text 0", 40: "text 39"}
    with pytest.raises(InputInvalid, match=r"a\.parquet: damaged after row 2\d"):
        picked(path, [1, 21])


def test_a_file_that_is_gone_or_another_is_said_when_its_rows_are_picked(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match=r"a\.csv: there is no such file; put it back"):
        picked(tmp_path / "a.csv", [2])
    with pytest.raises(InputInvalid, match=r"nowhere/a\.csv: there is no such file; put it back"):
        picked(tmp_path / "nowhere" / "a.csv", [2])
    (tmp_path / "a.csv").write_text("id,label\na,bug\n")
    with pytest.raises(InputInvalid, match="score"):
        picked(tmp_path / "a.csv", [2])
