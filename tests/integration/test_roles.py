"""The roles of deploy/production/roles.sql on a real PostgreSQL: who runs the flows can add facts, and change or drop none."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import psycopg
import pytest

from models.errors import Refused
from review.integrity import verify
from review.ledger import layout, ledger
from tests.integration import ledger_facts as facts
from tests.integration.ledger_facts import NOW

ROLES = Path(__file__).resolve().parents[2] / "deploy" / "production" / "roles.sql"
ROLES_OF_OURS = ("second_reader_flows", "second_reader_readers", "second_reader_auditors")
EVERY = [*layout.names(), *layout.BESIDE]


def as_member(url: str, role: str) -> tuple[str, str]:
    """A new account in a role: its name, and the ledger's URL for it."""
    name, password = f"{role}_{secrets.token_hex(4)}", secrets.token_hex(8)
    facts.execute(url, f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {role}")
    where = url.partition("@")[2]
    return name, f"postgresql://{name}:{password}@{where}"


@pytest.fixture
def members(postgres_url: str) -> Iterator[tuple[str, str, str]]:
    """The URLs of an account that runs flows, one that reads and one that audits, on a ledger that its owner made."""
    ledger.migrate(postgres_url)
    for _ in range(2):  # as after an upgrade
        facts.execute(postgres_url, ROLES.read_text(encoding="utf-8"))
    built = [as_member(postgres_url, role) for role in ROLES_OF_OURS]
    yield built[0][1], built[1][1], built[2][1]
    facts.execute(postgres_url, *(f"DROP ROLE {name}" for name, _ in built))


def test_the_flows_role_adds_facts_in_every_way_and_reads_and_verifies_them(members: tuple[str, str, str]) -> None:
    url = members[0]
    ledger.migrate(url)  # nothing to do
    with ledger.open(url) as book, book.exclusive("score", "mail"):
        book.append(facts.all_tables(), now=NOW)
        again = book.append(facts.all_tables(), now=NOW)
        assert sum(map(len, again.written.values())) == 0
        rows: list[dict[str, facts.Value]] = [{"case_id": f"many-{n}", "line": n} for n in range(1, 12_001)]
        many = facts.decisions(*rows)
        assert len(book.append({"decision": many}, now=NOW).written["decision"]) == 12_000
        assert len(book.append({"decision": many}, now=NOW).written["decision"]) == 0
        late = pl.concat([facts.decisions({"case_id": "first", "line": 1}), many])  # the hope that none is known fails
        assert len(book.append({"decision": late}, now=NOW).written["decision"]) == 1
        assert verify.ledger(book) == []


def test_the_flows_role_cannot_change_a_table_nor_what_guards_it(members: tuple[str, str, str]) -> None:
    with psycopg.connect(members[0], autocommit=True) as database:
        for table in EVERY:
            number = {"seal": "seq", "retired": "of_seal", "edition": "after_seal"}.get(table, "seal")
            for statement in (
                f"UPDATE {table} SET {number} = 1",
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
                f"DROP TABLE {table} CASCADE",
                f"DROP TRIGGER {table}_append_only ON {table}",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"ALTER TABLE {table} ADD COLUMN more text",
                f"CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION second_reader_append_only()",
                f"CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
                f"SELECT * FROM {table} FOR UPDATE",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    database.execute(statement.encode())


def test_the_flows_role_makes_nothing_and_lifts_no_guard(members: tuple[str, str, str]) -> None:
    with psycopg.connect(members[0], autocommit=True) as database:
        for statement in (
            "SET session_replication_role = replica",
            "CREATE TABLE mine (a int)",
            "CREATE OR REPLACE FUNCTION second_reader_append_only() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RETURN NEW; END $$",
            "CREATE SCHEMA mine",
            "UPDATE alembic_version SET version_num = '9'",
            "INSERT INTO alembic_version VALUES ('9')",
            "DROP SCHEMA public CASCADE",
            "SET ROLE postgres",
            "CREATE ROLE other",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(statement.encode())


def test_the_readers_role_reads_and_an_append_of_its_own_is_refused_in_one_line(members: tuple[str, str, str]) -> None:
    with ledger.open(members[0]) as book:
        book.append(facts.all_tables(), now=NOW)
    with ledger.open(members[1]) as book:
        assert len(book.read("SELECT * FROM decision")) == 4
        with pytest.raises(Refused, match="this user may not do that there") as caught:
            book.append({"run": facts.runs({"run_id": "mine"})}, now=NOW)
        assert "\n" not in str(caught.value)


def test_the_readers_role_sees_all_of_an_epoch_but_its_salt(members: tuple[str, str, str]) -> None:
    with ledger.open(members[0]) as book:
        book.append(facts.all_tables(), now=NOW)
        columns = [name for name in layout.columns("epoch") if name != "salt"]
    with ledger.open(members[1]) as book:
        assert not book.read(f"SELECT {', '.join(columns)} FROM epoch").is_empty()
        for sql in ("SELECT salt FROM epoch", "SELECT * FROM epoch", "SELECT max(length(salt)) FROM epoch"):
            with pytest.raises(Refused, match="this user may not do that there"):
                book.read(sql)


def test_the_auditors_role_verifies_every_seal_and_writes_nothing(members: tuple[str, str, str]) -> None:
    with ledger.open(members[0]) as book:
        book.append(facts.all_tables(), now=NOW)
    with ledger.open(members[2]) as book:
        assert verify.ledger(book) == []
        with pytest.raises(Refused):
            book.append({"run": facts.runs({"run_id": "mine"})}, now=NOW)
