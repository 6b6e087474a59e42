"""Cases of one group beyond what a plan speaks of go to people: in the order of the input, once, whoever prepares them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from flows import score
from flows.governance import actions, epochs
from flows.inputs import files
from flows.runtime import runs, settings
from flows.scoring import decide, group_caps, workers
from review.integrity import verify
from review.ledger import ledger
from review.retention import retirement
from tests.integration.desk import ANN, STREAM, WHY

ROWS = 60


@dataclass(frozen=True, slots=True)
class Desk:
    """Streams that release what has a confidence of 0.5, and the files they read."""

    folder: Path
    book: ledger.Ledger

    def open(self, name: str = "mail", *, grouped: bool = False, group_size: int | None = None) -> None:
        text = STREAM.format(model="m-1", target=0.05, per_class="no", at='group = "customer"' if grouped else "")
        text = text.replace('name = "mail"', f'name = "{name}"')
        more = "" if group_size is None else f"group_size = {group_size}\n"
        (self.folder / f"{name}.toml").write_text(text + more, encoding="utf-8")
        epochs.begin_epoch(self.book, settings.read_stream(name, settings.read()), ANN)
        actions.adopt(name, 0.5, by=ANN, because=WHY, uncertified=True)

    def file(self, name: str, rows: list[tuple[str, str, str]], confidence: float = 0.9) -> Path:
        """A file of cases: id, customer, text."""
        path = self.folder / f"{name}.parquet"
        frame = pl.DataFrame(rows, schema=["id", "customer", "text"], orient="row")
        frame.with_columns(label=pl.lit("ham"), score=pl.lit(confidence)).write_parquet(path)
        return path

    def run(self, name: str = "mail") -> runs.Run:
        config = settings.read()
        return runs.Run(
            run_id="run",
            flow="score",
            started_at=runs.clock(),
            stream=settings.read_stream(name, config),
            settings=config,
            ledger=self.book,
        )

    def score(self, path: Path, name: str = "mail") -> dict[str, int]:
        """As the flow does on one machine."""
        return score.record_all(self.run(name), path, decide.record.fn)

    def spread(self, path: Path, name: str) -> None:
        """As workers do: what comes last is prepared first, and pieces are recorded in their order."""
        stream, shown = self.run(name).stream, ledger.shown(settings.read().ledger.get_secret_value())
        pieces = list(files.pieces(path, stream, rows=10, chunks=2))
        prepared = [workers.prepare.fn(stream, "run", piece, shown) for piece in reversed(pieces)]
        for piece, facts in zip(pieces, reversed(prepared), strict=True):
            workers.record.fn(stream, "run", piece, facts)

    def held(self, name: str = "mail") -> list[str]:
        """Ids of the held cases. None of them was released."""
        result = self.book.read("SELECT case_id, route, held FROM decision WHERE stream = :stream", stream=name)
        result = result.filter(pl.col("held").is_not_null())
        assert set(result["route"]) <= {"REVIEW"}
        assert set(result["held"]) <= {group_caps.REASON}
        return sorted(result["case_id"])

    def released(self, name: str = "mail") -> int:
        asked = "SELECT count(*) AS n FROM decision WHERE stream = :stream AND route = 'AUTOMATE'"
        return int(self.book.read(asked, stream=name)["n"].item())


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name, value in {"LEDGER": ledger_url, "STREAMS": str(tmp_path), "DATA": str(tmp_path)}.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        yield Desk(tmp_path, book)


def test_a_second_case_of_the_same_payload_is_held(desk: Desk) -> None:
    desk.open()
    desk.score(desk.file("a", [("1", "x", "hello"), ("2", "y", "bye"), ("3", "z", "hello")]))
    assert (desk.held(), desk.released()) == (["3"], 2)
    desk.score(desk.file("b", [("4", "x", "bye"), ("5", "x", "a new one")]))
    assert (desk.held(), desk.released()) == (["3", "4"], 3)
    assert verify.ledger(desk.book) == []


def test_with_a_group_size_of_two_the_third_of_a_group_is_held_whatever_it_says(desk: Desk) -> None:
    desk.open(grouped=True, group_size=2)
    desk.score(desk.file("a", [("1", "x", "hello"), ("2", "y", "hello"), ("3", "x", "hello"), ("4", "x", "bye")]))
    assert (desk.held(), desk.released()) == (["4"], 3)
    desk.score(desk.file("b", [("5", "y", "once more"), ("6", "y", "and again"), ("7", "x", "as well")]))
    assert desk.held() == ["4", "6", "7"]


def test_a_stream_that_names_groups_and_no_size_holds_nothing_before_it_has_a_plan(desk: Desk) -> None:
    desk.open(grouped=True)
    desk.score(desk.file("a", [(str(number), "x", f"text {number}") for number in range(5)]))
    assert (desk.held(), desk.released()) == ([], 5)


def test_an_inbox_that_is_read_again_holds_nothing_new_and_counts_nobody_twice(desk: Desk) -> None:
    desk.open(grouped=True, group_size=2)
    rows = [("1", "x", "one"), ("2", "y", "two"), ("3", "y", "three"), ("4", "y", "four")]
    path = desk.file("a", rows)
    desk.score(path)
    assert desk.held() == ["4"]
    for _ in range(2):
        assert desk.score(path)["decided"] == 0
    desk.score(desk.file("a", [*rows, ("5", "x", "five"), ("6", "x", "six")]))
    assert desk.held() == ["4", "6"], "of x one was decided before, however often it was read"


def test_a_retired_case_that_is_delivered_again_counts_once_in_its_group(desk: Desk) -> None:
    desk.open(grouped=True, group_size=2)
    rows = [(str(number), f"c{number}", f"text {number}") for number in range(40)]
    desk.score(desk.file("a", rows))
    who = retirement.Who(by=ANN, because="it is old", now=runs.clock())
    gone = retirement.retire(desk.book, "mail", before="2100-01-01T00:00:00.000000Z", folder=desk.folder, who=who)
    assert gone.rows > 0
    again = [(f"n{number}", f"c{number}", f"other text {number}") for number in range(40)]
    assert desk.score(desk.file("b", [*rows, *again]))["decided"] == 40
    assert desk.held() == [], "the second of a group of two"


def test_workers_and_one_machine_hold_the_same_cases(desk: Desk) -> None:
    rows = [(f"i{number:02}", f"c{number * number % 17}", f"text {number % 23}") for number in range(ROWS)]
    for grouped, group_size in ((False, None), (True, 2)):
        one, many = (f"{name}-{group_size or 0}" for name in ("one", "many"))
        for name in (one, many):
            desk.open(name, grouped=grouped, group_size=group_size)
        path = desk.file("inbox", rows)
        desk.score(path, one)
        desk.spread(path, many)
        key, most = (1, 2) if grouped else (2, 1)
        seen: dict[str, int] = {}
        expected = []
        for row in rows:
            seen[row[key]] = seen.get(row[key], 0) + 1
            if seen[row[key]] > most:
                expected.append(row[0])
        assert expected == desk.held(one) == desk.held(many)
        assert desk.released(one) == desk.released(many) == ROWS - len(expected)


def test_a_piece_that_a_worker_records_twice_holds_nothing_more(desk: Desk) -> None:
    desk.open()
    path = desk.file("a", [(str(number), "x", f"text {number % 5}") for number in range(10)])
    desk.spread(path, "mail")
    before = desk.held()
    desk.spread(path, "mail")
    assert desk.held() == before == [str(number) for number in range(5, 10)]
