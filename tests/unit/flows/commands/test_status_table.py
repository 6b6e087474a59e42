"""What `status` says of the threshold in force is what the last report says of it today."""

import pytest

from flows.commands import status_table

ROW = {
    "stream": "mail",
    "automation": 0.5,
    "at_most": 0.04,
    "promised": None,
    "measured_at": "2026-01-10T08:30:00.000000Z",
    "threshold": 0.99,
    "certified": False,
    "contradicted": False,
    "alarm": None,
    "open": 1,
    "late": 0,
    "waiting": 2,
    "undelivered": 0,
    "undelivered_because": None,
    "faults": 0,
    "unshown": 0,
    "unshown_samples": 0,
}


@pytest.mark.parametrize(
    ("known", "stands"),
    [
        ({}, "≥ 0.99, not certified"),
        ({"certified": True}, "≥ 0.99, certified"),
        ({"certified": True, "contradicted": True}, "≥ 0.99, contradicted"),
        ({"threshold": {"a": 0.9}, "certified": True}, "by class, certified"),
        ({"threshold": None, "certified": True}, "nothing released"),
        ({"alarm": "2026-01-09T00:00:00.000000Z"}, "alarm: nothing released"),
    ],
)
def test_the_line_stands_as_the_last_report_says(known: dict[str, object], stands: str) -> None:
    assert stands == status_table._cells(ROW | known)[3]


def test_cases_that_cannot_be_shown_have_a_sentence_below_the_table() -> None:
    rows = [ROW | {"problem": None, "because": None, "past_alarms": []}]
    assert len(status_table._lines(rows)) == 2
    rows[0] = rows[0] | {"unshown": 1}
    line = status_table._lines(rows)[2]
    assert line == "mail: 1 case cannot be shown to a person and waits; run: second-reader show faults mail"
