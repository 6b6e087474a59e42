"""The migrations make what the declarations say, on both databases."""

import threading
from pathlib import Path

import alembic.config
import alembic.script
import sqlalchemy as sa

from review.integrity import verify
from review.ledger import database, layout, ledger, schema, tables
from tests.integration import ledger_facts as facts


def engine(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)


def _where(index: sa.engine.interfaces.ReflectedIndex) -> list[str]:
    """The condition of a partial index."""
    return [str(value) for name, value in index.get("dialect_options", {}).items() if name.endswith("_where")]


def described(engine: sa.Engine) -> dict[str, object]:
    """Everything the database knows of its tables: columns, keys, checks, references and indexes."""
    by_name: dict[str, object] = {}
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        for name in [*layout.names(), *layout.BESIDE]:
            by_name[name] = {
                "columns": [
                    (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(name)
                ],
                "key": inspector.get_pk_constraint(name)["constrained_columns"],
                "checks": sorted(str(check["sqltext"]) for check in inspector.get_check_constraints(name)),
                "references": sorted(
                    (key["constrained_columns"], key["referred_table"], key["referred_columns"])
                    for key in inspector.get_foreign_keys(name)
                ),
                "indexes": sorted(
                    (index["name"], index["column_names"], bool(index["unique"]), _where(index))
                    for index in inspector.get_indexes(name)
                    if index["name"] != f"{name}_seal"  # PostgreSQL's own kind
                ),
            }
    return by_name


def test_the_migrations_make_exactly_the_declared_tables(ledger_url: str, tmp_path: Path) -> None:
    ledger.migrate(ledger_url)
    migrated = described(engine(ledger_url))
    if ledger_url.startswith("sqlite"):
        other = engine(f"sqlite:///{tmp_path / 'declared.db'}")
    else:
        facts.execute(ledger_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        other = engine(ledger_url)
    tables.Epoch.metadata.create_all(
        other, tables=[tables.Epoch.metadata.tables[name] for name in [*layout.names(), *layout.BESIDE]]
    )
    assert described(other) == migrated
    assert "route = 'REVIEW'" in str(migrated["decision"])  # the comparison sees what it is there to see


def test_the_version_asked_for_is_the_newest_migration() -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    assert alembic.script.ScriptDirectory.from_config(config).get_heads() == [schema.VERSION]


def test_migrating_again_changes_nothing(ledger_url: str) -> None:
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        book.append(facts.all_tables(), now=facts.NOW)
        head = book.head()
        ledger.migrate(ledger_url)
        assert book.head() == head
        assert verify.ledger(book) == []


def test_two_who_make_the_ledger_at_once_make_one(ledger_url: str) -> None:
    failures: list[BaseException] = []

    def make() -> None:
        try:
            schema.upgrade(database.address(ledger_url))
        except Exception as error:  # noqa: BLE001 (whatever it is, the test must fail in its own thread)
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with ledger.open(ledger_url) as book:
        assert verify.ledger(book) == []


def test_a_path_with_odd_characters_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20?x=1#é"
    folder.mkdir()
    url = f"sqlite:///{folder / 'ledger.db'}"
    ledger.migrate(url)
    with ledger.open(url) as book:
        assert book.head()[0] == 0
    assert (folder / "ledger.db").is_file()
