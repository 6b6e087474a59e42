"""A stream with an open ledger, filled by the product's own score and by answers put in as facts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.governance import epochs, evidence
from flows.inputs import files
from flows.runtime import runs, settings
from flows.scoring import decide
from models import timestamps
from models.certification import certificate
from models.config import stream
from review.ledger import ledger
from review.queries import policy_history
from review.queries.outcomes import Outcomes
from tests.integration import ledger_facts as facts

STREAM = """
name = "mail"
title = "Customer mail"
labels = ["ham", "spam"]

[input]
source = "inbox"
id = "id"
prediction = "label"
confidence = "score"
payload = ["text"]
{at}

[model]
id = "{model}"

[review]
kind = "text"
question = "Which?"
project = "mail"
deadline_hours = 48.0
overlap = 0.0

[target]
error = {target}

[costs]
error = 2.0
review_minute = 0.5

[policy]
audit_rate = 0.5
blind_rate = 0.5
per_class = "{per_class}"
"""
ANN, WHY = "ann@example.org", "a test"
NO_LABELS = pl.DataFrame(schema={"seal": pl.Int64, "decided_at": pl.String, "wrong": pl.Boolean})


class Clock:
    """A clock that a test moves; the product's, while `runs.clock` is set to it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> str:
        return timestamps.text(self.now)

    def later(self, days: float) -> str:
        self.now += timedelta(days=days)
        return self()


@dataclass(frozen=True, slots=True)
class Desk:
    """A stream with an open ledger, filled by the product's own score and by answers put in as facts."""

    folder: Path
    book: ledger.Ledger
    per_class: str = "no"
    dated: bool = False
    target: float = 0.05
    customer: int = 0  # cases of each customer, who is the stream's group; 0: it names none
    rules: str = ""  # tables that the stream file ends with
    audit_rate: float = 0.5
    model: str = "m-1"
    price: float | None = None  # of an answer; None: no column says it

    def describe(self, model: str | None = None, target: float | None = None) -> stream.Stream:
        text = STREAM.format(
            model=model or self.model,
            target=target or self.target,
            per_class=self.per_class,
            at='produced_at = "at"' if self.dated else 'group = "customer"' if self.customer else "",
        )
        if self.price is not None:
            text = text.replace("[input]\n", '[input]\ncost = "price"\n')
        text = text.replace("audit_rate = 0.5", f"audit_rate = {self.audit_rate}") + self.rules
        (self.folder / "mail.toml").write_text(text, encoding="utf-8")
        return settings.read_stream("mail", settings.read())

    def arrive(
        self,
        prefix: str,
        count: int,
        confidence: float,
        *,
        wrong: int = 0,
        answer: bool = True,
        second: bool = True,
        label: str = "ham",
        days: list[str] | None = None,
        more: Mapping[str, Sequence[object]] | None = None,
    ) -> None:
        """Cases of one confidence come in and are decided; the sampled ones are answered, the first `wrong` of them wrong.

        Without `second` nobody reads again what disagrees. `days`: when the model answered, per case; None: it does not say.
        `more`: other columns of their file.
        """
        other = "spam" if label == "ham" else "ham"
        described = self.describe()
        rows = {"id": [f"{prefix}-{n:04d}" for n in range(count)], "label": [label] * count}
        frame = pl.DataFrame(
            rows | {"score": [confidence] * count, "text": [f"hello {n} of {prefix}" for n in range(count)]}
        )
        if self.customer:
            frame = frame.with_columns(customer=pl.Series([f"{prefix} {n // self.customer}" for n in range(count)]))
        if self.price is not None:
            frame = frame.with_columns(price=self.price)
        frame = frame.with_columns(pl.Series(name, values) for name, values in (more or {}).items())
        if self.dated:
            at: list[str | None] = [f"{day}T09:00:00Z" for day in days or ()] or [None] * count
            frame = frame.with_columns(at=pl.Series(at, dtype=pl.String))
        path = self.folder / f"{prefix}.parquet"
        frame.write_parquet(path)
        for chunk in files.chunks(path, described):
            decide.record.fn(described, "run", chunk)
        sampled = self.book.read(
            "SELECT case_id, blind FROM decision WHERE blind AND case_id LIKE :prefix ORDER BY case_id",
            prefix=f"{prefix}-%",
        )["case_id"].to_list()
        known = int(self.book.read("SELECT count(*) AS n FROM dispatch")["n"].item())
        now = runs.clock()
        sent = [
            {"case_id": case, "task_id": known + n + 1, "blind": True, "task_key": case, "sent_at": now}
            for n, case in enumerate(sampled)
        ]
        self.book.append({"dispatch": facts.dispatches(*sent)}, now=now)
        if answer:
            by_names: list[dict[str, facts.Value]] = [
                {
                    "case_id": case,
                    "annotation_id": known + n + 1,
                    "task_id": known + n + 1,
                    "blind": True,
                    "revision": now,
                }
                | {"answer": other if n < wrong else label, "submitted_at": now}
                for n, case in enumerate(sampled)
            ]
            self.book.append({"review": facts.reviews(*by_names)}, now=now)
            self.second(sampled[:wrong] if second else [], other, now)

    def answer(self, case: str, task: int, label: str, at: str) -> None:
        """A person answers one task that lies open."""
        by_name: dict[str, facts.Value] = {"case_id": case, "annotation_id": task, "task_id": task, "blind": True}
        by_name |= {"revision": at, "answer": label, "submitted_at": at}
        self.book.append({"review": facts.reviews(by_name)}, now=at)

    def second(self, cases: list[str], label: str, now: str) -> None:
        """Another person reads what the first says is wrong."""
        self._again(cases, label, now, slot=1, reviewer="cleo@example.org")

    def third(self, cases: list[str], label: str, now: str) -> None:
        """A third decides where the two differ."""
        self._again(cases, label, now, slot=2, reviewer="dora@example.org")

    def _again(self, cases: list[str], label: str, now: str, *, slot: int, reviewer: str) -> None:
        if not cases:
            return
        first = 10_000_000 * slot
        again: list[dict[str, facts.Value]] = [
            {"case_id": case, "slot": slot, "task_id": first + int(case[2:]) + 10_000 * ord(case[0]), "blind": True}
            for case in cases
        ]
        sent = [row | {"task_key": f"{row['case_id']} again {slot}", "sent_at": now} for row in again]
        message = [row | {"annotation_id": row["task_id"], "reviewer": reviewer} for row in again]
        value = [row | {"revision": now, "answer": label, "submitted_at": now} for row in message]
        self.book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*value)}, now=now)

    def run(self) -> runs.Run:
        return runs.Run(
            run_id="measure",
            flow="measure",
            started_at=runs.clock(),
            stream=self.describe(),
            settings=settings.read(),
            ledger=self.book,
        )

    def in_force(self) -> policy_history.PolicyInForce:
        policy_in_force = policy_history.policy_in_force(self.book, "mail")
        assert policy_in_force is not None
        return policy_in_force

    def look(self, now: str | None = None) -> certificate.Progress:
        return self.looks(now)[""]

    def looks(self, now: str | None = None) -> dict[str, certificate.Progress]:
        return evidence.look(self.run(), self.in_force(), self.cases(now), now or runs.clock())

    def cases(self, now: str | None = None) -> Outcomes:
        return evidence.cases(self.run(), now or runs.clock())


@contextmanager
def opened(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, per_class: str = "no", dated: bool = False
) -> Iterator[Desk]:
    """A desk on a ledger of its own, with the stream's first epoch begun."""
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(folder))
    ledger.migrate(url)
    with ledger.open(url) as book:
        desk = Desk(folder, book, per_class, dated=dated)
        epochs.begin_epoch(book, desk.describe(), ANN)
        yield desk
