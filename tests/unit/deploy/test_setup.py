"""What stands in the way of the set-up is said in one line. Real scripts, a folder of their own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCKS = ("deploy/uv.lock", "deploy/label-studio.lock", "requirements-dev.lock", "deploy/prefect-newest.lock")
FILES = ("deploy/setup.sh", "pyproject.toml", *LOCKS)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the set-up reads of a clone."""
    for file in FILES:
        (tmp_path / "clone" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / "clone" / file)
    return tmp_path / "clone"


def program(folder: Path, name: str, text: str) -> Path:
    """A program of the test's own."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def ended(clone: Path, **environment: str) -> tuple[int, str]:
    """Exit code and what was said on standard error."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHON"}
    done = subprocess.run(
        [clone / "deploy" / "setup.sh"], env=kept | environment, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr


def test_a_python_that_is_too_old_is_named(clone: Path, tmp_path: Path) -> None:
    old = program(tmp_path / "bin", "python3", '[ "$1" = --version ] && echo Python 3.9.2 && exit; exit 1')
    assert ended(clone, PYTHON=str(old)) == (
        1,
        "set-up: Python 3.11 or later is needed (found: Python 3.9.2); "
        "install one, or name it: make PYTHON=/path/to/python3.11 ...\n",
    )


def test_a_python_without_the_venv_module_is_named(clone: Path, tmp_path: Path) -> None:
    real = shutil.which("python3")
    bare = program(tmp_path / "bin", "bare", f'case "$2" in *ensurepip*) exit 1 ;; esac; exec {real} "$@"')
    assert ended(clone, PYTHON=str(bare)) == (
        1,
        f"set-up: {bare} has no venv module; install it (on Debian and Ubuntu: apt-get install python3-venv)\n",
    )


def test_a_full_disk_is_said_before_anything_is_downloaded(clone: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "df", "printf 'head\\ndisk 9999999 9000000 512000 95%% /\\n'")
    assert ended(clone, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}") == (
        1,
        "set-up: only 500 MB are free here; make room (4 GB are needed)\n",
    )


def test_another_system_hears_that_it_has_to_be_linux(clone: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "uname", "echo Darwin")
    assert ended(clone, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}") == (
        1,
        "set-up: this is Darwin; the local stack runs on Linux only (a container or a virtual machine will do)\n",
    )


def test_a_prefect_that_there_is_no_lock_for_is_named(clone: Path) -> None:
    assert ended(clone, SECOND_READER_PREFECT="3.7") == (
        1,
        "set-up: SECOND_READER_PREFECT is '3.7'; it can be 'newest', or not set: the version of requirements-dev.lock\n",
    )


def test_a_lock_names_no_host_and_has_a_hash_for_each_package(clone: Path) -> None:
    for lock in LOCKS:
        text = (clone / lock).read_text(encoding="utf-8")
        packages = re.findall(r"(?m)^\w\S*==.*\n(.*)", text)
        assert packages, lock
        assert all(line.startswith("    --hash=sha256:") for line in packages), lock
        assert "://" not in text, lock


def test_without_a_network_one_line_says_so(clone: Path, tmp_path: Path) -> None:
    # Nothing listens on port 9, and pip may use nothing else: no cache, no folder of packages, no settings of the user.
    code, line = ended(
        clone,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_CONFIG_FILE="/dev/null",
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="0",
    )
    assert (code, line) == (
        1,
        "set-up: packages cannot be downloaded; check the network, or the package index your pip or uv is set to, "
        "and run it again (details: .local/setup.log)\n",
    )
    assert not (clone / ".venv" / "stamp").exists()
