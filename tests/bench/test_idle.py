"""What a command and a served run cost that find nothing to do, in CPU seconds, beside the build before the warm process."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bench import table

ROOT = Path(__file__).resolve().parents[2]
TIMES = 3
RUNS = 10
SECTION = table.Section("Idle", f"Nothing to do: least of {TIMES} runs of a command, mean of {RUNS} served runs,")
NOW_MAIN, BEFORE_MAIN = "flows.commands.main", "flows.cli"
STREAM = """
name = "idle"
title = "Customer mail"
labels = ["billing", "bug", "other"]

[input]
source = "inbox"
id = "id"
prediction = "label"
confidence = "score"
payload = ["text"]

[model]
id = "mail-1"

[review]
kind = "text"
question = "What is this mail about?"
project = "idle"
overlap = 0.0

[target]
error = 0.05

[costs]
error = 10.0
review_minute = 0.5

[schedule]
score = "0 0 1 1 *"
dispatch = "0 0 1 1 *"
collect = "0 0 1 1 *"
measure = "0 0 1 1 *"
"""
EMPTY = "from prefect import flow\n@flow\ndef empty(): pass\nempty()"
WITH_PARAMETER = "from prefect import flow\n@flow\ndef empty(stream): pass\nempty('idle')"


@dataclass(frozen=True, slots=True)
class Idle:
    """A stream with nothing left to do, of one build."""

    code: Path
    folder: Path
    environment: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Both:
    """The same of this build and of the build before, each with a ledger of its own."""

    now: Idle
    then: Idle


@pytest.fixture
def idle(label_studio: Any, prefect_api: str, before: Path, tmp_path: Path) -> Iterator[Both]:
    """Streams with 1,600 decided cases, as many in the queue as it takes, and nothing left to do."""
    shared = {
        "PREFECT_API_URL": prefect_api,
        "SECOND_READER_LABEL_STUDIO_URL": label_studio.url,
        "SECOND_READER_LABEL_STUDIO_TOKEN": label_studio.token,
    }
    names = ("idle", "idle-before")
    yield Both(*(filled(code, tmp_path / name, shared) for code, name in zip((ROOT, before), names, strict=True)))
    for project in label_studio_projects(label_studio, names):
        httpx.delete(
            f"{label_studio.url}/api/projects/{project}", headers=header(label_studio), trust_env=False, timeout=60
        )


def filled(code: Path, folder: Path, shared: dict[str, str]) -> Idle:
    (folder / "inbox").mkdir(parents=True)
    text = STREAM.replace('project = "idle"', f'project = "{folder.name}"')
    (folder / "idle.toml").write_text(text, encoding="utf-8")
    rows = ({"id": f"m-{n}", "label": "bug", "score": n / 2000, "text": f"Message {n}"} for n in range(1600))
    (folder / "inbox" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    own = {
        "PYTHONPATH": str(code),
        "SECOND_READER_LEDGER": f"sqlite:///{folder / 'ledger.db'}",
        "SECOND_READER_STREAMS": str(folder),
        "SECOND_READER_DATA": str(folder),
        "SECOND_READER_REPORTS": str(folder / "reports"),
    }
    built = Idle(code, folder, os.environ | shared | own)
    for words in (("init", "idle"), ("run", "idle"), ("run", "idle")):
        took(built, words)
    return built


def header(server: Any) -> dict[str, str]:
    return {"Authorization": f"Token {server.token}"}


def label_studio_projects(server: Any, names: tuple[str, ...]) -> list[int]:
    body = (
        httpx.get(f"{server.url}/api/projects", headers=header(server), trust_env=False, timeout=60)
        .raise_for_status()
        .json()
    )
    return [project["id"] for project in body["results"] if project["title"] in names]


def program(code: Path, *words: str) -> list[str]:
    """The console command of a build."""
    main = NOW_MAIN if code == ROOT else BEFORE_MAIN
    return [sys.executable, "-c", f"import sys; sys.argv[0] = 'second-reader'; from {main} import main; main()", *words]


def took(idle: Idle, words: tuple[str, ...], command: list[str] | None = None) -> float:
    """CPU seconds of a command and all it started, to its end."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command or program(idle.code, *words),
        env=idle.environment,
        cwd=idle.folder,
        capture_output=True,
        text=True,
    )
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


@pytest.mark.timeout(1500)
def test_commands_that_find_nothing_to_do(idle: Both) -> None:
    empty, named = (
        min(took(idle.now, (), [sys.executable, "-c", code]) for _ in range(TIMES)) for code in (EMPTY, WITH_PARAMETER)
    )
    flow = "an empty Prefect flow"
    table.record(f"idle: {flow} with one parameter", flow, named, empty, unit="CPU s", section=SECTION)
    for words in (
        ("--version",),
        ("status",),
        ("collect", "idle"),
        ("dispatch", "idle"),
        ("score", "idle"),
        ("measure", "idle"),
        ("run", "idle"),
    ):
        name = " ".join(words)
        ranges = [(took(idle.now, words), took(idle.then, words)) for _ in range(TIMES)]
        now, then = (min(pair[place] for pair in ranges) for place in (0, 1))
        table.record(f"idle: `{name}`", "the same of the build before", now, then, unit="CPU s", section=SECTION)
        if words[0] in ("collect", "dispatch", "score", "measure"):
            table.record(
                f"idle: `{name}`, beside Prefect's own",
                flow,
                now,
                empty,
                unit="CPU s",
                section=SECTION,
            )


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("flow", ["collect", "measure"])
def test_a_served_run_that_finds_nothing_to_do(idle: Both, prefect_api: str, flow: str) -> None:
    now, then = (served(one, prefect_api, flow) for one in (idle.now, idle.then))
    table.record(
        f"idle: a served run of `{flow}`, with what `serve` itself takes meanwhile",
        "the same of the build before",
        now,
        then,
        unit="CPU s",
        section=SECTION,
    )


def served(idle: Idle, api: str, flow: str) -> float:
    """CPU seconds of one served run, of all processes of `serve`: the mean of RUNS, one after the other."""
    process = subprocess.Popen(
        program(idle.code, "serve", "idle"),
        env=idle.environment,
        cwd=idle.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deployment = until(lambda: deployment_id(api, flow))
        one(api, deployment)  # the first loads what is loaded once
        start = used(process.pid)
        for _ in range(RUNS):
            one(api, deployment)
        return (used(process.pid) - start) / RUNS
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def until(ready: Any, seconds: float = 120.0) -> Any:
    """What `ready` gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if got := ready():
            return got
        time.sleep(0.2)
    raise TimeoutError


def deployment_id(api: str, flow: str) -> str | None:
    """The id of the served deployment."""
    answer = httpx.get(f"{api}/deployments/name/{flow}/idle", trust_env=False, timeout=60)
    return answer.json()["id"] if answer.status_code == 200 and answer.json()["status"] == "READY" else None


def one(api: str, deployment: str) -> None:
    """A run from its beginning to its end."""
    url = f"{api}/deployments/{deployment}/create_flow_run"
    run = (
        httpx.post(url, json={"state": {"type": "SCHEDULED"}}, trust_env=False, timeout=60)
        .raise_for_status()
        .json()["id"]
    )
    ended = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    state = until(
        lambda: (
            (s := httpx.get(f"{api}/flow_runs/{run}", trust_env=False, timeout=60).json()["state"]["type"]) in ended
            and s
        )
    )
    assert state == "COMPLETED"
    time.sleep(1)  # its process ends


def used(session: int) -> float:
    """CPU seconds that the processes of a session have used, and those of it that have ended."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == session:
            total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")
