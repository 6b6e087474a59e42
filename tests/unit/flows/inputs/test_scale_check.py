"""A long file whose confidences turn out to be of another scale gives not one row, however late that shows."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files
from models.config.score_table import Score
from models.config.shadow_table import ShadowTable
from models.errors import InputInvalid
from tests.unit.flows.inputs.test_files import MAIL

ROWS = 10_000
BATCH = 100
LATE = pl.DataFrame({"score": [(place + 1) / ROWS * 97 for place in range(ROWS)]}).with_columns(
    pl.int_range(pl.len()).cast(pl.String).alias("id"),
    label=pl.lit("bug"),
    text=pl.lit("It broke"),
    country=pl.lit("de"),
)
REFUSED = r"line 104: score 1\.0088 is not from 0 to 1, .* input\.scale = \"percent\""


def put(frame: pl.DataFrame, path: Path) -> Path:
    lines = "".join(json.dumps(row) + "\n" for row in frame.iter_rows(named=True)).encode()
    match path.suffixes:
        case [".parquet"]:
            frame.write_parquet(path, row_group_size=150)
        case [".csv"]:
            frame.write_csv(path)
        case [".jsonl"]:
            path.write_bytes(lines)
        case _:
            path.write_bytes(gzip.compress(lines))
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl", "a.jsonl.gz"])
def test_not_a_row_is_handed_out_of_a_column_that_is_of_another_scale_further_on(tmp_path: Path, name: str) -> None:
    path = put(LATE, tmp_path / name)
    refused = REFUSED.replace("104", "105") if name == "a.csv" else REFUSED  # below its header
    with pytest.raises(InputInvalid, match=refused):
        next(files.chunks(path, MAIL, rows=BATCH, scale_first=True))
    with pytest.raises(InputInvalid, match=refused):
        next(files.pieces(path, MAIL, rows=BATCH, chunks=1))
    right = put(LATE.with_columns(pl.col("score") / 97), path)
    assert sum(len(chunk.frame) for chunk in files.chunks(right, MAIL, rows=BATCH, scale_first=True)) == ROWS


def test_a_file_that_is_damaged_hands_out_what_is_whole_unless_its_scale_is_another(tmp_path: Path) -> None:
    for frame, whole in ((LATE.with_columns(pl.col("score") / 97), True), (LATE, False)):
        path = put(frame, tmp_path / "a.parquet")
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 400] = bytes(400)
        path.write_bytes(content)
        chunks = files.chunks(path, MAIL, rows=BATCH, scale_first=True)
        if whole:
            assert len(next(chunks).frame) == BATCH
        with pytest.raises(InputInvalid, match="damaged" if whole else "is not from 0 to 1"):
            list(chunks)


@pytest.mark.parametrize("score", [{"columns": ["sure"]}, {"judge": {"model": "j", "score": "sure"}}])
def test_the_columns_of_a_score_are_looked_through_too(tmp_path: Path, score: dict[str, object]) -> None:
    scored = Score.model_validate(score)
    stream = MAIL.model_copy(
        update={"score": scored, "input": MAIL.input.model_copy(update={"confidence": None, "slices": []})}
    )
    path = put(LATE.rename({"score": "sure"}), tmp_path / "a.parquet")
    with pytest.raises(InputInvalid, match=r"line 104: sure 1\.0088 is not from 0 to 1, .* score\.scale = \"percent\""):
        next(files.chunks(path, stream, rows=BATCH, scale_first=True))


def test_the_confidences_of_another_model_are_looked_through_too(tmp_path: Path) -> None:
    other = ShadowTable(model="m-2", prediction="label", confidence="sure")
    stream = MAIL.model_copy(update={"shadow": [other], "input": MAIL.input.model_copy(update={"slices": []})})
    path = put(LATE.with_columns(sure="score", score=pl.lit(0.5)), tmp_path / "a.parquet")
    with pytest.raises(InputInvalid, match=r"line 104: sure 1\.0088 is not .* shadow\[0\]\.scale = \"percent\""):
        next(files.chunks(path, stream, rows=BATCH, scale_first=True))
