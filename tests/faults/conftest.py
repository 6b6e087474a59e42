"""A stream of the test's own on the real servers."""

import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import postgres
from tests.faults import process
from tests.faults.world import PASSWORD, READERS, World

Make = Callable[..., World]


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Zygote]:
    """Where runs come from."""
    with process.zygote(tmp_path_factory.mktemp("z")) as result:
        yield result


@pytest.fixture
def make(tmp_path: Path, zygote: process.Zygote, servers: Any, label_studio: Any) -> Iterator[Make]:
    """Make worlds; each is ended afterwards. `database`: sqlite, postgresql, or a URL; `seed`: of what its people do."""
    people = {email: label_studio.add_reviewer(email, PASSWORD) for email in READERS}
    worlds: list[World] = []
    databases: list[str] = []

    def world(seed: int, database: str = "sqlite", *, begin: bool = True, **job: Any) -> World:
        home = tmp_path / str(len(worlds))
        home.mkdir()
        url = database if "://" in database else f"sqlite:///{home / 'ledger.db'}"
        if database == "postgresql":
            databases.append(f"test_{secrets.token_hex(6)}")
            postgres.create(servers.cluster, databases[-1])
            url = servers.postgres_url(databases[-1])
        built = World(
            home=home,
            zygote=zygote,
            url=url,
            label_studio=label_studio.url,
            token=label_studio.token,
            people=people,
            random=random.Random(seed),
            job=job,
        )
        worlds.append(built)
        built.describe("mail-1")
        if begin:
            built.begin()
        return built

    yield world
    for result in worlds:
        result.end()
    for name in databases:
        postgres.drop(servers.cluster, name)
