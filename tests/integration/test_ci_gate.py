"""In CI, a test that could not have its server or browser has failed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEST = """
import pytest

@pytest.mark.{mark}
def test_that_is_skipped():
    pytest.skip("not here")
"""


def outcome(folder: Path, mark: str, ci: str) -> tuple[int, str]:
    """Exit code and closing line of a test run with our conftest."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_it.py").write_text(TEST.format(mark=mark), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            "/dev/null",
            "--rootdir",
            folder,
            folder,
        ],
        env=os.environ | {"SECOND_READER_CI": ci},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("mark", ["server", "browser"])
def test_a_skip_is_a_failure_in_ci(tmp_path: Path, mark: str) -> None:
    code, line = outcome(tmp_path, mark, ci="1")
    assert code == 1
    assert line.startswith("1 failed")


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    code, line = outcome(tmp_path, "browser", ci="")
    assert code == 0
    assert line.startswith("1 skipped")


def test_a_skip_of_a_test_that_needs_neither_is_a_skip_in_ci(tmp_path: Path) -> None:
    code, line = outcome(tmp_path, "usefixtures('tmp_path')", ci="1")
    assert code == 0
    assert line.startswith("1 skipped")
