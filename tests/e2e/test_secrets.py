"""A whole round, and rounds that fail, with secrets that can be found again: then they are looked for everywhere."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from deploy.local import prefect_server
from deploy.local import stack as stacks
from tests import sweep
from tests.e2e.place import LABELS, Place, answer, mail
from tests.integration import ledger_facts as facts

ROLES = Path(__file__).resolve().parents[2] / "deploy" / "production" / "roles.sql"


class CommandLines:
    """What `ps` shows of every process, watched while the block lasts."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._over = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> "CommandLines":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes().decode(errors="replace"))
                except OSError:
                    continue


@pytest.fixture
def worker(place: Place, postgres_url: str) -> Iterator[tuple[Place, str]]:
    """The place with its ledger on PostgreSQL, worked by an account of the flows' role; and that account's password."""
    place.environment["SECOND_READER_LEDGER"] = postgres_url
    assert place.cli("init", place.name).code == 0
    facts.execute(postgres_url, ROLES.read_text(encoding="utf-8"))
    name, password = f"worker_{secrets.token_hex(4)}", f"marked-{secrets.token_hex(8)}:/@ %"
    facts.execute(postgres_url, f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE second_reader_flows")
    place.environment["SECOND_READER_LEDGER"] = (
        f"postgresql://{name}:{quote(password, safe='')}@{postgres_url.partition('@')[2]}"
    )
    yield place, password
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute(f"DROP ROLE {name}".encode())


@pytest.mark.timeout(400)
def test_no_secret_is_in_any_output_file_log_process_list_ledger_or_prefect(
    worker: tuple[Place, str], label_studio: Any, stack: stacks.Stack, postgres_url: str
) -> None:
    place, password = worker
    place.deliver("one.jsonl", [mail(n) for n in range(12)] + [mail(20) | {"id": None}])
    items = []
    with CommandLines() as lines:
        items.append(place.process("init", place.name))
        items.append(
            place.process(
                "adopt", place.name, "--threshold", "0.05", "--by", "A. Owner", "--because", "a trial", "--uncertified"
            )
        )
        items.append(place.process("run", place.name))
        with psycopg.connect(postgres_url) as database:
            ((project,),) = database.execute("SELECT project_id FROM project").fetchall()
        token = label_studio.add_reviewer("vera@example.com", "a-Pass-word-9")
        for task in place.tasks(project)[:4]:
            answer(place, token, task, LABELS[0])
        items.append(place.process("run", place.name))
        items.append(place.process("verify"))
        assert [done.code for done in items] == [0, 0, 3, 3, 0], [done.err for done in items]
        items += _failures(place)
    marked = [password, quote(password, safe=""), "marked-wrong-token", "marked-wrong-password"]
    texts = {f"output {n}": done.out + done.err for n, done in enumerate(items)}
    texts |= {f"process {n}": line for n, line in enumerate(lines.seen)}
    assert list((place.home / "reports").rglob("latest.html"))
    prefect = stack.postgres_url(prefect_server.DATABASE)
    result = sweep.database([place.name], prefect)
    assert {f"table {name}" for name in ("flow_run", "log", "artifact", "events")} <= set(
        result
    )  # they can be searched
    assert sweep.database(["mail-003"], postgres_url)
    hidden = [*stack.secrets(), *marked]
    assert [name for name, text in texts.items() if any(secret in text for secret in hidden)] == []
    assert sweep.files(hidden, place.home, stack.home / "logs", stack.home / "prefect") == []
    assert sweep.database(hidden, prefect) == []
    assert sweep.database(hidden, postgres_url) == []


def _failures(place: Place) -> Iterator[Any]:
    """Commands that fail over a secret."""
    right = dict(place.environment)
    for name, value in (
        ("SECOND_READER_LABEL_STUDIO_TOKEN", "marked-wrong-token"),
        ("SECOND_READER_LABEL_STUDIO_URL", "http://127.0.0.1:9"),
        ("SECOND_READER_LEDGER", "postgresql://nobody:marked-wrong-password@127.0.0.1:9/ledger"),
        ("SECOND_READER_LEDGER", "postgresql//nobody:marked-wrong-password@127.0.0.1/ledger"),
        ("SECOND_READER_LEDGER", "postgresql://nobody:marked-wrong-password@[::1/ledger"),
        ("SECOND_READER_LEDGER", "mysql://nobody:marked-wrong-password@127.0.0.1/ledger"),
        ("SECOND_READER_LEDGER", right["SECOND_READER_LEDGER"].replace("marked-", "marked-wrong-password")),
    ):
        place.environment[name] = value
        done = place.cli("collect", place.name)
        assert (done.code != 0, "Traceback" in done.err) == (True, False), done.err
        yield done
        place.environment[name] = right[name]
