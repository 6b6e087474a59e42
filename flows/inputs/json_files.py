"""Rows of a JSON file: the objects of a list, or one object, as exports write them; or JSON Lines that are called .json.

Each object is put on a line of its own and read as JSON Lines. The line of a row is its place in the list, from 1.
"""

import codecs
import functools
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.inputs import jsonl_files, text_blocks
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import paths

_LONGEST_FILE = 2**30  # bytes that are held at a time; JSON Lines may be of any size
_BLOCK = 16 * 2**20  # bytes of lines handed out at a time
_LOOKED_AT = 1000  # rows
_KIND = f"JSON of objects; none of its first {_LOOKED_AT} items is one"
_SPACE = re.compile(r"[ \t\r\n]*")
_BREAKS = re.compile(r"[\r\n]")  # never inside a text of JSON, where they are escaped


def check(path: Path, columns: list[str], stream: Stream) -> None:
    """Raises InputInvalid if the file is no JSON, or none of its first 1000 rows has a key the stream cannot do without."""
    jsonl_files.check(path, columns, stream, start=whole_start, kind=_KIND)


def names(path: Path) -> list[str]:
    """The keys of the first 1000 rows. Raises InputInvalid if none of them is an object."""
    return jsonl_files.names(path, start=functools.partial(_start, whole=False), kind=_KIND)


def read(path: Path, columns: list[str], rows: int, derived: Sequence[paths.Path] = ()) -> Iterator[jsonl_files.Batch]:
    """First row, rows, faults, at most `rows` rows at a time. Raises InputInvalid if the file is no JSON."""
    return jsonl_files.read(path, columns, rows, derived, blocks=blocks)


def whole_start(path: Path) -> bytes:
    """The first rows of a file that is read to its end. Raises InputInvalid if it is no JSON."""
    return _start(path, whole=True)


def _start(path: Path, *, whole: bool) -> bytes:
    """The first rows. `whole`: the file is read to its end, to know before anything is written that it is JSON."""
    blocks: list[bytes] = []
    for line in _lines(path):
        if len(blocks) < _LOOKED_AT:
            blocks.append(line)
        elif not whole:
            break
    return b"".join(blocks)


def blocks(path: Path) -> Iterator[bytes]:
    """Its objects, a line each, some MiB at a time. Raises as `read`."""
    return text_blocks.gathered(_lines(path), _BLOCK)


def _lines(path: Path) -> Iterator[bytes]:
    start = text_blocks.first(path, "JSON")
    if not start.lstrip().startswith(b"[") and _is_object(start.splitlines()[0]):
        yield from text_blocks.read(path)  # JSON Lines, as Spark calls them
        return
    text = _text(path)
    place = _after(text, 0)
    if not text.startswith("[", place):
        item, place = _item(path, text, place, 1)
        _ended(path, text, place)
        yield item
        return
    yield from _listed(path, text, place + 1)


def _listed(path: Path, text: str, place: int) -> Iterator[bytes]:
    number = 0
    place = _after(text, place)
    while not text.startswith("]", place):
        number += 1
        item, place = _item(path, text, place, number)
        yield item
        place = _after(text, place)
        if text.startswith(",", place):
            place = _after(text, place + 1)
        elif not text.startswith("]", place):
            raise InputInvalid(f"{path}: not JSON, or cut off after item {number} of its list; have it written again")
    _ended(path, text, place + 1)


def _after(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return space.end() if space else place


def _item(path: Path, text: str, place: int, number: int) -> tuple[bytes, int]:
    try:
        _, end = json.JSONDecoder().raw_decode(text, place)
    except RecursionError:
        raise InputInvalid(f"{path}: item {number} is nested deeper than any output of a model; look into it") from None
    except ValueError as error:
        reason = str(error).partition(":")[0]
        raise InputInvalid(
            f"{path}: not JSON at item {number} ({reason}), or cut off there; have it written again"
        ) from None
    row = _BREAKS.sub(" ", text[place:end])
    if row.startswith("["):  # a list for each item, as a pipeline with several answers gives
        row = f'{{"item":{row}}}'
    return row.encode("utf-8", "surrogatepass") + b"\n", end


def _ended(path: Path, text: str, place: int) -> None:
    if _after(text, place) != len(text):
        raise InputInvalid(f"{path}: goes on after the end of its JSON; give one list, or one object a line (.jsonl)")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _text(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    blocks, size = [], 0
    try:
        for block in text_blocks.pieces(path):
            size += len(block)
            if size > _LONGEST_FILE:
                raise InputInvalid(
                    f"{path}: JSON of more than {_LONGEST_FILE >> 30} GiB in one piece; save it as JSON Lines"
                )
            blocks.append(decoder.decode(block))
        blocks.append(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        raise InputInvalid(f"{path}: not UTF-8; save the file as UTF-8") from None
    return "".join(blocks)
