"""Damage to the bytes of a file: what disks, networks, editors and half-finished writers do."""

from tests.fuzz.tables import Generator, pick

_BITS = [b"", b"\x00", b"\xff", b"\n", b"\r", b'"', b",", b"\\", b"{", b"}", b"[", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", b"PAR1",
         b"\x1f\x8b\x08", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x7f", b"NaN", b"1e999", b'\\ud800', b'"""', b"\x00" * 64]  # fmt: skip


def flip(rng: Generator, data: bytearray) -> None:
    """Some bits, anywhere."""
    for _ in range(int(rng.integers(1, 9))):
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))


def cut(rng: Generator, data: bytearray) -> None:
    """The end is missing."""
    del data[int(rng.integers(len(data))) :]


def behead(rng: Generator, data: bytearray) -> None:
    """The start is missing."""
    del data[: int(rng.integers(1, len(data) + 1))]


def drop(rng: Generator, data: bytearray) -> None:
    """A piece is missing."""
    start = int(rng.integers(len(data)))
    del data[start : start + int(rng.integers(1, 200))]


def zero(rng: Generator, data: bytearray) -> None:
    """A piece was never written."""
    start = int(rng.integers(len(data)))
    end = min(len(data), start + int(rng.integers(1, 200)))
    data[start:end] = bytes(end - start)


def repeat(rng: Generator, data: bytearray) -> None:
    """A piece stands twice."""
    start = int(rng.integers(len(data)))
    data[start:start] = data[start : start + int(rng.integers(1, 400))]


def insert(rng: Generator, data: bytearray) -> None:
    """Bytes that mean something to a reader stand where they should not."""
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(data) + 1))
        data[place:place] = pick(rng, _BITS)


def overwrite(rng: Generator, data: bytearray) -> None:
    """Bytes that mean something to a reader stand over others."""
    place = int(rng.integers(len(data)))
    bits = pick(rng, _BITS)
    data[place : place + len(bits)] = bits


def foot(rng: Generator, data: bytearray) -> None:
    """The last bytes, where Parquet keeps its schema and gzip its sum."""
    for _ in range(int(rng.integers(1, 6))):
        data[-1 - int(rng.integers(min(len(data), 600)))] = int(rng.integers(256))


def twice(rng: Generator, data: bytearray) -> None:
    """The whole file stands twice."""
    data += bytes(data)


KINDS = [flip, cut, behead, drop, zero, repeat, insert, overwrite, foot, twice]


def damaged(rng: Generator, data: bytes) -> tuple[bytes, str]:
    """The bytes after one kind of damage or two, and its name."""
    changed = bytearray(data)
    names = []
    for _ in range(int(rng.integers(1, 3))):
        kind = pick(rng, KINDS)
        if changed:
            kind(rng, changed)
            names.append(kind.__name__)
    return bytes(changed), "+".join(names)
