"""What a second Dask worker process is worth: the flow itself, on a scheduler and workers of its own, PostgreSQL."""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench import once, outputs, table
from tests.bench.test_score import emptied
from tests.e2e import clusters

ROWS = int(os.environ.get("SECOND_READER_BENCH_SPREAD", "10000000"))
TIMES = 1 if ROWS > 1_000_000 else 3
# The whole flow but the start of Python: what a user waits for once all is up.
FLOW = """
import json, time
from flows import score
start = time.perf_counter()
counts = score.score("bench")
print(json.dumps({"seconds": time.perf_counter() - start, "decided": counts["decided"]}))
"""


@pytest.mark.timeout(3600)
def test_two_dask_workers_beside_one(tmp_path: Path, postgres_url: str, prefect_api: str) -> None:
    outputs.write(tmp_path, ROWS)
    took = {workers: [run(tmp_path, postgres_url, workers) for _ in range(TIMES)] for workers in (1, 2)}
    for runs in took.values():
        assert [result["decided"] for result in runs] == [ROWS] * TIMES
    one, two = (statistics.median(got["seconds"] for got in took[workers]) for workers in (1, 2))
    for workers, runs in took.items():
        busy = statistics.median(entry["busy"] for entry in runs)
        print(f"\nwith {workers} of them the machine's cores were busy for {busy:.0%} of the time")
    table.record(f"score {ROWS:,} outputs on two Dask worker processes, PostgreSQL", "one worker process", two, one)


def run(folder: Path, url: str, workers: int) -> dict[str, float]:
    """Score the file into an empty ledger with so many worker processes of one thread each."""
    emptied(folder, url)
    names = {"LEDGER": url, "STREAMS": folder, "DATA": folder}
    environment = os.environ | {f"SECOND_READER_{name}": str(value) for name, value in names.items()}
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setenv(f"SECOND_READER_{name}", environment[f"SECOND_READER_{name}"])
        once.opened(url)
    with clusters.dask(folder, environment, workers=workers) as cluster:
        idle, start = idle_seconds(), time.monotonic()
        spread = {"SECOND_READER_RUNNER": "dask", "SECOND_READER_RUNNER_ADDRESS": cluster.address}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FLOW],
            cwd=once.ROOT,
            env=environment | spread,
            capture_output=True,
            text=True,
            check=False,
        )
        whole = (time.monotonic() - start) * (os.cpu_count() or 1)
        busy = 1 - (idle_seconds() - idle) / whole
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    by_name: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return by_name | {"busy": busy}


def idle_seconds() -> float:
    """How long all cores together have had nothing to do: what they have, a second worker could use."""
    _, *times = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()
    return (int(times[3]) + int(times[4])) / os.sysconf("SC_CLK_TCK")
