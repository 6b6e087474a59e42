"""What a worker does with a piece, on both databases: the policy in force when it is recorded decides, and once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from flows.governance import actions, epochs
from flows.inputs import files
from flows.runtime import settings
from flows.scoring import workers
from models import errors
from models.config import stream
from review.ledger import ledger
from review.queries import totals
from tests.integration.desk import STREAM

ROWS = 40


@dataclass(frozen=True, slots=True)
class Desk:
    book: ledger.Ledger
    stream: stream.Stream
    pieces: list[files.Piece]

    def prepare(self, number: int) -> workers.Facts:
        shown = ledger.shown(settings.read().ledger.get_secret_value())
        return workers.prepare.fn(self.stream, "run", self.pieces[number], shown)

    def record(self, number: int, prepared: workers.Facts) -> dict[str, int]:
        return workers.record.fn(self.stream, "run", self.pieces[number], prepared)

    def routes(self) -> dict[str, int]:
        return dict(self.book.read("SELECT route, count(*) AS n FROM decision GROUP BY route").iter_rows())


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name, value in {"LEDGER": ledger_url, "STREAMS": str(tmp_path), "DATA": str(tmp_path)}.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    text = STREAM.format(model="m-1", target=0.05, per_class="no", at="")
    (tmp_path / "mail.toml").write_text(text, encoding="utf-8")
    described = settings.read_stream("mail", settings.read())
    ids = [f"m-{number:02d}" for number in range(ROWS)]
    rows = {"id": ids, "label": ["ham"] * ROWS, "score": [0.9] * ROWS, "text": [f"hello {case}" for case in ids]}
    pl.DataFrame(rows).write_parquet(tmp_path / "inbox.parquet")
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        epochs.begin_epoch(book, described, "test")
        actions.adopt("mail", 0.5, by="ann", because="a trial", uncertified=True)
        pieces = list(files.pieces(tmp_path / "inbox.parquet", described, rows=10, chunks=2))
        yield Desk(book, described, pieces)


def test_a_halt_stops_the_next_piece_even_if_it_was_prepared_before(desk: Desk) -> None:
    first, second = desk.prepare(0), desk.prepare(1)
    assert desk.record(0, first)["automated"] == 20
    actions.halt("mail", by="ann", because="a new scanner")
    assert desk.record(1, second) == {
        "read": 20,
        "decided": 20,
        "automated": 0,
        "audits": 0,
        "to_review": 20,
        "unscored": 0,
        "faults": 0,
        "repeats": 0,
    }
    assert desk.routes() == {"AUTOMATE": 20, "REVIEW": 20}


def test_a_piece_that_is_recorded_twice_is_decided_once_and_counted_once(desk: Desk) -> None:
    before, _ = desk.book.head()
    prepared = desk.prepare(0)
    once = desk.record(0, prepared)
    assert desk.record(0, desk.prepare(0))["decided"] == 0
    expected = {"decided": 20, "automated": 20, "audits": once["audits"], "to_review": 0}
    assert totals.decided_after(desk.book, "mail", before) == expected
    assert totals.decided_after(desk.book, "mail", desk.book.head()[0]) == dict.fromkeys(expected, 0)


def test_a_worker_with_another_ledger_decides_nothing(desk: Desk) -> None:
    with pytest.raises(
        errors.Misuse, match=r"a worker's ledger is .*, the flow's is /elsewhere\.db; start workers with"
    ):
        workers.prepare.fn(desk.stream, "run", desk.pieces[0], "/elsewhere.db")
