"""Where the simulations touch the product: its own flows and queries, without servers. Nothing else here knows their names.

What changes its name in the product changes here, and nowhere else in this folder.
"""

import json
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import measure, score
from flows.governance import actions, epochs, eras, evidence, recall, safeguards
from flows.runtime import runs, settings
from flows.scoring import decide
from models import errors
from models.config.stream import Stream
from review.ledger import layout, ledger
from review.queries import adjudication, alarms, pending_cases, policy_history
from review.report import as_json, certificate_text, changes, summary

NAME = "mail"
WATCHDOG = evidence.WATCHDOG
ITSELF = ERA, SILENCE = safeguards.ERA, safeguards.SILENCE  # what the product adopts by, without a person
BY, BECAUSE = "ann@example.org", "the simulation"
STREAM = """
name = "mail"
title = "Simulated mail"
labels = ["yes", "no"]

[input]
source = "inbox"
id = "id"
prediction = "label"
confidence = "score"
payload = ["text"]
{produced_at}

[model]
id = "{model}"

[review]
kind = "text"
question = "Which?"
project = "mail"
queue_depth = {depth}
second_opinion = {second_opinion}
overlap = {overlap}

[target]
error = {alpha}
delta = {delta}

[costs]
error = 2.0
review_minute = 0.5

[policy]
audit_rate = {audit_rate}
max_silence = {max_silence}.0
{era_days}
"""


class KilledError(Exception):
    """The run ended here, as if its process had been killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a report says, by the part of it that says so; `seal`: the ledger's last then.

    `target`: the target among the released. `proposed`: a word, and why. `changes`: since the report of an earlier day.
    `watchdog`: is it still as it was. `queue`: when it will be empty.
    """

    headline: tuple[str, ...]
    target: str
    proposed: tuple[str, str]
    certificate: tuple[str, ...]
    changes: tuple[str, ...]
    watchdog: tuple[str, ...]
    queue: str
    alarm: bool  # a new one was raised at this look
    seal: int


@dataclass(slots=True)
class Product:
    """One stream of the product on a ledger of its own. `now` is its clock, as the ledger writes times."""

    folder: Path
    book: ledger.Ledger
    now: str = ""
    stream: Stream | None = None

    @property
    def path(self) -> Path:
        """The ledger's SQLite file."""
        return self.folder / "ledger.db"

    def describe(
        self,
        *,
        alone: bool = False,
        era_days: int | None = None,
        max_silence: int = 7,
        overlap: float = 0.1,
        **values: Any,
    ) -> None:
        """Write the stream file, and begin an epoch if it is the first or the file says another model.

        `alone`: one person reads, so that no case is read a second time.
        """
        values |= {"second_opinion": "false" if alone else "true", "overlap": 0.0 if alone else overlap}
        values |= {"max_silence": max_silence, "era_days": "" if era_days is None else f"era_days = {era_days}"}
        text = STREAM.format(**values)
        (self.folder / f"{NAME}.toml").write_text(text, encoding="utf-8")
        self.stream = settings.read_stream(NAME, settings.read())
        epochs.begin_epoch(self.book, self.stream, BY)

    def score_day(self, source: Path, *, killed_after: int | None = None) -> None:
        """The flow `score` on a file or folder. `killed_after`: it is killed after so many appends (KilledError)."""
        run, written = self._run("score"), 0

        def write(*words: Any) -> dict[str, int]:
            nonlocal written
            if killed_after is not None and written >= killed_after:
                raise KilledError
            written += 1
            return decide.record.fn(*words)

        in_force = runs.policy_in_force(run.ledger, run.stream)
        eras.under_way(run.ledger, run.stream, in_force, self.now, least=eras.SCORES)
        safeguards.before_release(run, in_force, self.now)
        score.record_all(run, source, write)
        eras.under_way(
            run.ledger, run.stream, runs.policy_in_force(run.ledger, run.stream), self.now, least=eras.SCORES
        )

    def pending(self, room: int) -> list[tuple[str, bool]]:
        """The cases that wait for their first reading, as the queue takes them: id, blind."""
        run = self._run("dispatch")
        in_force = runs.policy_in_force(run.ledger, run.stream)
        era = eras.under_way(run.ledger, run.stream, in_force, self.now)
        since = eras.read_first(self.book, run.stream, era)
        pending_case = pending_cases.pending(
            self.book, NAME, room, blind_first=not in_force.policy.releases, since=since
        )
        return [(str(case), bool(blind)) for case, blind in pending_case.select("case_id", "blind").iter_rows()]

    def disputes_waiting(self) -> list[tuple[str, int]]:
        """The cases that wait for another reader: id, slot."""
        rule = self._run("dispatch").stream.review
        waiting = adjudication.waiting(self.book, NAME, 1_000, second_opinion=rule.second_opinion, overlap=rule.overlap)
        return [(str(case), int(slot)) for case, slot in waiting.select("case_id", "slot").iter_rows()]

    def append(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Facts that Label Studio would have brought: `dispatch` or `review`."""
        if rows:
            self.book.append({table: pl.DataFrame(rows, schema=layout.columns(table))}, now=self.now)

    def look_and_report(self, *, killed: bool = False, reported: bool = True) -> Shown | None:
        """The flow `measure`, without writing a page.

        `killed`: after the look, before the watchdog (KilledError). `reported`: what the report says, too; after an alarm it
        always is, and always when a look certifies more.
        """
        run = self._run("measure")
        in_force = runs.policy_in_force(run.ledger, run.stream)
        cases = evidence.cases(run, self.now)
        before = self._looks()
        progress_by_scope = evidence.look(run, in_force, cases, self.now)
        if killed:
            raise KilledError
        labels = evidence.labels(run.stream, in_force, cases, self.now)
        alarm = evidence.watch(run, in_force, labels, self.now)
        if alarm:
            in_force, progress_by_scope, labels = runs.policy_in_force(run.ledger, run.stream), {}, labels.clear()
        elif safeguards.act(run, in_force, progress_by_scope, self.now, cases):
            in_force = runs.policy_in_force(run.ledger, run.stream)
        evidence.watch_closed(run, in_force, cases, self.now)
        if not reported and not alarm and self._looks() == before:
            return None
        report = measure.gather(run, in_force, cases, progress_by_scope, labels, self.now)
        message = summary.of(report)
        run.finish({"figures": as_json.key(report)})
        return Shown(
            headline=(message.lead, message.promise, message.basis),
            target=summary.verdict(report)[2],
            proposed=summary.proposed(report),
            certificate=tuple(certificate_text.lines(report)),
            changes=tuple(changes.lines(report)),
            watchdog=tuple(changes.drift(report)),
            queue=changes.forecast(report),
            alarm=alarm,
            seal=self.book.head()[0],
        )

    def adopt(self, threshold: float | None = None, *, uncertified: bool = False) -> bool:
        """Adopt what is certified (or a threshold, uncertified); False if nothing is."""
        return self._governs(lambda: actions.adopt(NAME, threshold, by=BY, because=BECAUSE, uncertified=uncertified))

    def offered(self) -> float | None:
        """What the newest look at the epoch in force certifies and is not in force; None if there is nothing to adopt."""
        result = self.book.read(
            """
            SELECT c.threshold FROM look c JOIN policy p USING (epoch_id) JOIN adoption a USING (policy_id)
            ORDER BY a.version DESC, c.era DESC, c.look DESC LIMIT 1
            """
        )["threshold"].to_list()
        return result[0] if result and result[0] != self.threshold() else None

    def recall(self) -> bool:
        """Send what is under suspicion since the last alarm to people; False if there was none."""
        return self._governs(lambda: recall.recall(NAME, by=BY, because=BECAUSE))

    def halt(self) -> bool:
        """Release nothing."""
        return self._governs(lambda: actions.halt(NAME, by=BY, because=BECAUSE))

    def rollback(self) -> bool:
        """To the version before."""
        policy_in_force = policy_history.policy_in_force(self.book, NAME)
        before = None if policy_in_force is None else policy_in_force.version - 1
        return self._governs(lambda: actions.rollback(NAME, before, by=BY, because=BECAUSE))

    def suspects(self) -> set[str]:
        """The released cases that the product itself holds to be under suspicion since the last alarm."""
        got = alarms.suspects(self.book, NAME)
        return set() if got is None else {str(case) for case in got["case_id"]}

    def threshold(self) -> float | None:
        """The threshold in force; None releases nothing."""
        entry = policy_history.policy_in_force(self.book, NAME)
        return None if entry is None else entry.policy.threshold

    def _looks(self) -> int:
        outcome = self.book.read("SELECT count(*) AS n FROM look WHERE threshold IS NOT NULL")
        return int(outcome["n"].item())

    def _governs(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except errors.Misuse:
            return False
        return True

    def _run(self, flow: str) -> runs.Run:
        assert self.stream is not None, "describe it first"
        return runs.Run(
            run_id=json.dumps([flow, self.now]),
            flow=flow,
            started_at=self.now,
            stream=self.stream,
            settings=settings.read(),
            ledger=self.book,
        )


@contextmanager
def opened(folder: Path, number: int) -> Iterator[Product]:
    """A new ledger in `folder`, with the product's settings and clock turned to it. `number` seeds the samples."""
    salts = random.Random(number)  # the product's own are secret; these must come again
    url = f"sqlite:///{folder / 'ledger.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECOND_READER_LEDGER", url)
        patch.setenv("SECOND_READER_STREAMS", str(folder))
        patch.setenv("SECOND_READER_DATA", str(folder))
        ledger.migrate(url)
        with ledger.open(url) as book:
            product = Product(folder, book)
            patch.setattr(runs, "clock", lambda: product.now)
            patch.setattr(secrets, "token_hex", lambda count: salts.randbytes(count).hex())
            yield product
