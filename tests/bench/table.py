"""The tables of measured figures: one row per piece of work, in sections of `docs/results/bench.md`."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results" / "bench.md"


@dataclass(frozen=True, slots=True)
class Section:
    """A table of its own: its title, and how its figures were measured."""

    title: str
    how: str


WORK = Section("Work", "Medians of 5 runs (scoring 10,000,000: one run)")
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
    floor_number: float,
    *,
    peak: float | None = None,
    unit: str = "s",
    section: Section = WORK,
) -> None:
    """Put one row into the table of a section, over an earlier one of the same work. `peak`: memory in MB."""
    memory = "" if peak is None else f"{peak:,.0f} MB"
    ratio = f"{number / floor_number:.2f}"
    row = f"| {work} | {floor} | {number:,.2f} {unit} | {floor_number:,.2f} {unit} | {ratio} | {memory} |\n"
    RESULTS.write_text(with_row(RESULTS.read_text(encoding="utf-8"), section, work, row), encoding="utf-8")
    print(f"\n{work}: {number:,.2f} {unit}, {ratio} times the floor ({floor}, {floor_number:,.2f} {unit})")


def with_row(page: str, section: Section, work: str, row: str) -> str:
    """The page with this row. What somebody wrote below the table of a section stays, another table too."""
    head, *parts = page.split("\n## ")
    by_title = {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}
    table, _, below = by_title.get(section.title, "").partition(HEAD)[2].partition("\n\n")
    rows = [f"{one}\n" for one in table.splitlines() if one and not one.startswith(f"| {work} |")]
    text = f"\n{section.how} on {machine()}.\n\n{HEAD}{''.join(sorted([*rows, row]))}"
    by_title[section.title] = text + (below and f"\n{below}")
    return head + "".join(f"\n## {title}\n{part}" for title, part in by_title.items())
