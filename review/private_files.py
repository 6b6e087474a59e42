"""Files for their owner only: payloads are personal data, and a report names who answered.

Files get the mode 0600 and the folders made for them 0700, whatever the umask. A folder that is there keeps its mode.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

FILE, FOLDER = 0o600, 0o700


def folder(path: Path) -> None:
    """Make a folder, and those above it that are missing. Raises OSError."""
    for missing in reversed([one for one in (path, *path.parents) if not one.exists()]):
        missing.mkdir(mode=FOLDER, exist_ok=True)
    path.mkdir(exist_ok=True)  # says so if it is no folder


def create(path: Path) -> None:
    """Make an empty file, unless there is one: a program that opens it later keeps its mode. Raises OSError."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE))


def opened(path: Path) -> IO[bytes]:
    """A file to be written from its start; what it held is gone. Raises OSError."""
    path.unlink(missing_ok=True)  # one with another mode, of a run that was killed
    create(path)
    return path.open("wb")


def replace(path: Path, content: str | bytes) -> None:
    """Write content under a name, as `appearing` does. Raises OSError."""
    with appearing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def sync(folder: Path) -> None:
    """Bring the names in a folder to the disk: a file is there for good only when its name is. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A file to be written in the block, which stands under the name of `path` after it, in a folder made if missing.

    It appears whole or not at all, even if the process or the machine stops in between. Of several at the same time the
    last one stands. If the block raises, nothing appears. Raises OSError.
    """
    folder(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # made with mode 0600
    part = Path(name)
    try:
        with os.fdopen(descriptor, "rb") as file:
            yield part
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
