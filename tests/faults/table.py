"""The table of faults: what each test found, and from that `docs/results/faults.md`.

A test appends its line while it runs, for several run side by side; `python -m tests.faults.table` makes the table.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from tests.bench import table as bench

ROOT = Path(__file__).resolve().parents[2]
LINES = ROOT / ".local" / "faults.jsonl"
RESULTS = ROOT / "docs" / "results" / "faults.md"
KINDS = ("lost", "doubled", "released", "other")
HEAD = (
    "| fault | times injected | cases through | lost | doubled | released by accident | anything else |\n"
    "|---|--:|--:|--:|--:|--:|--:|\n"
)


def record(fault: str, texts: list[str], **counts: int) -> None:
    """Add what strikes of one kind came to. `findings`: each in words, for who reads the lines of a run that failed."""
    _append({"fault": fault, **counts, "found": texts})


def record_points(flow: str, names: list[str]) -> None:
    """Add the named points of a flow."""
    _append({"flow": flow, "points": names})


def record_plant(bug: str, injected: int, text: str) -> None:
    """Add what a planted bug came to."""
    _append({"bug": bug, "injected": injected, "found": text})


def _append(line: dict[str, Any]) -> None:
    LINES.parent.mkdir(exist_ok=True)
    with LINES.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        whole = os.environ.get("SECOND_READER_FAULTS") == "all"
        file.write(json.dumps(line | {"whole": whole}) + "\n")


def write(lines: list[dict[str, Any]]) -> str:
    """The page: sums of each fault, the planted bugs, the points."""
    sums: dict[str, dict[str, int]] = {}
    for line in lines:
        if "fault" in line:
            row = sums.setdefault(line["fault"], dict.fromkeys(("injected", "cases", *KINDS), 0))
            for name in row:
                row[name] += line[name]
    faults = "".join(
        f"| {fault} | {' | '.join(f'{count:,}' for count in row.values())} |\n" for fault, row in sorted(sums.items())
    )
    bugs = "".join(
        f"| {line['bug']} | {line['injected']} | {line['found']} |\n"
        for line in sorted(lines, key=lambda line: str(line.get("bug")))
        if "bug" in line
    )
    points = {line["flow"]: line["points"] for line in lines if "points" in line}
    listed = "".join(f"- **{flow}** ({len(names)}): {', '.join(names)}\n" for flow, names in sorted(points.items()))
    return (
        "# What `make faults` broke, and what came of it\n\n"
        + ("" if all(line.get("whole") for line in lines) else "**Of a run of a part of the set.**\n\n")
        + f"On real servers, on {bench.machine()}. After each fault the flow runs again, and an oracle computes from the "
        "ledger's tables and from Label Studio's API, past our own code, what is lost, doubled, released by accident, or "
        "otherwise not as it must be (`tests/faults/oracle.py` says what it checks).\n\n"
        f"{HEAD}{faults}\n"
        "## Planted bugs\n\nThe same harness, with something taken away from the product: each must make it fail.\n\n"
        f"| taken away | faults injected | found |\n|---|--:|---|\n{bugs}\n"
        "## Points\n\nEvery side effect of each flow, as a run of a few cases meets them: it is killed before "
        f"each, the first time and the last, and after the last.\n\n{listed}"
    )


if __name__ == "__main__":
    RESULTS.write_text(
        write([json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]), encoding="utf-8"
    )
