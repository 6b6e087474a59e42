"""Archives that stand for the one file in them, as Comprehend writes them: read where they lie, never unpacked.

Nothing is written, so what a member is called can reach no other file. An archive with a member that is no plain file below
it (a link, a device, an absolute name, one that climbs) was not written by a platform, and is refused whole.
"""

import gzip
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from models.errors import InputInvalid

ENDINGS = (".tar.gz", ".tgz", ".tar")
BROKEN = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error)
_MOST = 1000  # members
_ODD = "was not written by a platform; unpack it elsewhere, look, and put the file you want into the inbox"


def is_archive(path: Path) -> bool:
    """Whether a file is one, by its name."""
    return path.name.lower().endswith(ENDINGS)


def opened(path: Path, *, most: int) -> BinaryIO:
    """The one file in an archive, to read. Raises InputInvalid if there is not one, or more than `most` bytes; OSError."""
    archive, member = _only_member(path, most)
    file = archive.extractfile(member)
    if file is None:  # a plain file always has content
        raise InputInvalid(f"{path}: {member.name!r} in it cannot be read; have it written again")
    file.close = _closing(archive)  # type: ignore[method-assign]
    return cast(BinaryIO, file)


def member_name(path: Path, *, most: int) -> str:
    """What the one file in an archive is called. Raises as `opened`."""
    archive, member = _only_member(path, most)
    archive.close()
    return member.name


def _closing(archive: tarfile.TarFile) -> Callable[[], None]:
    return archive.close


def _only_member(path: Path, most: int) -> tuple[tarfile.TarFile, tarfile.TarInfo]:
    try:
        archive = tarfile.open(path, "r:*")  # noqa: SIM115 - stays open for who reads it
    except BROKEN as error:
        raise InputInvalid(f"{path}: not a tar archive, or cut off ({error}); have it written again") from None
    try:
        return archive, _only(path, archive, most)
    except BROKEN as error:
        archive.close()
        raise InputInvalid(f"{path}: not a tar archive, or cut off ({error}); have it written again") from None
    except BaseException:
        archive.close()
        raise


def _only(path: Path, archive: tarfile.TarFile, most: int) -> tarfile.TarInfo:
    plain: list[tarfile.TarInfo] = []
    total = 0
    for count, member in enumerate(archive, start=1):
        if count > _MOST:
            raise InputInvalid(f"{path}: more than {_MOST} files in it; unpack it into a folder")
        place = PurePosixPath(member.name)
        if place.is_absolute() or ".." in place.parts or "\\" in member.name:
            raise InputInvalid(f"{path}: {member.name[:60]!r} in it is no name below the archive, so it {_ODD}")
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise InputInvalid(f"{path}: {member.name[:60]!r} in it is no plain file, so it {_ODD}")
        total += member.size
        if total > most:
            raise InputInvalid(
                f"{path}: unpacks to more than 250 times its size, which no outputs of a model do; look into it"
            )
        if not place.name.startswith((".", "_")):
            plain.append(member)
    if len(plain) != 1:
        shown = ", ".join(repr(one.name[:60]) for one in plain[:3]) or "none"
        raise InputInvalid(f"{path}: holds {len(plain)} files ({shown}) where one is read; unpack it into the inbox")
    return plain[0]
