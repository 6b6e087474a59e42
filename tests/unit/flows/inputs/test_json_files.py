"""A JSON file: a list of objects, one object, or lines that are called .json. What is no JSON is refused whole, in one line."""

import json
from pathlib import Path

import pytest

from flows.inputs import files
from models.errors import InputInvalid
from models.outputs import reserved
from tests.unit.flows.inputs.test_files import MAIL, ROW

TWO = [ROW, ROW | {"id": "b", "text": 'two\nlines, [brackets] and "quotes"'}]


def read(folder: Path, content: str) -> list[tuple[int, str, str]]:
    (folder / "a.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    result = [chunk.frame.select(reserved.LINE, "id", "text").rows() for chunk in files.chunks(folder, MAIL, rows=1)]
    return [row for rows in result for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(TWO),
        json.dumps(TWO, indent=4),
        " \r\n" + json.dumps(TWO, indent=1).replace("\n", "\r\n") + "\n",
        "\ufeff" + json.dumps(TWO),
        "".join(json.dumps(row) + "\n" for row in TWO),
    ],
)
def test_rows_come_in_the_order_of_the_list_with_their_places(tmp_path: Path, content: str) -> None:
    assert [(1, "a", "A text"), (2, "b", TWO[1]["text"])] == read(tmp_path, content)


@pytest.mark.parametrize("indent", [None, 2])
def test_one_object_is_one_row(tmp_path: Path, indent: int | None) -> None:
    assert [(1, "a", "A text")] == read(tmp_path, json.dumps(ROW, indent=indent))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (json.dumps(TWO)[:-1], "cut off after item 2"),
        (json.dumps(TWO)[:-20], "at item 2"),
        (json.dumps(TWO) + json.dumps(TWO), "goes on after the end of its JSON"),
        (json.dumps(TWO).replace("}, {", "} {"), "cut off after item 1 of its list"),
        (f'[{json.dumps(ROW)}, {{"id": {"[" * 200_000}', "item 2 is nested deeper than any output of a model"),
        ("[]", "none of its first 1000"),
        ("", "empty"),
        ('"text"', "none of its first 1000"),
    ],
)
def test_what_is_no_such_list_is_one_line_and_no_row_is_handed_out(tmp_path: Path, content: str, text: str) -> None:
    with pytest.raises(InputInvalid, match=text) as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)


def test_an_item_that_is_no_object_is_a_row_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([ROW, 7, "x"]))
    (chunk,) = files.chunks(tmp_path, MAIL)
    assert (["a"], [2, 3]) == (chunk.frame["id"].to_list(), chunk.faults["line"].to_list())
