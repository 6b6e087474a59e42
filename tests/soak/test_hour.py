"""A short version of `make soak`, so that it cannot rot: one simulated hour, with the owner's halt in it."""

from typing import Any

import pytest

from tests.soak import life, load, page, scene


@pytest.mark.family(0)
@pytest.mark.timeout(300)
def test_an_hour_of_everything_leaves_ledger_and_label_studio_in_agreement(stack: Any) -> None:
    with scene.opened(stack, hours=1, first=load.OWNER[0][0]) as here:
        day = life.live(here, 1)
        assert day.failures() == []
        # What the shipped schedules ask for, both ends of the hour included.
        times = {"score": 5, "dispatch": 13, "collect": 13, "measure": 2, "halt": 1, "adopt": 1}
        assert {(flow, "COMPLETED"): count for flow, count in times.items()} == dict(day.runs)
        assert day.hours[-1]["answers"] > 50
        assert all(megabytes > 10 for _, megabytes in day.samples["the flows"])
        assert "**It went well.**" in page.written(day, hours=1, first=13, minutes=1.0)
        life.delete_task(here.world)
        life.close(here, day)
        text = "\n".join(day.failures())
        assert "is not in Label Studio" in text  # the oracle
        assert "1 open case has no task there any more" in text  # doctor
