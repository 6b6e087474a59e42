"""A study of a file: what it is compared with, what is left out, and what the command prints."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.main import app
from flows.planning import study as studies
from models.errors import InputInvalid, Misuse
from models.planning import study
from models.planning.labelled import Columns


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


CSV = """answer,prediction,confidence,ann,bob
a,a,0.99,a,a
b,b,0.9,b,a
b,a,0.5,b,
,a,0.9,a,a
a,a,high,a,b
"""


def test_a_file_is_compared_with_its_truth_and_single_people_with_it_too(tmp_path: Path) -> None:
    columns = Columns(truth="answer", votes=("ann", "bob"))
    result = studies.read(write(tmp_path / "h.csv", CSV), columns)
    assert [(0.99, True), (0.9, True), (0.5, False), (None, True)] == result.cases.rows()
    assert (1, 7, 5) == (result.unlabelled, result.votes, result.votes_right)
    assert "confidence 'high' is not a number" == result.unscored


def test_an_item_column_that_hardly_ever_repeats_costs_its_repeats_only(tmp_path: Path) -> None:
    rows = [f"i{place},a,a,0.9" for place in range(300)] + ["i7,a,a,0.9"]
    path = write(tmp_path / "h.csv", "id,truth,prediction,confidence\n" + "\n".join(rows) + "\n")
    result = studies.read(path, Columns())
    assert (300, None, 1) == (len(result.cases), result.group, result.left_out.repeats)
    assert 301 == len(studies.read(path, Columns(group="")).cases)


def test_ids_of_json_lines_are_seen_though_nobody_names_them(tmp_path: Path) -> None:
    rows = [
        json.dumps({"case_id": f"c{n // 2}", "truth": "a", "prediction": "a", "confidence": 0.9}) for n in range(40)
    ]
    result = studies.read(write(tmp_path / "h.jsonl", "\n".join(rows) + "\n"), Columns())
    assert ("case_id", 20) == (result.group, result.cases["group"].n_unique())


def test_a_text_that_repeats_is_reported_and_not_taken_for_an_item(tmp_path: Path) -> None:
    path = write(tmp_path / "h.csv", "text,truth,prediction,confidence\n" + "thanks,a,a,0.9\nno,a,a,0.8\n" * 20)
    result = studies.read(path, Columns())
    assert result.group is None
    assert any("Column 'text' has 2 values in 40 labelled rows" in note for note in result.notes)


def test_minus_one_for_no_label_is_no_truth(tmp_path: Path) -> None:
    path = write(tmp_path / "h.csv", "truth,prediction,confidence\n0,0,0.9\n1,1,0.8\n-1,1,0.7\n,0,0.9\n")
    result = studies.read(path, Columns())
    assert (2, 2) == (len(result.cases), result.left_out.unlabelled)
    assert result.left_out.placeholders == {"-1": 1}


def test_minus_one_is_neither_an_answer_nor_a_vote(tmp_path: Path) -> None:
    rows = "truth,prediction,confidence,ann\n0,0,0.9,0\n1,1,0.8,-1\n1,-1,0.7,1\n0,0,0.9,1\n"
    result = studies.read(write(tmp_path / "h.csv", rows), Columns(votes=("ann",)))
    assert (result.cases["right"].to_list(), result.votes, result.votes_right) == ([True, True, False, True], 3, 2)
    assert (result.left_out.unscored, result.left_out.first_reason, result.unlabelled) == (1, "no prediction", 0)


def test_chances_without_the_rows_they_left_out_stand_for_them(tmp_path: Path) -> None:
    rows = ["a,a,0.9,0.1"] * 50 + ["a,b,0.4,1"] * 100
    path = write(tmp_path / "h.csv", "truth,prediction,confidence,chance\n" + "\n".join(rows) + "\na,a,0.9,2\n")
    result = studies.read(path, Columns(chance="chance"))
    assert (600, 1) == (len(result.cases), result.left_out.without_chance)
    assert study.of(result.cases, target=0.1, delta=0.05).accuracy.value == pytest.approx(500 / 600)


def test_three_people_are_assessed_by_each_other_and_two_are_not(tmp_path: Path) -> None:
    rows = ["a,a,0.9,a,a,a"] * 40 + ["b,b,0.9,b,b,b"] * 40 + ["a,a,0.9,a,a,b"] * 10 + ["b,b,0.9,b,b,"] * 5
    path = write(tmp_path / "h.csv", "truth,prediction,confidence,ann,bob,eve\n" + "\n".join(rows) + "\n")
    people = studies.read(path, Columns(votes=("ann", "bob", "eve"))).people
    assert people["ann"] == pytest.approx(1, abs=1e-3)
    assert people["bob"] == pytest.approx(1, abs=1e-3)
    assert people["eve"] == pytest.approx(80 / 90, abs=0.01)
    assert {} == studies.read(path, Columns(votes=("ann", "bob"))).people


def test_probabilities_bring_prediction_and_confidence_with_them(tmp_path: Path) -> None:
    path = write(tmp_path / "h.csv", "truth,cat,dog\ncat,0.8,0.2\ncat,0.3,0.7\ndog,0.9,0.9\n")
    columns = Columns(prediction=None, confidence=None, probabilities=("cat", "dog"))
    assert [(0.8, True), (0.7, False), (None, False)] == studies.read(path, columns).cases.rows()


@pytest.mark.parametrize(
    ("columns", "error", "text"),
    [
        (Columns(truth="label"), InputInvalid, "column 'label' is missing"),
        (Columns(truth="empty"), InputInvalid, "no row has a value in column 'empty'"),
        (Columns(probabilities=("x", "x"), prediction=None), Misuse, "must name each column once"),
        (Columns(prediction="truth"), Misuse, "cannot be the truth and an answer at once"),
        (Columns(prediction="word"), InputInvalid, r"no predicted label \('high'\) is ever the truth \('a'\)"),
        (Columns(confidence="prediction"), Misuse, "cannot be an answer and a number at once"),
        (Columns(confidence="word"), InputInvalid, r"no row can be scored \(the first: confidence 'high' is"),
    ],
)
def test_a_file_that_cannot_be_studied_is_one_line(
    tmp_path: Path, columns: Columns, error: type[Exception], text: str
) -> None:
    path = write(tmp_path / "h.csv", "truth,prediction,confidence,empty,x,word\na,a,0.5,,0.1,high\n")
    with pytest.raises(error, match=text):
        studies.read(path, columns)


def test_the_command_prints_words_or_json_and_writes_both(tmp_path: Path) -> None:
    path = write(tmp_path / "h.csv", "truth,prediction,confidence\n" + "a,a,0.99\n" * 600 + "b,a,0.3\n" * 30)
    arguments = ["study", str(path), "--target", "0.02", "--days", "3", "--output", str(tmp_path / "out")]
    message = CliRunner().invoke(app, arguments)
    assert 0 == message.exit_code, message.output
    assert "630 labelled cases" in message.output.replace("\u202f", " ")
    asked = CliRunner().invoke(app, [*arguments, "--json"])
    figures = json.loads(asked.stdout)
    assert json.loads((tmp_path / "out" / "study.json").read_text()) == figures
    assert 600 / 630 == pytest.approx(figures["accuracy"]["value"])
    assert [0.02] == [row["target"] for row in figures["attainable"] if row["certified"] and row["target"] == 0.02]
    assert 3 == len(figures["loop"]["by_day"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["study.json", "study.txt"]
