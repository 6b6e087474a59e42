"""Why a model with a certified threshold may not take over."""

import pytest

from models.certification.certificate import Progress
from models.certification.era_plan import Plan
from review import formats
from review.adoption.takeover import Candidate

PROGRESS = Progress(
    plan=Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=(0.9, 0.7), starts=(0,), weights=(1.0,)),
    looks=1,
    log_e=(4.0, 4.0),
    certified=(0, 1),
    cases=(100, 200),
    labels=(60.0, 90.0),
    errors=(0.0, 1.0),
    pending=(0, 0),
    unsent=(0, 0),
    stops=(),
)


@pytest.mark.parametrize(
    ("refusals", "exceeding", "allowed", "barred"),
    [
        ((), {}, (0.9, 0.7), ""),
        ((), {0.7: 0.06}, (0.9,), ""),
        (
            (),
            {0.9: 0.07, 0.7: 0.06},
            (),
            "a threshold is certified, but at least 6.0 % of what it would release is wrong",
        ),
        (("wrong answers have the higher confidence",), {}, (), "wrong answers have the higher confidence"),
    ],
)
def test_a_model_takes_over_at_thresholds_that_nothing_speaks_against(
    refusals: tuple[str, ...], exceeding: dict[float, float], allowed: tuple[float, ...], barred: str
) -> None:
    one = Candidate(progress=PROGRESS, refusals=refusals, exceeding=exceeding)
    assert one.allowed == allowed
    assert formats.plain(one.barred) == barred
