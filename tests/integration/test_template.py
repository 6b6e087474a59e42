"""A server's database is made once and copied, whatever happened to an earlier start."""

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from deploy.local import postgres
from deploy.local.template import Template


@pytest.fixture
def name(servers: Any) -> Iterator[str]:
    """Of databases that are dropped afterwards."""
    text = f"test_{secrets.token_hex(6)}"
    yield text
    for database in postgres.databases(servers.cluster):
        if database.startswith(text):
            postgres.drop(servers.cluster, database)


def _execute(servers: Any, database: str, text: str) -> list[Any]:
    with psycopg.connect(servers.postgres_url(database)) as server:
        result = server.execute(text.encode())
        return result.fetchall() if result.description else []


def test_what_an_interrupted_start_has_left_is_thrown_away(servers: Any, name: str) -> None:
    begun = Template(servers.cluster, name, "1")
    _execute(servers, begun.making, "CREATE TABLE half (done int)")
    again = Template(servers.cluster, name, "1")
    assert not again.ready
    assert _execute(servers, again.making, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


def test_the_database_of_last_time_is_kept_or_made_anew_as_asked(servers: Any, name: str) -> None:
    first = Template(servers.cluster, name, "1")
    _execute(servers, first.making, "CREATE TABLE run (id int)")
    first.settle(keep=True)
    _execute(servers, name, "INSERT INTO run VALUES (7)")
    for keep, left in ((True, [(7,)]), (False, [])):
        later = Template(servers.cluster, name, "1")
        assert later.ready
        later.settle(keep=keep)
        assert _execute(servers, name, "SELECT id FROM run") == left


def test_another_version_makes_a_template_of_its_own_and_keeps_the_database(servers: Any, name: str) -> None:
    first = Template(servers.cluster, name, "1")
    _execute(servers, first.making, "CREATE TABLE run (id int)")
    first.settle(keep=True)
    second = Template(servers.cluster, name, "2")
    assert not second.ready
    second.settle(keep=True)
    assert _execute(servers, name, "SELECT id FROM run") == []
