"""What becomes of a report that cannot be written."""

from pathlib import Path

import pytest

from flows import measure
from models.errors import Unavailable
from tests.unit.review.report import report_facts


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where a folder should be")
    with pytest.raises(Unavailable, match=r"reports/mail: the report cannot be written \(.+\); make room there"):
        measure.write(tmp_path / "reports" / "mail", "2026-02-01", report_facts.report_of())
