"""The flows under Prefect: served, started as from the UI, never overlapping, killed and finished by the next run."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from review.ledger import ledger
from tests.e2e.place import COMMAND, Place, mail

ROOT = Path(__file__).resolve().parents[2]
PREFECT = Path(sys.executable).with_name("prefect")
FLOWS = ("score", "dispatch", "collect", "measure")
SERVED = 7  # the four flows, adopt, halt and retrain
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


def until(ready: Callable[[], Any], seconds: float = 90.0) -> Any:
    """What `ready` gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = ready()
        if result:
            return result
        time.sleep(0.3)
    pytest.fail(f"not within {seconds:.0f} s")


@contextmanager
def beside(place: Place, *words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, with all it starts; killed at the end."""
    with (place.home / "beside.log").open("ab") as log:
        process = subprocess.Popen(
            words, env=place.environment, cwd=place.home, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the process and all it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children_ended(session: int, module: str) -> int:
    """The time, in ticks, that ended children of a module's process have used: runs that were forked from it."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
            if int(fields[3]) == session and f"\0-m\0{module}\0" in (folder / "cmdline").read_text(encoding="utf-8"):
                return int(fields[13]) + int(fields[14])
    return 0


def deployments(api: str, name: str) -> dict[str, dict[str, Any]]:
    """The stream's deployments by flow."""
    wanted = {"deployments": {"name": {"any_": [name]}}}
    body = httpx.post(f"{api}/deployments/filter", json=wanted, trust_env=False).raise_for_status().json()
    return {row["entrypoint"].rpartition(".")[2]: row for row in body}


def start(api: str, deployment: dict[str, Any]) -> str:
    """Start a run as the UI's Run button does."""
    url = f"{api}/deployments/{deployment['id']}/create_flow_run"
    answer = httpx.post(url, json={"state": {"type": "SCHEDULED"}}, trust_env=False)
    run: str = answer.raise_for_status().json()["id"]
    return run


def state(api: str, run: str) -> dict[str, Any]:
    """The state a run is in."""
    by_name: dict[str, Any] = httpx.get(f"{api}/flow_runs/{run}", trust_env=False).raise_for_status().json()["state"]
    return by_name


def end(api: str, run: str) -> dict[str, Any]:
    """The state a run ended in."""
    by_name: dict[str, Any] = until(lambda: (now := state(api, run))["type"] in ENDED and now)
    return by_name


def test_the_deployments_are_served_with_the_schedules_of_the_stream_and_run_from_the_ui(
    place: Place, prefect_api: str
) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    place.cli("init", place.name)
    with beside(place, COMMAND, "serve", place.name) as process:
        served = until(lambda: len(result := deployments(prefect_api, place.name)) == SERVED and result)
        crons = {flow: served[flow]["schedules"][0]["schedule"]["cron"] for flow in FLOWS}
        assert crons == dict(zip(FLOWS, ("*/15 * * * *", "*/5 * * * *", "*/5 * * * *", "0 * * * *"), strict=True))
        for flow in FLOWS:
            ended = end(prefect_api, start(prefect_api, served[flow]))
            assert ended["type"] == "COMPLETED", ended
        until(lambda: children_ended(process.pid, "flows.runtime.warm") > 0)
    assert place.rows("SELECT count(*) FROM decision") == [(10,)]
    assert (place.home / "reports" / place.name / "latest.html").exists()


@pytest.mark.family(0)
@pytest.mark.parametrize("server", [False, pytest.param(True, id="postgresql")])
def test_a_served_run_loads_nothing_that_the_warm_process_could_have_loaded_for_all(
    place: Place, prefect_api: str, request: pytest.FixtureRequest, *, server: bool
) -> None:
    if server:
        place.environment["SECOND_READER_LEDGER"] = request.getfixturevalue("postgres_url")
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    place.cli("init", place.name)
    place.environment["PYTHONPROFILEIMPORTTIME"] = "1"  # each import is written to the log
    with beside(place, COMMAND, "serve", place.name):
        served = until(lambda: len(result := deployments(prefect_api, place.name)) == SERVED and result)
        for flow in FLOWS:
            end(prefect_api, start(prefect_api, served[flow]))  # `serve` itself loads something for the first
        time.sleep(3)
        before = (place.home / "beside.log").stat().st_size
        for flow in FLOWS:
            assert end(prefect_api, start(prefect_api, served[flow]))["type"] == "COMPLETED"
        time.sleep(3)
        text = (place.home / "beside.log").read_bytes()[before:].decode()
    texts = {line.rpartition("|")[2].strip() for line in text.splitlines() if line.startswith("import time:")}
    assert texts <= {"prefect._internal.pytz"}, "\n".join(sorted(texts))


def test_a_schedule_of_the_stream_file_starts_runs_by_itself(place: Place, prefect_api: str) -> None:
    path = place.home / "streams" / f"{place.name}.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n[schedule]\nscore = "* * * * *"\n', encoding="utf-8")
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    place.cli("init", place.name)
    with beside(place, COMMAND, "serve", place.name):
        until(lambda: place.rows("SELECT count(*) FROM decision") == [(10,)], 120)


def test_a_run_started_while_another_holds_the_stream_ends_cancelled_and_says_so(
    place: Place, prefect_api: str
) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    place.cli("init", place.name)
    with (
        ledger.open(place.environment["SECOND_READER_LEDGER"]) as book,
        book.exclusive("score", place.name),
    ):
        refused = place.cli("score", place.name)
    assert refused.code == 1
    assert place.name in refused.err
    assert place.rows("SELECT count(*) FROM decision") == [(0,)]
    with beside(place, COMMAND, "serve", place.name):
        served = until(lambda: len(result := deployments(prefect_api, place.name)) == SERVED and result)
        together = [start(prefect_api, served["score"]) for _ in range(2)]
        ended = [end(prefect_api, run)["type"] for run in together]
    assert set(ended) <= {"COMPLETED", "CANCELLED"}
    assert "COMPLETED" in ended
    runs = place.rows("SELECT started_at, finished_at FROM run WHERE flow = 'score' ORDER BY started_at")
    assert all(before[1] <= after[0] for before, after in pairwise(runs))
    assert place.rows("SELECT count(*) FROM decision") == [(10,)]


def deploy(place: Place) -> str:
    """The stream's deployments as `deploy/production/prefect.yaml` has them, in a pool of the test's own: the pool."""
    pool = f"pool-{place.name}"
    deployed = (ROOT / "deploy" / "production" / "prefect.yaml").read_text(encoding="utf-8")
    deployed = deployed.replace("name: second-reader}", f"name: {pool}}}").replace("digits", place.name)
    (place.home / "prefect.yaml").write_text(deployed, encoding="utf-8")
    for words in (
        ("work-pool", "create", pool, "--type", "process"),
        ("deploy", "--all", "--prefect-file", "prefect.yaml"),
    ):
        done = subprocess.run(
            [PREFECT, "--no-prompt", *words], env=place.environment, cwd=place.home, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return pool


def deliver_many(place: Place) -> int:
    """Three chunks of rows: how many."""
    rows = 300_000
    line = json.dumps(mail(1)).replace("mail-001", "mail-{0}")
    text = "".join(line.replace("{0}", str(n)) + "\n" for n in range(rows))
    (place.home / "inbox" / "one.jsonl").write_text(text, encoding="utf-8")
    return rows


@pytest.mark.timeout(300)
def test_a_worker_forks_its_runs_and_one_that_is_cancelled_ends_so_and_alone(place: Place, prefect_api: str) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    place.cli("init", place.name)
    pool = deploy(place)
    served = deployments(prefect_api, place.name)
    with beside(place, COMMAND, "worker", pool) as process:
        for flow in FLOWS:
            ended = end(prefect_api, start(prefect_api, served[flow]))
            assert ended["type"] == "COMPLETED", ended
        until(lambda: children_ended(process.pid, "flows.runtime.warm") > 0)
        assert place.rows("SELECT count(*) FROM decision") == [(10,)]
        rows = deliver_many(place)
        run = start(prefect_api, served["score"])
        until(lambda: place.rows("SELECT count(*) FROM decision")[0][0] > 10)
        cancelling = {"state": {"type": "CANCELLING"}, "force": False}
        httpx.post(f"{prefect_api}/flow_runs/{run}/set_state", json=cancelling, trust_env=False).raise_for_status()
        assert end(prefect_api, run)["type"] == "CANCELLED"
        assert place.rows("SELECT count(*) FROM decision")[0][0] < rows
        assert end(prefect_api, start(prefect_api, served["collect"]))["type"] == "COMPLETED"
        process.terminate()
        assert process.wait(60) is not None


def test_a_pool_that_is_not_there_is_reported_in_one_line(place: Place) -> None:
    refused = place.cli("worker", "no-such-pool")
    assert refused.code == 2
    assert "prefect work-pool create no-such-pool --type process" in refused.err


@pytest.mark.timeout(300)
def test_a_worker_killed_in_mid_run_is_followed_by_a_run_that_completes_the_work(
    place: Place, prefect_api: str
) -> None:
    rows = deliver_many(place)
    place.cli("init", place.name)
    pool = deploy(place)
    served = deployments(prefect_api, place.name)
    assert set(served) == {*FLOWS, "adopt", "halt", "retrain"}
    # Prefect's own, which starts a process for each run: what we do not start must work too.
    with beside(place, PREFECT, "worker", "start", "--pool", pool) as process:
        start(prefect_api, served["score"])
        until(lambda: place.rows("SELECT count(*) FROM decision")[0][0] > 0)
        kill(process)
    recorded = place.rows("SELECT count(*) FROM decision")[0][0]
    assert 0 < recorded < rows
    with beside(place, COMMAND, "worker", pool):
        ended = end(prefect_api, start(prefect_api, served["score"]))
    assert ended["type"] == "COMPLETED", ended
    assert place.rows("SELECT count(*), count(DISTINCT case_id) FROM decision") == [(rows, rows)]
