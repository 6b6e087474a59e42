"""In CI, a test that could not have its server or browser has failed. Of tests alike but for a parameter, some go through."""

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


def run(folder: Path, text: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A run of the tests in a text, with our conftest."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    words = ("-m", "pytest", "-v", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", folder, folder)
    return subprocess.run(
        [sys.executable, *words],
        env=os.environ | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def outcome(folder: Path, mark: str, ci: str) -> tuple[int, str]:
    """Exit code and closing line of a test run with our conftest."""
    done = run(folder, TEST.format(mark=mark), SECOND_READER_CI=ci)
    return done.returncode, done.stdout.strip().splitlines()[-1].strip("= ")


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


ALIKE = """
import pytest

@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("case", range(4))
def test_on_a_database(case, database):
    pass

@pytest.mark.family(3)
@pytest.mark.parametrize("fault", range(10))
def test_of_a_fault(fault):
    pass

def test_by_itself():
    pass
"""


def gone_through(folder: Path, families: str) -> list[str]:
    """The names of the tests of ALIKE that pass."""
    done = run(folder, ALIKE, SECOND_READER_FAMILIES=families)
    assert done.returncode == 0, done.stdout
    return [line.split()[0].partition("::")[2] for line in done.stdout.splitlines() if " PASSED" in line]


def test_each_test_of_both_databases_goes_through_on_one_and_of_a_family_as_many_as_it_says(tmp_path: Path) -> None:
    some, whole = gone_through(tmp_path, "some"), gone_through(tmp_path, "")
    assert (len(some), len(whole)) == (4 + 3 + 1, 8 + 10 + 1)
    assert set(some) < set(whole)
    assert sorted(name.partition("[")[2][0] for name in some if "database" in name) == ["0", "1", "2", "3"]
