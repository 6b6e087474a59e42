"""One measured run of `dispatch` or `collect` beside Label Studio's own bulk call, in a process of its own.

python -m tests.bench.queue_once dispatch|collect|export|request|SIZE FOLDER URL (a size: a raw import, so many at a time)
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from flows import collect, dispatch
from flows.governance import opening
from flows.runtime import runs, settings
from models.config.stream import Stream
from review.label_studio import labeling_config, task_data
from review.ledger import ledger
from review.queries import pending_cases
from tests.bench import once, outputs

BATCHES = (500, 1000, 2000)  # tasks in one raw import; the quickest of them is the floor
DEEP = outputs.STREAM.replace("\n[target]", "queue_depth = 10000\n\n[target]").replace(
    "\nblind_rate = 0.05", "\nblind_rate = 0.05\ncold_blind_rate = 0.05"
)


def run(work: str, folder: Path, url: str) -> dict[str, float]:
    """Do `work` in a process of its own: `seconds`, `peak_mb`, `requests`, and what it says of itself."""
    names = {"LEDGER": url, "STREAMS": str(folder), "DATA": str(folder), "REPORTS": str(folder / "reports")}
    environment = os.environ | {f"SECOND_READER_{name}": value for name, value in names.items()}
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.queue_once", work, str(folder), url]
    done = subprocess.run(command, cwd=once.ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    by_name: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return by_name


def stream() -> Stream:
    """The stream of the benchmark."""
    return settings.read_stream("bench", settings.read())


def decided(folder: Path, url: str) -> int:
    """A ledger whose cases all wait for a person, and an empty project: its id."""
    (folder / "bench.toml").write_text(DEEP, encoding="utf-8")
    project_id, _ = opening.begin("bench", by="bench")
    once.scored(folder, url)
    return project_id


def bodies(book: ledger.Ledger) -> list[dict[str, Any]]:
    """Every waiting case as Label Studio is given it."""
    bench = stream()
    items = []
    for case in pending_cases.pending(book, bench.name, 1_000_000).iter_rows(named=True):
        data = task_data.data(bench, json.loads(case["payload"]), case["case_id"])
        body: dict[str, Any] = {
            "data": data | {labeling_config.KEY: task_data.task_key(bench.name, case["case_id"], 0)}
        }
        if not case["blind"]:
            result = task_data.prefill(bench, case["prediction"], "c-1")
            body["predictions"] = [{"model_version": labeling_config.MODEL_VERSION, "result": result}]
        items.append(body)
    return items


def server() -> httpx.Client:
    """Label Studio's API without anything between."""
    config = settings.read()
    headers = {"Authorization": f"Token {settings.label_studio_token(config)}"}
    return httpx.Client(base_url=config.label_studio_url, headers=headers, timeout=300, trust_env=False)


def imported(api: httpx.Client, project_id: int, tasks: list[dict[str, Any]], size: int) -> list[int]:
    """Import the tasks as they are, `size` at a time: their ids."""
    ids: list[int] = []
    for first in range(0, len(tasks), size):
        answer = api.post(
            f"/api/projects/{project_id}/import?return_task_ids=true",
            content=json.dumps(tasks[first : first + size]),
            headers={"Content-Type": "application/json"},
        )
        ids += answer.raise_for_status().json()["task_ids"]
    return ids


def answered(url: str) -> None:
    """Put every waiting case before people, with an answer that has been given to it."""
    with ledger.open(url) as book, server() as api:
        bench, got = stream(), runs.project(book, stream())
        waiting = pending_cases.pending(book, bench.name, 1_000_000)
        tasks = bodies(book)
        for number, task in enumerate(tasks):
            result = task_data.prefill(bench, bench.labels[number % len(bench.labels)], "c-1")
            task["annotations"] = [{"result": result, "lead_time": 2.5}]
        ids = imported(api, got.project_id, tasks, BATCHES[0])
        now = runs.clock()
        rows = waiting.select(
            pl.lit(bench.name).alias("stream"),
            "case_id",
            pl.lit(0, pl.Int64).alias("slot"),
            pl.Series("task_key", [task["data"][labeling_config.KEY] for task in tasks]),
            pl.lit(got.project_id, pl.Int64).alias("project_id"),
            pl.Series("task_id", ids),
            "blind",
            pl.lit("bench").alias("wave"),
            pl.lit(now).alias("sent_at"),
        )
        book.append({"dispatch": rows}, now=now)


def collected(flow: runs.Run) -> dict[str, int]:
    """Bring the answers home, with the cursor that the next run starts from."""
    total, cursor = collect.collect_all(flow, collect.record_answers.fn)
    flow.finish(total, cursor=cursor)
    return total


def counted() -> list[str]:
    """The requests this process sends from now on, one line each."""
    sent: list[str] = []
    real = httpx.HTTPTransport.handle_request

    def handle(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append(f"{request.method} {request.url.path}")
        return real(self, request)

    httpx.HTTPTransport.handle_request = handle  # type: ignore[method-assign]
    return sent


def _main(work: str, url: str) -> dict[str, Any]:
    sent = counted()
    with ledger.open(url) as book, server() as api:
        project_id = runs.project(book, stream()).project_id
        done: Callable[[], dict[str, Any]]
        if work == "dispatch":
            flow = once.started(book, "dispatch")
            done = lambda: dispatch.send_all(flow, dispatch.send.fn)  # noqa: E731
        elif work == "collect":
            flow = once.started(book, "collect")
            done = lambda: collected(flow)  # noqa: E731
        elif work == "export":
            path = f"/api/projects/{project_id}/export?exportType=JSON"
            done = lambda: {"tasks": len(api.get(path).raise_for_status().json())}  # noqa: E731
        elif work == "request":
            done = lambda: api.get("/api/current-user/whoami").raise_for_status().json()  # noqa: E731
        else:
            tasks, size = bodies(book), int(work)
            done = lambda: {"tasks": len(imported(api, project_id, tasks, size))}  # noqa: E731
        start = time.perf_counter()
        message = done()
        seconds = time.perf_counter() - start
    return message | {"seconds": seconds, "peak_mb": once.peak_mb(), "requests": len(sent)}


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.argv[3])))
