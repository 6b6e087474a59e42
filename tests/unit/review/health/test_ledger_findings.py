"""What doctor thinks of what it saw of the ledger."""

from dataclasses import replace
from typing import Any

import pytest

from review.health import ledger_findings
from review.ledger import seals

LEDGER = ledger_findings.Seen(
    shown="ledger.db",
    size=5_000_000,
    free=50_000_000_000,
    disk=100_000_000_000,
    journal="wal",
    head=(3, "a" * 64),
    odd=[],
    deep=False,
)


@pytest.mark.parametrize(
    ("changes", "level", "what"),
    [
        ({}, "ok", "the chain of seals and the triggers are whole; 5.0 MB, 50.0 GB free on its disk; head 3:aaaa"),
        ({"deep": True}, "ok", "every record is as it was sealed"),
        ({"free": 1_000_000_000}, "bad", "1.0 GB free on its disk (1%)"),
        ({"free": 4_900_000_000}, "warn", "4.9 GB free on its disk (5%)"),
        ({"free": 90_000_000_000, "disk": 10_000_000_000_000}, "ok", "whole"),
        ({"journal": "delete"}, "warn", "journal mode"),
        ({"free": None, "disk": None, "journal": None}, "ok", "whole; 5.0 MB; head"),
        ({"mode": 0o644}, "warn", "everybody on its machine may read it, payloads too (mode 644)"),
        ({"mode": 0o640}, "ok", "whole"),
        (
            {"odd": [seals.Finding(kind="edited", table="review", key="x", seal=2)]},
            "bad",
            "not as it was sealed: edited: review x (seal 2)",
        ),
    ],
)
def test_the_ledger_is_assessed_by_its_seals_its_disk_and_its_journal(
    changes: dict[str, Any], level: str, what: str
) -> None:
    first = next(ledger_findings.of(replace(LEDGER, **changes)))
    assert first.level == level
    assert what in first.what


def test_cases_that_cannot_be_shown_are_a_warning_with_the_way_out() -> None:
    assert list(ledger_findings.unshown("mail", unshown=0, unshown_samples=0)) == []
    (seen,) = ledger_findings.unshown("mail", unshown=2, unshown_samples=0)
    assert (seen.level, seen.where, seen.what) == ("warn", "mail", "2 cases cannot be shown to a person and wait")
    assert seen.todo == (
        "put back what is missing, or deliver it anew under another id; which, and why: second-reader show faults mail"
    )
