"""One case, one spelling: what a column means does not hang on the file that brings it."""

import json
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.inputs import files
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract
from tests.unit.flows.inputs.test_files import MAIL, ROW

SHOWN = MAIL.model_copy(update={"input": MAIL.input.model_copy(update={"payload": ["text", "more"]})})
ID = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
NOON = datetime(2026, 1, 31, 12, 0, 0, 123000, tzinfo=UTC)
DEEP = pa.map_(pa.string(), pa.list_(pa.decimal128(5, 2)))
IN_BERLIN = pa.timestamp("ms", "Europe/Berlin")


def stream(**value: object) -> Stream:
    return SHOWN.model_copy(update={"input": SHOWN.input.model_copy(update=value)})


def cases(path: Path, by: Stream) -> pl.DataFrame:
    checked = [contract.validate(chunk.frame, by, source="x") for chunk in files.chunks(path, by)]
    assert [] == [fault for one in checked for fault in one.faults["reason"]]
    return pl.concat([one.cases for one in checked])


def delivered(folder: Path, column: str, values: pa.Array, csv: list[str], jsonl: list[str], by: Stream) -> list[Any]:
    """The same cases from Parquet, CSV and JSONL: what tells them apart, routes them and is compared when they come again."""
    rows = [ROW | {"id": f"case-{place}", "more": "x"} for place in range(len(values))]
    table = pa.Table.from_pylist(rows)
    at = table.schema.get_field_index(column)
    table = table.set_column(at, column, values) if at >= 0 else table.append_column(column, values)
    pq.write_table(table, folder / "a.parquet")
    names = table.schema.names
    texts = [{name: str(row.get(name)) for name in names} | {column: cell} for row, cell in zip(rows, csv, strict=True)]
    quoted = ['"' + cell.replace('"', '""') + '"' for row in texts for cell in row.values()]
    lines = [",".join(quoted[start : start + len(names)]) for start in range(0, len(quoted), len(names))]
    (folder / "a.csv").write_text("\n".join([",".join(names), *lines, ""]))
    objects = [
        "{" + ", ".join(f'"{name}": {cell if name == column else json.dumps(row.get(name))}' for name in names) + "}"
        for row, cell in zip(rows, jsonl, strict=True)
    ]
    (folder / "a.jsonl").write_text("\n".join([*objects, ""]))
    reported = ["case_id", "prediction", "raw_score", "doubt", "cost", "produced_at", "group_id", "content"]
    return [cases(folder / f"a.{kind}", by).select(reported).rows() for kind in ("parquet", "csv", "jsonl")]


@pytest.mark.parametrize(
    "kind", [pa.float16(), pa.float32(), pa.float64(), pa.decimal128(5, 3), pa.decimal256(60, 3)], ids=str
)
def test_a_confidence_is_the_same_number_from_every_type(tmp_path: Path, kind: pa.DataType) -> None:
    texts = ["0.9", "0.125", "0.7", "1", "0"]
    array = pa.array([Decimal(text) if pa.types.is_decimal(kind) else float(text) for text in texts])
    parquet, csv, jsonl = delivered(tmp_path, "score", array.cast(kind), texts, texts, stream())
    assert parquet == csv == jsonl
    assert [0.9, 0.125, 0.7, 1.0, 0.0] == [row[2] for row in parquet]


def test_a_threshold_between_a_float32_and_its_decimal_sees_the_decimal(tmp_path: Path) -> None:
    pq.write_table(
        pa.Table.from_pylist([ROW]).set_column(2, "score", pa.array([0.9], pa.float32())), tmp_path / "a.parquet"
    )
    assert 0.9 == cases(tmp_path, MAIL)["raw_score"].item()  # not 0.8999999761581421


IDS: list[tuple[pa.Array, list[str]]] = [
    (pa.array([7, -8], pa.int8()), ["7", "-8"]),
    (pa.array([7, 2**64 - 1], pa.uint64()), ["7", "18446744073709551615"]),
    (pa.array([Decimal(7), Decimal(10**30)], pa.decimal128(38, 0)), ["7", str(10**30)]),
    (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
    (pa.array(["a", "é"], pa.large_string()), ["a", "é"]),
    (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
    (pa.array([b"a", "é".encode()]), ["a", "é"]),  # text that an older writer did not call text
    (pa.array([ID.bytes] * 1, pa.uuid()), [str(ID)]),
    (pa.array([date(2026, 1, 31)]), ["2026-01-31"]),
    (pa.array([True]), ["true"]),
]


@pytest.mark.parametrize(("values", "texts"), IDS, ids=lambda value: str(getattr(value, "type", "")))
def test_an_id_is_the_same_name_from_every_type(tmp_path: Path, values: pa.Array, texts: list[str]) -> None:
    parquet, csv, jsonl = delivered(tmp_path, "id", values, texts, [json.dumps(text) for text in texts], stream())
    assert parquet == csv == jsonl
    assert texts == [row[0] for row in parquet]


def test_labels_in_a_dictionary_or_in_bytes_are_labels(tmp_path: Path) -> None:
    for values in (pa.array(["bug", None]).dictionary_encode(), pa.array([b"bug", None])):
        parquet, csv, jsonl = delivered(tmp_path, "label", values, ["bug", ""], ['"bug"', "null"], stream())
        assert parquet == csv == jsonl
        assert ["bug", None] == [row[1] for row in parquet]


TIMES: list[tuple[pa.Array, str]] = [
    *[
        (pa.array([NOON.replace(tzinfo=None)], pa.timestamp(unit)), "2026-01-31 12:00:00.123")
        for unit in ("ms", "us", "ns")
    ],
    *[(pa.array([NOON], pa.timestamp(unit, "UTC")), "2026-01-31 12:00:00.123+00") for unit in ("ms", "ns")],
    (pa.array([NOON], IN_BERLIN), "2026-01-31T13:00:00.123000+01:00"),
    (pa.array([date(2026, 1, 31)], pa.date64()), "2026-01-31"),
]


@pytest.mark.parametrize(("values", "text"), TIMES, ids=lambda value: str(getattr(value, "type", "")))
@pytest.mark.parametrize("column", ["made", "more"])
def test_a_time_is_one_moment_from_every_type(tmp_path: Path, column: str, values: pa.Array, text: str) -> None:
    by = stream(produced_at="made") if column == "made" else stream()
    parquet, csv, jsonl = delivered(tmp_path, column, values, [text], [f'"{text}"'], by)
    assert parquet == csv == jsonl


PAYLOADS: list[tuple[pa.Array, str, str, str]] = [  # as CSV, as JSONL, as a person is shown it
    (pa.array([7.0]), "7.0", "7.0", "7"),
    (pa.array([1e-7]), "1e-07", "1e-7", "0.0000001"),
    (pa.array([0.1], pa.float32()), "0.1", "0.1", "0.1"),
    (pa.array([Decimal("12.50")], pa.decimal128(9, 2)), "12.50", "12.50", "12.5"),
    (pa.array([True]), "True", "true", "true"),
    (pa.array([time(1, 2, 3, 450000)], pa.time64("us")), "01:02:03.450", '"01:02:03.450"', "01:02:03.450"),
    (pa.array([[1.0, None, 0.5]], pa.list_(pa.float32())), "[1, null, 0.5]", "[1.0,null,0.5]", "[1, null, 0.5]"),
    (pa.array([[0.1, 0.9]], pa.list_(pa.float32(), 2)), "[0.1, 0.9]", "[0.1, 0.9]", "[0.1, 0.9]"),
    (pa.array([{"b": "x", "a": {"c": 1}}]), '{"b": "x", "a": {"c": 1}}', '{"b":"x","a":{"c":1}}', '{"b": "x", "a": {"c": 1}}'),
    (pa.array([[(1, "x")]], pa.map_(pa.int32(), pa.string())), '{"1": "x"}', '{"1": "x"}', '{"1": "x"}'),
    (
        pa.array([[{"m": [("k", [Decimal("0.50")])]}]], pa.list_(pa.struct([("m", DEEP)]))),
        '[{"m": {"k": [0.5]}}]', '[{"m":{"k":[0.50]}}]', '[{"m": {"k": [0.5]}}]',
    ),
    (pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":1.0}'])), '{"a": 1}', '{"a":1.0}', '{"a": 1}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "csv", "jsonl", "shown"), PAYLOADS, ids=lambda value: str(getattr(value, "type", ""))
)
def test_a_payload_is_one_text_from_every_type(
    tmp_path: Path, values: pa.Array, csv: str, jsonl: str, shown: str
) -> None:
    by = stream()
    from_parquet, from_csv, from_jsonl = delivered(tmp_path, "more", values, [csv], [jsonl], by)
    assert from_parquet == from_csv == from_jsonl
    for kind in ("parquet", "jsonl"):
        assert shown == json.loads(cases(tmp_path / f"a.{kind}", by)["payload"].item())["more"]


def test_probabilities_in_a_list_of_float32_are_the_decimals(tmp_path: Path) -> None:
    by = stream(prediction=None, confidence=None, probabilities=["p"])
    values = pa.array([[0.9, 0.1]], pa.list_(pa.float32()))
    parquet, csv, jsonl = delivered(tmp_path, "p", values, ["[0.9, 0.1]"], ["[0.9, 0.1]"], by)
    assert parquet == csv == jsonl
    assert 0.9 == parquet[0][2]


def test_a_column_that_nobody_named_is_not_read_whatever_its_type(tmp_path: Path) -> None:
    """A map used to end the run with a traceback as soon as one row had no id."""
    table = pa.Table.from_pylist([ROW, ROW | {"id": None}])
    for name, values in {
        "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        "big": pa.array([Decimal(1), None], pa.decimal256(60, 2)),
        "view": pa.array([[1], [2]], pa.list_view(pa.int64())),
        "text.more": pa.array(["x", "y"]),
    }.items():
        table = table.append_column(name, values)
    pq.write_table(table, tmp_path / "a.parquet")
    (chunk,) = files.chunks(tmp_path, MAIL)
    checked = contract.validate(chunk.frame, MAIL, source=chunk.source)
    assert ["a"] == checked.cases["case_id"].to_list()
    assert [("no id", {name: value for name, value in ROW.items() if name != "id"} | {"id": None})] == [
        (row["reason"], json.loads(row["raw"])) for row in checked.faults.iter_rows(named=True)
    ]


def test_a_named_column_of_a_type_that_nobody_can_read_is_one_line(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([ROW]).set_column(3, "text", pa.array([[1]], pa.list_view(pa.int64())))
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(
        InputInvalid, match=r"a\.parquet: column 'text' has a type we cannot read, list_view.*; have it"
    ) as caught:
        files.chunks(tmp_path, MAIL)
    assert "\n" not in str(caught.value)
