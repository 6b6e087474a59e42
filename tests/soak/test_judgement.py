"""The judgement of a day can fail: of memory that is really kept, of a drift, of a run that did not end well."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak import judgement

ROOT = Path(__file__).parents[2]
HOURS = [hour / 12 for hour in range(96)]  # eight, a sample every five minutes


def test_memory_that_stays_but_is_noisy_is_flat() -> None:
    chance = random.Random(1)
    sizes = [200 + chance.gauss(0, 3) + (30 if place % 12 == 0 else 0) for place in range(96)]
    findings = judgement.growth(judgement.OURS, HOURS, sizes)
    assert not findings.grows
    assert judgement.failures([findings], []) == []


def test_memory_that_grows_early_and_then_stays_is_flat() -> None:
    sizes = [100 + 2.0 * min(place, 40) for place in range(96)]
    assert not judgement.growth(judgement.OURS, HOURS, sizes).grows


def _samples(page: int) -> list[float]:
    """The memory of a process that keeps so many bytes between two samples."""
    keeping = f"""
import os
from tests.soak import memory
kept = []
for _ in range({len(HOURS)}):
    kept.append(os.urandom({page}))
    print(memory.held(os.getpid()).own)
"""
    done = subprocess.run([sys.executable, "-c", keeping], cwd=ROOT, capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def test_a_list_that_keeps_every_page_is_found_in_a_real_process() -> None:
    flat = _samples(0)
    page = max(0.2, 2 * judgement.LIMIT * flat[0] / 12)  # twice what may be kept in an hour
    leaking = _samples(round(page * 1e6))
    assert not judgement.growth(judgement.OURS, HOURS, flat).grows
    findings = judgement.growth(judgement.OURS, HOURS, leaking)
    assert findings.grows
    assert findings.slope is not None
    assert abs(findings.slope - 12 * page) < 4 * page
    assert "the flows: grows by" in judgement.failures([findings], [])[0]


def test_the_memory_of_postgresql_is_said_and_fails_nothing() -> None:
    findings = [
        judgement.growth(name, HOURS, [200 + place for place in range(96)]) for name in ("Prefect", "PostgreSQL")
    ]
    assert [one.grows for one in findings] == [True, True]
    (failed,) = judgement.failures(findings, [])
    assert failed.startswith("Prefect: grows by")


def test_too_few_samples_are_not_assessed() -> None:
    findings = judgement.growth(judgement.OURS, HOURS[:13], [100 + 10 * place for place in range(13)])
    assert findings.slope is None
    assert not findings.grows


def test_what_doctor_says_is_drift_unless_people_or_the_test_itself_did_it() -> None:
    findings = [
        {"level": "ok", "subject": "ledger", "where": "l", "what": "every record is as it was sealed"},
        {
            "level": "warn",
            "subject": "Label Studio",
            "where": "m",
            "what": "3 answers were deleted in the last seven days",
        },
        {
            "level": "warn",
            "subject": "Prefect",
            "where": "m",
            "what": "its flows are not deployed: they run only by hand",
        },
        {"level": "warn", "subject": "settings", "where": "m", "what": "3 are none of the labels: 'no such label' (3)"},
        {"level": "bad", "subject": "Label Studio", "where": "m", "what": "1 open case has no task there any more"},
    ]
    assert judgement.drift(findings[:4]) == []
    (drifted,) = judgement.drift(findings)
    assert judgement.failures([], [drifted]) == ["doctor: bad: Label Studio, m: 1 open case has no task there any more"]


@pytest.mark.parametrize(
    ("answers", "wanted", "still"),
    [([7, 7], 12, True), ([7, 8], 12, False), ([7, 7], 1, False), ([0], 12, False)],
)
def test_an_hour_of_work_without_an_answer_proves_nothing(answers: list[int], wanted: int, still: bool) -> None:
    assert judgement.stands_still(answers, wanted) == still
