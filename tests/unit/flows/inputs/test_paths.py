"""What a path names within a row is read as a column of that name, from every kind of file; one that is wrong is one line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.inputs import files
from models.config import stream
from models.errors import InputInvalid
from models.outputs import contract

STREAM = """
name = "t"
title = "T"
labels = ["yes", "no"]
[input]
source = "inbox"
{given}
[model]
id = "m"
[review]
kind = "record"
question = "?"
project = "ppp"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 1.0
"""
NESTED = 'prediction = "o.label"\nconfidence = "o.p[0]"\npayload = ["o.text"]\n'


def described(text: str) -> stream.Stream:
    return stream.parse(STREAM.format(given=text), origin="t.toml")


def written(folder: Path, rows: Sequence[dict[str, Any] | str]) -> Path:
    path = folder / "a.jsonl"
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def checked(path: Path, text: str) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Of each case id, prediction, score and payload; and why each faulty row is one."""
    cases, reasons = [], []
    for chunk in files.chunks(path, described(text)):
        valid = contract.validate(chunk.frame, described(text), source=chunk.source)
        cases += valid.cases.select("case_id", "prediction", "raw_score", "payload").rows()
        reasons += [*chunk.faults["reason"], *valid.faults["reason"]]
    return cases, reasons


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "o": {"label": "yes", "p": [number / 10, 0.1], "text": f"text {number}"}, **more}


def test_a_path_reads_fields_and_places_of_lists(tmp_path: Path) -> None:
    cases, reasons = checked(written(tmp_path, [row(1), row(2)]), NESTED)
    assert cases == [("1", "yes", 0.1, '{"o.text":"text 1"}'), ("2", "yes", 0.2, '{"o.text":"text 2"}')]
    assert reasons == []


@pytest.mark.parametrize(
    "odd",
    [
        "text",
        7,
        [1],
        None,
        {"label": "yes", "p": "x", "text": "text 9"},
        {"label": ["yes"], "p": [0.5], "text": "text 9"},
    ],
)
def test_a_row_of_other_types_changes_no_other_row(tmp_path: Path, odd: object) -> None:
    sound = [row(number) for number in range(1, 9)]
    alone, _ = checked(written(tmp_path, sound), NESTED)
    cases, reasons = checked(written(tmp_path, [*sound[:4], {"id": 9, "o": odd}, *sound[4:]]), NESTED)
    assert [case for case in cases if case[0] != "9"] == alone
    assert len(cases) + len(reasons) == len(sound) + 1


def test_a_column_whose_name_is_the_path_goes_before_it(tmp_path: Path) -> None:
    rows = [{"id": 1, "o.label": "no", "o": {"label": "yes", "p": [0.5], "text": "t"}}]
    assert checked(written(tmp_path, rows), NESTED)[0][0][1] == "no"


def test_expressions_are_searched_row_by_row(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "c": [{"n": "no", "p": 0.2}, {"n": "yes", "p": 0.8}], "t": '{"a": "x"}'},
        {"id": 2, "c": [{"n": "no", "p": 0.7}], "t": "no JSON"},
    ]
    text = 'prediction = "max_by(c, &p).n"\nconfidence = "max(c[*].p)"\npayload = ["from_json(t).a", "id"]\n'
    cases, _ = checked(written(tmp_path, rows), text)
    assert cases == [
        ("1", "yes", 0.8, '{"from_json(t).a":"x","id":"1"}'),
        ("2", "no", 0.7, '{"from_json(t).a":null,"id":"2"}'),
    ]


def test_parquet_gives_what_json_lines_give(tmp_path: Path) -> None:
    rows = [row(1, m={"k": "v"}), row(2, m={"z": "w"})]
    text = NESTED.replace('["o.text"]', '["o.text", "m.k"]')
    columns = {
        "id": pa.array([1, 2]),
        "o": pa.array([one["o"] for one in rows]),
        "m": pa.array([list(one["m"].items()) for one in rows], type=pa.map_(pa.string(), pa.string())),
    }
    table = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), table)
    both = checked(table, text), checked(written(tmp_path, rows), text)
    assert both[0] == both[1]
    (whole,) = files.read(next(files.pieces(table, described(text))))
    spans = contract.validate(whole.frame, described(text), source="a").cases
    assert spans["case_id"].to_list() == ["1", "2"]


def test_json_in_a_column_of_a_csv_is_read_by_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    pl.DataFrame({"id": ["1"], "o": [json.dumps(row(1)["o"])]}).write_csv(path)
    assert checked(path, NESTED)[0] == [("1", "yes", 0.1, '{"o.text":"text 1"}')]


def test_an_id_of_several_columns_is_their_json_and_none_where_one_is_missing(tmp_path: Path) -> None:
    rows = [row(1, o2="a"), row(1, o2="b"), row(1, o2="b,c"), row(1), row(1, o2=" ")]
    cases, reasons = checked(written(tmp_path, rows), 'id = ["o2", "id"]\n' + NESTED)
    assert [case[0] for case in cases] == ['["a","1"]', '["b","1"]', '["b,c","1"]']
    assert reasons == ["no id", "no id"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            NESTED.replace("o.label", "o.lable"),
            r"the path 'o.lable' leads nowhere in its first 2 rows \('o' has 'label', 'p', 'text'\)",
        ),
        (NESTED.replace("o.p[0]", "o.p[7]"), r"the path 'o.p\[7\]' leads nowhere .* \('o.p' is a list of 2\)"),
        (
            NESTED.replace("o.p[0]", "o.p[*]"),
            r"the path 'o.p\[\*\]' leads to a list, '\[0.1, 0.1\]', where one value is needed",
        ),
        (NESTED + 'group = "from_json(`{}`).x"', "column 'from_json"),
        ('id = "q.id"\n' + NESTED, "column 'q.id' is missing"),
        (NESTED.replace("o.label", "o..label"), "column 'o..label' is missing"),
    ],
)
def test_a_wrong_path_is_one_line(tmp_path: Path, text: str, expected: str) -> None:
    path = written(tmp_path, [row(1), row(2)])
    with pytest.raises(InputInvalid, match=expected) as refused:
        checked(path, text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (NESTED, {"label": "yes", "p": [0.1], "text": None}),
        (NESTED, {"label": None, "p": [], "text": "x"}),
        (NESTED, {"label": None, "p": None, "text": "x"}),
        (NESTED.replace("o.label", "max_by(o.c, &p).n"), {"c": [], "p": [0.5], "text": "x"}),
        (NESTED.replace("o.label", "from_json(o.t).n"), {"t": "Sorry!", "p": [0.5], "text": "x"}),
    ],
)
def test_a_file_of_one_row_whose_answer_is_null_stops_nothing(tmp_path: Path, text: str, value: object) -> None:
    cases, reasons = checked(written(tmp_path, [{"id": 1, "o": value}]), text)
    assert len(cases) + len(reasons) == 1


def test_a_path_that_goes_wrong_after_all_of_a_list_or_within_json_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, [row(1, t='{"label": "yes"}', c=[{"p": -0.1}])])
    for text, reason in (
        (NESTED.replace("o.label", "from_json(t).lable"), "holds no JSON with the rest of it"),
        (NESTED.replace('confidence = "o.p[0]"', "") + '[score]\nlogprobs = "c[*].q"\n', "'c[*]' has 'p'"),
    ):
        with pytest.raises(InputInvalid) as refused:
            checked(path, text)
        assert reason in str(refused.value)


@pytest.mark.parametrize("odd", [None, "no list"])
def test_an_entry_of_a_list_at_which_nothing_stands_counts(tmp_path: Path, odd: object) -> None:
    """Without it four samples that were refused would leave a fifth and a sixth that agree in all."""
    choices = [{"message": {"content": text}} for text in ("yes", "yes", None, None, None)]
    rows: list[dict[str, Any]] = [{"id": 1, "t": "x", "choices": choices}]
    rows += [] if odd is None else [{"id": 2, "t": "x", "choices": odd}]  # then the rows are searched one by one
    text = 'payload = ["t"]\n[score.samples]\nanswers = "choices[*].message.content"\n'
    cases, _ = checked(written(tmp_path, rows), text)
    assert ("1", "yes", 0.4) == cases[0][:3]


def test_a_bomb_of_nesting_is_a_fault_and_the_rows_beside_it_are_read(tmp_path: Path) -> None:
    depth = 200_000
    bomb = '{"id": 3, "o": ' + '{"o": ' * depth + "1" + "}" * depth + "}"
    cases, reasons = checked(written(tmp_path, [row(1), bomb, row(2)]), NESTED)
    assert [case[0] for case in cases] == ["1", "2"]
    assert len(reasons) == 1
    assert reasons[0].startswith("not JSON")


def test_a_rule_may_name_a_path(tmp_path: Path) -> None:
    path = written(tmp_path, [row(1, bill={"total": 20}), row(2, bill={"total": 2}), row(3, bill={})])
    ruled = stream.parse(
        STREAM.format(given=NESTED) + "[[never_release]]\ncode = 'large'\nwhen = '\"bill.total\" > 10'\n",
        origin="t.toml",
    )
    (chunk,) = files.chunks(path, ruled)
    cases = contract.validate(chunk.frame, ruled, source=chunk.source).cases
    assert cases["ruled"].to_list() == ["rule large", None, "rule large, unreadable"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_expression_takes_a_row_of_a_table_as_a_whole(tmp_path: Path, ending: str) -> None:
    table = pl.DataFrame({"id": ["1", "2"], "a.label": ["yes", "no"], "state": ["ok", "void"], "p": ["0.5", "0.5"]})
    folder = tmp_path / "day=1"
    folder.mkdir()
    table.write_csv(folder / "a.csv") if ending == "csv" else table.write_parquet(folder / "a.parquet")
    label = r"""prediction = "[@][?state=='ok'] | [0].\"a.label\"" """
    cases, reasons = checked(tmp_path, f'{label}\nconfidence = "p"\npayload = ["day"]')
    assert [("1", "yes", 0.5, '{"day":"1"}'), ("2", None, None, '{"day":"1"}')] == cases
    assert [] == reasons


def test_a_column_of_a_table_that_is_missing_is_one_line_also_where_rows_may_fail(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,a.label\n1,yes\n")
    rules = 'failed = [{ when = "id", equals = ["x"], says = "no" }]'
    with pytest.raises(InputInvalid, match="column 'p' is missing"):
        checked(tmp_path / "a.csv", f'prediction = "a.label"\nconfidence = "p"\npayload = ["id"]\n{rules}')
