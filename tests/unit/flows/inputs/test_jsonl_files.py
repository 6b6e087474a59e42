"""JSON Lines: what is no object is a fault of its row, and a value is text whatever stands around it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.inputs import files, text_blocks
from models.errors import InputInvalid
from models.outputs import reserved
from tests.unit.flows.inputs.test_files import HEADER, MAIL, ROW, SEVERAL, read, written

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
