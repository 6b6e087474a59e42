"""Stopped at the worst moment: between the push to Label Studio and the receipt in the ledger."""

import signal
import subprocess
import sys
from collections import Counter

from tests.e2e.place import Place, mail

# The real dispatch, with a SIGKILL where the receipt would be written.
KILLED = """
import os, signal
from flows import dispatch
from review.ledger import ledger
append = ledger.Ledger.append
def cut(self, facts, *, now):
    if "dispatch" in facts:
        os.kill(os.getpid(), signal.SIGKILL)
    return append(self, facts, now=now)
ledger.Ledger.append = cut
dispatch.dispatch({stream!r})
"""

# The real dispatch, with a ledger that cannot be reached where the receipt would be written, once.
RETRIED = """
from flows import dispatch
from models import errors
from review.ledger import ledger
append = ledger.Ledger.append
tries = []
def cut(self, facts, *, now):
    if "dispatch" in facts:
        tries.append(facts)
        if len(tries) == 1:
            raise errors.Unavailable("the ledger is out of reach")
    return append(self, facts, now=now)
ledger.Ledger.append = cut
dispatch.dispatch({stream!r})
assert len(tries) == 2
"""


def test_a_receipt_that_has_to_be_tried_again_sends_no_case_twice(place: Place) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(40)])
    place.cli("init", place.name)
    place.cli("score", place.name)
    done = subprocess.run(
        [sys.executable, "-c", RETRIED.format(stream=place.name)],
        env=place.environment,
        cwd=place.home,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr[-500:] if done.returncode else "") == (0, "")
    dispatched = place.rows("SELECT case_id, task_id FROM dispatch")
    assert len(dispatched) == 40
    assert Counter(task["id"] for task in place.tasks()) == Counter(task for _, task in dispatched)


def test_a_kill_between_push_and_receipt_loses_no_case_and_sends_none_twice(place: Place) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(40)])
    place.cli("init", place.name)
    place.cli("score", place.name)
    for _ in range(2):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED.format(stream=place.name)],
            env=place.environment,
            cwd=place.home,
            capture_output=True,
            timeout=120,
        )
        assert killed.returncode == -signal.SIGKILL
        assert place.rows("SELECT count(*) FROM dispatch") == [(0,)]
        assert len(place.tasks()) == 40
    assert place.cli("dispatch", place.name).code == 0
    dispatched = place.rows("SELECT case_id, task_id FROM dispatch")
    assert len(dispatched) == 40
    assert Counter(task["id"] for task in place.tasks()) == Counter(task for _, task in dispatched)
