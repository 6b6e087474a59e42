"""Text files, plain or gzipped, as blocks of bytes that end with a line."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from flows.inputs import archives
from models.errors import InputInvalid

BLOCK = 16 * 2**20  # bytes of text at a time: bounds the memory whatever the size of the file
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\x1f\x8b": "gzipped; end its name in .gz",
}
_LONGEST_LINE = 8 * BLOCK
_SMALL = 4 * BLOCK  # bytes that any gzip may come to
_DENSEST = 250  # times its size that a larger one may come to; outputs of models come to 5 or 30 times
UNENDED = "the file ends within this record"  # so begins the reason of a fault that time may mend
BOM = b"\xef\xbb\xbf"


def first(path: Path, kind: str) -> bytes:
    """The first block, without the byte order mark. Raises InputInvalid if the file is empty or no text.

    A gzipped file is read to its end, to know before anything is written that it is whole, and no bomb.
    """
    if path.suffix.lower() in (".gz", ".tgz"):
        most = most_of(path)
        place = 0
        with _opened(path) as file:
            while block := _take(path, file):
                place += len(block)
                if place > most:
                    raise InputInvalid(
                        f"{path}: unpacks to more than {_DENSEST} times its size, which no outputs of a model do; "
                        "unpack it and look"
                    )
    start = next(pieces(path) if kind == "JSON" else read(path), b"")
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise InputInvalid(f"{path}: not {kind}; it is {what}")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputInvalid(f"{path}: not UTF-8 but UTF-16; save it as UTF-8")
    if b"\0" in start[:4096]:
        raise InputInvalid(f"{path}: not {kind}; it holds binary data")
    if not start.strip():
        raise InputInvalid(f"{path}: empty; a {kind} file has at least {'a header' if kind == 'CSV' else 'a row'}")
    return start


def most_of(path: Path) -> int:
    """How many bytes a packed file may come to."""
    return max(_SMALL, _DENSEST * path.stat().st_size)


def gathered(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The lines in blocks of `size` bytes, or a line more; nothing where there is no line."""
    held: list[bytes] = []
    count = 0
    for line in lines:
        held.append(line)
        count += len(line)
        if count >= size:
            yield b"".join(held)
            held, count = [], 0
    if count:
        yield b"".join(held)


def read(path: Path) -> Iterator[bytes]:
    """Blocks of whole lines, the last one perhaps without a line feed. Raises InputInvalid on a broken gzip."""
    with _opened(path) as file:
        rest = _take(path, file).removeprefix(BOM)
        while rest:
            more = _take(path, file)
            if not more:
                yield rest
                return
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield rest[:cut]
            rest = rest[cut:] + more
            if len(rest) > _LONGEST_LINE:
                raise InputInvalid(f"{path}: a line of more than {_LONGEST_LINE >> 20} MiB; give one row per line")


def pieces(path: Path) -> Iterator[bytes]:
    """Blocks as they come, which may end anywhere, without the byte order mark. Raises as `read`."""
    with _opened(path) as file:
        block = _take(path, file).removeprefix(BOM)
        while block:
            yield block
            block = _take(path, file)


def _opened(path: Path) -> BinaryIO:
    if archives.is_archive(path):
        return archives.opened(path, most=most_of(path))
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _take(path: Path, file: BinaryIO) -> bytes:
    try:
        return file.read(BLOCK)
    except archives.BROKEN as error:
        raise InputInvalid(f"{path}: not a gzip file, or cut off ({error}); have it written again") from None
