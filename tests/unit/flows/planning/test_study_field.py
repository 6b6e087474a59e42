"""Files as people have them, studied: each says what is right of it, or why it cannot be, in one line.

The inputs in tests/field were made for this project after troubles people report; nothing in them is anybody's data.
"""

import re
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files
from flows.planning import study as studies
from models.config import stream
from models.errors import InputInvalid
from models.evaluation.estimate import Estimate
from models.outputs import contract
from models.planning import simulation, study
from models.planning.labelled import Columns
from review.report import study_text

FIELD = Path(__file__).resolve().parents[3] / "field"


def read(name: str, **columns: object) -> studies.History:
    return studies.read(FIELD / name, Columns(**columns))  # type: ignore[arg-type]


def studied(history: studies.History, target: float = 0.05) -> study.Study:
    return study.of(history.cases, target=target, delta=0.05)


def at(result: study.Study, target: float) -> study.Attainable:
    return next(row for row in result.attainable if row.target == target)


def words(history: studies.History, target: float = 0.05) -> str:
    setting = simulation.Setting(target=target, delta=0.05, days=2, per_day=50)
    studied, loop = studies.studied(history, setting)
    lines = study_text.lines("file", studied, loop, None, {}, history.left_out, history.notes)
    return lines.replace("\u202f", "").replace("\u00a0", " ")


def test_three_readings_of_each_of_forty_items_certify_what_forty_items_do() -> None:
    columns = {"truth": "human", "prediction": "judge", "confidence": "judge_conf"}
    readings, single = read("longform/forty.csv", **columns), read("longform/forty-items.csv", **columns)
    several, each = studied(readings), studied(single)
    assert ("item", 40, 3) == (readings.group, several.groups, several.largest_group)
    assert [row.certified for row in each.attainable] == [row.certified for row in several.attainable]
    assert (0, None) == (at(several, 0.05).certified, at(several, 0.05).first)
    assert "Column 'item' has 40 values in 120 rows: rows of one item are one unit" in words(readings)


def test_limits_that_do_not_know_the_items_are_named_and_an_auroc_near_chance_is_not_called_below_it() -> None:
    history = read("longform/ratings.csv.gz", truth="human", prediction="judge", confidence="judge_conf")
    result = studied(history)
    assert isinstance(result.auroc, Estimate)
    assert result.auroc.value < 0.5 < result.auroc.high
    assert "AUROC is below" not in words(history)
    assert "(The limits of AUROC and ECE take each case for itself" in words(history)


def test_limits_of_readings_of_one_item_are_wider_than_those_of_as_many_items() -> None:
    columns = {"truth": "human", "prediction": "judge", "confidence": "judge_conf"}
    together = studied(read("longform/ratings.csv.gz", **columns)).accuracy
    apart = studied(read("longform/ratings.csv.gz", **columns, group="")).accuracy
    assert together.value == pytest.approx(apart.value)
    assert together.high - together.low > 1.15 * (apart.high - apart.low)


def test_where_only_doubtful_cases_are_labelled_a_study_says_the_labelled_are_not_like_the_rest() -> None:
    history = read("selected/history.csv.gz")
    assert studied(history).accuracy.value == pytest.approx(0.783, abs=0.001)
    assert "The labelled rows are not like the rest" in words(history)
    assert "--chance" in words(history)


def test_with_the_known_chances_the_same_labels_tell_of_all_cases() -> None:
    history = read("selected/history.csv.gz", chance="chance")
    result = studied(history, 0.02)
    assert (20_000, 5_366) == (result.cases, result.labelled)
    assert result.accuracy.low < 0.8883 < result.accuracy.high  # the truth of all 20,000
    assert result.accuracy.value == pytest.approx(0.888, abs=0.008)
    assert result.accuracy.method == "Fay-Feuer"
    assert at(result, 0.02).oracle == pytest.approx(0.19, abs=0.09)  # 810 random labels; all answers say 19.0 %
    assert "The labelled rows are not like the rest" not in words(history)


def test_answers_written_another_way_are_named_and_not_counted_as_wrong() -> None:
    columns = {"prediction": "label", "confidence": "p"}
    history = read("spelling/a.jsonl.gz", **columns)
    result = studied(history)
    assert 476 == sum(history.left_out.written.values()) == result.unscorable
    assert {"Billing": 87, "billing.": 46, "billing\n": 37}.items() <= history.left_out.written.items()
    assert (2_524, 0.988) == (result.accuracy.n, round(result.accuracy.value, 3))
    assert "476 written in a way the labels do not have ('Billing' 87," in words(history)
    assert "476 whose label is written otherwise, or without a confidence (always for a person)" in words(history)
    folded = read("spelling/a.jsonl.gz", **columns, fold=True)
    assert (0, 0.989) == (len(folded.left_out.written), round(studied(folded).accuracy.value, 3))


TABLE = """
[labels]
names = ["billing", "bug", "other"]
{rest}
[input]
source = "inbox"
prediction = "label"
confidence = "p"
payload = ["truth"]
[model]
id = "m-1"
[review]
kind = "text"
question = "What is it?"
project = "Mail"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""


@pytest.mark.parametrize(
    ("rest", "unknown", "right"),
    [
        ("", 476, 0.988),
        ('also = { billing = ["Billing"], bug = ["Bug"] }', 476 - 87 - 86, 0.989),
        ("fold = true", 0, 0.989),
    ],
)
def test_score_and_a_study_by_the_streams_labels_know_the_same_answers(rest: str, unknown: int, right: float) -> None:
    described = stream.parse('name = "mail"\ntitle = "Mail"' + TABLE.format(rest=rest), origin="mail.toml")
    history = read("spelling/a.jsonl.gz", prediction="label", confidence="p", rule=described.rule)
    result = studied(history)
    assert (unknown, right) == (result.unscorable, round(result.accuracy.value, 3))
    chunks = [chunk.frame for chunk in files.chunks(FIELD / "spelling/a.jsonl.gz", described)]
    cases = contract.validate(pl.concat(chunks), described, source="a.jsonl").cases
    reasons = cases["doubt"].drop_nulls()
    assert unknown == len(reasons)
    if unknown:
        assert "differs from 'other' by spelling alone: give it in [labels], by also or fold" in "".join(reasons)


def test_a_stream_whose_answers_are_lists_is_refused_before_a_row_is_recorded() -> None:
    text = 'name = "mail"\ntitle = "Mail"' + TABLE.format(rest="").replace('"label"', '"flags"').replace(
        '"p"', '"score"'
    )
    described = stream.parse(text, origin="mail.toml")
    first = next(iter(files.chunks(FIELD / "multilabel/a.jsonl.gz", described)))
    message = r"a\.jsonl, line 1: flags \[\"hate\".* is a list, .* each case one label: .*kind = \"set\""
    with pytest.raises(InputInvalid, match=message) as caught:
        contract.validate(first.frame, described, source="a.jsonl")
    assert len(str(caught.value)) < 300


def test_lists_of_labels_are_compared_as_sets() -> None:
    history = read("multilabel/a.jsonl.gz", prediction="flags", confidence="score")
    assert studied(history).accuracy.value == pytest.approx(0.9735)
    assert "compared as sets: 391 come in another order" in words(history)
    assert (0, 1.0) == (at(studied(history), 0.05).certified, at(studied(history), 0.05).anytime)
    assert "where the two differ, expect of a stream what the second says" in words(history)


def test_rows_that_cannot_be_scored_are_left_out_of_right_and_counted(tmp_path: Path) -> None:
    rows = ["truth,prediction,a,b", *["a,a,0.9,0.1"] * 30, *["b,a,0.9,0.1"] * 10, *["a,a,0.9,0.2"] * 40]
    (tmp_path / "history.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    history = studies.read(tmp_path / "history.csv", Columns(confidence=None, probabilities=("a", "b")))
    result = studied(history, 0.1)
    assert (result.accuracy.value, result.accuracy.n, result.unscorable, history.left_out.unscored) == (
        0.75,
        40,
        40,
        40,
    )
    assert "40 that could not be scored and go to a person (the first: the probabilities sum to 1.1, not 1)" in words(
        history
    )


def test_twelve_probabilities_of_two_decimals_are_scored_whatever_rounding_made_of_their_sum() -> None:
    names = tuple(f"c{place}" for place in range(12))
    history = read("rounded/a.csv.gz", prediction=None, confidence=None, probabilities=names)
    result = studied(history, 0.1)
    assert (result.unscorable, result.accuracy.n) == (0, 2_000)
    assert result.accuracy.value == pytest.approx(0.67, abs=0.02)
    assert not re.search(r"0\.\d{5}", words(history, 0.1))  # rounding alone sets scores apart by less


@pytest.mark.parametrize(
    ("name", "columns", "text"),
    [
        ("percent/a.jsonl.gz", {"prediction": "type", "confidence": "score"}, "runs from 0 to 100.*--scale percent"),
        ("logprobs/a.jsonl.gz", {"prediction": "label", "confidence": "logprob"}, "runs from -0.69.*--scale logprob"),
        (
            "percent/a.jsonl.gz",
            {"prediction": "type", "confidence": "score", "scale": "unit"},
            "runs from 0 to 100, not from 0 to 1: if it is percent, add --scale percent$",
        ),
        (
            "logprobs/a.jsonl.gz",
            {"prediction": "label", "confidence": "logprob", "scale": "percent"},
            "not from 0 to 100: if these are log-probabilities, add --scale logprob$",
        ),
        (
            "acceptreject/export.jsonl.gz",
            {"truth": "answer", "prediction": "label", "confidence": "score"},
            "use --right answer",
        ),
    ],
)
def test_a_column_of_another_kind_is_refused_with_the_way_out(name: str, columns: dict[str, str], text: str) -> None:
    with pytest.raises(InputInvalid, match=text):
        read(name, **columns)


def test_percent_and_log_probabilities_are_read_whole_once_they_are_named() -> None:
    percent = studied(read("percent/a.jsonl.gz", prediction="type", confidence="score", scale="percent"))
    assert isinstance(percent.auroc, Estimate)
    assert (0, 600) == (percent.unscorable, percent.accuracy.n)
    assert percent.auroc.value > 0.6
    assert 0.01 == percent.scores[1]  # a score of 1 is 1 %, no certainty
    logs = studied(read("logprobs/a.jsonl.gz", prediction="label", confidence="logprob", scale="logprob"))
    assert (0, 1.0) == (logs.unscorable, logs.scores[-1])  # a log-probability of 0 is certainty
    assert isinstance(logs.auroc, Estimate)
    assert logs.auroc.value > 0.8


def test_the_probability_of_one_class_is_recognised_and_can_be_named() -> None:
    columns = {"prediction": "label", "confidence": "toxicity"}
    history = read("onesided/a.csv.gz", **columns)
    assert "looks like the probability of 'toxic'" in words(history)
    named = read("onesided/a.csv.gz", **columns, of="toxic")
    before, after = studied(history).auroc, studied(named).auroc
    assert isinstance(before, Estimate)
    assert isinstance(after, Estimate)
    assert before.high < 0.5 < 0.8 < after.value
    assert "AUROC is below 0.5: perhaps the column says how unsure" in words(history)
    assert not named.notes


def test_a_confidence_that_is_one_number_is_said_to_order_nothing() -> None:
    history = read("constant/a.jsonl.gz", prediction="class")
    message = words(history)
    assert "Beware: the confidence is the same in every case: it cannot order anything" in message
    assert "would take the next step" not in message
    asked = at(studied(history), 0.05)
    assert (0, None, 0) == (asked.certified, asked.first, asked.anytime)


def test_a_study_takes_four_hundred_labels() -> None:
    history = read("taxonomy/a.jsonl.gz", prediction="category", confidence="p")
    result = studied(history)
    assert 1_500 == result.accuracy.n
    assert result.accuracy.value == pytest.approx(0.946, abs=0.001)


def test_a_target_that_nothing_reaches_is_one_sentence_and_no_table_of_nothing(tmp_path: Path) -> None:
    rows = [f"x,{'x' if place % 2 else 'y'},{0.5 + place // 2 % 50 / 100}" for place in range(400)]
    (tmp_path / "h.csv").write_text("\n".join(["prediction,truth,confidence", *rows]) + "\n")
    message = words(studies.read(tmp_path / "h.csv", Columns()))
    assert "Nothing could be released alone at any target from 0.5 % to 10 %" in message
    assert "0.0 %" not in message.partition("Nothing could be")[2].partition("released  ")[0]


def test_a_column_of_verdicts_takes_the_place_of_the_truth() -> None:
    history = read("acceptreject/export.jsonl.gz", right="answer", prediction=None, confidence="score")
    assert {"ignore": 4} == history.left_out.undecided
    accuracy = studied(history).accuracy
    assert (1_996, 92) == (accuracy.n, accuracy.errors)
    assert "4 marked neither right nor wrong ('ignore' 4)" in words(history)
