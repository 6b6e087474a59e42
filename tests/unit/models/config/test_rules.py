"""Rules on columns of the input: what one may say, how each column is read, and how one that cannot be read is refused."""

import polars as pl
import pytest

from models.config import rules


@pytest.mark.parametrize(
    ("rule", "read_as"),
    [
        ("total > 10000", {"total": "number"}),
        ("10000 < total", {"total": "number"}),
        ("total = -5", {"total": "number"}),
        ("total NOT BETWEEN 1 AND 5", {"total": "number"}),
        ("total in (1, 2)", {"total": "number"}),
        ("abs(total) > 5", {"total": "number"}),
        ("net + tax > 100", {"net": "number", "tax": "number"}),
        ("net < gross", {"net": "number", "gross": "number"}),
        ("day < '2026-01-01'", {"day": "text"}),
        ("country IN ('XK', 'VA')", {"country": "text"}),
        ("lower(name) LIKE 'acme%'", {"name": "text"}),
        ("length(note) > 200", {"note": "text"}),
        ("note IS NULL", {"note": "text"}),
        ("first = second", {"first": "text", "second": "text"}),
        ("vip", {"vip": "flag"}),
        ("NOT vip AND total > 5", {"vip": "flag", "total": "number"}),
        ("(vip OR old) AND new = false", {"vip": "flag", "old": "flag", "new": "flag"}),
        ('"a ""column"" of theirs" = \'it\'\'s\'', {'a "column" of theirs': "text"}),
    ],
)
def test_a_column_is_read_as_the_rule_treats_it(rule: str, read_as: dict[str, str]) -> None:
    assert dict(rules.condition(rule).inputs.values()) == read_as


def test_a_column_may_be_read_in_two_ways() -> None:
    condition = rules.condition("code IN ('7', '9') OR code > 100")
    assert sorted(condition.inputs.values()) == [("code", "number"), ("code", "text")]
    assert condition.columns == ["code"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("total >", "cannot be read as a condition of SQL"),
        ("total", None),
        ("total + 1", "is no condition"),
        ("'a' = 'a'", "names no column"),
        ("read_csv('x') = 'a'", r"read_csv\(...\) is no function"),
        ("total > 5; total < 3", "cannot be read from '; total < 3' on"),
        ("(SELECT total) > 5", "cannot be read as a condition of SQL"),
        ("name LIKE other", "cannot be read as a condition of SQL"),
        ("lower(name) > 5", "cannot be read as a condition of SQL"),
        ("total > 5 " * 100, "characters long; at most 500"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_it_may_hold(rule: str, reason: str | None) -> None:
    if reason is None:
        assert rules.condition(rule).inputs == {"c0": ("total", "flag")}
        return
    with pytest.raises(ValueError, match=reason):
        rules.condition(rule)


def test_a_name_of_ours_in_a_rule_is_a_column_like_any_other() -> None:
    condition = rules.condition("c1 > 5 AND c0 = 'a'")
    frame = pl.DataFrame({"c0": [6.0], "c1": ["a"]})  # the first column it names is its own c0
    assert condition.inputs == {"c0": ("c1", "number"), "c1": ("c0", "text")}
    assert frame.select(condition.expression).item() is True
