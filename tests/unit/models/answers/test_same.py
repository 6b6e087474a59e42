"""Two written answers are one where the text, the set or the label is; spelling alone makes no answer wrong."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from models.answers import right_wrong, same
from models.outputs import items, score_columns


def verdicts(
    rows: Sequence[tuple[str | None, str | None]], *, fold: bool = False
) -> list[tuple[bool | None, str | None]]:
    value, true = (pl.Series(name, [row[side] for row in rows], dtype=pl.String) for side, name in enumerate("pt"))
    return same.judge(value, true, fold=fold).rows()


SAME = [("Billing", "billing"), ("billing.", "billing"), (" billing\n", "billing"), ("1.0", "1"), ("+2", "2")]


@pytest.mark.parametrize("pair", SAME)
def test_the_same_label_written_another_way_is_left_out_and_with_folding_right(pair: tuple[str, str]) -> None:
    assert [(None, pair[0])] == verdicts([pair])
    assert [(True, None)] == verdicts([pair], fold=True)


def test_another_spelling_of_a_wrong_label_is_left_out_too_as_score_would_not_know_it() -> None:
    assert (None, "Bug") == verdicts([("billing", "billing"), ("bug", "bug"), ("Bug", "billing")])[2]
    assert (False, None) == verdicts([("billing", "billing"), ("bug", "bug"), ("Bug", "billing")], fold=True)[2]


def test_a_truth_written_otherwise_is_named_where_the_answer_is_a_label() -> None:
    assert [(True, None), (None, "Bug")] == verdicts([("bug", "bug"), ("bug", "Bug")])


def test_two_spellings_that_answers_and_truths_both_use_are_two_labels() -> None:
    assert (False, None) == verdicts([("a", "a"), ("A", "A"), ("a", "A")])[2]
    assert ["A", "a"] == same.alike({"A", "a", "b"})


def test_codes_with_leading_zeros_other_words_and_boxes_in_another_order_are_different() -> None:
    wrong = [("007", "7"), ("spam", "ham"), ("[1, 2]", "[2, 1]"), ("?", "!")]
    assert [(False, None)] * 4 == verdicts(wrong, fold=True)


def test_lists_of_labels_are_sets_and_lists_with_another_label_are_wrong() -> None:
    assert [(True, None), (False, None)] == verdicts([('["b", "a", "b"]', '["a","b"]'), ('["a"]', '["a", "b"]')])


def test_a_row_without_an_answer_or_truth_is_neither() -> None:
    assert [(None, None), (None, None)] == verdicts([(None, "a"), ("a", None)])


RULE = same.Rule(labels=("billing", "bug", '["a","b"]'), also={"billing": ["REFUND", "invoice"]})


@pytest.mark.parametrize(
    ("text", "strict", "folded"),
    [
        ("bug", "bug", "bug"),
        ("REFUND", "billing", "billing"),
        ("refund.", None, "billing"),
        ("Bug ", None, "bug"),
        ("BUG!", None, "bug"),
        ('["b", "a", "b"]', '["a","b"]', '["a","b"]'),
        ("praise", None, None),
    ],
)
def test_a_text_is_the_label_it_equals_or_a_spelling_of_it_and_with_folding_what_is_written_like_one(
    text: str, strict: str | None, folded: str | None
) -> None:
    assert (strict, folded) == (RULE.label(text), replace(RULE, fold=True).label(text))
    assert [strict or text, None] == RULE.read(pl.Series([text, None])).to_list()


@pytest.mark.parametrize(
    ("also", "fold", "text"),
    [
        ({"bug": ["billing"]}, False, "labels.also: 'billing' is a label itself"),
        ({"bugs": ["b"]}, False, "labels.also: 'bugs' is none of the labels"),
        ({"bug": ["b"], "billing": ["b"]}, False, "labels.also: 'b' is a spelling of two labels"),
        ({"bug": ["Billing."]}, True, "labels.fold: 'bug' and 'billing' are written alike"),
    ],
)
def test_a_text_that_could_be_two_labels_makes_no_rule(also: dict[str, list[str]], fold: bool, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        same.Rule(labels=("billing", "bug"), also=also, fold=fold)


def test_by_a_rule_what_is_none_of_its_labels_is_neither_right_nor_wrong() -> None:
    rows = [("bug", "bug"), ("bug", "billing"), ("Bug", "bug"), ("bug", "praise"), ("bug", None)]
    value, true = (pl.Series([row[side] for row in rows], dtype=pl.String) for side in (0, 1))
    outcomes = RULE.judge(value, true).rows()
    assert [(True, None), (False, None), (None, "Bug"), (None, "praise"), (None, None)] == outcomes


def test_very_many_labels_are_half_a_line() -> None:
    assert "a, b" == same.few(["a", "b"])
    assert len(same.few(["x" * 200] * 1_200)) < 500
    assert same.few([str(number) for number in range(1_200)]).endswith("8, 9, and 1190 more")


def test_minus_one_among_whole_numbers_is_no_label_unless_the_model_says_it() -> None:
    truth = pl.Series(["0", "1", "-1", None])
    assert [False, False, True, False] == same.unlabelled(truth, pl.Series(["0", "1", "1", "1"])).to_list()
    assert not same.unlabelled(truth, pl.Series(["0", "-1", "1", "1"])).any()
    assert not same.unlabelled(pl.Series(["-2", "-1", "1"]), None).any()
    assert not same.unlabelled(pl.Series(["a", "-1"]), None).any()


@pytest.mark.parametrize(
    ("truth", "answers", "missing"),
    [
        (["0", "1", "-100"], ["0", "1", "1"], ["-100"]),  # what PyTorch passes over
        (["0.0", "1.0", "-1.0"], ["0", "1", "1"], ["-1.0"]),
        (["ham", "spam", "-1"], ["ham", "spam", "spam"], ["-1"]),
        (["ham", "spam", "nan"], ["ham", "spam", "spam"], ["nan"]),
        (["ham", "nan", "N/A"], ["ham", "nan", "ham"], ["N/A"]),  # what the model answers is a class
        (["ham", "spam", "none"], ["ham", "spam", "spam"], []),  # "none of these" may well be one
        (["-1", "1", "1"], ["-1", "1", "1"], []),
        (["-2", "0", "1", "-1"], ["1"], []),  # a scale from -2 to 1
        (["ham", "7", "-1"], ["ham"], []),
        (["-1", "-1"], ["ham"], []),
    ],
)
def test_what_stands_where_there_is_no_label_is_not_a_label(
    truth: list[str], answers: list[str], missing: list[str]
) -> None:
    column = pl.Series(truth)
    assert column.filter(same.unlabelled(column, pl.Series(answers))).to_list() == missing


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([0.1, 0.5, 1.0], None),
        ([0, 1, 60, 97, 100] * 5, "--scale percent"),
        ([-0.1, 0.0, -2.3] * 5, "--scale logprob"),
        ([-4.0, 3.5, 0.2] * 5, "give a confidence"),
        ([-1.0, -1.0, 0.4, 0.9], None),  # -1 for "none": rows, not a scale
        (
            [0.5] * 500 + [1.2],
            "--scale percent",
        ),  # one above is enough: the 1.0 of a column of percent is its least sure
        ([0.5] * 50 + [-1.2, -7.0], None),  # stray rows go to people
        (["0.2", "97", "55"] * 5, "--scale percent"),
    ],
)
def test_a_column_on_another_scale_is_known_from_stray_rows(numbers: list[object], text: str | None) -> None:
    reason = score_columns.complaint(pl.Series(numbers, strict=False), "p")
    assert reason is None if text is None else reason is not None and text in reason


def test_maps_rise_and_what_is_no_number_stays_to_be_named() -> None:
    assert ["0.5", "0.01", "high"] == score_columns.mapped(pl.Series(["50", "1", "high"]), "percent").to_list()
    assert [1.0, pytest.approx(0.5)] == score_columns.mapped(pl.Series([0.0, -0.6931471805599453]), "logprob").to_list()
    assert [0.9, pytest.approx(0.8)] == score_columns.of_one(
        pl.Series([0.9, 0.2]), pl.Series(["x", "y"]), "x"
    ).to_list()


def test_a_column_that_names_items_is_known_by_its_name_and_must_repeat() -> None:
    assert all(map(items.names_item, ("id", "Item", "case_id", "question-id", "docId", "qid", "doc")))
    assert not any(map(items.names_item, ("annotator", "sample", "valid", "width", "paid", "annotator_id")))
    rows = pl.DataFrame({"id": ["a", "b", "c", "d"], "item": ["x", "x", "y", None]})
    assert items.Column(name="item", values=3, rows=4) == items.repeated(rows)
    assert items.repeated(rows.select("id")) is None
    assert 3 == items.units(rows["item"]).n_unique()


def test_verdicts_are_words_for_right_and_wrong() -> None:
    assert [True, False, True, False, None, None] == right_wrong.right(
        pl.Series(["Accept", "reject ", "1.0", "FALSE", "ignore", None])
    ).to_list()
    assert right_wrong.are(pl.Series(["accept"] * 9 + ["ignore"]))
    assert not right_wrong.are(pl.Series(["0", "1", "1"]))
