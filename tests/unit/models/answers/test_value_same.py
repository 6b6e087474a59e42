"""When two values of a field are the same."""

from typing import Any

import pytest

from models.answers import value_same


@pytest.mark.parametrize(
    ("ours", "theirs", "by", "within", "same"),
    [
        ("ACME", " ACME\r\n", "exact", 0, True),
        ("a\nb", "a\r\nb", "exact", 0, True),
        ("ACME", "acme", "exact", 0, False),
        ("ACME", "acme.", "folded", 0, True),
        ("ACME", "acme!", "folded", 0, False),
        ("ACME  Ltd", "acme ltd", "folded", 0, True),
        ("ACME", "ACNE", "edits", 1, True),
        ("ACME", "ACNE", "edits", 0, False),
        (12.5, 12.5, "within", 0, True),
        (0.1 + 0.2, 0.3, "within", 0, True),
        (12.5, 12.51, "within", 0.01, True),  # the decimal that was written, not the nearest float
        (12.5, 12.52, "within", 0.01, False),
        (0, 1e-15, "within", 0, False),
        (4006381333931, 4006381333932, "within", 0, False),
        ("1.10", "1.1", "folded", 0, False),
        ("+49123", "49123", "folded", 0, False),
        ("Bolt Ltd.", "BOLT  ltd", "folded", 0, True),
        ("2026-01-31", "2026-02-02", "within", 2, True),
        ("2026-01-31", "2026-02-02", "within", 1, False),
        (["b", "a"], ["a", "b"], "set", 0, True),
        (["a"], ["a", "b"], "set", 0, False),
        ([], [], "set", 0, True),
        (True, True, "exact", 0, True),
        (True, False, "exact", 0, False),
        (None, None, "exact", 0, True),
        (None, "", "exact", 0, False),
        (None, 0, "within", 5, False),
        ([], None, "set", 0, False),
    ],
)
def test_two_values_are_the_same_by_the_rule_of_their_field(
    ours: Any, theirs: Any, by: str, within: float, same: bool
) -> None:
    assert value_same.same_value(ours, theirs, by=by, within=within) is same
    assert value_same.same_value(theirs, ours, by=by, within=within) is same
