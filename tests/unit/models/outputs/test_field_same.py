"""Two values of a field are the same by its rule, one pair at a time or in columns."""

import json
from typing import Any

import polars as pl
import pytest

from models.config.field_table import FieldTable
from models.outputs import field_same

CASES: list[tuple[dict[str, Any], Any, Any, bool]] = [
    ({}, "ACME", "ACME", True),
    ({}, "ACME", "acme", False),
    ({}, None, "ACME", False),
    ({}, None, None, True),
    ({"same": "folded"}, "ACME Ltd.", "acme  ltd", True),
    ({"same": "edits", "within": 1}, "colour", "color", True),
    ({"same": "edits", "within": 1}, "colours", "color", False),
    ({"kind": "number", "within": 0.01}, 12.5, 12.51, True),
    ({"kind": "number"}, 12.5, 12.51, False),
    ({"kind": "date", "within": 1}, "2026-01-31", "2026-02-01", True),
    ({"kind": "yesno"}, True, False, False),
    ({"kind": "set", "labels": ["a", "b"]}, ["a", "b"], ["b", "a"], True),
    ({"kind": "set", "labels": ["a", "b"]}, None, [], True),
    ({"kind": "set", "labels": ["a", "b"]}, [], ["a"], False),
    (
        {"kind": "spans", "labels": ["a", "b"], "same": "overlap"},
        [{"start": 0, "end": 10, "label": "a"}],
        [{"start": 0, "end": 9, "label": "a"}],
        True,
    ),
]


@pytest.mark.parametrize(("keys", "ours", "theirs", "same"), CASES)
def test_a_pair_is_the_same_by_the_rule_of_its_field(keys: dict[str, Any], ours: Any, theirs: Any, same: bool) -> None:
    field = FieldTable.model_validate({"name": "x"} | keys)
    assert field_same.same(ours, theirs, field) is same
    assert field_same.same(theirs, ours, field) is same


@pytest.mark.parametrize(("keys", "ours", "theirs", "same"), CASES)
def test_columns_are_the_same_row_by_row_as_pairs_are(keys: dict[str, Any], ours: Any, theirs: Any, same: bool) -> None:
    field = FieldTable.model_validate({"name": "x"} | keys)
    pairs = [(ours, theirs), (ours, ours), (theirs, ours), (theirs, theirs), (ours, theirs)]
    first, second = (pl.Series([json.dumps(pair[side]) for pair in pairs]) for side in (0, 1))
    assert field_same.columns(first, second, field).to_list() == [same, True, same, True, same]
