"""Reading the input: real lines, whole faults, and nothing handed out if a file is not what it says."""

import gzip
import json
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings

from flows.inputs import files
from models.config import stream
from models.errors import InputInvalid
from models.outputs import reserved

MAIL = stream.parse(
    """
name = "mail"
title = "Mail"
labels = ["bug", "question"]
[input]
source = "inbox"
prediction = "label"
confidence = "score"
payload = ["text"]
slices = ["country"]
[model]
id = "m1"
[review]
kind = "text"
question = "What is it?"
project = "Mail"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
""",
    origin="mail.toml",
)
HEADER = "id,label,score,text,country\n"
ROW = {"id": "a", "label": "bug", "score": 0.9, "text": "A text", "country": "de"}
COLUMNS = list(ROW)
SEVERAL = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def read(source: Path, rows: int = 100_000) -> tuple[dict[int, dict[str, object]], list[tuple[int, str, str]]]:
    """The rows by their lines, and the faults as (line, reason, raw)."""
    chunks = list(files.chunks(source, MAIL, rows=rows))
    by_name = {}
    for chunk in chunks:
        for row in chunk.frame.select(*COLUMNS, reserved.LINE).iter_rows(named=True):
            by_name[row.pop(reserved.LINE)] = row
    return by_name, [row for chunk in chunks for row in chunk.faults.select("line", "reason", "raw").rows()]


def written(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def refused(source: Path) -> str:
    """The one line with which a source is refused before anything is handed out."""
    with pytest.raises(InputInvalid) as caught:
        files.chunks(source, MAIL)
    (line,) = str(caught.value).splitlines()
    return line.replace(str(source.parent if source.is_file() else source), ".")


# What every format does


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.jsonl", "a.jsonl.gz", "a.ndjson", "A.CSV"])
def test_every_format_yields_the_same_rows(tmp_path: Path, name: str) -> None:
    rows = [ROW | {"id": f"case-{n}"} for n in range(7)]
    path = tmp_path / name
    if name.endswith("parquet"):
        pl.DataFrame(rows).write_parquet(path)
    elif "csv" in name.lower():
        written(path, pl.DataFrame(rows).write_csv())
    else:
        written(path, "\n".join(map(json.dumps, rows)))
    result, faults = read(path, rows=3)
    assert [{**row, "score": float(str(row["score"]))} for row in result.values()] == rows
    assert list(result) == [n + (2 if "csv" in name.lower() else 1) for n in range(7)]
    assert faults == []


def test_no_chunk_is_longer_than_asked_and_each_knows_where_it_starts(tmp_path: Path) -> None:
    pl.DataFrame([ROW] * 7).write_parquet(tmp_path / "a.parquet")
    written(tmp_path / "b.csv", HEADER + "a,bug,0.9,x,de\n" * 7)
    written(tmp_path / "c.jsonl", (json.dumps(ROW) + "\n") * 7)
    shape = [(c.source, c.first_line, len(c.frame)) for c in files.chunks(tmp_path, MAIL, rows=3)]
    assert shape == [
        *[("a.parquet", 1, 3), ("a.parquet", 4, 3), ("a.parquet", 7, 1)],
        *[("b.csv", 2, 3), ("b.csv", 5, 3), ("b.csv", 8, 1)],
        *[("c.jsonl", 1, 3), ("c.jsonl", 4, 3), ("c.jsonl", 7, 1)],
    ]


def test_a_folder_is_read_by_name_without_what_is_hidden_or_unfinished(tmp_path: Path) -> None:
    for name in ("2.csv", "10.csv", ".3.csv", "_SUCCESS", "4.csv.tmp", "5.csv.part"):
        written(tmp_path / name, HEADER + f"{name},bug,0.9,x,de\n")
    (tmp_path / "done").mkdir()
    written(tmp_path / "done" / "0.csv", "nothing we read")
    assert [chunk.source for chunk in files.chunks(tmp_path, MAIL)] == ["10.csv", "2.csv"]


def test_an_empty_folder_and_a_file_without_rows_hold_nothing_to_do(tmp_path: Path) -> None:
    assert read(tmp_path) == ({}, [])
    written(tmp_path / "a.csv", HEADER)
    pl.DataFrame([ROW]).clear().write_parquet(tmp_path / "b.parquet")
    assert read(tmp_path) == ({}, [])


def test_a_format_that_is_given_goes_before_the_ending(tmp_path: Path) -> None:
    value = MAIL.model_copy(update={"input": MAIL.input.model_copy(update={"format": "csv"})})
    path = written(tmp_path / "part-0000", HEADER + "a,bug,0.9,x,de\n")
    assert [len(chunk.frame) for chunk in files.chunks(path, value)] == [1]


# Files that are not what they say


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.parquet", b"id,label\n", "./a.parquet: not a Parquet file, or cut off; have it written again"),
        ("a.parquet", b"", "./a.parquet: not a Parquet file, or cut off; have it written again"),
        ("a.csv", b"PAR1....", "./a.csv: not CSV; it is a Parquet file"),
        ("a.jsonl", b"\x1f\x8b\x08....", "./a.jsonl: not JSONL; it is gzipped; end its name in .gz"),
        ("a.csv", b"id\0\0\0", "./a.csv: not CSV; it holds binary data"),
        ("a.csv", "id,label".encode("utf-16"), "./a.csv: not UTF-8 but UTF-16; save it as UTF-8"),
        ("a.csv", "id,größe\n".encode("latin-1"), "./a.csv: the header is not UTF-8; save the file as UTF-8"),
        ("a.csv", b"", "./a.csv: empty; a CSV file has at least a header"),
        ("a.csv", b"\xef\xbb\xbf\n \n", "./a.csv: empty; a CSV file has at least a header"),
        ("a.jsonl", b"", "./a.jsonl: empty; a JSONL file has at least a row"),
        ("a.csv", b"id;label;score;text\n", "./a.csv: separated by semicolons; save it with commas"),
        ("a.csv", b"id\tlabel\tscore\ttext\n", "./a.csv: separated by tabs; save it with commas"),
        ("a.csv", b'id,"label\n', "./a.csv: not CSV; the header has a quote that is never closed"),
        ("a.csv", b"id,label,score,text,country,id\n",
         "./a.csv: column 'id' stands twice in the header; rename one of them"),
        ("a.csv", b"<html><body>\n", "./a.csv: column 'id', 'label', 'score', 'text', 'country' is missing "
         "(the file has '<html><body>'); name a column it has (of a stream: in [input])"),
        ("a.csv", b"id,labels,score,text,country\n", "./a.csv: column 'label' is missing "
         "(the file has 'labels', ...); name a column it has (of a stream: in [input])"),
        ("a.jsonl", b"[1, 2]\n{\n", "./a.jsonl: not JSONL; none of its first "
         "1000 lines is a JSON object on one line; mend it, or move it away"),
        ("a.jsonl", b'{"id": 1, "label": 2, "text": 3}', "./a.jsonl: column 'score' is missing "
         "(the file has 'id', 'label', 'text'); name a column it has (of a stream: in [input])"),
        ("a.csv.gz", b"id,label\n", "./a.csv.gz: not a gzip file, or cut off "
         "(Not a gzipped file (b'id')); have it written again"),
        ("a.xlsx", b"PK\x03\x04",
         "./a.xlsx: cannot tell what it is; end it in .parquet, .csv, .csv.gz, .jsonl, .jsonl.gz or .json, "
         "or have the stream set input.format"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_one_line(tmp_path: Path, name: str, content: bytes, text: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name) == text


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    text = "there is no such file or folder; check the name (of a stream: input.source)"
    assert refused(tmp_path / "nowhere") == f".: {text}"


def test_a_bad_file_stops_the_good_ones_before_it_too(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", HEADER + "a,bug,0.9,x,de\n")
    written(tmp_path / "b.csv", "id\n1\n")
    assert "b.csv" in refused(tmp_path)


def test_a_gzip_that_breaks_off_at_its_end_is_found_before_its_first_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv.gz", HEADER + "a,bug,0.9,x,de\n" * 10_000)
    path.write_bytes(path.read_bytes()[:-8])
    assert refused(path).startswith("./a.csv.gz: not a gzip file, or cut off")


def test_a_parquet_file_damaged_in_the_middle_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame([ROW | {"id": f"{n}", "text": f"text {n}" * 9} for n in range(5000)]).write_parquet(path)
    data = bytearray(path.read_bytes())
    data[200:1200] = bytes(1000)
    path.write_bytes(data)
    with pytest.raises(InputInvalid, match=r"a\.parquet: damaged after row 0") as caught:
        list(files.chunks(path, MAIL))
    assert "\n" not in str(caught.value)


def test_a_column_of_ours_in_the_file_is_refused(tmp_path: Path) -> None:
    pl.DataFrame([ROW | {reserved.LINE: 5}]).write_parquet(tmp_path / "a.parquet")
    assert "has a name we keep for ourselves; rename it" in refused(tmp_path / "a.parquet")


def test_a_message_is_one_printable_line_whatever_a_file_or_its_columns_are_called(tmp_path: Path) -> None:
    path = written(tmp_path / "a\n\x1b[31m\udcff.csv", "\x1b[31m" + "i" * 10_000 + "," + "x," * 5000 + "\n")
    with pytest.raises(InputInvalid) as caught:
        list(files.chunks(path, MAIL))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_a_parquet_file_with_a_broken_foot_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame([ROW]).write_parquet(path)
    data = bytearray(path.read_bytes())
    data[-60:-8] = b"\xff" * 52
    path.write_bytes(data)
    assert refused(path) == "./a.parquet: not a Parquet file, or cut off; have it written again"


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(HEADER.encode())
        for _ in range(100):
            file.write(b"a,bug,0.9,x,de\n" * 70_000)
    assert refused(path) == (
        "./a.csv.gz: unpacks to more than 250 times its size, which no outputs of a model do; unpack it and look"
    )


def test_a_parquet_file_of_very_many_columns_is_read_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame([ROW | {f"column {n}": n for n in range(10_000)}]).write_parquet(path)
    started = time.process_time()
    (chunk,) = files.chunks(path, MAIL)
    assert len(chunk.frame) == 1
    assert time.process_time() - started < 20  # 0.6 s; every column against every other took minutes


@pytest.mark.parametrize("categorical", [False, True])
def test_a_parquet_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, categorical: bool) -> None:
    """One text of 1 MB that stands in 2000 rows, in a file of a few kB."""
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame([ROW | {"text": "x" * 2**20}]).select(pl.all().repeat_by(2000).explode())
    if categorical:
        frame = frame.with_columns(pl.col("text").cast(pl.Categorical))
    pq.write_table(frame.to_arrow(), path, compression="zstd", dictionary_pagesize_limit=2**30)
    assert path.stat().st_size < 100_000
    assert refused(path) == (
        "./a.parquet: column 'text' unpacks to more than 1 GiB in one row group; write it in smaller row groups"
    )
