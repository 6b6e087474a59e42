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
    assert (50, 40) == (result.votes, result.votes_right)


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
