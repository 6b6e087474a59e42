"""A ledger that a landed version made is refused in one line until it is brought up, and then holds what it held."""

import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from models.errors import LedgerInvalid
from review.integrity import verify
from review.ledger import layout, ledger
from review.queries import finished
from tests.integration import ledger_facts as facts

ROOT = Path(__file__).parents[2]
LANDED = {  # schema version -> a commit that had it: of the first the last
    "0001": "1b26fce4d088b5a3f19d20100ba197b7d32fdc62",
    "0002": "e4102b4be235a2507d14899792f2b33e19d2463c",
}
MAKE = """
import sys
from pathlib import Path
try:
    from review.ledger import ledger
except ImportError:  # the first version had one file of that name
    from review import ledger
from tests.integration import ledger_facts as facts

ledger.migrate(sys.argv[1])
with ledger.open(sys.argv[1]) as book:
    book.append(facts.all_tables(), now=facts.NOW)
    facts.retire_one(book, Path(sys.argv[2]))
"""


@pytest.fixture(params=LANDED)
def old_ledger(request: pytest.FixtureRequest, ledger_url: str, tmp_path: Path) -> tuple[str, Path]:
    """A ledger with rows in every table, made by the code of a landed version; and the archive of what it retired."""
    code, archive = tmp_path / "code", tmp_path / "archive"
    packed = subprocess.run(
        ["git", "archive", LANDED[request.param], "models", "review", "tests/integration/ledger_facts.py"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as tar:
        tar.extractall(code, filter="data")
    subprocess.run(
        [sys.executable, "-c", MAKE, ledger_url, str(archive)],
        cwd=code,
        env=os.environ | {"PYTHONPATH": str(code)},
        check=True,
        timeout=120,
    )
    return ledger_url, archive


def test_an_old_ledger_is_refused_until_it_is_brought_up_and_then_nothing_of_it_has_changed(
    old_ledger: tuple[str, Path],
) -> None:
    url, archive = old_ledger
    with pytest.raises(LedgerInvalid, match="bring it up with `second-reader init STREAM`"):
        ledger.open(url)
    ledger.migrate(url)
    with ledger.open(url) as book:
        assert verify.ledger(book, archive=archive) == []
        assert len(book.identity) == 32
        book.append({"decision": facts.decisions({"case_id": "c-9", "group_id": "a" * 16})}, now=facts.NOW)
        assert verify.ledger(book, archive=archive) == []
        for name, added in layout.ADDED.items():
            rows = book.read(f"SELECT {', '.join(added)} FROM {name} WHERE seal < :head", head=book.head()[0])
            assert len(rows) > 0
            assert all(rows[column].null_count() == len(rows) for column in added), name
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
    ledger.migrate(url)
    facts.execute(url, *facts.unguard(url, "decision"), "UPDATE decision SET held = 'no' WHERE case_id = 'c-1'")
    with ledger.open(url) as book:
        assert "edited: decision stream=mail, case_id=c-1" in [
            str(one).partition(" (")[0] for one in verify.ledger(book)
        ]
