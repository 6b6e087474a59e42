"""A file that ends within a record: while it is young the record waits, later it is a fault of that record."""

import json
import os
import time
from pathlib import Path

import pytest

from flows.inputs import files, taken_files, text_blocks
from models.errors import InputInvalid
from tests.unit.flows.inputs.test_files import HEADER, MAIL, ROW

LAST = MAIL.model_copy(update={"input": MAIL.input.model_copy(update={"confidence": "score", "slices": []})})
TOP = "id,label,text,score\na,bug,x,0.5\n"
NO_END = "the file ends within this record, or so it seems: it has no line end; end the last line too"
OPEN = "the file ends within this record, or so it seems: a quote is opened and not closed"


def read(path: Path, *, age: float | None) -> tuple[list[str], list[tuple[int, str, str]], dict[str, int]]:
    """The ids, the faults and the counts of a look at a file that was written so many seconds ago; None: nobody looks."""
    if age is not None:
        os.utime(path, (time.time() - age,) * 2)
    look = None if age is None else taken_files.Look(LAST, "an epoch")
    chunks = list(files.chunks(path, LAST, look=look, rows=2))
    faults = [row for chunk in chunks for row in chunk.faults.select("line", "reason", "raw").rows()]
    return [name for chunk in chunks for name in chunk.frame["id"]], faults, look.counts() if look else {}


CUT = [
    ("a.csv", TOP + "b,bug,x,1", [(3, NO_END, "b,bug,x,1")]),  # of 1e-05
    ("a.csv", TOP + "b,bug,x,0.9\r", [(3, NO_END, "b,bug,x,0.9")]),
    ("a.csv", TOP + "b,bug,cut", [(3, NO_END, "b,bug,cut")]),
    ("a.csv", TOP + '"b","bug","x","0.9"', [(3, NO_END, '"b","bug","x","0.9"')]),
    ("a.csv", TOP + 'b,bug,5" x,0.9', [(3, NO_END, 'b,bug,5" x,0.9')]),
    ("a.jsonl", json.dumps(ROW) + '\n{"id": "b", "score": 0.', [(2, "the file ends within this record: not JSON", "")]),
]


@pytest.mark.parametrize(("name", "content", "faults"), CUT)
def test_a_record_that_is_cut_waits_while_the_file_is_young_and_is_a_fault_when_it_is_old_or_nobody_waits(
    tmp_path: Path, name: str, content: str, faults: list[tuple[int, str, str]]
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert (["a"], [], {"files_waited_for": 1}) == read(path, age=taken_files.YOUNG - 60)
    for age in (
        taken_files.YOUNG + 60,
        -taken_files.YOUNG - 60,
        None,
    ):  # a clock that is years ahead makes nobody wait for ever
        ids, result, counts = read(path, age=age)
        assert (["a"], {}) == (ids, counts)
        assert [(line, raw or result[0][2]) for line, _, raw in faults] == [(line, raw) for line, _, raw in result]
        assert result[0][1].startswith(faults[0][1])


def test_all_that_follows_a_quote_that_is_open_to_the_end_of_a_young_file_waits_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TOP + 'b,bug,"a text\nc,bug,of three lines,1\nd,bug,of')
    assert (["a"], [], {"files_waited_for": 1}) == read(path, age=0)
    ids, faults, _ = read(path, age=taken_files.YOUNG + 60)
    assert ["a", "c"] == ids
    assert [(3, OPEN), (5, NO_END)] == [(line, reason) for line, reason, _ in faults]


def test_a_record_that_is_ended_in_time_is_a_case_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TOP + "b,bug,x,1")
    assert ["a"] == read(path, age=0)[0]
    path.write_text(TOP + "b,bug,x,1e-05\n")
    assert (["a", "b"], [], {}) == read(path, age=0)


def test_a_whole_json_object_needs_no_line_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROW))
    assert (["a"], [], {}) == read(path, age=0)


@pytest.mark.parametrize(
    ("content", "reason"), [("", "empty"), ("id,lab", "column 'label', 'score', 'text' is missing")]
)
def test_a_file_without_a_whole_line_waits_while_it_is_young(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    assert ([], [], {"files_waited_for": 1}) == read(path, age=0)
    with pytest.raises(InputInvalid, match=reason):
        read(path, age=taken_files.YOUNG + 60)


def test_the_last_record_is_one_whatever_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{n},bug,x,0.5,de\n" for n in range(9))
    (tmp_path / "a.csv").write_text(HEADER.replace("score,text", "text,score") + rows + "z,bug,x,0.5,d")
    for block in (1, 7, 30, 60, 100, 130, 180, 187, 188, 189):
        monkeypatch.setattr(text_blocks, "BLOCK", block)
        (fault,) = read(tmp_path / "a.csv", age=None)[1]
        assert (11, NO_END, "z,bug,x,0.5,d") == fault
