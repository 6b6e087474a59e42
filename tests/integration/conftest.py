"""A ledger's URL on each of the two databases, a ledger with a policy in force, and a clock that a test moves."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import postgres
from deploy.local.stack import Stack
from flows.governance import actions, epochs
from flows.runtime import runs
from review.ledger import ledger
from tests import databases
from tests.integration import desk as desks
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk
from tests.integration.inbox import Inbox
from tests.integration.reruns import V1, Reruns

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL where no ledger is yet: the test runs once on SQLite, once on a real PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite ledger, to be copied: its migrations take a fifth of many a test."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    ledger.migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(servers: Stack) -> Iterator[str]:
    """The same on PostgreSQL: the name of the database."""
    name = f"test_{secrets.token_hex(6)}"
    postgres.create(servers.cluster, name)
    ledger.migrate(servers.postgres_url(name))
    yield name
    postgres.drop(servers.cluster, name)


@pytest.fixture
def postgres_ledger(servers: Stack, postgres_template: str) -> Iterator[str]:
    """The URL of an empty ledger on PostgreSQL, of the test's own."""
    yield from databases.of_a_test(servers, postgres_template)


@pytest.fixture(params=DATABASES)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """A URL where an empty ledger is, on each of the two databases; to `ledger.migrate` it adds nothing."""
    if request.param == "sqlite":
        shutil.copyfile(sqlite_template, tmp_path / "ledger.db")
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_ledger")
    return url


@pytest.fixture
def book(ledger_url: str) -> Iterator[ledger.Ledger]:
    """An open ledger in which a stream has adopted its first policy, and nothing was decided yet."""
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as opened:
        opened.append(
            {"epoch": facts.epochs(), "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW
        )
        yield opened


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The product's clock."""
    built = Clock()
    monkeypatch.setattr(runs, "clock", built)
    return built


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    """A stream of mail that is scored and read as the test says, on a clock that the test moves."""
    with desks.opened(ledger_url, tmp_path, monkeypatch) as built:
        yield built


@pytest.fixture
def inbox(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """An empty folder, whose stream releases what has a confidence of 0.5."""
    for name, value in (("LEDGER", ledger_url), ("STREAMS", tmp_path), ("DATA", tmp_path)):
        monkeypatch.setenv(f"SECOND_READER_{name}", str(value))
    (tmp_path / "inbox").mkdir()
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        built = Inbox(tmp_path, book)
        epochs.begin_epoch(book, built.run().stream, ANN)
        actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)
        yield built


@pytest.fixture
def reruns(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reruns]:
    """A stream of m-1, with a file of its answers in the inbox."""
    for name, value in (("LEDGER", ledger_url), ("STREAMS", tmp_path), ("DATA", tmp_path)):
        monkeypatch.setenv(f"SECOND_READER_{name}", str(value))
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        built = Reruns(tmp_path, book)
        epochs.begin_epoch(book, built.describe(), ANN)
        built.deliver("v1.jsonl", V1)
        yield built


@pytest.fixture
def cold(reruns: Reruns) -> Reruns:
    """Forty cases of m-1 wait, and nothing was sent."""
    assert reruns.score()["decided"] == 40
    return reruns
