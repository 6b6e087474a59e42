"""Which files of an inbox are read: those in folders by partition too, and of no other folder in silence."""

import json
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files, listing
from models.errors import InputInvalid
from tests.unit.flows.inputs.test_files import HEADER, MAIL, ROW

PARTS = MAIL.model_copy(update={"input": MAIL.input.model_copy(update={"slices": ["date", "country"]})})


def wrote(path: Path, name: str) -> Path:
    """One row, without the column that the folder's name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = ROW | {"id": name}
    if path.suffix == ".parquet":
        pl.DataFrame([row]).write_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text(json.dumps(row) + "\n")
    else:
        path.write_text(f"{HEADER}{name},bug,0.9,x,de\n")
    return path


def rows_of(source: Path, rows: int = 100) -> list[tuple[str, str, str | None]]:
    return [
        (chunk.source, *row)
        for chunk in files.chunks(source, PARTS, rows=rows)
        for row in chunk.frame.select("id", "date").rows()
    ]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    wrote(tmp_path / "date=2026-01-01" / "part-0.parquet", "a")
    wrote(tmp_path / "date=2026-01-02" / "part-0.csv", "b")
    wrote(tmp_path / "date=2026%2D01%2D03" / "part-0.jsonl", "c")
    wrote(tmp_path / "date=__HIVE_DEFAULT_PARTITION__" / "part-0.parquet", "d")
    (tmp_path / "_SUCCESS").touch()
    return tmp_path


READ = [
    ("date=2026%2D01%2D03/part-0.jsonl", "c", "2026-01-03"),
    ("date=2026-01-01/part-0.parquet", "a", "2026-01-01"),
    ("date=2026-01-02/part-0.csv", "b", "2026-01-02"),
    ("date=__HIVE_DEFAULT_PARTITION__/part-0.parquet", "d", None),
]


def test_folders_by_partition_are_read_with_their_keys_as_columns(inbox: Path) -> None:
    assert READ == rows_of(inbox)


def test_a_worker_reads_folders_by_partition_as_one_process_does(inbox: Path) -> None:
    chunks = [chunk for piece in files.pieces(inbox, PARTS) for chunk in files.read(piece)]
    assert READ == [(chunk.source, *row) for chunk in chunks for row in chunk.frame.select("id", "date").rows()]


@pytest.mark.parametrize("below", ["date=2026-01-01", "date=2026-01-01/part-0.parquet"])
def test_a_part_that_is_named_by_hand_keeps_the_keys_of_its_folders(inbox: Path, below: str) -> None:
    assert [("part-0.parquet", "a", "2026-01-01")] == rows_of(inbox / below)


def test_rows_of_a_partition_are_read_again_by_their_lines(inbox: Path) -> None:
    for source, case, value in READ:
        line = 2 if source.endswith("csv") else 1
        (frame,) = files.picked(inbox, source, PARTS, pl.Series([line]))
        assert [(case, value)] == frame.select("id", "date").rows()


def test_what_a_file_says_itself_goes_before_the_name_of_its_folder(tmp_path: Path) -> None:
    wrote(tmp_path / "date=1" / "country=fr" / "a.csv", "a")
    (chunk,) = files.chunks(tmp_path, PARTS)
    assert [("1", "de")] == chunk.frame.select("date", "country").rows()


def test_a_folder_that_is_called_like_a_file_is_read(tmp_path: Path) -> None:
    wrote(tmp_path / "day.parquet" / "part-00000-c000.snappy.parquet", "a")
    assert ["day.parquet/part-00000-c000.snappy.parquet"] == [chunk.source for chunk in files.chunks(tmp_path, MAIL)]


def test_files_in_other_folders_only_are_refused_by_the_folders_names(tmp_path: Path) -> None:
    wrote(tmp_path / "january" / "a.csv", "a")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        InputInvalid, match=r": no file in it, but 'january', and of folders only those named key=value"
    ):
        files.chunks(tmp_path, MAIL)


def test_folders_beside_files_are_named_in_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wrote(tmp_path / "a.csv", "a")
    wrote(tmp_path / "done" / "b.csv", "b")
    assert ["a.csv"] == [chunk.source for chunk in files.chunks(tmp_path, MAIL)]
    assert "not read are its folders 'done'; of folders only those named key=value are" in caplog.text


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        (".hoodie/x.csv", "a Hudi table, whose files also hold rows that were replaced; export it as Parquet"),
        ("_delta_log/x.csv", "a Delta table whose log does not begin at version 0 and has no checkpoint"),
        ("a=1/b=2/a=3/x.csv", "the key 'a' stands twice in the names of the folders; rename one of them"),
        ("__second_reader_line=1/x.csv", "the key '__second_reader_line' is a name we keep for ourselves"),
    ],
)
def test_a_folder_that_cannot_be_read_for_what_it_is_is_one_line(tmp_path: Path, inside: str, reason: str) -> None:
    wrote(tmp_path / inside.replace("__second", "%5F_second"), "a")
    with pytest.raises(InputInvalid, match=reason):
        files.chunks(tmp_path, MAIL)


def test_a_link_to_a_folder_above_ends(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").symlink_to(tmp_path)
    with pytest.raises(InputInvalid, match="folders deep; is there a link to a folder above"):
        listing.listed(tmp_path)
