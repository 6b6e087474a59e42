"""Another model's answers are read as this model's are: by the same labels, scales and rules."""

from typing import Any

import polars as pl
import pytest

from models.config import stream
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import column_notes, contract, other_answers, ruled
from tests.unit.models.config.test_stream import MAIL

TABLE = '[[shadow]]\nmodel = "m2"\nprediction = "answer_2"\nconfidence = "score_2"\n'
ROWS: dict[str, list[Any]] = {
    "id": ["a", "b", "c"],
    "label": ["bug", "bug", "question"],
    "score": [0.9, 0.8, 0.7],
    "text": ["x", "y", "z"],
    "answer_2": ["bug", "question", "bug"],
    "score_2": [0.5, 0.25, 1.0],
}


def described(table: str = TABLE, mail: str = MAIL) -> Stream:
    return stream.parse(f"{mail}\n{table}", origin="mail.toml")


def read(table: str = TABLE, mail: str = MAIL, **changes: list[Any]) -> pl.DataFrame:
    parsed = described(table, mail)
    checked = contract.validate(pl.DataFrame(ROWS | changes), parsed, source="a.csv")
    return other_answers.read(checked, parsed, "a.csv")


def test_each_case_has_a_row_for_each_model_beside_what_this_one_said() -> None:
    rows = read(TABLE + '[[shadow]]\nmodel = "m3"\nprediction = "label"\ncost = "score"\n')
    assert rows.schema == other_answers.SCHEMA
    assert rows.select("case_id", "model_id", "prediction", "raw_score", "ours").rows() == [
        ("a", "m2", "bug", 0.5, "bug"),
        ("b", "m2", "question", 0.25, "bug"),
        ("c", "m2", "bug", 1.0, "question"),
        ("a", "m3", "bug", None, "bug"),
        ("b", "m3", "bug", None, "bug"),
        ("c", "m3", "question", None, "question"),
    ]
    assert rows["cost"].to_list()[3:] == [0.9, 0.8, 0.7]
    assert set(rows["doubt"]) == {None, "the stream gives no confidence"}
    assert rows["line"].to_list() == [1, 2, 3, 1, 2, 3]


def test_labels_are_read_by_the_streams_spellings() -> None:
    mail = MAIL.replace('labels = ["bug", "question"]\n', "") + '[labels]\nnames = ["bug", "question"]\nfold = true\n'
    assert read(mail=mail, answer_2=["BUG", "Question.", "eggs"])["prediction"].to_list() == ["bug", "question", None]


@pytest.mark.parametrize(
    ("of_stream", "of_table", "scores", "expected"),
    [
        ("", "", [0.5, 0.25, 1.0], [0.5, 0.25, 1.0]),
        ('scale = "percent"', "", [50.0, 25.0, 100.0], [0.5, 0.25, 1.0]),
        ('scale = "percent"', 'scale = "unit"', [0.5, 0.25, 1.0], [0.5, 0.25, 1.0]),
        ("", 'scale = "percent"', [50.0, 25.0, 100.0], [0.5, 0.25, 1.0]),
        ('[score]\nscale = "levels"\nlevels = ["low", "mid", "high"]', "", ["LOW", "high", "mid"], [0.25, 0.75, 0.5]),
        ('[score]\nscale = "levels"\nlevels = ["low", "high"]', 'scale = "unit"', [0.5, 0.2, 1.0], [0.5, 0.2, 1.0]),
    ],
)
def test_scores_run_on_the_streams_scale_or_on_one_of_their_own(
    of_stream: str, of_table: str, scores: list[Any], expected: list[float]
) -> None:
    mail = MAIL.replace('payload = ["text"]', f'payload = ["text"]\n{of_stream}')
    ours = (
        [90.0, 80.0, 70.0]
        if "percent" in of_stream
        else ["low", "high", "low"]
        if "levels" in of_stream
        else ROWS["score"]
    )
    rows = read(f"{TABLE}{of_table}", mail, score=ours, score_2=scores)
    assert rows["raw_score"].to_list() == pytest.approx(expected)


def test_a_confidence_may_be_the_probability_of_one_label_or_follow_from_all() -> None:
    rows = read(TABLE.replace('"score_2"', '{ of = "bug", column = "score_2" }'))
    assert rows["raw_score"].to_list() == [0.5, 0.75, 1.0]
    spread = read('[[shadow]]\nmodel = "m2"\nprobabilities = ["score_2", "rest"]\n', rest=[0.5, 0.75, 0.0])
    assert spread.select("prediction", "raw_score").rows() == [("bug", 0.5), ("question", 0.75), ("bug", 1.0)]


def test_its_columns_are_no_part_of_what_makes_two_rows_the_same_case() -> None:
    frame, other = pl.DataFrame(ROWS), pl.DataFrame(ROWS | {"answer_2": ["question"] * 3})
    both = [contract.validate(one, described(), source="a").cases for one in (frame, other)]
    assert both[0].equals(both[1])
    assert both[0].equals(contract.validate(frame.drop("answer_2", "score_2"), described(""), source="a").cases)
    assert contract.named(described())[-2:] == ["answer_2", "score_2"]


def test_a_column_that_is_not_what_the_stream_says_is_refused_by_its_key() -> None:
    with pytest.raises(
        InputInvalid, match=r"a.csv, line 1: score_2 50 is not .* as in shadow\[0\]\.scale = \"percent\""
    ):
        read(score_2=[50.0, 25.0, 100.0])
    with pytest.raises(InputInvalid, match=r"name another column in shadow\[0\]\.prediction"):
        read(answer_2=['["bug"]'] * 3)


def test_what_cannot_be_read_of_its_columns_is_noted_once() -> None:
    frame = pl.DataFrame(ROWS | {"answer_2": ["Bug"] * 3, "score_2": ["", None, ""]})
    notes = [note.sentence for note in column_notes.of(frame, described())]
    assert notes == [
        "no row has a value in column 'score_2' (shadow[0].confidence): check the name, or drop the key",
        "3 of 3 answers in column 'answer_2' (shadow[0].prediction) differ from a label by spelling alone: 'Bug' (3); give them "
        "in [labels], by also or fold, or none of these is recorded as an answer",
    ]


def test_a_rule_that_reads_its_columns_keeps_cases_by_what_a_model_said() -> None:
    rule = '[[never_release]]\ncode = "apart"\nwhen = "answer_2 = \'bug\'"\n'
    assert ruled.by_the_answer(described(TABLE + rule)) == "apart"
    assert ruled.by_the_answer(described(rule)) is None
