"""The kinds of values of a stream file, at their edges."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from models.config import fields


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (fields.Name, "a"),
        (fields.Name, "a" * 40),
        (fields.Label, "yes, no"),
        (fields.Labels, ["a", "b"]),
        (fields.Columns, ["a", "b"]),
        (fields.Rate, 1.0),
        (fields.Share, 0.999),
        (fields.TargetError, 0.66),
        (fields.Amount, 0.0),
        (fields.Timezone, "Europe/Berlin"),
    ],
)
def test_what_lies_just_within_is_taken_as_it_is(kind: Any, value: object) -> None:
    assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (fields.Name, "a" * 41),
        (fields.Name, "1a"),
        (fields.Name, "a_b"),
        (fields.Label, " a"),
        (fields.Label, "a\nb"),
        (fields.Label, "a\u2028b"),
        (fields.Label, "a\ud800"),
        (fields.Labels, ["a"]),
        (fields.Labels, {"names": ["a"]}),
        (fields.Labels, {"others": ["a", "b"]}),
        (fields.Columns, ["a", "a"]),
        (fields.Rate, 0.0),
        (fields.Share, 1.0),
        (fields.TargetError, 2 / 3),
        (fields.Amount, -1.0),
        (fields.Amount, float("inf")),
        (fields.Timezone, "Europe/Atlantis"),
    ],
)
def test_what_lies_just_outside_is_refused(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


def test_labels_may_stand_in_a_table() -> None:
    assert TypeAdapter(fields.Labels).validate_python({"names": ["a", "b"], "case": "any"}) == ["a", "b"]


@pytest.mark.parametrize(
    ("column", "path", "leads"),
    [
        ("output", "output.label", True),
        ("output", "from_json(output.text).label", True),
        ("from_json(out)", "from_json(out).vendor", True),
        ("from_json(out).a", "from_json(out).a.vendor", True),
        ("out", "not_null(out.v, y)", True),
        ("out", "(out).v", True),
        ("out", "out | v", True),
        ("out", '"out".v', True),
        ("@", "out.v", True),
        ("out", "output.label", False),
        ("out.text", "out.label", False),
        ("text", "label", False),
    ],
)
def test_a_payload_that_holds_what_an_answer_is_read_from_leads_into_it(column: str, path: str, leads: bool) -> None:
    assert fields.leads_into(column, path) is leads
