"""A ledger that a landed version made is refused in one line until it is brought up, and then holds what it held.

The versions are those of the migrations, each as the last code made it that had no later one: a new migration is tested from
every version before it without a word here.
"""

import os
import subprocess
import sys
import tarfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from models.errors import LedgerInvalid
from review.integrity import verify
from review.ledger import layout, ledger, schema
from review.queries import finished
from tests.integration import ledger_facts as facts

ROOT = Path(__file__).parents[2]
VERSIONS = ROOT / "review" / "ledger" / "migrations" / "versions"
# SHA-256 of each script that has made ledgers elsewhere: it never changes again, and what it lacks is a new version.
FROZEN = {
    "0001": "262d19a9eeefa41cc6a3fa3ad1bca561d5bb82f1185741e20b4fd74651144e19",
    "0002": "187dc5cba56f3d756ee4fa5c5845e6b71d8a82e016bf14fd153ab3fca9049498",
    "0003": "6be9496657e9ed13ddbfca46bd13ae5d0f1e30f1f9e9232226e5fbe27548f4a8",
    "0004": "0c2132ce29cfc39d57206d7ff246ae7c8aa61d122057bf2f59e35e09f41ceb39",
    "0005": "b9309fb5c9d886725b5c56fd41427ead948b1667f8f9d6c314129b8091ff024a",
    "0006": "d2c86d272dd915f33400f39307649603f21e097e258b7ba8148e7105ef146e74",
    "0007": "d8406ec61a48afd454c309cea27b1696d0eab3da2f84b4caac5a2fc7255a816c",
}
MAKE = """
import sys
from pathlib import Path
try:
    from review.ledger import ledger
except ImportError:  # the folders of the first version
    from review import ledger
from tests.integration import ledger_facts as facts

ledger.migrate(sys.argv[1])
with ledger.open(sys.argv[1]) as book:
    book.append(facts.all_tables(), now=facts.NOW)
    facts.retire_one(book, Path(sys.argv[2]))
"""


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


def last_commit(version: str) -> str:
    """The last commit whose newest schema was this version: the one before the next version's script came."""
    after = schema.VERSIONS[schema.VERSIONS.index(version) + 1]
    added = git(
        "log", "--diff-filter=A", "--format=%H", "--reverse", "--", f":(glob)**/migrations/versions/v{after}_*.py"
    )
    return f"{added.decode().split()[0]}^" if added else "HEAD"  # not committed yet: the code that is


@pytest.fixture(params=schema.VERSIONS[:-1])
def old_ledger(request: pytest.FixtureRequest, empty_url: str, tmp_path: Path) -> tuple[str, Path]:
    """A ledger with rows in every table, made by the code of a landed version; and the archive of what it retired."""
    code, archive = tmp_path / "code", tmp_path / "archive"
    packed = git("archive", last_commit(request.param), "models", "review", "tests/integration/ledger_facts.py")
    with tarfile.open(fileobj=BytesIO(packed)) as tar:
        tar.extractall(code, filter="data")
    subprocess.run(
        [sys.executable, "-c", MAKE, empty_url, str(archive)],
        cwd=code,
        env=os.environ | {"PYTHONPATH": str(code)},
        check=True,
        timeout=120,
    )
    return empty_url, archive


def rows(url: str) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, as the database has it, past our own code; each table in an order of its own."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
        return {
            name: sorted(map(dict, connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()), key=repr)
            for name in names
        }


def test_an_old_ledger_is_refused_until_it_is_brought_up_and_then_nothing_of_it_has_changed(
    old_ledger: tuple[str, Path],
) -> None:
    url, archive = old_ledger
    before = rows(url)
    with pytest.raises(LedgerInvalid, match="bring it up with `second-reader init STREAM`"):
        ledger.open(url)
    ledger.migrate(url)
    after = rows(url)
    assert all(before.values())
    for name, old in before.items():
        added = after[name][0].keys() - old[0].keys()
        assert all(row[column] is None for row in after[name] for column in added), name
        whole = sorted(({c: row[c] for c in old[0]} for row in after[name]), key=repr)
        new = [row for row in whole if row not in old]
        assert [row for row in whole if row in old] == old, name
        versions = [str(row["schema_version"]) for row in old] if name == "edition" else []
        later = [version for version in schema.VERSIONS if versions and version > max(versions)]
        assert [row["schema_version"] for row in new] == later, name
    with ledger.open(url) as book:
        assert verify.ledger(book, archive=archive) == []
        assert len(book.identity) == 32
        book.append({"decision": facts.decisions({"case_id": "c-9", "group_id": "a" * 16})}, now=facts.NOW)
        assert verify.ledger(book, archive=archive) == []
        with pytest.raises(ValueError, match="handout"):  # the new tables are there, and hold what they are for
            book.append({"handout": facts.handouts({}, {})}, now=facts.NOW)
        book.append({"handout": facts.handouts(), "delivery": facts.deliveries()}, now=facts.NOW)
        assert verify.ledger(book, archive=archive) == []
        states = ["case_id", "state", "answer", "answered_by"]
        assert (
            book.read("SELECT * FROM finished").select(states).rows()
            == finished.at(book, "mail", until=book.head()[0]).select(states).rows()
        )


def test_a_value_put_into_a_column_that_came_later_is_seen(old_ledger: tuple[str, Path]) -> None:
    url, _ = old_ledger
    before = rows(url)
    ledger.migrate(url)
    later = {
        name: [column for column in added if column not in before[name][0]]
        for name, added in layout.ADDED.items()
        if name in before  # else the table itself came later, and has no row yet
    }
    for name, columns in later.items():
        for column in columns[:1]:
            value = "'no'" if layout.columns(name)[column] == pl.String else "1"
            facts.execute(url, *facts.unguard(url, name), f"UPDATE {name} SET {column} = {value}")
    with ledger.open(url) as book:
        edited = {one.table for one in verify.ledger(book) if one.kind == "edited"}
    assert edited == {name for name, columns in later.items() if columns}


def test_a_version_that_has_landed_is_frozen() -> None:
    scripts = {path.name.partition("_")[0][1:]: path for path in VERSIONS.glob("v*.py")}
    assert sorted(scripts) == list(schema.VERSIONS)
    assert {version: sha256(scripts[version].read_bytes()).hexdigest() for version in FROZEN} == FROZEN


def test_every_version_but_the_newest_is_frozen() -> None:
    assert set(schema.VERSIONS[:-1]) <= set(FROZEN)
