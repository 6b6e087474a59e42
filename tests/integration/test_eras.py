"""Eras on both databases: when a plan is laid, on what, and what a new era begins with."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import dispatch, measure
from flows.governance import actions, epochs, eras
from flows.queueing import recovery
from flows.runtime import runs
from models import timestamps
from models.certification import era_plan
from models.errors import Unavailable
from review.label_studio import access, projects
from review.ledger import appends, ledger
from review.queries import certificates
from review.report import certificate_text
from tests.integration import desk as desk_
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk, opened


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    with opened(ledger_url, tmp_path, monkeypatch) as built:
        yield built


def turn(desk: Desk, book: ledger.Ledger | None = None, *, least: int = 1) -> certificates.Era:
    under_way = eras.under_way(book or desk.book, desk.describe(), desk.in_force(), runs.clock(), least=least)
    assert under_way is not None
    return under_way


def test_a_plan_waits_for_as_many_scores_as_are_asked_for(desk: Desk) -> None:
    desk.arrive("a", 20, 0.9, answer=False)
    assert eras.under_way(desk.book, desk.describe(), desk.in_force(), runs.clock(), least=21) is None
    assert desk.book.read("SELECT count(*) AS n FROM era_plan")["n"].item() == 0
    assert turn(desk, least=20).number == 1


def test_a_plan_is_laid_on_scores_whatever_people_say(desk: Desk) -> None:
    for prefix, score in zip("abc", (0.6, 0.8, 0.95), strict=True):
        desk.arrive(prefix, 30, score, wrong=30 if score == 0.8 else 0, answer=prefix != "c")
    plan = turn(desk).plans[""]
    scores = pl.Series([0.6] * 30 + [0.8] * 30 + [0.95] * 30)
    assert (plan.thresholds, plan.starts, plan.weights) == era_plan.ranks(scores, era_plan.SIZE - 1)
    assert (plan.era, plan.alpha, plan.delta, plan.group_size) == (1, 0.05, 0.05, 1)


def test_a_plan_is_laid_before_the_first_task_is_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.arrive("a", 20, 0.9, answer=False)
    desk.book.append({"project": facts.projects()}, now=runs.clock())
    monkeypatch.setenv("SECOND_READER_LABEL_STUDIO_TOKEN", "none")
    monkeypatch.setattr(access, "connect", lambda *_: None)
    monkeypatch.setattr(projects, "check_owner", lambda *_: None)

    def gone(*_: object) -> None:
        raise Unavailable("Label Studio is gone")

    monkeypatch.setattr(recovery, "adopt", gone)  # the first that it asks for tasks
    with pytest.raises(Unavailable):
        dispatch.send_all(desk.run(), lambda *_: 0)
    era = certificates.era(desk.book, desk.in_force().epoch_id)
    assert era is not None
    assert (era.number, era.plans[""].thresholds) == (1, (0.9,))


def test_while_an_era_lasts_its_plan_is_the_plan(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 100, 0.9)
    first = turn(desk)
    desk.arrive("b", 100, 0.5)
    clock.now = timestamps.parse(first.ends_at) - timedelta(microseconds=1)
    assert turn(desk) == first
    assert desk.book.read("SELECT count(*) AS n FROM era_plan")["n"].item() == 1


def test_an_era_turns_when_it_ends_and_its_evidence_starts_from_zero(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 300, 0.99)
    before = desk.look()
    assert before.certified == (0,)
    clock.now = timestamps.parse(turn(desk).ends_at)
    head = desk.book.head()[0]
    now = turn(desk)
    assert (now.number, now.after_seal, now.registered_at) == (2, head, clock())
    # Of 5 cases a day all are sampled while nothing is released, and 59 labels must come within a third of the era.
    assert timestamps.parse(now.ends_at) - clock.now == timedelta(days=60)
    after = desk.look()
    assert (after.plan.era, after.looks, after.certified, sum(after.cases)) == (2, 1, (), 0)
    desk.arrive("b", 300, 0.99)
    assert desk.look().certified == (0,)
    assert desk.look().cases == before.cases, "of its own cases alone"
    assert certificates.progress(desk.book, before.plan) == before, "what the era before certified is on record"


def test_of_a_stream_that_releases_the_audits_say_how_long_the_next_era_lasts(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 300, 0.99)
    desk.look()
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    clock.now = timestamps.parse(turn(desk).ends_at)
    # Of 5 cases a day half are sampled.
    assert timestamps.parse(turn(desk).ends_at) - clock.now == timedelta(days=71)


@pytest.mark.parametrize("number", [1, 2])
def test_of_two_that_register_an_era_at_once_the_first_plan_is_the_plan(
    desk: Desk, ledger_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    desk.arrive("a", 150, 0.9)
    if number == 2:
        clock.now = timestamps.parse(turn(desk).ends_at)
    append = ledger.Ledger.append
    first: list[certificates.Era] = []

    def late(book: ledger.Ledger, by_name: dict[str, pl.DataFrame], *, now: str) -> appends.Appended:
        """Between what one of them has read and what it writes, more cases come and the other one is done."""
        monkeypatch.setattr(ledger.Ledger, "append", append)
        desk.arrive("b", 150, 0.7)
        with ledger.open(ledger_url) as other:
            first.append(turn(desk, other))
        return append(book, by_name, now=now)

    monkeypatch.setattr(ledger.Ledger, "append", late)
    second = turn(desk)
    assert [second] == first
    assert (second.number, 0.7 in second.plans[""].thresholds) == (number, True)
    assert desk.book.read("SELECT count(*) AS n FROM era_plan")["n"].item() == number


@pytest.mark.parametrize("cases", [0, 1, eras.FEWEST - 1])
def test_a_holiday_era_keeps_the_grid_and_the_length(desk: Desk, clock: Clock, cases: int) -> None:
    for prefix, score in zip("abc", (0.6, 0.8, 0.95), strict=True):
        desk.arrive(prefix, 60, score)
    first = turn(desk)
    clock.now = timestamps.parse(first.ends_at)
    second = turn(desk)
    if cases:
        desk.arrive("d", cases, 0.7)
    clock.now = timestamps.parse(second.ends_at)
    third = turn(desk)
    assert (third.number, third.plans[""].era) == (3, 3)
    assert third.plans[""].thresholds == second.plans[""].thresholds == (0.95, 0.9, 0.8, 0.6)
    assert third.plans[""].starts == second.plans[""].starts
    assert timestamps.parse(third.ends_at) - clock.now == timestamps.parse(second.ends_at) - timestamps.parse(
        second.registered_at
    )


@pytest.mark.parametrize("cases", [0, 200])
def test_the_threshold_in_force_is_among_the_next_eras_thresholds(desk: Desk, clock: Clock, cases: int) -> None:
    desk.arrive("a", 200, 0.9)
    clock.now = timestamps.parse(turn(desk).ends_at)
    now = turn(desk)
    if cases:
        desk.arrive("b", cases, 0.9)
    actions.adopt("mail", 0.77, by=ANN, because=WHY, uncertified=True)
    clock.now = timestamps.parse(now.ends_at)
    assert turn(desk).plans[""].thresholds == (0.9, 0.77)
    actions.adopt("mail", 0.97, by=ANN, because=WHY, uncertified=True)
    clock.now = timestamps.parse(turn(desk).ends_at)
    plan = turn(desk).plans[""]
    assert (plan.thresholds[0], plan.starts[0]) == (0.97, 0), "and a chain can begin there"
    assert sum(plan.weights) == pytest.approx(1)


def test_no_pace_and_no_capacity_makes_an_era_of_decades_or_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """500 outputs over seven years; a target of 0.1 %; and people who can read nothing yet."""
    for number, line in enumerate(("", "\ncapacity_per_day = 0")):
        text = desk_.STREAM.replace("overlap = 0.0", f"overlap = 0.0{line}")
        folder = tmp_path / str(number)
        folder.mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(desk_, "STREAM", text)
            with opened(f"sqlite:///{folder / 'ledger.db'}", folder, patch, dated=True) as built:
                slow = replace(built, target=0.001)
                epochs.begin_epoch(slow.book, slow.describe(), ANN)
                first = date(2019, 1, 1)
                slow.arrive("a", 500, 0.995, days=[str(first + timedelta(days=5 * n)) for n in range(500)])
                assert timestamps.parse(turn(slow).ends_at) - clock.now == timedelta(days=365)
                cases, progress_by_scope, now = slow.cases(), slow.looks(), runs.clock()
                report = measure.gather(slow.run(), slow.in_force(), cases, progress_by_scope, desk_.NO_LABELS, now)
                assert any("cannot certify anything" in message for message in certificate_text.lines(report))
