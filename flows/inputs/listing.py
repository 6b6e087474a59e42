"""The files of an inbox: of a folder also those in its folders by partition, `date=2026-01-01/part-0.parquet`.

What Spark, Hive and DuckDB write is a folder: one for each value of a key, or one that is called like a file. Both are
read. Other subfolders are not, which is said: a file that lies where nobody looks is a file lost.
"""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from flows.inputs import delta_log, headers
from models.errors import InputInvalid
from models.outputs import reserved

_PARTITION = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_NOTHING = "__HIVE_DEFAULT_PARTITION__"  # the folder of rows without a value
_ENDINGS = (".parquet", ".pq", ".csv", ".jsonl", ".ndjson", ".json")  # of a folder that stands for a file
_DEEPEST = 20  # a link to a folder above would be followed for ever
_TABLES = {".hoodie": "a Hudi table"}

FILE, ROW = "@file", "@row"

Keys = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of the inbox. `keys`: its name, and what the names of the folders it lies in say, the outermost first."""

    path: Path
    name: str  # its place below the inbox, fit for a message and a database
    keys: Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Which files are read by their names, `*` for any letters. `files` None: all; `beside`: files that hold no outputs."""

    files: Sequence[str] | None = None
    beside: Sequence[str] = ()

    def takes(self, name: str) -> bool | None:
        """Whether a file is read; None: it is neither one of these nor one that is known to lie beside them."""
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.beside):
            return False
        if self.files is None or any(fnmatch.fnmatchcase(name, pattern) for pattern in self.files):
            return True
        return None


ALL = Names()


def listed(source: Path, names: Names = ALL) -> tuple[list[Entry], list[Path]]:
    """The files, in the order of their names, and the folders and files that hold something and are not read.

    What is hidden or unfinished is neither: names that start with `.` or `_` or end in `.tmp` or `.part`. Raises
    InputInvalid if there is no such source, or only folders that are not read; OSError.
    """
    if not source.exists():
        raise InputInvalid(f"{source}: there is no such file or folder; check the name (of a stream: input.source)")
    above = _keys_above(source)
    if not source.is_dir():
        return [_entry(source, source.name, above)], []
    files: list[Entry] = []
    unread: list[Path] = []
    _walk(source, source, above, files, unread)
    others = [one.path for one in files if names.takes(one.path.name) is None]
    files = [one for one in files if names.takes(one.path.name)]
    if others and not files:
        shown = headers.quoted([_shown(path.relative_to(source).as_posix()) for path in others])
        raise InputInvalid(
            f"{source}: no file in it is called {' or '.join(names.files or [])} (it has {shown}); "
            "rename them, or set input.files"
        )
    unread += others
    if unread and not files:
        shown = headers.quoted([_shown(folder.relative_to(source).as_posix()) for folder in unread])
        raise InputInvalid(
            f"{source}: no file in it, but {shown}, and of folders only those named key=value are read; move the files up"
        )
    return files, unread


def not_read(source: Path, folders: list[Path]) -> str:
    """What to say of the folders of an inbox that are not read."""
    sentences = []
    files = [path for path in folders if path.is_file()]
    if inner := [path for path in folders if path not in files]:
        shown = headers.quoted([folder.relative_to(source).as_posix() for folder in inner])
        sentences.append(f"{source}: not read are its folders {shown}; of folders only those named key=value are")
    if files:
        shown = headers.quoted([_shown(path.relative_to(source).as_posix()) for path in files])
        sentences.append(f"{source}: not read are {shown}, as input.files names others")
    return "; ".join(sentences)


def keyed(frame: pl.DataFrame, keys: Keys, columns: list[str]) -> pl.DataFrame:
    """The rows with those of the keys that are read as columns; what the file itself says of one goes before.

    Two columns every file has: `@file`, its name, and `@row`, that and the line, for rows that bring no id.
    """
    if ROW in columns:
        of_file = pl.lit(dict(keys)[FILE], dtype=pl.String)
        frame = frame.with_columns(
            pl.concat_str(of_file, pl.lit(":"), pl.col(reserved.LINE).cast(pl.String)).alias(ROW)
        )
    for name, value in keys:
        if name in columns and name not in frame.columns:
            frame = frame.with_columns(pl.lit(value, dtype=pl.String).alias(name))
        elif name in columns and reserved.RAW in frame.columns:  # of JSON Lines every column that is named is there
            frame = frame.with_columns(pl.coalesce(name, pl.lit(value, dtype=pl.String)))
    return frame


def _entry(path: Path, name: str, keys: Keys) -> Entry:
    return Entry(path=path, name=_shown(name), keys=((FILE, _shown(name)), *keys))


def _passed_over(name: str) -> bool:
    """Whether a file or folder is hidden, or not finished."""
    return name.startswith((".", "_")) or name.endswith((".tmp", ".part"))


def _walk(top: Path, folder: Path, keys: Keys, files: list[Entry], unread: list[Path]) -> None:
    entries = sorted(folder.iterdir(), key=lambda path: path.name)
    table = next((_TABLES[path.name] for path in entries if path.name in _TABLES), None)
    if table is not None:
        raise InputInvalid(f"{folder}: {table}, whose files also hold rows that were replaced; export it as Parquet")
    if len(folder.relative_to(top).parts) > _DEEPEST:
        raise InputInvalid(f"{folder}: more than {_DEEPEST} folders deep; is there a link to a folder above?")
    if any(path.name == delta_log.FOLDER for path in entries):
        files += [
            _entry(path, path.relative_to(top).as_posix(), _joined(folder, keys, inner))
            for path, inner in delta_log.live(folder)
        ]
        return
    for path in entries:
        if _passed_over(path.name):
            continue
        if not path.is_dir():
            if path.is_file():
                files.append(_entry(path, path.relative_to(top).as_posix(), keys))
        elif _PARTITION.fullmatch(path.name):
            _walk(top, path, _joined(path, keys, _key(path.name)), files, unread)
        elif path.name.lower().endswith(_ENDINGS):
            _walk(top, path, keys, files, unread)
        elif any(not _passed_over(inner.name) for inner in path.iterdir()):
            unread.append(path)


def _keys_above(source: Path) -> Keys:
    """Of a part of a partitioned folder: the keys of the folders around it."""
    keys: Keys = ()
    path = source.absolute()
    for folder in (path, *path.parents) if path.is_dir() else path.parents:
        if not _PARTITION.fullmatch(folder.name):
            break
        keys = _joined(folder, _key(folder.name), keys)
    return keys


def _key(name: str) -> Keys:
    key, value = name.split("=", 1)
    return ((unquote(key), None if value == _NOTHING else unquote(value)),)


def _joined(folder: Path, outer: Keys, inner: Keys) -> Keys:
    keys = outer + inner
    names = [name for name, _ in keys]
    if len(set(names)) < len(names):
        raise InputInvalid(
            f"{folder}: the key {names[-1]!r} stands twice in the names of the folders; rename one of them"
        )
    if any(name.startswith(reserved.PREFIX) for name in names):
        raise InputInvalid(f"{folder}: the key {names[-1]!r} is a name we keep for ourselves; rename the folder")
    return keys


def _shown(name: str) -> str:
    """A file's name; one that is no UTF-8 must still go into a message and a database."""
    return name.encode("utf-8", "backslashreplace").decode()
