"""What a row is whose id is known with other content: another model's answer, a repeat, a fault, or with people."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from models.outputs import rescored
from models.outputs.rescored import Kind

ROW: dict[str, object] = {
    "case_id": "a",
    "content": "22" * 32,
    "payload": '{"text":"hello"}',
    "source": "v2.jsonl",
    "line": 1,
    "prediction": "bug",
    "raw_score": 0.7,
    "cost": None,
    "latency_ms": None,
    "produced_at": None,
    "ours": True,
    "refused": False,
}
THEN: dict[str, object] = {
    "item_id": "a",
    "case_id": "a",
    "content": "11" * 32,
    "payload": '{"text":"hello"}',
    "model_id": "m-1",
    "epoch_id": "e-1",
    "seal": 5,
    "source": "v1.jsonl",
    "line": 1,
    "prediction": "bug",
    "raw_score": 0.5,
    "cost": None,
    "latency_ms": None,
    "produced_at": None,
    "sent": False,
    "recalled": False,
}
TEXTS = ("payload", "produced_at", "prediction", "source")
NUMBERS = ("cost", "latency_ms", "raw_score")


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    kinds = dict.fromkeys(TEXTS, pl.String()) | dict.fromkeys(NUMBERS, pl.Float64())
    return pl.DataFrame(rows, schema_overrides=kinds)


def kind(*then: Mapping[str, object], named: bool = False, **row: object) -> tuple[str, str | None]:
    """What the row is where the item has these cases, in their order."""
    cases = frame(*(THEN | {"seal": 5 + number} | dict(case) for number, case in enumerate(then)))
    kinds = rescored.kinds(frame(ROW | row), cases, epoch_id="e-2", same_model=["m-2", "m-2 ranked"], named=named)
    one: tuple[str, str | None] = kinds.row(0)
    return one


def test_another_models_answer_to_what_an_earlier_epoch_decided_decides_it_anew() -> None:
    assert kind({}) == (Kind.ANEW, None)
    assert kind({"payload": None}) == (Kind.ANEW, None), "by reference, nobody knows what it showed"
    assert kind({"content": "11" * 8, "payload": None, "prediction": None, "raw_score": None, "source": None}) == (
        Kind.ANEW,
        None,
    ), "of what was retired only the beginning is known"


def test_what_a_case_of_the_item_rests_on_is_a_repeat_also_after_another_model_has_answered() -> None:
    anew = {"case_id": "a@2", "model_id": "m-2", "epoch_id": "e-2"}
    assert kind({}, anew | {"content": "22" * 32}) == (Kind.REPEAT, None)
    assert kind({}, anew | {"content": "22" * 8}) == (Kind.REPEAT, None)
    assert kind({"content": "22" * 32}, anew | {"content": "33" * 32, "model_id": "m-9", "epoch_id": "e-1"}) == (
        Kind.REPEAT,
        None,
    )


@pytest.mark.parametrize(
    ("then", "row"),
    [
        ({"epoch_id": "e-2"}, {}),
        ({"model_id": "m-2"}, {}),
        ({"model_id": "m-2 ranked"}, {}),
        ({}, {"ours": False}),
        ({}, {"payload": '{"text":"another"}'}),
        ({}, {"refused": True}),
        ({"source": "v2.jsonl", "raw_score": 0.7}, {}),
        ({"source": "v2.jsonl", "raw_score": 0.7, "cost": 0.1}, {"cost": 0.1, "latency_ms": 4.0}),
    ],
    ids=[
        "same epoch",
        "same model",
        "its second stage",
        "not ours",
        "other input",
        "refused",
        "unmoved",
        "more columns",
    ],
)
def test_all_else_is_a_fault(then: dict[str, object], row: dict[str, Any]) -> None:
    assert kind(then, **row) == (Kind.FAULT, None)


@pytest.mark.parametrize(
    "then",
    [{"line": 2}, {"raw_score": 0.5}, {"prediction": "billing"}, {"cost": 0.2}, {"produced_at": "2026"}],
    ids=["elsewhere", "score", "answer", "cost", "time"],
)
def test_a_file_that_was_written_anew_holds_other_answers(then: dict[str, object]) -> None:
    in_its_place = {"source": "v2.jsonl", "raw_score": 0.7} | then
    assert kind(in_its_place, cost=0.1, produced_at="2027")[0] == Kind.ANEW


def test_a_row_that_names_its_model_is_taken_for_nobody_elses() -> None:
    assert kind({"source": "v2.jsonl", "raw_score": 0.7}, named=True) == (Kind.ANEW, None)


def test_what_people_have_stays_with_them() -> None:
    assert kind({"sent": True}) == (Kind.WITH_PEOPLE, "a")
    assert kind({"recalled": True}) == (Kind.WITH_PEOPLE, None)
    assert kind({"sent": True}, {"case_id": "a@2", "model_id": "m-9"}) == (Kind.WITH_PEOPLE, "a")
    assert kind({"sent": True}, payload='{"text":"another"}')[0] == Kind.FAULT


def test_the_newest_case_says_whose_the_item_is() -> None:
    assert kind({"model_id": "m-2"}, {"case_id": "a@2", "model_id": "m-1"})[0] == Kind.ANEW
    assert kind({"model_id": "m-1"}, {"case_id": "a@2", "model_id": "m-2"})[0] == Kind.FAULT


def reasons(*rows: tuple[str, str | None, bool]) -> list[str | None]:
    frame = pl.DataFrame(rows, schema={"case_id": pl.String, "item_id": pl.String, "taken": pl.Boolean}, orient="row")
    return rescored.collisions(frame).to_list()


def test_of_two_rows_whose_ids_would_be_one_the_earlier_keeps_it() -> None:
    theirs = "id 'a' is decided anew as 'a@2', which is an id of the input: give one of the two another id"
    ours = "id 'a@2' is what the item 'a' is decided anew as: give one of the two another id"
    new, own, other = ("a@2", "a", False), ("a@2", None, False), ("b", None, True)
    assert reasons(own, other, new) == [None, None, theirs]
    assert reasons(new, other, own) == [None, None, ours]
    assert reasons(("a@2", "a", True), other) == [theirs, None]
    assert reasons(("a@2", "a", True), own) == [theirs, None]
    assert reasons(new, other) == [None, None]
