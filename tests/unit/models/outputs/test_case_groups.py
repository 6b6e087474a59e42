"""Which cases belong together: by their column, or by their payload."""

import hashlib

from models.outputs import contract
from tests.unit.models.outputs.test_contract import ROW, case, described, validated

# The group


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_without_a_group_column_a_case_is_grouped_with_those_of_the_same_payload() -> None:
    cases = validated(ROW, ROW | {"id": "b", "score": 0.1, "country": "fr"}, ROW | {"id": "c", "text": "B"}).cases
    assert cases["group_id"].to_list() == [hashed('1\n{"text":"A text"}')] * 2 + [hashed('1\n{"text":"B"}')]


def test_a_case_is_grouped_by_its_column_and_by_its_payload_where_that_says_nothing() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'group = "customer"')
    rows = [ROW | {"id": str(place), "customer": value} for place, value in enumerate(["ann", "ann ", None, " ", "7"])]
    alone = hashed('1\n{"text":"A text"}')
    assert validated(*rows, by=by).cases["group_id"].to_list() == [
        hashed("2\nann"),
        hashed("2\nann "),
        alone,
        alone,
        hashed("2\n7"),
    ]
    numbers = [ROW | {"id": str(place), "customer": source} for place, source in enumerate([7.0, 7.5])]
    assert validated(*numbers, by=by).cases["group_id"].to_list() == [hashed("2\n7"), hashed("2\n7.5")]


def test_a_group_cannot_be_taken_for_a_payload() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'group = "customer"')
    result = case(ROW | {"customer": '{"text":"A text"}'}, by=by)
    assert result["group_id"] != case(ROW)["group_id"]


def test_a_group_is_read_and_is_no_part_of_what_a_case_said() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'group = "customer"')
    assert "customer" in contract.named(by)
    assert case(ROW | {"customer": "ann"}, by=by)["content"] == case(ROW)["content"]
    assert len(validated(ROW | {"customer": "ann"}, ROW | {"customer": "bob"}, by=by).cases) == 1
