"""temporary"""

from collections.abc import Collection

from models import certificate


def length(alpha: float, delta: float, labels_per_day: float) -> int:
    return max(60, -(-3 * certificate.fewest(alpha, delta) // max(1, int(labels_per_day))))


def kept(line: float | None, *, certified_in: int, era: int, certified: Collection[float]) -> float | None:
    if line is None or line in certified or certified_in >= era:
        return line
    stricter = [own for own in certified if own >= line]
    if stricter:
        return min(stricter)
    return line if certified_in == era - 1 else None
