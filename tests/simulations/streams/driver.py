"""Sixty days of one world through the product: files come in, people read, the product looks, a named person adopts."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tests.simulations.streams import product, world

T = TypeVar("T")

START = datetime(2026, 1, 5, tzinfo=UTC)
PEOPLE = ("ann@example.org", "ben@example.org", "cleo@example.org", "dan@example.org")
PROJECT = 7
NEVER = 10_000  # days
BOLD = 5  # the day from which somebody may set a threshold without a certificate
REPORTS = 0.25  # of the looks are reported, beside those that change something


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What a report said on a day."""

    day: int
    reported: product.Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The planted truth of one case."""

    wrong: bool
    label: str  # what people find who read with care
    says: str  # what the model says


@dataclass(slots=True)
class Life:
    """What came of a world: the planted truth by case id, what was said, which runs died of an error, and when."""

    path: Path
    truth: dict[str, Truth] = field(default_factory=dict)
    sayings: list[Saying] = field(default_factory=list)
    died: list[str] = field(default_factory=list)
    pressed: list[float | None] = field(
        default_factory=list
    )  # the threshold at the end, and after each of two rollbacks

    bold: bool = False  # whether somebody has set a threshold without a certificate

    def keep(self, rows: world.Rows) -> None:
        """The truth of a file's rows."""
        for case, says, label, wrong in zip(rows.ids, rows.labels, rows.truths, rows.wrong, strict=True):
            self.truth[case] = Truth(wrong=wrong, label=label, says=says)


@dataclass(slots=True)
class _Task:
    """An open reading."""

    case_id: str
    slot: int
    number: int
    blind: bool
    not_before: int  # day


@dataclass(slots=True)
class Desk:
    """The people of a stream and what lies before them."""

    stream: product.Product
    life: Life
    rng: np.random.Generator
    people: tuple[str, ...] = PEOPLE
    open: list[_Task] = field(default_factory=list)
    readers: dict[str, set[str]] = field(default_factory=dict)
    tasks: int = 0

    def send(self, day: int, depth: int, *, delay: int = 0) -> None:
        """What `dispatch` does: disputes at once, then first readings as far as the queue has room."""
        disputes = self.stream.disputes_waiting()
        first = self.stream.pending(max(0, depth - sum(task.slot == 0 for task in self.open)))
        new = [(case, slot, True, day + delay) for case, slot in disputes]
        new += [(case, 0, blind, day) for case, blind in first]
        rows: list[dict[str, Any]] = []
        for case, slot, blind, not_before in new:
            self.tasks += 1
            task = _Task(case, slot, self.tasks, blind, not_before)
            self.open.append(task)
            row = {"stream": product.NAME, "case_id": case, "slot": slot, "task_key": f"{case}/{slot}", "blind": blind}
            row |= {"project_id": PROJECT, "task_id": task.number, "wave": f"day {day}", "sent_at": self.stream.now}
            rows.append(row)
        self.stream.append("dispatch", rows)

    def read(self, day: int, most: int, *, skips: float = 0.0, complaints: float = 0.0, misses: float = 0.0) -> None:
        """People answer at most `most` open tasks, in the order of the queue; hard ones they may pass on for ever."""
        rows: list[dict[str, Any]] = []
        left: list[_Task] = []
        for task in self.open:
            if len(rows) >= most or task.not_before > day:
                left.append(task)
                continue
            fact = self.life.truth[task.case_id]
            before = self.readers.setdefault(task.case_id, set())
            free = [person for person in self.people if person not in before]
            who = free[int(self.rng.integers(len(free)))]
            passed = fact.wrong and task.slot == 0 and float(self.rng.random()) < skips
            slips = float(self.rng.random()) < (misses if fact.wrong else complaints)
            answer = world.other(fact.label) if slips else fact.label
            if passed:
                task.not_before = NEVER
                left.append(task)
            else:
                before.add(who)
            row = {"project_id": PROJECT, "annotation_id": task.number, "revision": self.stream.now, "seconds": 4.0}
            row |= {"stream": product.NAME, "case_id": task.case_id, "slot": task.slot, "task_id": task.number}
            row |= {"outcome": "skip" if passed else "answer", "answer": None if passed else answer, "reviewer": who}
            rows.append(row | {"blind": task.blind, "submitted_at": self.stream.now, "collected_at": self.stream.now})
        self.open = left
        self.stream.append("review", rows)


def moment(day: float) -> str:
    """A day of the simulation, counted from 0, as the ledger writes it."""
    return (START + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write(path: Path, rows: world.Rows, *, produced_at: bool) -> None:
    """A file's rows as CSV, or as JSON lines, as its name says."""
    columns: dict[str, list[Any]] = {
        "id": rows.ids,
        "label": rows.labels,
        "score": rows.scores,
        "text": rows.texts,
        **({"at": [moment(day) for day in rows.moments]} if produced_at else {}),
    }
    table = list(zip(*columns.values(), strict=True))
    if path.suffix == ".jsonl":
        lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in table]
    else:
        lines = [",".join(columns), *(",".join(map(str, row)) for row in table)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def live(planted: world.World, folder: Path, *, days: int = world.DAYS) -> Life:
    """Run a world from its first day to its last, in an empty folder."""
    (folder / "inbox").mkdir()
    life = Life(folder / "ledger.db")
    rng = np.random.default_rng([world.SEED, planted.number, 2_000])
    arrive = world.deliveries(planted)
    with product.opened(folder, planted.number) as stream:
        desk = Desk(stream, life, rng, PEOPLE[:1] if planted.alone else PEOPLE)
        for day in range(days):
            stream.now = moment(day + 0.9)
            if day in (0, planted.new_model):
                _describe(planted, stream, "m-1" if day == 0 else "m-2")
            for first in arrive[day]:
                path = folder / "inbox" / f"from-{first:02}.{'jsonl' if planted.number % 3 == 0 else 'csv'}"
                _arrive(planted, stream, life, path, first, day, rng)
            pushed = planted.push if planted.history and 0 <= day - planted.history_at <= 1 else 0
            if pushed or (day % planted.works_every == 0 and day not in planted.holidays):
                stream.now = moment(day + 0.92)
                desk.send(day, planted.depth, delay=planted.dispute_delay)
                stream.now = moment(day + 0.95)
                desk.read(
                    day,
                    planted.reads + pushed,
                    skips=planted.skips,
                    complaints=planted.complaints,
                    misses=planted.misses,
                )
            if pushed or day == planted.history_at or day % planted.look_every == 0 or day == days - 1:
                stream.now = moment(day + 0.97)
                _look(planted, stream, life, day, rng)
        life.pressed.append(stream.threshold())
        for _ in range(2):
            stream.rollback()
            life.pressed.append(stream.threshold())
    return life


def _describe(planted: world.World, stream: product.Product, model: str) -> None:
    stream.describe(
        model=model,
        produced_at='produced_at = "at"' if planted.produced_at else "",
        depth=planted.depth,
        alpha=world.ALPHA,
        delta=world.DELTA,
        audit_rate=planted.audit_rate,
        alone=planted.alone,
        era_days=planted.era_days,
        max_silence=planted.max_silence,
        overlap=world.OVERLAP,
    )


def _arrive(
    planted: world.World,
    stream: product.Product,
    life: Life,
    path: Path,
    first: int,
    day: int,
    rng: np.random.Generator,
) -> None:
    """A file comes in, perhaps twice, and is scored, perhaps by a run that is killed first."""
    rows = world.rows(planted, first)
    write(path, rows, produced_at=planted.produced_at)
    life.keep(rows)
    if float(rng.random()) < planted.restarts:
        _try(life, day, lambda: stream.score_day(path, killed_after=0))
    _try(life, day, lambda: stream.score_day(path))
    if float(rng.random()) < planted.repeats:
        again = path.with_name(f"again-{path.name}")
        shutil.copyfile(path, again)
        _try(life, day, lambda: stream.score_day(again))


def _look(planted: world.World, stream: product.Product, life: Life, day: int, rng: np.random.Generator) -> None:
    """Look, say it now and then, adopt what is certified; recall what a report says is under suspicion."""
    if float(rng.random()) < planted.restarts:
        _try(life, day, lambda: stream.look_and_report(killed=True))
    last = day == world.DAYS - 1
    reported = _try(life, day, lambda: stream.look_and_report(reported=last or float(rng.random()) < REPORTS))
    if reported is not None:
        life.sayings.append(Saying(day=day, reported=reported))
    if reported is not None and stream.suspects():
        stream.recall()
    if reported is not None and reported.alarm:
        return
    if stream.offered() is not None:
        stream.adopt()
    elif day >= BOLD and planted.bold is not None and not life.bold:
        life.bold = stream.adopt(planted.bold, uncertified=True)


def _try(life: Life, day: int, step: Callable[[], T]) -> T | None:
    """A step of the product. That it is killed is part of the game; that it dies is a finding."""
    try:
        return step()
    except product.KilledError:
        return None
    except Exception as error:  # noqa: BLE001 (whatever it dies of, it is to be reported)
        life.died.append(f"day {day}: {type(error).__name__}: {error}")
        return None
