"""What 120 streams on their default schedules take of this machine when none has anything to do: who takes it, who is late.

All are served by one `serve`. Prefect, Label Studio and PostgreSQL are real, and the ledger is on PostgreSQL. The window is as
long as the schedule of `score`, so that each flow runs in it as often as in any other; `measure`, which runs once an hour, is
given another quarter of it for each quarter of the streams. The build before is seen with a tenth of the streams: it has no room
for more.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import postgres
from tests.bench import families, table
from tests.bench.test_idle import ROOT, STREAM, header, program, until

STREAMS = 120
TENTH = STREAMS // 10
CASES = 20  # of each stream, all waiting for a person
MINUTES = 15
SECTION = table.Section(
    f"{STREAMS} streams",
    f"{MINUTES} minutes of idle streams on their default schedules, their ledger on PostgreSQL (the build before: "
    f"{TENTH} streams, its time beyond that of servers without runs times ten),",
)
_BEGIN = """
import sys
from flows.collect import collect
from flows.dispatch import dispatch
from flows.score import score
for name in sys.argv[1:]:
    {begin}(name, by="bench")
    for flow in (score, dispatch, collect):
        flow.fn(name)
"""
NOW_BEGIN = f"import flows.governance.opening{_BEGIN.format(begin='flows.governance.opening.begin')}"
BEFORE_BEGIN = f"import flows.epochs{_BEGIN.format(begin='flows.epochs.begin')}"


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams of one build: its code, where they are, and who serves them: the first process of each server by its name."""

    code: Path
    folder: Path
    names: list[str]
    api: str
    pids: dict[str, int]
    environment: dict[str, str] = field(repr=False)


@pytest.fixture
def streams(
    stack: Any,
    label_studio: Any,
    prefect_api: str,
    before: Path,
    tmp_path: Path,
) -> Iterator[tuple[Streams, Streams]]:
    """Streams with nothing left to do, of this build and a tenth as many of the build before; each with a ledger of its own."""
    names = [f"quiet-{number:03}" for number in range(STREAMS)]
    earlier = [f"before-{number:03}" for number in range(TENTH)]
    with contextlib.ExitStack() as block:
        both = [
            filled(code, tmp_path / code_name, some, stack, prefect_api, block.enter_context(database(stack)))
            for code, code_name, some in ((ROOT, "now", names), (before, "before", earlier))
        ]
        yield both[0], both[1]
    with httpx.Client(base_url=label_studio.url, headers=header(label_studio), trust_env=False, timeout=60) as client:
        result = client.get("/api/projects", params={"page_size": 1000}).raise_for_status().json()["results"]
        for project in result:
            if project["title"] in [*names, *earlier]:
                client.delete(f"/api/projects/{project['id']}")


@contextlib.contextmanager
def database(stack: Any) -> Iterator[str]:
    """The URL of an empty database, for the length of the block."""
    name = f"test_{secrets.token_hex(6)}"
    postgres.create(stack.cluster, name)
    yield stack.postgres_url(name)
    postgres.drop(stack.cluster, name)


def filled(code: Path, folder: Path, names: list[str], stack: Any, api: str, url: str) -> Streams:
    (folder / "streams").mkdir(parents=True)
    for number, name in enumerate(names):
        (folder / name).mkdir()
        rows = (
            {"id": f"{name}-{n}", "label": "bug", "score": n / 2 / CASES, "text": f"Message {n}"} for n in range(CASES)
        )
        (folder / name / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        text = STREAM.partition("[schedule]")[0].replace('"idle"', f'"{name}"').replace('"inbox"', f'"{name}"')
        text += f'[schedule]\nmeasure = "{number % 4 * MINUTES} * * * *"\n'
        (folder / "streams" / f"{name}.toml").write_text(text, encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(code),
        "PREFECT_API_URL": api,
        "SECOND_READER_LEDGER": url,
        "SECOND_READER_LABEL_STUDIO_URL": stack.label_studio_url,
        "SECOND_READER_LABEL_STUDIO_TOKEN": stack.label_studio_token,
        "SECOND_READER_STREAMS": str(folder / "streams"),
        "SECOND_READER_DATA": str(folder),
        "SECOND_READER_REPORTS": str(folder / "reports"),
    }
    begin = NOW_BEGIN if code == ROOT else BEFORE_BEGIN
    subprocess.run(
        [sys.executable, "-c", begin, *names], env=environment, cwd=folder, check=True, stderr=subprocess.DEVNULL
    )
    return Streams(code=code, folder=folder, names=names, api=api, pids=stack.pids(), environment=environment)


@dataclass(frozen=True, slots=True)
class Window:
    """CPU seconds by family, and of everything on this machine; how the runs of a window ended, how late they began."""

    cpu: dict[str, float]
    machine: float
    ended: Counter[str]
    late: float  # seconds, the most


@contextlib.contextmanager
def serving(streams: Streams) -> Iterator[int]:
    """`serve`, once Prefect knows all its deployments: its process."""
    with (streams.folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            program(streams.code, "serve", *streams.names),
            env=streams.environment,
            cwd=streams.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        url = f"{streams.api}/deployments/name/halt/{streams.names[-1]}"  # the last to be made
        until(lambda: httpx.get(url, trust_env=False, timeout=60).status_code == 200, 600)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def window(streams: Streams, serve: int) -> Window:
    """What is used in a window that begins half a minute before runs are due, the first round of them being over."""
    first = {"ours": [serve]} | {family: [pid] for family, pid in streams.pids.items()}
    now = datetime.now(UTC)
    begin = now.replace(minute=0, second=30, microsecond=0) + timedelta(minutes=now.minute // 5 * 5 + 9)
    time.sleep((begin - now).total_seconds())
    start, everything = families.used(first), families.everything()
    time.sleep(60 * MINUTES)
    cpu, machine = families.between(start, families.used(first)), families.everything() - everything
    runs = list(_runs(streams, begin, begin + timedelta(minutes=MINUTES)))
    return Window(
        cpu=cpu,
        machine=machine,
        ended=Counter(run["state_type"] for run in runs),
        late=max((run["estimated_start_time_delta"] for run in runs), default=0.0),
    )


def _runs(streams: Streams, begin: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """The runs of these streams that were due in a window."""
    names = set(streams.names)
    due = {"expected_start_time": {"after_": begin.isoformat(), "before_": end.isoformat()}}
    with httpx.Client(base_url=streams.api, trust_env=False, timeout=60) as client:
        for offset in range(0, 100_000, 200):
            asked = {"flow_runs": due, "offset": offset, "limit": 200, "sort": "ID_DESC"}
            page = client.post(f"{streams.api}/flow_runs/filter", json=asked).raise_for_status().json()
            yield from (run for run in page if names.intersection(run["tags"]))
            if len(page) < 200:
                return


def quiet(streams: Streams) -> float:
    """CPU seconds that the servers take in a window without `serve`, from two minutes of it."""
    first = {family: [pid] for family, pid in streams.pids.items()}
    start = families.used(first)
    time.sleep(120)
    return sum(families.between(start, families.used(first)).values()) * MINUTES / 2


@pytest.mark.timeout(5400)
def test_many_idle_streams_on_their_default_schedules(streams: tuple[Streams, Streams]) -> None:
    ours, earlier = streams
    cores = float(os.cpu_count() or 1) * 60 * MINUTES
    per_stream = MINUTES // 5 * 2 + MINUTES / 15 + MINUTES / 60
    name = f"{STREAMS} idle streams"
    servers = quiet(ours)
    with serving(ours) as serve:
        now = window(ours, serve)
    for family in now.cpu:
        record(f"{name}: {family}", now.cpu[family], cores)
    record(f"{name}: all of these", sum(now.cpu.values()), cores)
    record(f"{name}: everything else on this machine", now.machine - sum(now.cpu.values()), cores)
    table.record(
        f"{name}: the latest run, of {now.ended.total()}",
        "five minutes, after which the next is due",
        now.late,
        300,
        section=SECTION,
    )
    assert set(now.ended) == {"COMPLETED"}, now.ended
    assert abs(now.ended["COMPLETED"] - per_stream * STREAMS) <= STREAMS / 4
    with serving(earlier) as serve:
        then = window(earlier, serve)
    record(f"{name}, the build before: all", servers + 10 * (sum(then.cpu.values()) - servers), cores)
    record(f"{name}, the build before: ours", 10 * then.cpu["ours"], cores)
    assert set(then.ended) == {"COMPLETED"}, then.ended


def record(work: str, took: float, cores: float) -> None:
    table.record(work, f"all cores for {MINUTES} minutes", took, cores, unit="CPU s", section=SECTION)
