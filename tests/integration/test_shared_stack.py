"""All processes of a test run share one stack, which ends with the last of them, however that ends."""

import os
import secrets
import signal
import subprocess
import sys
import time

import psycopg
import pytest

USER = """
import os, sys
from tests import shared_stack
with shared_stack.joined(sys.argv[1]) as stack:
    print(stack.postgres_url("postgres"), flush=True)
    sys.stdin.readline()
"""


def user(run: str) -> tuple["subprocess.Popen[str]", str]:
    """A process of the test run `run`, and the address it got."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def gone(url: str) -> bool:
    """Whether nothing answers there any more, within a minute."""
    end = time.monotonic() + 60
    while answers(url) and time.monotonic() < end:
        time.sleep(0.1)
    return not answers(url)


@pytest.mark.server
def test_a_stack_is_one_for_a_run_and_another_for_another_run_and_ends_with_its_last_user() -> None:
    run = secrets.token_hex(4)
    first, url = user(run)
    second, same = user(run)
    third, other = user(secrets.token_hex(4))
    assert url.startswith("postgresql://")
    assert (same == url, other == url) == (True, False)

    first.communicate("\n")  # who started it leaves in good order
    third.communicate("\n")
    assert (first.returncode, third.returncode) == (0, 0)
    assert answers(url)
    assert gone(other)

    os.kill(second.pid, signal.SIGKILL)
    second.communicate()
    assert gone(url)
