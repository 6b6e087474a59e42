"""A duration reads in the unit that fits it."""

import pytest

from models.evaluation.estimate import Estimate
from review import formats
from review.choices import durations


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.0, "0 s"), (0.01, "36 s"), (0.5, "30 min"), (1.0, "1 h"), (5.25, "5.2 h"), (60.0, "2.5 days")],
)
def test_a_duration_reads_in_its_own_unit(hours: float, text: str) -> None:
    known = Estimate(value=hours, low=hours, high=hours, alpha=0.05, n=1, errors=0, method="by hand")
    assert formats.plain(durations.limits(known)).startswith(f"{text} (limits ")
