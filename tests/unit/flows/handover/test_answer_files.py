"""Where an export is to go is known before anything is read."""

from pathlib import Path

import pytest

from flows.handover import answer_files
from models.errors import Misuse


def test_a_folder_is_one_that_is_there_or_ends_in_a_slash(tmp_path: Path) -> None:
    named = [str(tmp_path), f"{tmp_path}/new/", f"{tmp_path}/new.csv"]
    assert [True, True, False] == [answer_files.is_folder(one) for one in named]


def test_a_name_that_no_disk_takes_is_one_line() -> None:
    with pytest.raises(Misuse, match=r"cannot be written \(File name too long\)"):
        answer_files.is_folder("x" * 300)
