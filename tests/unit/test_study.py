"""A study says of a labelled history what the product would say of it, label by label."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from flows import study as studies
from flows.cli import app
from models import certificate, rehearsal, study
from models.errors import InputInvalid, Misuse


def history(right: int, wrong: int, sure: float = 0.99, unsure: float = 0.2) -> pl.DataFrame:
    """Right answers are sure, wrong ones are not."""
    return pl.DataFrame({"confidence": [sure] * right + [unsure] * wrong, "right": [True] * right + [False] * wrong})


def test_the_oracle_releases_all_that_keeps_the_target_and_ties_stay_together() -> None:
    cases = pl.DataFrame({"confidence": [0.9] * 4 + [0.8] * 2 + [None], "right": [True] * 5 + [False, True]})
    found = study.of(cases, target=0.2, delta=0.05)
    by_target = {row.target: row for row in found.attainable}
    assert (6 / 7, 0.8) == (by_target[0.2].oracle, by_target[0.2].oracle_threshold)
    assert (4 / 7, 0.9) == (by_target[0.1].oracle, by_target[0.1].oracle_threshold)
    assert 1 == found.unscorable


def test_an_error_free_history_is_certified_at_the_first_look_that_can_succeed() -> None:
    target = 0.02
    found = study.of(history(700, 0), target=target, delta=0.05)
    asked = next(row for row in found.attainable if row.target == target)
    assert asked.first is not None
    assert certificate.fewest(target, 0.05) < asked.first < 700
    assert 1.0 == asked.certified
    assert asked.labels == 700


def test_too_few_labels_certify_nothing_and_say_how_many_more_would() -> None:
    asked = next(row for row in study.of(history(50, 0), target=0.02, delta=0.05).attainable if row.target == 0.02)
    assert (0.0, None) == (asked.certified, asked.first)
    assert asked.needed is not None
    assert asked.needed.labels > 90


def test_a_model_that_is_always_wrong_releases_nothing_in_any_rehearsal() -> None:
    cases = pl.DataFrame({"confidence": [0.95] * 300, "right": [False] * 300})
    loop = rehearsal.rehearse(cases, rehearsal.Setting(target=0.1, delta=0.05, days=5, per_day=60), runs=2)
    assert 0 == loop.days["released"].sum()
    assert loop.days["error"].is_null().all()
    assert 60 == loop.days["read"].min()


def test_a_perfect_model_is_released_after_some_days_and_only_audits_are_read_from_then_on() -> None:
    setting = rehearsal.Setting(target=0.02, delta=0.05, days=20, per_day=100, audit_rate=0.05)
    loop = rehearsal.rehearse(history(2000, 0), setting, runs=4)
    assert 0 == loop.days["released"][0]
    assert 1 == loop.days["released"][-1]
    assert 0 < loop.days["read"][-1] < 20
    assert (0, 1.0) == (loop.above, loop.repeats)


def test_a_higher_audit_rate_has_people_read_more() -> None:
    read = [
        rehearsal.rehearse(
            history(2000, 0), rehearsal.Setting(target=0.02, delta=0.05, days=20, per_day=100, audit_rate=rate), runs=2
        ).days["read"][-1]
        for rate in (0.05, 0.5)
    ]
    assert read[0] < read[1] / 4


def test_a_short_history_is_used_again_and_says_so() -> None:
    loop = rehearsal.rehearse(history(10, 0), rehearsal.Setting(target=0.02, delta=0.05, days=3, per_day=10), runs=1)
    assert 3.0 == loop.repeats
    assert [1, 2, 3] == loop.days["day"].to_list()


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
    columns = studies.Columns(truth="answer", votes=("ann", "bob"))
    found = studies.read(write(tmp_path / "h.csv", CSV), columns)
    assert [(0.99, True), (0.9, True), (0.5, False), (None, True)] == found.cases.rows()
    assert (1, 7, 5) == (found.unlabelled, found.votes, found.votes_right)
    assert "confidence 'high' is not a number" == found.doubt


def test_three_people_are_judged_by_each_other_and_two_are_not(tmp_path: Path) -> None:
    rows = ["a,a,0.9,a,a,a"] * 40 + ["b,b,0.9,b,b,b"] * 40 + ["a,a,0.9,a,a,b"] * 10 + ["b,b,0.9,b,b,"] * 5
    path = write(tmp_path / "h.csv", "truth,prediction,confidence,ann,bob,eve\n" + "\n".join(rows) + "\n")
    people = studies.read(path, studies.Columns(votes=("ann", "bob", "eve"))).people
    assert people["ann"] == pytest.approx(1, abs=1e-3)
    assert people["bob"] == pytest.approx(1, abs=1e-3)
    assert people["eve"] == pytest.approx(80 / 90, abs=0.01)
    assert {} == studies.read(path, studies.Columns(votes=("ann", "bob"))).people


def test_probabilities_bring_prediction_and_confidence_with_them(tmp_path: Path) -> None:
    path = write(tmp_path / "h.csv", "truth,cat,dog\ncat,0.8,0.2\ncat,0.3,0.7\ndog,0.9,0.9\n")
    columns = studies.Columns(prediction=None, confidence=None, probabilities=("cat", "dog"))
    assert [(0.8, True), (0.7, False), (None, False)] == studies.read(path, columns).cases.rows()


@pytest.mark.parametrize(
    ("columns", "error", "said"),
    [
        (studies.Columns(truth="label"), InputInvalid, "column 'label' is missing"),
        (studies.Columns(truth="empty"), InputInvalid, "no row has a value in column 'empty'"),
        (studies.Columns(probabilities=("x", "x"), prediction=None), Misuse, "must name each column once"),
        (studies.Columns(prediction="truth"), Misuse, "cannot be the truth and an answer at once"),
        (studies.Columns(prediction="word"), InputInvalid, r"no predicted label \('high'\) is ever the truth \('a'\)"),
        (studies.Columns(confidence="prediction"), Misuse, "cannot be an answer and a number at once"),
        (studies.Columns(confidence="word"), InputInvalid, r"no row can be scored \(the first: confidence 'high' is"),
    ],
)
def test_a_file_that_cannot_be_studied_is_one_line(
    tmp_path: Path, columns: studies.Columns, error: type[Exception], said: str
) -> None:
    path = write(tmp_path / "h.csv", "truth,prediction,confidence,empty,x,word\na,a,0.5,,0.1,high\n")
    with pytest.raises(error, match=said):
        studies.read(path, columns)


def test_the_command_prints_words_or_json_and_writes_both(tmp_path: Path) -> None:
    path = write(tmp_path / "h.csv", "truth,prediction,confidence\n" + "a,a,0.99\n" * 600 + "b,a,0.3\n" * 30)
    arguments = ["study", str(path), "--target", "0.02", "--days", "3", "--output", str(tmp_path / "out")]
    said = CliRunner().invoke(app, arguments)
    assert 0 == said.exit_code, said.output
    assert "630 labelled cases" in said.output.replace("\u202f", " ")
    asked = CliRunner().invoke(app, [*arguments, "--json"])
    figures = json.loads(asked.stdout)
    assert json.loads((tmp_path / "out" / "study.json").read_text()) == figures
    assert 600 / 630 == pytest.approx(figures["accuracy"]["value"])
    assert [0.02] == [row["target"] for row in figures["attainable"] if row["certified"] and row["target"] == 0.02]
    assert 3 == len(figures["loop"]["by_day"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["study.json", "study.txt"]
