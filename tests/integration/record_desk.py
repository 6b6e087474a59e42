"""A desk whose cases are records of two fields, `total` and `vendor`; the first has a target of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from flows.governance import epochs, eras
from flows.inputs import files
from flows.runtime import runs, settings
from flows.scoring import decide
from models.answers import record_text
from models.config import stream
from review.ledger import ledger
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, Desk

STREAM = """
name = "mail"
title = "Invoices"

[input]
source = "inbox"
payload = ["page"]

[[field]]
name = "total"
kind = "number"
score = "sure"
{total}

[[field]]
name = "vendor"
score = "sure"

[model]
id = "m-1"

[review]
kind = "text"
question = "What does it say?"
project = "mail"
overlap = 0.0

[target]
error = 0.1

[costs]
error = 2.0
review_minute = 0.5

[policy]
audit_rate = 1.0
blind_rate = 1.0
"""
LINES = [{"item": item, "price": 1} for item in ("ink", "pen", "cap", "pad")]
RECORD: dict[str, object] = {"total": 12.5, "vendor": "ACME"}
OTHER: dict[str, object] = {"total": 99, "vendor": "Other", "lines": [*LINES[:3], {"item": "nib", "price": 1}]}


class RecordDesk(Desk):
    """A desk of records. What `rules` of a desk holds stands in the table of the total."""

    def describe(self, model: str | None = None, target: float | None = None) -> stream.Stream:  # noqa: ARG002 # one of each
        (self.folder / "mail.toml").write_text(STREAM.format(total=self.rules), encoding="utf-8")
        return settings.read_stream("mail", settings.read())

    def records(self, prefix: str, count: int, sure: float, wrong: Mapping[str, int], *, readers: int = 2) -> None:
        """Records come in, are decided and read blind, those that are wrong by several people.

        `wrong`: field -> how many of the first are wrong in it.
        """
        described = self.describe()
        cases = [f"{prefix}-{n:04d}" for n in range(count)]
        rows: dict[str, list[object]] = {"id": [*cases], "page": [f"page of {case}" for case in cases]}
        record = RECORD | ({"lines": LINES} if any(field.name == "lines" for field in described.field) else {})
        rows |= {name: [value] * count for name, value in record.items()}
        path = self.folder / f"{prefix}.parquet"
        pl.DataFrame(rows | {"sure": [sure] * count}).write_parquet(path)
        for chunk in files.chunks(path, described):
            decide.record.fn(described, "run", chunk)
        now = runs.clock()
        eras.under_way(self.book, described, self.in_force(), now)  # as dispatch does, before anybody can answer
        known = int(self.book.read("SELECT count(*) AS n FROM dispatch")["n"].item())
        sent: list[dict[str, facts.Value]] = []
        read: list[dict[str, facts.Value]] = []
        for n, case in enumerate(cases):
            changes = {name: OTHER[name] for name, most in wrong.items() if n < most}
            for slot in range(readers if changes else 1):
                task = known + len(sent) + 1
                place: dict[str, facts.Value] = {"case_id": case, "slot": slot, "task_id": task, "blind": True}
                sent.append(place | {"task_key": f"k-{task}", "sent_at": now})
                value: dict[str, facts.Value] = {"annotation_id": task, "reviewer": f"{slot}@example.org"}
                value |= {"answer": record_text.text(record | changes), "submitted_at": now, "revision": now}
                read.append(place | value)
        self.book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*read)}, now=now)

    def corrects(self, prefix: str, count: int, changes: Mapping[str, object]) -> None:
        """Who read the first records of a batch answers them anew, with these values in the place of the model's."""
        now = runs.clock()
        tasks = self.book.read(
            "SELECT case_id, slot, task_id FROM dispatch WHERE case_id LIKE :prefix AND slot = 0 ORDER BY case_id LIMIT :n",
            prefix=f"{prefix}-%",
            n=count,
        )
        rows: list[dict[str, facts.Value]] = []
        for case, slot, task in tasks.iter_rows():
            place: dict[str, facts.Value] = {"case_id": case, "slot": slot, "task_id": task, "blind": True}
            value: dict[str, facts.Value] = {"annotation_id": task, "reviewer": "0@example.org", "revision": now}
            value |= {"answer": record_text.text(dict(RECORD) | dict(changes)), "submitted_at": now}
            rows.append(place | value)
        self.book.append({"review": facts.reviews(*rows)}, now=now)


@contextmanager
def opened(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, total: str) -> Iterator[RecordDesk]:
    """A desk of records on a ledger of its own. `total`: more lines of the table of that field."""
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(folder))
    ledger.migrate(url)
    with ledger.open(url) as book:
        desk = RecordDesk(folder, book, rules=total)
        epochs.begin_epoch(book, desk.describe(), ANN)
        yield desk
