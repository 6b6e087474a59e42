"""Of a Delta table only the live files are read; what its log says that we do not know is refused in one line.

The logs follow what deltalake 1.6.6 writes, whose tables were compared with what this reads (docs/reference/formats.md).
"""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.inputs import files
from models.errors import InputInvalid
from tests.unit.flows.inputs.test_listing import PARTS, rows_of, wrote

BEGUN: list[dict[str, Any]] = [
    {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
    {"metaData": {"id": "t", "format": {"provider": "parquet"}, "partitionColumns": ["date"], "configuration": {}}},
]


def added(path: str, date: str | None, **more: Any) -> dict[str, Any]:
    return {"add": {"path": path, "partitionValues": {"date": date}, "size": 1, "dataChange": True} | more}


def removed(path: str) -> dict[str, Any]:
    return {"remove": {"path": path, "dataChange": True}}


def commit(table: Path, version: int, *actions: dict[str, Any]) -> None:
    log = table / "_delta_log"
    log.mkdir(exist_ok=True)
    (log / f"{version:020}.json").write_text("".join(json.dumps(action) + "\n" for action in actions))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two files, of which one was replaced; a third whose partition has no value, and one that nobody counts in."""
    for name in "abcd":
        wrote(tmp_path / "date=1" / f"{name}.parquet", name)
    commit(tmp_path, 0, *BEGUN, added("date=1/a.parquet", "1"), added("date=1/b.parquet", "1"))
    commit(tmp_path, 1, removed("date=1/a.parquet"), added("date=1/c.parquet", None))
    return tmp_path


LIVE = [("date=1/b.parquet", "b", "1"), ("date=1/c.parquet", "c", None)]


def test_live_files_are_read_with_the_partition_values_of_the_log(table: Path) -> None:
    assert LIVE == rows_of(table)


def test_the_rows_are_read_again_by_their_lines(table: Path) -> None:
    (frame,) = files.picked(table, "date=1/b.parquet", PARTS, pl.Series([1]))
    assert [("b", "1")] == frame.select("id", "date").rows()


def test_a_checkpoint_stands_for_the_commits_before_it(table: Path) -> None:
    adds = [
        {"path": f"date=1/{name}.parquet", "partitionValues": [("date", value)]}
        for name, value in [("b", "1"), ("c", None)]
    ]
    kind = pa.struct([("path", pa.string()), ("partitionValues", pa.map_(pa.string(), pa.string()))])
    columns = {
        "add": pa.array([*adds, None], kind),
        "protocol": pa.array([None, None, {"minReaderVersion": 1}], pa.struct([("minReaderVersion", pa.int32())])),
        "metaData": pa.array([None, None, None], pa.struct([("configuration", pa.map_(pa.string(), pa.string()))])),
    }
    pq.write_table(pa.table(columns), table / "_delta_log" / f"{1:020}.checkpoint.parquet")
    for version in (0, 1):
        (table / "_delta_log" / f"{version:020}.json").unlink()
    assert LIVE == rows_of(table)
    commit(table, 2, removed("date=1/b.parquet"), added("date=1/d.parquet", "3"))
    assert [LIVE[1], ("date=1/d.parquet", "d", "3")] == rows_of(table)


def test_a_checkpoint_of_which_a_part_is_missing_counts_for_nothing(table: Path) -> None:
    kind = pa.struct([("path", pa.string()), ("partitionValues", pa.map_(pa.string(), pa.string()))])
    columns = {
        "add": pa.array([{"path": "date=1/b.parquet", "partitionValues": [("date", "1")]}], kind),
        "protocol": pa.array([None], pa.struct([("minReaderVersion", pa.int32())])),
        "metaData": pa.array([None], pa.struct([("configuration", pa.map_(pa.string(), pa.string()))])),
    }
    pq.write_table(pa.table(columns), table / "_delta_log" / f"{1:020}.checkpoint.{1:010}.{2:010}.parquet")
    assert LIVE == rows_of(table)
    (table / "_delta_log" / f"{0:020}.json").unlink()
    with pytest.raises(InputInvalid, match="whose log does not begin at version 0 and has no checkpoint"):
        rows_of(table)


@pytest.mark.parametrize(
    "action",
    [
        {"add": "date=1/d.parquet"},
        {"add": {"partitionValues": {}}},
        {"add": {"path": "date=1/d.parquet", "partitionValues": ["1"]}},
        {"remove": {"dataChange": True}},
        {"protocol": {"readerFeatures": 3}},
        {"metaData": {"configuration": "none"}},
    ],
)
def test_an_action_that_is_no_action_is_one_line(table: Path, action: dict[str, Any]) -> None:
    commit(table, 2, action)
    with pytest.raises(InputInvalid, match="no action of a Delta table"):
        rows_of(table)


@pytest.mark.parametrize(
    ("version", "action", "reason"),
    [
        (3, added("date=1/d.parquet", "1"), "whose log lacks version 2"),
        (2, added("date=1/d.parquet", "1", deletionVector={"storageType": "u"}), "rows deleted inside a file"),
        (
            2,
            {"protocol": {"minReaderVersion": 3, "readerFeatures": ["columnMapping"]}},
            "with 'columnMapping', which is not",
        ),
        (2, {"metaData": {"configuration": {"delta.columnMapping.mode": "name"}}}, "have other names in its files"),
        (2, added("../other.parquet", "1"), "which does not lie in the table's folder"),
        (2, added("/etc/hostname", "1"), "which does not lie in the table's folder"),
        (2, added("s3://bucket/a.parquet", "1"), "which does not lie in the table's folder"),
        (2, added("date=1/gone.parquet", "1"), "not there, though the table's _delta_log counts it in"),
    ],
)
def test_a_log_that_cannot_be_followed_is_one_line(
    table: Path, version: int, action: dict[str, Any], reason: str
) -> None:
    commit(table, version, action)
    with pytest.raises(InputInvalid, match=reason) as refused:
        rows_of(table)
    assert "\n" not in str(refused.value)


def test_a_commit_that_is_no_json_is_one_line(table: Path) -> None:
    (table / "_delta_log" / f"{2:020}.json").write_text("[" * 100_000)
    with pytest.raises(InputInvalid, match="no action of a Delta table"):
        rows_of(table)
