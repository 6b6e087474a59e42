"""Pieces are the chunks, reported by where they stand."""

import pickle
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files
from models.errors import InputInvalid
from tests.unit.flows.inputs.test_files import HEADER, MAIL

ROW = pl.DataFrame({"id": ["a"], "label": ["bug"], "score": [0.9], "text": ["A text"], "country": ["de"]})


def parquet(path: Path, rows: int, *, group: int) -> None:
    pl.select(pl.format("{}-{}", pl.lit(path.stem), pl.int_range(rows)).alias("id")).join(
        ROW.drop("id"), how="cross"
    ).write_parquet(path, row_group_size=group)


def reported(chunks: list[files.Chunk]) -> list[tuple[str, int, list[dict[str, object]], int]]:
    return [(chunk.source, chunk.first_line, chunk.frame.to_dicts(), len(chunk.faults)) for chunk in chunks]


@pytest.mark.parametrize("group", [1, 3, 4, 7, 100])
@pytest.mark.parametrize("rows", [0, 1, 12, 13, 40])
def test_the_chunks_of_the_pieces_are_the_chunks_wherever_row_groups_end(tmp_path: Path, rows: int, group: int) -> None:
    parquet(tmp_path / "a.parquet", rows, group=group)
    (tmp_path / "b.csv").write_text(HEADER + "x,bug,0.9,A text,de\n" * 9 + "broken\n", encoding="utf-8")
    parquet(tmp_path / "c.parquet", 5, group=group)
    sent = [pickle.loads(pickle.dumps(piece)) for piece in files.pieces(tmp_path, MAIL, rows=4, chunks=3)]  # noqa: S301
    assert reported([chunk for piece in sent for chunk in files.read(piece, rows=4)]) == reported(
        list(files.chunks(tmp_path, MAIL, rows=4))
    )


def test_small_files_are_put_together_and_large_ones_cut(tmp_path: Path) -> None:
    for number, rows in enumerate([2, 2, 2, 30, 1]):
        parquet(tmp_path / f"{number}.parquet", rows, group=100)
    pieces = list(files.pieces(tmp_path, MAIL, rows=4, chunks=3))
    assert [
        [(part.path.stem, part.first_line, part.rows) for part in piece if isinstance(part, files.Span)]
        for piece in pieces
    ] == [
        [("0", 1, 2), ("1", 1, 2), ("2", 1, 2)],
        [("3", 1, 12)],
        [("3", 13, 12)],
        [("3", 25, 6), ("4", 1, 1)],
    ]


def test_a_file_that_was_cut_or_is_gone_when_its_piece_is_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet(path, 40, group=10)
    *_, last = files.pieces(path, MAIL, rows=4, chunks=3)
    parquet(path, 38, group=10)
    with pytest.raises(InputInvalid, match=r"a\.parquet: has fewer rows than when this run began"):
        list(files.read(last, rows=4))
    path.unlink()
    with pytest.raises(InputInvalid, match=r"a\.parquet: cannot be read"):
        list(files.read(last, rows=4))
