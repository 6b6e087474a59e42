"""An estimate that cannot be is refused."""

from dataclasses import replace
from typing import Any

import pytest

from models.evaluation.estimate import Estimate

SOUND = Estimate(value=0.1, low=0.05, high=0.2, alpha=0.05, n=100, errors=10, method="Clopper-Pearson")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"value": 0.3}, "outside its own limits"),
        ({"low": float("nan")}, "must be finite"),
        ({"high": float("inf")}, "must be finite"),
        ({"alpha": 0.0}, "between 0 and 1"),
        ({"errors": 101}, "101 errors in 100 labels"),
        ({"n": 0, "errors": 0}, "0 errors in 0 labels"),
        ({"method": ""}, "names its method"),
    ],
)
def test_it_checks_itself(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(SOUND, **change)
