"""Real servers for the tests, started when first asked for, and a gate: in CI a missing server is a failure."""

import os
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from deploy.local import postgres
from deploy.local import stack as stacks
from models import errors
from tests import databases, families, stack_home, sweep

ROOT = Path(__file__).resolve().parent.parent
HOMES = 8  # test runs at the same time
CI = "SECOND_READER_CI"
NEEDS = {
    "server": {
        "servers",
        "postgres_url",
        "postgres_ledger",
        "label_studio",
        "own_label_studio",
        "prefect_api",
        "stack",
    },
    "browser": {"chromium"},
}


def pytest_configure() -> None:
    """A busy machine is no fault of a law: Hypothesis sets no time limit of its own."""
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by what it asks for, so that no mark can be forgotten; the longest tests first; of families, some.

    How long one may take is what its time limit says. One that begins last has every other processor wait for it.
    """
    for item in items:
        for mark, names in NEEDS.items():
            if names.intersection(getattr(item, "fixturenames", ())):
                item.add_marker(getattr(pytest.mark, mark))
        if "own_label_studio" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("own stack"))
    left_out = families.left_out(items)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_patience, reverse=True)  # stable: else as they stand in their files


def _patience(item: pytest.Item) -> float:
    """Seconds that a test may take, 0 where it does not say."""
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit else 0.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, a test that needs a server or a browser and is skipped has failed."""
    report = yield
    if os.environ.get(CI) == "1" and report.skipped and any(item.get_closest_marker(mark) for mark in NEEDS):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped, and {CI}=1 allows no server or browser test to be skipped"
    return report


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Stack]:
    """The stack of this test process, with PostgreSQL up. Its templates are kept for the next run; its data is not.

    When all tests have run, none of its secrets may stand in a log, in Prefect's database or in what a test has left.
    """
    first = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with _stack(str(number % HOMES) for number in range(first, first + HOMES)) as stack:
        for name in postgres.databases(stack.cluster):
            if name.startswith("test_"):  # of a run that was killed
                postgres.drop(stack.cluster, name)
        yield stack
        assert (
            sweep.files(stack.secrets(), stack.home / "logs", stack.home / "prefect", tmp_path_factory.getbasetemp())
            == []
        )
        assert sweep.prefect(stack) == []


@contextmanager
def _stack(homes: Iterable[str], *, label_studio: bool = False) -> Iterator[stacks.Stack]:
    """A stack in the first of these homes that no other test run has."""
    with ExitStack() as block:
        for name in homes:
            home = ROOT / ".local" / "test-stack" / name
            stack_home.copied(home)
            try:
                stack = block.enter_context(stacks.running(home, label_studio=label_studio, prefect=False, keep=False))
            except errors.Busy:
                continue
            yield stack
            return
    pytest.fail(f"{HOMES} test runs at the same time are enough")


@pytest.fixture
def postgres_url(servers: stacks.Stack) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    yield from databases.of_a_test(servers)


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """A real Label Studio. `token` is its owner's."""

    servers: stacks.Stack

    @property
    def url(self) -> str:
        return self.servers.label_studio_url

    @property
    def token(self) -> str:
        return self.servers.label_studio_token

    def add_reviewer(self, email: str, password: str) -> str:
        """Another account's token."""
        return self.servers.add_reviewer(email, password)

    def stop(self) -> None:
        self.servers.stop_label_studio()

    def kill(self) -> None:
        self.servers.kill_label_studio()

    def start(self) -> None:
        self.servers.start_label_studio()


@pytest.fixture(scope="session")
def label_studio(servers: stacks.Stack) -> LabelStudio:
    """Label Studio for all processes of the run: a test makes its own projects, and asks only for those."""
    servers.start(label_studio=True)
    return LabelStudio(servers)


@pytest.fixture(scope="session")
def own_label_studio() -> Iterator[LabelStudio]:
    """Label Studio in a stack of its own, for tests that stop it, kill it or change its database behind its back.

    They run one after the other, in one process. Who stops it starts it again.
    """
    with _stack((f"own-{number}" for number in range(HOMES)), label_studio=True) as stack:
        yield LabelStudio(stack)
        assert sweep.files(stack.secrets(), stack.home / "logs") == []


@pytest.fixture(scope="session")
def prefect_api(servers: stacks.Stack) -> Iterator[str]:
    """The API address of a Prefect server for the whole run, also in the environment, for processes a test starts."""
    servers.start(prefect=True)
    with pytest.MonkeyPatch.context() as patch:
        for key, value in servers.environment().items():
            if key.startswith("PREFECT_") or key == "DO_NOT_TRACK":
                patch.setenv(key, value)
        yield servers.prefect_api_url


@pytest.fixture(scope="session")
def stack(servers: stacks.Stack) -> stacks.Stack:
    """Everything at once."""
    servers.start(label_studio=True, prefect=True)
    return servers


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    return path
