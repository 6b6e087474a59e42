"""`make demo`, to its end and beyond: what the ledger and Label Studio hold, another round, Ctrl-C."""

import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from deploy.demo import guide
from tests import families, stack_home

ROOT = Path(__file__).resolve().parents[2]
DAYS = 3 if families.SOME else 5
CASES = 1597 * DAYS // 5
PROGRESS = "Ctrl-C"  # in the last line, when all is done and the servers stay up


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def exported(path: Path) -> dict[str, str]:
    """The variables that a shell would have after reading the file."""
    return dict(word.split("=", 1) for word in shlex.split(path.read_text()) if word != "export")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: another test run would take the right to pass through it from the database's user."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".local", prefix="test-demo-") as name:
        yield Path(name)


@pytest.mark.server
@pytest.mark.timeout(1500)
def test_the_demo_leaves_a_queue_a_report_and_a_ledger_that_add_up(folder: Path) -> None:
    home, log = folder / "demo", folder / "demo.log"
    stack_home.copied(home)
    ports = ("--label-studio-port", str(free_port()), "--prefect-port", str(free_port()))
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "deploy.demo", "digits", "--home", home, "--days", str(DAYS), *ports],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            # A test run in the background has Ctrl-C switched off, and would hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        while PROGRESS not in log.read_text():
            assert demo.poll() is None, log.read_text()
            time.sleep(1)
        text = log.read_text()
        assert text.index("open from now on") < text.index("Day 1:"), "people may look while the days go by"
        assert f". {guide.near(home / 'env.sh')}" in text.partition("Day 1:")[0], (
            "a second terminal need not wait for the days"
        )
        assert "The threshold moves, released at" in text.partition("Day 3")[0], "certified on day 1 or 2"
        assert re.search(rf"digits-second-stage-{DAYS} was trained on \d+ answers|No second-stage: .*labels", text)
        environment = exported(home / "env.sh")
        with closing(sqlite3.connect(f"file:{home / 'ledger.db'}?mode=ro", uri=True)) as ledger:
            adds_up(ledger, tasks(environment, re.search(r"/projects/(\d+)/", text)))
            before = facts(ledger)
            again = another_round(folder, environment)
            if "another run" in again.stderr:  # the demo's own schedules have just struck
                again = another_round(folder, environment)
            assert (again.returncode, facts(ledger)) == (0, before), again.stderr
        assert (home / "reports" / "digits" / "latest.html").exists()
        assert "Replayed answers are the true digit" in text
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    finally:
        demo.kill()
        demo.wait()


def another_round(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("second-reader")
    return subprocess.run(
        [command, "run", "digits"], env=os.environ | environment, cwd=folder, capture_output=True, text=True
    )


def adds_up(ledger: sqlite3.Connection, in_label_studio: list[dict[str, object]]) -> None:
    """Every case one decision; sent is what was for people; each once in Label Studio; each answer one review."""
    decisions = ledger.execute("SELECT case_id, route, blind, propensity FROM decision").fetchall()
    assert len(decisions) == len({row[0] for row in decisions}) == CASES
    assert all(0 < row[3] <= 1 for row in decisions)
    wanted = {row[0] for row in decisions if row[1] == "REVIEW" or row[2]}
    sent = dict(ledger.execute("SELECT case_id, task_id FROM dispatch WHERE slot = 0").fetchall())
    again = dict(ledger.execute("SELECT case_id, task_id FROM dispatch WHERE slot > 0").fetchall())
    assert set(sent) == wanted
    assert set(again) < set(sent), "what people dispute is read again"
    offered = [row[0] for row in ledger.execute("SELECT task_id FROM dispatch")]
    assert Counter(task["id"] for task in in_label_studio) == Counter(offered)
    # A task that is read again carries a mark for each earlier reader, which is no reading.
    annotated = Counter(
        task["id"]
        for task in in_label_studio
        for one in task["annotations"]  # type: ignore[attr-defined]
        if one["lead_time"] is not None
    )
    assert annotated == Counter(row[0] for row in ledger.execute("SELECT task_id FROM review"))
    assert len(offered) - len(annotated) >= 50


def tasks(environment: dict[str, str], project: re.Match[str] | None) -> list[dict[str, object]]:
    assert project is not None
    by_names: list[dict[str, object]] = []
    with httpx.Client(
        base_url=environment["SECOND_READER_LABEL_STUDIO_URL"],
        headers={"Authorization": f"Token {environment['SECOND_READER_LABEL_STUDIO_TOKEN']}"},
        timeout=60,
        trust_env=False,
    ) as client:
        while True:
            wanted = {"project": project[1], "fields": "all", "page_size": 100, "page": len(by_names) // 100 + 1}
            page = client.get("/api/tasks", params=wanted).raise_for_status().json()
            by_names += page["tasks"]
            if len(by_names) >= page["total"]:
                return by_names


def facts(ledger: sqlite3.Connection) -> dict[str, int]:
    """How many rows of each kind; runs are of course more after another round."""
    kinds = ("decision", "dispatch", "review", "fault", "policy", "adoption", "epoch", "project")
    return {kind: ledger.execute(f"SELECT count(*) FROM {kind}").fetchone()[0] for kind in kinds}
