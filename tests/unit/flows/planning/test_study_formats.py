"""`study` reads exports of people's answers by the name of their format: truth, verdicts and votes."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.planning import study, study_formats
from models.errors import InputInvalid, StreamInvalid
from models.planning.labelled import Columns
from tests.unit.flows.inputs import format_cases

LABELS = ("bug", "billing")


def read(folder: Path, name: str, rows: list[dict[str, Any]], **asked: Any) -> study.History:
    file = folder / "export.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    preset = study_formats.preset(name)
    return study.read(file, study_formats.columns(Columns(**asked), preset), preset=preset)


def test_the_truth_of_a_label_studio_export_is_what_most_annotators_say(tmp_path: Path) -> None:
    people = [("bug", "bug"), ("bug", "billing"), (None, "bug"), ("billing", "bug", "billing"), ()]
    rows = [format_cases._task(n, "bug", 0.5 + n / 100, *people[n % 5]) for n in range(50)]
    result = read(tmp_path, "label-studio-export", rows)
    assert (30, 20) == (len(result.cases), result.unlabelled)  # a tie, and nobody's answer, are no truth
    assert 20 == int(result.cases["right"].sum())
    assert (40, 30) == (result.votes, result.votes_right)  # of one answer alone, which is the truth, nothing


def test_where_each_truth_is_somebodys_only_answer_nobody_agrees_with_it(tmp_path: Path) -> None:
    rows = [format_cases._task(n, "bug", 0.5 + n / 100, LABELS[n % 2]) for n in range(20)]
    history = read(tmp_path, "label-studio-export", rows)
    assert (20, 0, 0) == (len(history.cases), history.votes, history.votes_right)


def test_a_history_of_a_format_that_is_not_named_is_refused_with_the_option_that_names_it(tmp_path: Path) -> None:
    rows = [format_cases._task(n, "bug", 0.5 + n / 100, "bug") for n in range(20)]
    (tmp_path / "export.json").write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(InputInvalid, match=r"export as JSON: add --format label-studio-export$"):
        study.read(tmp_path / "export.json", Columns())
    with pytest.raises(InputInvalid) as caught:  # it is named, and another column is missing
        read(tmp_path, "label-studio-export", rows, confidence="sure")
    assert "--format" not in str(caught.value)


def test_an_annotation_that_is_marked_as_ground_truth_goes_before_the_others(tmp_path: Path) -> None:
    rows = [format_cases._task(n, "bug", 0.5 + n / 100, "billing", "billing", "bug") for n in range(20)]
    for row in rows:
        row["annotations"][2]["ground_truth"] = True
    assert 20 == int(read(tmp_path, "label-studio-export", rows).cases["right"].sum())


def test_responses_of_argilla_are_a_truth_and_accept_or_reject_of_prodigy_a_verdict(tmp_path: Path) -> None:
    rows = [format_cases._record(str(n), LABELS[n % 2], 0.5 + n / 100, "bug") for n in range(20)]
    assert (20, 10) == (len(cases := read(tmp_path, "argilla", rows).cases), int(cases["right"].sum()))
    rows = [format_cases._reviewed(n, "bug", 0.5 + n / 100, ("accept", "reject", "ignore")[n % 3]) for n in range(30)]
    (tmp_path / "out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    preset = study_formats.preset("prodigy")
    history = study.read(tmp_path / "out.jsonl", study_formats.columns(Columns(), preset), preset=preset)
    assert (20, 10) == (len(history.cases), int(history.cases["right"].sum()))


def asked(folder: Path, name: str, content: bytes, file: str, **columns: Any) -> study.History:
    (folder / file).write_bytes(content)
    preset = study_formats.preset(name)
    return study.read(folder / file, study_formats.columns(Columns(**columns), preset), preset=preset)


def test_a_label_of_doccano_is_the_truth_where_it_is_the_only_one(tmp_path: Path) -> None:
    people = [["bug"], ["bug", "billing"], [], ["billing"]]
    rows = [format_cases._labelled(n, people[n % 4], "bug", 0.5 + n / 100) for n in range(40)]
    history = asked(tmp_path, "doccano", format_cases.lines(*rows), "all.jsonl", prediction="guess", confidence="sure")
    assert (20, 20, 10) == (len(history.cases), history.unlabelled, int(history.cases["right"].sum()))


def test_the_truth_of_labelbox_is_what_most_labels_say_and_each_of_the_first_two_is_a_vote(tmp_path: Path) -> None:
    people = [("bug", "bug"), ("bug", "billing"), (), ("billing",)]
    rows = [format_cases._data_row(str(n), "bug", 0.5 + n / 100, *people[n % 4]) for n in range(40)]
    guess, sure = (format_cases._FIELD.format(name) for name in ("guess", "sure"))
    content = format_cases.lines(*rows)
    history = asked(tmp_path, "labelbox", content, "export.ndjson", prediction=guess, confidence=sure)
    assert (20, 10, 0) == (len(history.cases), int(history.cases["right"].sum()), history.votes)


def test_an_answer_of_mechanical_turk_is_the_truth_of_its_task_and_rejected_work_is_none(tmp_path: Path) -> None:
    rows = [
        f"H{n // 2},T,Mail,A{n},W{n % 3},{('Approved', 'Rejected')[n % 4 == 3]},,9,Text,bug,0.{50 + n},{LABELS[n % 2]},,"
        for n in range(40)
    ]
    content = format_cases._work(*rows)
    history = asked(tmp_path, "mturk", content, "a.csv", prediction="Input.label", confidence="Input.score")
    assert (30, 20) == (len(history.cases), int(history.cases["right"].sum()))


def test_what_people_expected_of_a_trace_of_mlflow_is_the_truth(tmp_path: Path) -> None:
    rows = [
        format_cases._trace(str(n), {"label": "bug", "p": 0.5 + n / 100}, expected=("bug", "billing", None)[n % 3])
        for n in range(30)
    ]
    named = {"prediction": f"{format_cases._ROOT}.label", "confidence": f"{format_cases._ROOT}.p"}
    history = asked(tmp_path, "mlflow-traces", format_cases.lines(*rows), "traces.jsonl", **named)
    assert (20, 10) == (len(history.cases), int(history.cases["right"].sum()))


def test_a_column_that_is_named_goes_before_that_of_the_format(tmp_path: Path) -> None:
    rows = [format_cases._task(n, "bug", 0.5 + n / 100, "billing", "bug") for n in range(20)]
    second = "annotations[1].result[0].value.choices[0]"
    assert 20 == int(read(tmp_path, "label-studio-export", rows, truth=second).cases["right"].sum())


def test_what_is_no_such_format_or_no_such_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StreamInvalid, match="'nosuch': no such format; there are auto, "):
        study_formats.preset("nosuch")
    with pytest.raises(StreamInvalid, match=r"mine\.toml: no such preset"):
        study_formats.preset(str(tmp_path / "mine.toml"))
    with pytest.raises(InputInvalid, match=r"is missing|leads nowhere"):
        read(tmp_path, "label-studio-export", [{"id": 1, "data": {"text": "x"}}])
