"""CPU seconds of processes, by who they belong to: a process, all it started that still runs, and all it has waited for."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path


def used(first: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """CPU seconds of each family, from the numbers of its first processes: of the living and of those they waited for.

    A process whose parent has ended belongs to nobody any more. Take it twice, and what lies between was used meanwhile.
    """
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        except OSError:  # it has just ended
            continue
        pid = int(folder.name)
        ticks[pid] = sum(map(int, fields[11:15]))
        children.setdefault(int(fields[1]), []).append(pid)
    return {
        family: sum(ticks.get(pid, 0) for pid in _tree(pids, children)) / os.sysconf("SC_CLK_TCK")
        for family, pids in first.items()
    }


def between(start: Mapping[str, float], end: Mapping[str, float]) -> dict[str, float]:
    """What each family used from one moment to another."""
    return {family: end[family] - start[family] for family in start}


def _tree(pids: Iterable[int], children: Mapping[int, list[int]]) -> set[int]:
    known: set[int] = set()
    left = list(pids)
    while left:
        pid = left.pop()
        if pid not in known:
            known.add(pid)
            left += children.get(pid, [])
    return known


def everything() -> float:
    """CPU seconds that all processes of this machine have used since it started, waiting for a disk not counted."""
    user, nice, system, _idle, _wait, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text(encoding="utf-8").split()[1:9]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
