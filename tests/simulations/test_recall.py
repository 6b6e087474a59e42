"""After an alarm, `recall` sends every released wrong case of a suspect batch to people, whatever the order of arrival.

Seeded. A stream releases everything. Good files have 1 % wrong, bad ones 10 %; the target is 2 %. They come one by one, or
late and older than what came before, or many in one run. A suspect batch is an append that holds a label after the last
calm point of the change detector; suspicion reaches from the first of them on, by the number of the append.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.simulations.streams import driver, facts, oracle, product, suspects, world
from tests.simulations.streams.broken import BROKEN

TARGET, GOOD, BAD = 0.02, 0.01, 0.10
ORDERS = ("as they come", "older files late", "any order", "one run")
SCENES = 10  # of each order, of one to eight bad batches each


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Files in the order of their arrival: the day they speak of, their rows, whether they are bad. `runs`: files a run."""

    number: int
    files: tuple[tuple[int, int, bool], ...]
    runs: int
    reads: int  # readings between two looks
    produced_at: bool


def make(number: int) -> Scene:
    """The scene of a number."""
    rng = np.random.default_rng([world.SEED, number, 3_000])
    order = ORDERS[number % len(ORDERS)]
    good, bad = int(rng.integers(2, 4)), int(rng.integers(3, 9)) if number >= len(ORDERS) else 1
    size = 720 // bad
    files = [(day, 120, False) for day in range(good)] + [(good + day, size, True) for day in range(bad)]
    if order == "older files late":  # the bad ones speak of days before the good ones
        files = [(day + bad, rows, wrong) if not wrong else (day - good, rows, wrong) for day, rows, wrong in files]
    if order == "any order":
        files = [files[place] for place in rng.permutation(len(files))]
    return Scene(
        number=number,
        files=tuple(files),
        runs=len(files) if order == "one run" else int(rng.integers(2, 6)),
        reads=int(rng.choice([60, 150, 10_000])),
        produced_at=bool(rng.random() < 0.7),
    )


def rows(scene: Scene, day: int, count: int, *, bad: bool) -> world.Rows:
    """One file's rows, all of them sure."""
    rng = np.random.default_rng([world.SEED, scene.number, 4_000 + day])
    wrong = rng.random(count) < (BAD if bad else GOOD)
    says = [world.LABELS[int(label)] for label in rng.integers(2, size=count)]
    return world.Rows(
        ids=[f"d-{day:02}-{place:04}" for place in range(count)],
        labels=says,
        truths=[world.other(message) if error else message for message, error in zip(says, wrong, strict=True)],
        scores=[float(score) for score in 0.9 + 0.1 * rng.random(count)],
        texts=[f"scene {scene.number} {day} {place}" for place in range(count)],
        moments=[day + float(hour) for hour in np.sort(rng.random(count))],
        wrong=wrong.tolist(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """Of the last alarm: released wrong cases under suspicion that nobody had read, and which of them were not sent."""

    alarm: bool
    bad_batches: int  # bad files under suspicion
    suspects: int
    left_out: int
    unclean: tuple[str, ...]  # what speaks against the clean point that the alarm states


def play(scene: Scene, folder: Path) -> Recalled:
    """Score, read and look until the alarm; then recall, and hold it against the planted truth."""
    life = driver.Life(folder / "ledger.db")
    with product.opened(folder, scene.number) as opened:
        opened.now = driver.moment(20)
        produced_at = 'produced_at = "at"' if scene.produced_at else ""
        opened.describe(model="m-1", produced_at=produced_at, depth=10_000, alpha=TARGET, delta=0.05, audit_rate=0.5)
        opened.adopt(0.5, uncertified=True)
        desk = driver.Desk(opened, life, np.random.default_rng([world.SEED, scene.number, 5_000]))
        bad: set[str] = set()
        alarm = False
        for first in range(0, len(scene.files), scene.runs):
            inbox = folder / f"inbox-{first}"
            inbox.mkdir()
            for day, count, is_bad in scene.files[first : first + scene.runs]:
                value = rows(scene, day, count, bad=is_bad)
                driver.write(inbox / f"day-{day:02}.csv", value, produced_at=scene.produced_at)
                life.keep(value)
                bad |= set(value.ids) if is_bad else set()
            opened.now = driver.moment(21 + first)
            opened.score_day(inbox)
            alarm = work(desk, first, scene.reads)
            if alarm:
                break
        while not alarm and desk.open:  # what is left on the desk
            alarm = work(desk, len(scene.files), scene.reads)
        opened.recall()
    known = facts.read(life.path)
    if not alarm:
        return Recalled(alarm=False, bad_batches=0, suspects=0, left_out=0, unclean=())
    readings = known.readings()
    alarmed = known.tables["alarm"][-1]
    under = suspects.under_suspicion(known, alarmed, TARGET)
    unread = [row["case_id"] for row in under if row["case_id"] not in readings]
    wrong = {case for case in unread if life.truth[case].wrong}
    sent = {row["case_id"] for row in known.tables["recall"]}
    return Recalled(
        alarm=True,
        bad_batches=len({row["seal"] for row in under if row["case_id"] in bad}),
        suspects=len(wrong),
        left_out=len(wrong - sent),
        unclean=tuple(oracle.unclean(known.until(alarmed["seal"]), alarmed, TARGET)),
    )


def work(desk: driver.Desk, day: int, reads: int) -> bool:
    """People read, first and second readings, as many as they can; then a look. Whether it raised an alarm."""
    for hour in range(3):  # a disputed case takes up to three people
        desk.stream.now = driver.moment(21.2 + day + hour / 10)
        desk.send(day, 10_000)
        desk.read(day, reads)
    desk.stream.now = driver.moment(21.8 + day)
    reported = desk.stream.look_and_report(reported=False)
    return reported is not None and reported.alarm


@pytest.mark.family(1)
@pytest.mark.parametrize("order", ORDERS)
def test_no_released_wrong_case_of_a_suspect_batch_is_left_out_of_a_recall(order: str, tmp_path: Path) -> None:
    """Over 100 bad batches in all, over 25 of each order."""
    came = []
    for number in range(ORDERS.index(order), SCENES * len(ORDERS), len(ORDERS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        came.append(play(make(number), folder))
    assert sum(one.alarm for one in came) >= SCENES - 1, "the harness has something to recall"
    assert sum(one.bad_batches for one in came) > 25
    assert sum(one.suspects for one in came) > 100
    assert [message for one in came for message in one.unclean] == []
    left_out = sum(one.left_out for one in came)
    if "left out" in BROKEN:
        assert left_out > 0
    else:
        assert left_out == 0
