"""What doctor thinks of what it saw."""

import pytest

from models.config.stream import Stream
from review.health import findings

STREAM = Stream.model_validate(
    {
        "name": "mail",
        "title": "Mail",
        "labels": ["no", "yes"],
        "input": {"source": "inbox", "prediction": "label", "payload": ["body"]},
        "model": {"id": "m1"},
        "review": {"kind": "text", "question": "Is it?", "project": "Mail"},
        "target": {"error": 0.05},
        "costs": {"error": 1.0, "review_minute": 1.0},
    }
)


def the_one(texts: list[tuple[str, str]]) -> tuple[str, str]:
    (one,) = texts
    return one


@pytest.mark.parametrize(
    ("ahead", "level"), [(0.0, "ok"), (-4.9, "ok"), (5.1, "warn"), (-59.0, "warn"), (61.0, "bad"), (-3600.0, "bad")]
)
def test_clocks_may_differ_by_seconds_not_by_minutes(ahead: float, level: str) -> None:
    assert findings.clock("x", ahead).level == level


def test_the_exit_code_is_that_of_the_worst_finding() -> None:
    write = findings.Scribe("ledger", "x")
    ok, warn, bad = write.ok("well"), write.warn("odd", "look"), write.bad("gone", "mend")
    assert [findings.exit_code(result) for result in ([], [ok], [ok, warn], [warn, bad, ok])] == [0, 0, 3, 1]
    assert str(bad) == "bad: ledger, x: gone; mend"
