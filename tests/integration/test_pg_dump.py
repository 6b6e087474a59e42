"""A ledger on PostgreSQL, dumped and restored with PostgreSQL's own programs, as docs/engineer.md says."""

import os
import secrets
import subprocess
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local import postgres
from review.integrity import verify
from review.ledger import ledger
from tests.integration import ledger_facts as facts


@pytest.fixture
def other(servers: Any) -> Any:
    name = f"test_{secrets.token_hex(6)}"
    postgres.create(servers.cluster, name)
    yield servers.postgres_url(name)
    postgres.drop(servers.cluster, name)


def test_a_dump_restored_is_the_same_ledger_guards_and_all(postgres_url: str, other: str, tmp_path: Any) -> None:
    ledger.migrate(postgres_url)
    with ledger.open(postgres_url) as book:
        book.append(facts.all_tables(), now=facts.NOW)
        head = book.head()
    password = urlsplit(postgres_url).password or ""
    for program, *words in (
        ("pg_dump", "--format=custom", f"--file={tmp_path / 'ledger.dump'}", "--dbname", bare(postgres_url)),
        ("pg_restore", "--exit-on-error", "--dbname", bare(other), str(tmp_path / "ledger.dump")),
    ):
        command = [str(postgres.binaries() / program), *words]
        done = subprocess.run(command, env=os.environ | {"PGPASSWORD": password}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    with ledger.open(other) as book:
        assert verify.ledger(book, known=head) == []
        assert book.head() == head
        book.append({"fault": facts.faults({"line": 77})}, now=facts.NOW)


def bare(url: str) -> str:
    """The address without its password, which would show in the list of processes."""
    parts = urlsplit(url)
    return f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}"
