"""Files whose lines hold several rows, or fastText's: every row is read, numbered by its place, and none is lost."""

import json
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import converted_lines, files, text_blocks
from models.config import stream as streams
from models.errors import InputInvalid
from models.outputs import reserved
from tests.unit.flows.inputs.format_runs import STREAM


def stream(rows: str | None = "rows", form: str = "auto") -> streams.Stream:
    keys = 'prediction = "label"\nconfidence = "p"\npayload = ["text"]'
    keys += "" if rows is None else f"\nrows = {json.dumps(rows)}"
    return streams.parse(STREAM.format(name=form, labels=["a", "b"], keys=keys, kind="text"), origin="mail.toml")


def row(number: int) -> dict[str, object]:
    return {"id": f"c{number}", "label": "a", "p": 0.5, "text": f"text {number}"}


def read(path: Path, of: streams.Stream) -> tuple[pl.DataFrame, pl.DataFrame]:
    chunks = list(files.chunks(path, of))
    return pl.concat([chunk.frame for chunk in chunks]), pl.concat([chunk.faults for chunk in chunks])


def test_all_rows_are_read_also_across_blocks_and_each_has_its_place_among_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_blocks, "BLOCK", 1000)
    lines = [json.dumps({"rows": [row(3 * n), row(3 * n + 1), row(3 * n + 2)]}) for n in range(100)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))  # the last line is whole, though it has no end
    frame, faults = read(tmp_path / "a.jsonl", stream())
    assert ([f"c{n}" for n in range(300)], []) == (frame["id"].to_list(), faults.rows())
    assert list(range(1, 301)) == frame[reserved.LINE].to_list()
    picked = pl.concat(files.picked(tmp_path, "a.jsonl", stream(), pl.Series([7, 250])))
    assert ["c6", "c249"] == picked["id"].to_list()


def test_what_holds_no_list_is_a_row_or_a_fault_and_never_lost(tmp_path: Path) -> None:
    lines = [json.dumps({"rows": [row(1), 5]}), json.dumps({"rows": []}), json.dumps(row(2)), "not JSON", '{"rows": [']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    frame, faults = read(tmp_path / "a.jsonl", stream())
    assert ["c1", "c2"] == frame["id"].to_list()
    reasons = [reason.partition(":")[0] for reason in faults["reason"]]
    assert ["JSON, but not an object", "not JSON", text_blocks.UNENDED] == reasons
    assert [2, 4, 5] == faults["line"].to_list()


def test_a_file_of_json_may_be_one_object_or_a_list_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"rows": [row(1), row(2)]}, indent=2))
    (tmp_path / "b.json").write_text(json.dumps([{"rows": [row(3)]}, {"rows": [row(4)]}]))
    frame, faults = read(tmp_path, stream())
    assert (["c1", "c2", "c3", "c4"], []) == (frame["id"].to_list(), faults.rows())


def test_a_file_whose_lists_are_all_empty_has_no_rows_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"rows": []}\n')
    (tmp_path / "b.jsonl").write_text(json.dumps({"rows": [row(1)]}) + "\n")
    frame, _ = read(tmp_path, stream())
    assert ["c1"] == frame["id"].to_list()


@pytest.mark.parametrize(
    ("name", "content", "rows", "message"),
    [
        ("a.jsonl", '{"other": 1}\n', "rows", "column 'id', 'label', 'p', 'text' is missing"),
        ("a.jsonl", '{"rows": [{"other": 1}]}\n', "rows", "column 'id', 'label', 'p', 'text' is missing"),
        ("a.jsonl", '{"rows": []}\n', "rows[", "input.rows = 'rows\\[': not a path"),
        ("a.csv", "id,label,p,text\n1,a,0.5,x\n", "rows", "input.rows is a path into JSON, and this is csv"),
        ("a.json", '{"rows": [', "rows", "not JSON at item 1"),
        ("a.jsonl", "", "rows", "empty"),
    ],
)
def test_what_cannot_be_read_so_is_one_line(tmp_path: Path, name: str, content: str, rows: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputInvalid, match=message) as refused:
        read(tmp_path / name, stream(rows))
    assert "\n" not in str(refused.value)


def test_lines_of_fasttext_are_rows_and_a_line_that_is_no_utf8_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x\t__label__a 0.9\n\xff\t__label__a 0.9\ny\t__label__b 0.8\n")
    batches = list(converted_lines.FASTTEXT.read(tmp_path / "a.txt", ["text", "labels"], 100))
    frame, faults = pl.concat([batch[1] for batch in batches]), pl.concat([batch[2] for batch in batches])
    assert [("x", '["a"]'), ("y", '["b"]')] == frame.select("text", "labels").rows()
    assert [(2, "not UTF-8")] == faults.select("line", "reason").rows()


@pytest.mark.parametrize("cut", [b"y\t__label__b 0.8", b"y\t__label__b", b"y", b"\xff"])
def test_a_last_line_of_fasttext_without_its_end_is_a_fault_for_its_number_may_be_cut(
    tmp_path: Path, cut: bytes
) -> None:
    (tmp_path / "a.txt").write_bytes(b"x\t__label__a 0.9\n" + cut)
    ((_, frame, faults),) = converted_lines.FASTTEXT.read(tmp_path / "a.txt", ["text"], 100)
    assert (["x"], [2]) == (frame["text"].to_list(), faults["line"].to_list())
    assert faults["reason"][0].startswith(text_blocks.UNENDED)
    (tmp_path / "a.txt").write_bytes(b"x\t__label__a 0.9")
    converted_lines.FASTTEXT.check(tmp_path / "a.txt", ["text"], stream(None, "fasttext-lines"))


def test_a_blank_line_counts_whatever_follows_it(tmp_path: Path) -> None:
    for end in ("", "\n"):
        (tmp_path / "a.jsonl").write_text("\n" + json.dumps(row(1)) + end)
        assert [2] == read(tmp_path / "a.jsonl", stream())[0][reserved.LINE].to_list()
