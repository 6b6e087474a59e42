"""Many inputs, in processes that are started anew when they die or hang; a table of what came of them.

`make fuzz`, or `python -m tests.fuzz.hunt --inputs 10000 --first 0`: every number is an input. Ends with 1 if a promise
was broken, and names the numbers: `--first N --inputs 1` runs one again.
"""

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fuzz import report

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 40.0  # of processor time, for one input
PEAK = 4 * 2**30  # bytes of memory, for one input
SILENCE = 300.0  # seconds without a line: it hangs


def hunt(first: int, count: int, workers: int) -> Iterator[dict[str, Any]]:
    """What each number came to, as it is found."""
    simple_queue: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    for place in range(workers):
        words = (first + place, workers, first + count, simple_queue)
        threading.Thread(target=_work, args=words, daemon=True).start()
    for _ in range(count):
        yield simple_queue.get()


def _work(number: int, step: int, end: int, simple_queue: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Every `step`th number from `number`; a process that is lost costs the input it was at."""
    while number < end:
        with tempfile.TemporaryDirectory(dir=_fast()) as folder:
            begun = None
            for line in _lines(Path(folder), number, step, end):
                if "ended" in line:
                    simple_queue.put(_reported(_bounded(line)))
                    begun, number = None, line["number"] + step
                else:
                    begun = line
            if number >= end:
                return
            lost = begun or {"number": number, "kind": "?"}
            simple_queue.put(_reported(_lost(lost)))
            number = lost["number"] + step


def _lines(folder: Path, number: int, step: int, end: int) -> Any:
    """The lines of a child, until it ends, dies, or is killed for its silence."""
    words = [sys.executable, "-m", "tests.fuzz.child", str(folder), str(number), str(step), str(end)]
    environment = os.environ | {
        "PREFECT_HOME": str(folder / "prefect"),
        "RUST_BACKTRACE": "0",
        "POLARS_MAX_THREADS": "2",
    }
    with (folder / "errors").open("w") as errors:
        child = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        timer = threading.Timer(SILENCE, child.send_signal, [signal.SIGKILL])
        timer.start()
        assert child.stdout is not None
        for line in child.stdout:
            timer.cancel()
            timer = threading.Timer(SILENCE, child.send_signal, [signal.SIGKILL])
            timer.start()
            yield json.loads(line)
        child.wait()
        child.stdout.close()
        timer.cancel()
    if child.returncode:
        print((folder / "errors").read_text()[-3000:], file=sys.stderr)


def _bounded(line: dict[str, Any]) -> dict[str, Any]:
    """The outcome, broken if it took too long or too much."""
    if not line["broken"] and line["seconds"] > SECONDS:
        line["broken"] = f"took {line['seconds']:.0f} s of processor time"
    if not line["broken"] and line["peak"] > PEAK:
        line["broken"] = f"held {line['peak'] / 2**30:.1f} GiB"
    return line


def _reported(outcome: dict[str, Any]) -> dict[str, Any]:
    """The outcome; if it is broken, said at once, for a hunt takes minutes."""
    if outcome["broken"]:
        print(f"input {outcome['number']} ({outcome['kind']}): {outcome['broken']}", file=sys.stderr, flush=True)
    return outcome


def _lost(begun: dict[str, Any]) -> dict[str, Any]:
    empty = {"message": "", "rows": 0, "decided": 0, "faults": 0, "bytes": 0, "seconds": 0.0, "peak": 0}
    return begun | empty | {"ended": "broken", "broken": "the process died or hung"}


def _fast() -> str | None:
    """Memory as a disk, where there is one: what is tested is not the disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def main() -> int:
    """Hunt, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path, default=None, help="a file for the table")
    args = parser.parse_args()
    outcomes: list[dict[str, Any]] = []
    with suppress(KeyboardInterrupt):  # what was found so far counts
        outcomes.extend(hunt(args.first, args.inputs, args.workers))
    text = report.table(outcomes, first=args.first)
    print(text)
    if args.write is not None:
        args.write.write_text(text, encoding="utf-8")
    return 1 if any(outcome["broken"] for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
