"""How much memory a process and all it started hold for themselves, as the kernel counts it."""

from dataclasses import dataclass
from pathlib import Path

_KILOBYTE = 1024
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """In MB. `own`: pages of no file; a page that several processes share is counted once.

    `shared`: PostgreSQL's buffers, which it fills up to a size that is set. Files of programs, mapped into memory, are
    in neither: the kernel takes them away where it needs the room.
    """

    own: float
    shared: float


def held(pid: int) -> Held:
    """By `pid` and its children's children. One that ends meanwhile counts for nothing."""
    counts = [_counts(number) for number in family(pid)]
    return Held(
        own=sum(count.get("Pss_Anon", 0) for count in counts) * _KILOBYTE / _MEGABYTE,
        shared=sum(count.get("Pss_Shmem", 0) for count in counts) * _KILOBYTE / _MEGABYTE,
    )


def family(pid: int) -> list[int]:
    """A process, its children, and theirs."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    findings = [pid]
    for number in findings:  # grows while we go along
        findings += children.get(number, [])
    return findings


def _counts(pid: int) -> dict[str, int]:
    """The kernel's sums over all of a process's memory, in kB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {name.rstrip(":"): int(count) for name, count, *_ in words}
