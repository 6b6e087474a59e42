"""An archive is read where it lies: no name in it reaches another file, and what no platform wrote is refused in one line."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from flows.inputs import files
from models.errors import InputInvalid
from tests.unit.flows.inputs.test_files import MAIL, ROW

GOOD = json.dumps(ROW).encode() + b"\n"


def packed(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    tar_info = tarfile.TarInfo(name)
    tar_info.type, tar_info.linkname = kind, target
    return tar_info


def everything_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(("name", "mode"), [("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar", "w:")])
def test_the_one_file_in_an_archive_is_read_as_if_it_lay_there(tmp_path: Path, name: str, mode: str) -> None:
    inside = (member("out", tarfile.DIRTYPE), b""), (member("out/._rows.jsonl"), b"x"), (member("out/rows.jsonl"), GOOD)
    packed(tmp_path / name, *inside, mode=mode)
    (chunk,) = files.chunks(tmp_path, MAIL)
    assert (name, ["a"]) == (chunk.source, chunk.frame["id"].to_list())
    assert [name] == everything_below(tmp_path)


@pytest.mark.parametrize(
    ("odd", "text"),
    [
        (member("/tmp/rows.jsonl"), "'/tmp/rows.jsonl' in it is no name below the archive"),
        (member("../rows.jsonl"), "'../rows.jsonl' in it is no name below the archive"),
        (member("a/../../rows.jsonl"), "in it is no name below the archive"),
        (member("rows", tarfile.SYMTYPE, "/etc/hostname"), "'rows' in it is no plain file"),
        (member("rows", tarfile.LNKTYPE, "rows.jsonl"), "'rows' in it is no plain file"),
        (member("rows", tarfile.CHRTYPE), "'rows' in it is no plain file"),
        (member("rows", tarfile.FIFOTYPE), "'rows' in it is no plain file"),
        (member("more.jsonl"), "holds 2 files ('rows.jsonl', 'more.jsonl') where one is read"),
    ],
)
def test_an_archive_with_an_odd_member_is_refused_whole(tmp_path: Path, odd: tarfile.TarInfo, text: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    packed(inbox / "a.tar.gz", (member("rows.jsonl"), GOOD), (odd, b""))
    before = everything_below(tmp_path)
    with pytest.raises(InputInvalid) as refused:
        list(files.chunks(inbox, MAIL))
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)
    assert before == everything_below(tmp_path)


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "cut off"), (b"no archive", "not a tar archive"), (b"\x1f\x8b\x08\x00", "cut off")],
)
def test_what_is_no_archive_is_one_line(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(InputInvalid, match=text):
        list(files.chunks(tmp_path, MAIL))


def test_an_archive_that_is_cut_off_is_one_line(tmp_path: Path) -> None:
    rows = b"".join(json.dumps(ROW | {"id": str(n)}).encode() + b"\n" for n in range(5000))
    packed(tmp_path / "a.tar.gz", (member("rows.jsonl"), rows))
    whole = (tmp_path / "a.tar.gz").read_bytes()
    (tmp_path / "a.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputInvalid, match="cut off"):
        list(files.chunks(tmp_path, MAIL))


def test_an_archive_that_unpacks_to_very_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    packed(tmp_path / "a.tar.gz", (member("rows.jsonl"), b" " * 80_000_000))
    with pytest.raises(InputInvalid, match="more than 250 times its size"):
        list(files.chunks(tmp_path, MAIL))
