"""A run that is forked from a warm process is a process like any other to whoever started it."""

import os
import selectors
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.runtime import warm

PROGRAM = "tests.integration.warm_work"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def command() -> Iterator[str]:
    with warm.serving(PROGRAM, ["json"]) as command:
        yield command


@contextmanager
def started(command: str, work: str, folder: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """A launcher as Prefect starts it."""
    with subprocess.Popen(
        shlex.split(command),
        env=os.environ | {"WARM_WORK": work},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def begun(process: subprocess.Popen[str]) -> tuple[int, int, str]:
    """The run, who forked it, and its folder."""
    assert process.stdout is not None
    pid, parent, folder = process.stdout.readline().split()
    return int(pid), int(parent), folder


def is_gone(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def has_ended(pid: int) -> bool:
    """Whether a process ends within some seconds, buried or not."""
    for _ in range(100):
        if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].startswith("Z"):
            return True
        time.sleep(0.05)
    return False


def test_a_run_has_the_folder_the_streams_and_the_exit_code_of_a_process_of_its_own(
    command: str, tmp_path: Path
) -> None:
    with started(command, "exit 3", tmp_path) as process:
        pid, parent, folder = begun(process)
        _, complaints = process.communicate()
    assert (process.returncode, complaints, folder) == (3, "a complaint\n", str(tmp_path))
    assert os.getpid() not in (pid, parent)
    assert process.pid not in (pid, parent)


def test_a_run_ends_with_its_threads_and_with_what_it_registered_for_its_end(command: str) -> None:
    with started(command, "late") as process:
        begun(process)
        assert process.communicate() == ("a thread\nat the end", "")
        assert process.returncode == 0


def test_runs_are_forked_from_one_process_and_one_that_crashes_takes_no_other(command: str) -> None:
    with started(command, "term") as lasting, started(command, "abort") as crashing:
        first, second = begun(lasting), begun(crashing)
        assert first[1] == second[1]
        assert crashing.wait() == -signal.SIGABRT
        assert lasting.stdout is not None
        assert (lasting.stdout.readline(), lasting.poll()) == ("ready\n", None)
        lasting.terminate()
        assert lasting.communicate()[1] == "was asked to end\n"
        assert lasting.returncode == 1


def test_what_a_run_raises_is_its_own_traceback(command: str) -> None:
    with started(command, "raise") as process:
        assert "ValueError: so it goes" in process.communicate()[1]
        assert process.returncode == 1


def test_a_launcher_that_is_killed_takes_its_run_with_it(command: str) -> None:
    with started(command, "sleep") as process:
        pid, _, _ = begun(process)
        process.kill()
        assert is_gone(pid)


def test_without_the_warm_process_a_run_starts_by_itself() -> None:
    with warm.serving(PROGRAM, []) as command:
        pass
    with started(command, "exit 4") as process:
        pid, parent, _ = begun(process)
        process.communicate()
    assert (pid, parent, process.returncode) == (process.pid, os.getpid(), 4)


def test_runs_end_with_the_process_they_are_forked_from(command: str) -> None:
    with warm.serving(PROGRAM, []) as other, started(other, "sleep") as process:
        pid, parent, _ = begun(process)
        os.kill(parent, signal.SIGKILL)
        assert "the run with it" in process.communicate()[1]
    assert process.returncode == 1
    assert is_gone(pid)


def test_a_module_that_cannot_be_imported_is_reported() -> None:
    with pytest.raises(RuntimeError, match="ended with 1"), warm.serving(PROGRAM, ["no_such_module"]):
        pass


def test_a_run_that_the_kernel_kills_is_reported_as_killed(command: str) -> None:
    with started(command, "kill") as process:
        assert process.communicate()[1] == ""
        assert process.returncode == -signal.SIGKILL


def test_a_run_whose_end_and_whose_launchers_end_come_at_once_takes_no_other_with_it() -> None:
    with (
        warm.serving(PROGRAM, []) as other,
        started(other, "nap 5") as ending,
        started(other, "term") as lasting,
    ):
        (pid, parent, _), _ = begun(ending), begun(lasting)
        os.kill(parent, signal.SIGSTOP)
        assert has_ended(pid)
        ending.kill()
        ending.wait()
        os.kill(parent, signal.SIGCONT)
        assert lasting.stdout is not None
        assert lasting.stdout.readline() == "ready\n"
        lasting.terminate()
        assert lasting.communicate()[1] == "was asked to end\n"
        with started(other, "exit 3") as after:
            assert begun(after)[1] == parent


def test_asked_to_end_the_warm_process_lets_its_runs_come_to_theirs() -> None:
    with warm.serving(PROGRAM, []) as other, started(other, "nap 5") as process:
        _, parent, _ = begun(process)
        os.kill(parent, signal.SIGTERM)
        assert process.wait() == 5
        with started(other, "exit 6") as cold:
            assert begun(cold)[:2] == (cold.pid, os.getpid())


class Asking:
    """A launcher that has asked, and the socket it asked at, without a warm process."""

    def __init__(self, folder: Path, request: bytes) -> None:
        self.server, self.mine = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.server.bind(str(folder / "s"))
        self.server.listen()
        self.mine.connect(str(folder / "s"))
        self.out, self.into = os.pipe()
        socket.send_fds(self.mine, [request], [self.into, self.into])
        os.close(self.into)

    def reported(self) -> tuple[bytes, bytes]:
        """What it hears of its run, and of the output; nothing of either where nobody holds them any more."""
        heard = self.mine.recv(8), os.read(self.out, 8)
        for one in (self.server, self.mine):
            one.close()
        os.close(self.out)
        return heard


def test_a_fork_that_fails_is_the_trouble_of_one_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", full)
    asking = Asking(tmp_path, b'{"environment": {}, "folder": "/"}\n')
    with selectors.PollSelector() as watched:
        warm._begin(asking.server, watched, PROGRAM)
        assert len(watched.get_map()) == 0
    assert asking.reported() == (b"", b"")


def test_a_request_that_is_cut_off_leaves_nothing_open(tmp_path: Path) -> None:
    asking = Asking(tmp_path, b'{"environment"')
    asking.mine.shutdown(socket.SHUT_WR)
    with selectors.PollSelector() as watched:
        warm._begin(asking.server, watched, PROGRAM)
    assert asking.reported() == (b"", b"")


def test_a_long_name_of_the_folder_for_what_is_temporary_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("x" * 90)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with warm.serving(PROGRAM, []) as other, started(other, "exit 3") as process:
        assert begun(process)[1] != os.getpid()


def test_what_a_module_prints_while_it_is_imported_is_not_taken_for_readiness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "talks.py").write_text("print('hello')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with warm.serving(PROGRAM, ["talks"]) as other, started(other, "exit 3") as process:
        process.communicate()
        assert process.returncode == 3


def test_nobody_else_may_ask_for_a_run(command: str) -> None:
    folder = Path(shlex.split(command)[-2]).parent
    assert folder.stat().st_mode & 0o077 == 0
