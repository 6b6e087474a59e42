"""Files whose lines are no rows of JSON yet: lines that hold a list of rows each (`input.rows`), and lines of fastText.

Each line is replaced by the rows it comes to and read as JSON Lines. The line of a row is its place among these, from 1.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.inputs import csv_repair, json_files, jsonl_files, text_blocks
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import inner_rows, paths

_LOOKED_AT = 1000  # rows
_BLOCK = 2**20  # bytes of rows handed out at a time; a look at the first rows converts no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads lines that `convert` makes rows of. `start`, `blocks`: the first lines of a file, and all of them.

    `ended`: a last line without its end is a fault, as of a number that is cut nobody can tell that it is.
    """

    start: Callable[[Path], bytes]
    blocks: Callable[[Path], Iterator[bytes]]
    convert: Callable[[bytes], bytes]
    kind: str
    sign: bytes = b""  # stands in the first lines of every such file
    ended: bool = False

    def check(self, path: Path, columns: list[str], stream: Stream, /) -> None:
        """Raises InputInvalid if the file is not what it says, or none of its first rows has a key the stream needs."""
        if first := self._first(path):
            jsonl_files.check(path, columns, stream, start=lambda _: first, kind=self.kind)

    def names(self, path: Path, /) -> list[str]:
        """The keys of the first rows; none where there is no row. Raises InputInvalid if none of them is an object."""
        first = self._first(path)
        return jsonl_files.names(path, start=lambda _: first, kind=self.kind) if first else []

    def read(
        self, path: Path, columns: list[str], rows: int, derived: Sequence[paths.Path] = (), /
    ) -> Iterator[jsonl_files.Batch]:
        """First row, rows, faults, at most `rows` rows at a time. Raises InputInvalid if the file breaks off."""
        cut = pl.col("reason").str.starts_with(text_blocks.UNENDED) & self.ended
        why = pl.when(cut).then(pl.lit(csv_repair.UNENDED)).otherwise("reason")
        for first, frame, faults in jsonl_files.read(path, columns, rows, derived, blocks=self._blocks):
            yield first, frame, faults.with_columns(why.alias("reason"))

    def _first(self, path: Path) -> bytes:
        first = self.start(path)
        if self.sign not in first:
            raise InputInvalid(f"{path}: not {self.kind}; {self.sign.decode()} stands nowhere in its first lines")
        rows, count = [], 0
        for line in _lines(first):
            rows.append(self.convert(line))
            count += rows[-1].count(b"\n")
            if count >= _LOOKED_AT:
                break
        return b"".join(rows)

    def _blocks(self, path: Path) -> Iterator[bytes]:
        lines = (line for block in self.blocks(path) for line in _lines(block))
        rows = (line if self.ended and not line.endswith(b"\n") else self.convert(line) for line in lines)
        return text_blocks.gathered(rows, _BLOCK)


def _lines(block: bytes) -> Iterator[bytes]:
    """Its lines, each with its line feed; the last one perhaps without."""
    start = 0
    while end := block.find(b"\n", start) + 1:
        yield block[start:end]
        start = end
    if start < len(block):
        yield block[start:]


FASTTEXT = Reader(
    start=lambda path: text_blocks.first(path, "text"),
    blocks=text_blocks.read,
    convert=inner_rows.of_fasttext,
    kind="lines of fastText's predict-prob",
    sign=b"__label__",
    ended=True,
)


def lists(kind: str, rows: str) -> Reader:
    """What reads the rows in the list that the path `rows` leads to in each object of JSON. `kind`: json or jsonl.

    Raises InputInvalid if it is no path.
    """
    if not inner_rows.is_path(rows):
        raise InputInvalid(f'input.rows = {rows!r}: not a path (JMESPath); name a list in each object, as in "traces"')
    start, blocks = (json_files.whole_start, json_files.blocks) if kind == "json" else (_start, text_blocks.read)
    return Reader(
        start=start,
        blocks=blocks,
        convert=lambda line: inner_rows.of_list(line, rows),
        kind=f"JSON of objects with rows at {rows!r}",
    )


def _start(path: Path) -> bytes:
    return text_blocks.first(path, "JSONL")
