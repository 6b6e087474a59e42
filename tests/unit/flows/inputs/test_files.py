"""Reading the input: real lines, whole faults, and nothing handed out if a file is not what it says."""

import csv
import gzip
import io
import json
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.inputs import files, text_blocks
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


def ids(source: Path, rows: int = 100_000) -> dict[int, object]:
    return {line: row["id"] for line, row in read(source, rows)[0].items()}


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


# Rows that cannot be read: CSV


def test_csv_rows_of_the_wrong_length_are_faults_kept_whole(tmp_path: Path) -> None:
    lines = ["a,bug,0.9,x,de", "b,bug", "c,bug,0.9,x,de,more", "d,bug,0.9,x,de"]
    path = written(tmp_path / "a.csv", HEADER + "\r\n".join([*lines, ""]))
    assert ids(path) == {2: "a", 5: "d"}
    assert read(path)[1] == [
        (3, "2 fields where the header has 5", "b,bug"),
        (4, "6 fields where the header has 5", "c,bug,0.9,x,de,more"),
    ]


def test_a_csv_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    lines = ["a,bug,0.9,x,de", 'b,bug,0.9,"x,de', "c,bug,0.9,x,de", 'd,bug,0.9,"x\ny",de', "e,bug,0.9,x,de"]
    path = written(tmp_path / "a.csv", HEADER + "\n".join(lines) + "\n")
    assert ids(path) == {2: "a", 4: "c", 5: "d", 7: "e"}
    assert read(path)[1] == [(3, "a quote is opened and not closed", 'b,bug,0.9,"x,de')]


def test_a_csv_row_that_is_not_utf8_is_a_fault_kept_readable(tmp_path: Path) -> None:
    rows = HEADER.encode() + b"a,bug,0.9,x,de\nb,bug,0.9,gr\xf6\xdfe,de\nc,bug,0.9,\xc3\xb6,de\n"
    path = written(tmp_path / "a.csv", rows)
    result, faults = read(path)
    assert {line: row["text"] for line, row in result.items()} == {2: "x", 4: "ö"}
    assert faults == [(3, "not UTF-8", "b,bug,0.9,gr\\xf6\\xdfe,de")]


def test_csv_lines_are_real_lines_whatever_stands_between(tmp_path: Path) -> None:
    text = 'id,"la\nbel",label,score,text,country\n\na,,bug,0.9,"two\nlines",de\r\n\r\nb,,bug,0.9,"say ""hi""",\n'
    result, faults = read(written(tmp_path / "a.csv", text))
    assert {line: (row["id"], row["text"], row["country"]) for line, row in result.items()} == {
        4: ("a", "two\nlines", "de"),
        7: ("b", 'say "hi"', None),
    }
    assert faults == []


def test_a_quote_inside_a_csv_text_is_a_quote(tmp_path: Path) -> None:
    result, faults = read(written(tmp_path / "a.csv", HEADER + 'a,bug,0.9,a 5" screen,de\nb,bug,0.9,"",de\n'))
    assert ({line: row["text"] for line, row in result.items()}, faults) == ({2: 'a 5" screen', 3: None}, [])


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6) | st.sampled_from(
    ['"', "\n", "\r\n", ",", '","', '"\n"', "a,b", "é\n"]
)


@SEVERAL
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=20), block=st.integers(1, 80), gap=st.booleans())
def test_what_a_csv_writer_writes_comes_back_whatever_the_block(
    tmp_path: Path, rows: list[tuple[str, str, str]], block: int, gap: bool
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n\n" if gap else "\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    for label, message, country in rows:
        writer.writerow(["id", label, "0.5", message, country])
    path = written(tmp_path / "a.csv", text.getvalue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", block)
        result, faults = read(path, rows=7)
    expected = [tuple(cell or None for cell in row) for row in rows]
    assert [(row["label"], row["text"], row["country"]) for row in result.values()] == expected
    assert faults == []


@SEVERAL
@given(
    junk=st.lists(st.binary(max_size=12).map(lambda b: b.translate(None, b'\n"\0')), max_size=6),
    block=st.integers(1, 200),
)
def test_good_csv_rows_survive_junk_between_them(tmp_path: Path, junk: list[bytes], block: int) -> None:
    lines = [HEADER.encode().strip()]
    for number, bad in enumerate(junk):
        lines += [b"good-%d,bug,0.9,x,de" % number, bad]
    path = written(tmp_path / "a.csv", b"\n".join(lines) + b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", block)
        result, faults = read(path)
    assert {line: row["id"] for line, row in result.items() if str(row["id"]).startswith("good-")} == {
        2 * number + 2: f"good-{number}" for number in range(len(junk))
    }
    assert len(result) + len(faults) == len(junk) + sum(bool(bad.strip(b"\r")) for bad in junk)


@SEVERAL
@given(
    data=st.lists(
        st.sampled_from([b'"', b",", b"\n", b"\r", b"a", b"\xff", b'a,b,c,"d",e\n', b"\xc3\xb6"]), max_size=40
    )
)
def test_no_bytes_stop_a_csv_file(tmp_path: Path, data: list[bytes]) -> None:
    text = b"".join(data)
    result, faults = read(written(tmp_path / "a.csv", HEADER.encode() + text + b"\ngood,bug,0.9,x,de\n"))
    assert sorted({*result, *(line for line, _, _ in faults)}) == sorted([*result, *(line for line, _, _ in faults)])
    if b'"' not in text:
        assert result[text.count(b"\n") + 3]["id"] == "good"


# Rows that cannot be read: JSONL


@SEVERAL
@given(
    data=st.lists(
        st.sampled_from([b"{", b"}", b'"', b":", b",", b"1", b"\n", b"\\ud800", b"\xff", b"NaN"]), max_size=30
    )
)
def test_no_bytes_stop_a_jsonl_file(tmp_path: Path, data: list[bytes]) -> None:
    lines = [json.dumps(ROW).encode(), *b"".join(data).split(b"\n"), json.dumps(ROW).encode()]
    result, faults = read(written(tmp_path / "a.jsonl", b"\n".join(lines)))
    assert {1, len(lines)} <= set(result)
    assert len(result) + len(faults) == sum(bool(line.strip()) for line in lines)


def test_jsonl_lines_that_are_no_objects_are_faults_kept_whole(tmp_path: Path) -> None:
    bad = ['{"id": "b", "label"', "[1]", "null", '"text"', '{"id": 1}{"id": 2}', '{"id": 1}, {"id": 2}', "junk"]
    lines = [json.dumps(ROW), *bad, "", json.dumps(ROW | {"id": "z"})]
    path = written(tmp_path / "a.jsonl", "\n".join(lines))
    result, faults = read(path)
    assert {line: row["id"] for line, row in result.items()} == {1: "a", 10: "z"}
    assert [(line, raw) for line, _, raw in faults] == list(enumerate(bad, start=2))
    assert {reason.split(":")[0] for _, reason, _ in faults} == {"not JSON", "JSON, but not an object"}


def test_a_jsonl_line_that_is_not_utf8_is_a_fault_kept_readable(tmp_path: Path) -> None:
    good = json.dumps(ROW).encode()
    path = written(tmp_path / "a.jsonl", good + b'\n{"id": "gr\xf6"}\n' + good)
    assert (list(read(path)[0]), read(path)[1]) == ([1, 3], [(2, "not UTF-8", '{"id": "gr\\xf6"}')])


def test_json_as_python_writes_it_is_read(tmp_path: Path) -> None:
    """NaN, which JSON does not have, and half an emoji cut off by a length limit."""
    lines = [
        json.dumps(ROW | {"score": float("nan")}),
        json.dumps(ROW | {"text": "cut \ud83d"}),
        json.dumps(ROW | {"text": "whole \U0001f600"}),
        '{"id": 1e999, "label": "bug", "score": 0.5, "text": "big"}',
    ]
    result, faults = read(written(tmp_path / "a.jsonl", "\n".join(lines)))
    assert (result[1]["score"], result[2]["text"], result[3]["text"], result[4]["id"]) == (
        "NaN",
        "cut ?",
        "whole \U0001f600",
        "1e999",
    )
    assert faults == []


def test_a_jsonl_column_is_text_whatever_the_values_around(tmp_path: Path) -> None:
    values = [1, 1.0, 0.25, "x", True, None, {"b": [1, None]}, 12345678901234567890]
    lines = [json.dumps(ROW | {"text": value}) for value in values]
    result, _ = read(written(tmp_path / "a.jsonl", "\n".join(lines)))
    texts = [row["text"] for row in result.values()]
    assert texts == ["1", "1", "0.25", "x", "true", None, '{"b": [1, null]}', "12345678901234567890"]


def test_a_json_nested_beyond_reason_costs_its_own_row_only(tmp_path: Path) -> None:
    deep = '{"id": "b", "text": ' + "[" * 100_000 + "]" * 100_000 + "}"
    path = written(tmp_path / "a.jsonl", "\n".join([json.dumps(ROW), deep, json.dumps(ROW)]))
    result, faults = read(path)
    assert (list(result), [line for line, _, _ in faults]) == ([1, 3], [2])


def test_a_line_without_end_is_one_line_of_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "BLOCK", 100)
    monkeypatch.setattr(text_blocks, "_LONGEST_LINE", 1000)
    path = written(tmp_path / "a.csv", HEADER + "x" * 5000)
    with pytest.raises(InputInvalid, match="give one row per line"):
        list(files.chunks(path, MAIL))


def test_the_whole_line_of_a_jsonl_row_stays_beside_it(tmp_path: Path) -> None:
    line = json.dumps(ROW | {"unnamed": 7})
    (chunk,) = files.chunks(written(tmp_path / "a.jsonl", line + "\r\n"), MAIL)
    assert chunk.frame[reserved.RAW].to_list() == [line]


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
