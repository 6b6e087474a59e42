"""The table of measured figures: one row per piece of work, written to `docs/results/bench.md`."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results" / "bench.md"
HEAD = "| work | floor | measured | floor took | ratio | peak memory |\n|---|---|---|---|---|---|\n"


def median(work: Callable[[], object], *, times: int = 5) -> float:
    """Median seconds of `times` runs."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def machine() -> str:
    """The machine in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux, Python {platform.python_version()}"


def record(
    work: str,
    floor: str,
    number: float,
    floor_found: float,
    *,
    peak: float | None = None,
    unit: str = "s",
    page: Path = RESULTS,
    how: str = "Medians of 5 runs (scoring 10,000,000: one run)",
) -> None:
    """Put one row into the table of a page, over an earlier one of the same work. `peak`: memory in MB; `how`: its runs."""
    memory = "" if peak is None else f"{peak:,.0f} MB"
    ratio = f"{number / floor_found:.2f}"
    row = f"| {work} | {floor} | {number:,.2f} {unit} | {floor_found:,.2f} {unit} | {ratio} | {memory} |\n"
    known = page.read_text(encoding="utf-8") if page.exists() else ""
    # What somebody wrote below the table stays, another table too.
    table, _, below = known.partition(HEAD)[2].partition("\n\n")
    rows = [f"{one}\n" for one in table.splitlines() if one and not one.startswith(f"| {work} |")]
    title = f"# Measured with `make bench`\n\n{how} on {machine()}. Ratios hold between machines; seconds do not.\n\n"
    page.write_text(title + HEAD + "".join(sorted([*rows, row])) + (below and f"\n{below}"), encoding="utf-8")
    print(f"\n{work}: {number:,.2f} {unit}, {ratio} times the floor ({floor}, {floor_found:,.2f} {unit})")
