"""CSV: lines are real lines, and damage costs the rows it touches."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.inputs import text_blocks
from tests.unit.flows.inputs.test_files import COLUMNS, HEADER, SEVERAL, read, written


def ids(source: Path, rows: int = 100_000) -> dict[int, object]:
    return {line: row["id"] for line, row in read(source, rows)[0].items()}


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
