"""Laws of items that several models decide: whatever dies when, none is sent twice, and none is decided twice in an epoch."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.governance import actions, epochs
from flows.inputs import files
from flows.runtime import runs
from flows.scoring import decide, rescored
from review.integrity import verify
from review.ledger import ledger
from review.queries import items, pending_cases, totals
from tests import families
from tests.integration.desk import ANN, WHY
from tests.integration.reruns import Reruns

ITEMS = 6
MODELS = ("m-1", "m-2", "m-3")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("model"), st.sampled_from(MODELS), st.booleans()),  # whether it releases from the start
        st.tuples(st.just("score"), st.integers(0, 4), st.integers(0, 3)),  # killed at which of its writes, 0: at none
        st.tuples(st.just("race"), st.integers(1, 3), st.booleans()),  # tasks are sent between the look and the record
        st.tuples(st.just("send"), st.integers(1, 4), st.booleans()),  # how many, and whether it dies without a receipt
        st.tuples(st.just("recall"), st.integers(0, 20), st.just(0)),
    ),
    min_size=4,
    max_size=14,
)


class Killed(Exception):
    """The process is gone."""


@dataclass
class World:
    """A stream, and the tasks that stand in a Label Studio."""

    reruns: Reruns
    tasks: list[str] = field(default_factory=list)
    number: int = 0

    def step(self, kind: str, one: Any, two: Any) -> None:
        if kind == "model":
            self.reruns = self.reruns.follows(one)
            if two:
                actions.adopt("rerun", 0.3, by=ANN, because=WHY, uncertified=True)
        elif kind == "score":
            self.deliver(two)
            with killed(one):
                self.score()
        elif kind == "race":
            self.race(one, died=two)
        elif kind == "send":
            self.send(one, died=two)
        else:
            released = self.reruns.ids("WHERE route = 'AUTOMATE' AND NOT blind")
            if one < len(released):
                self.reruns.recall([released[one]])

    def deliver(self, which: int) -> Path:
        """What the model says of some of the items: each time it is asked something else, or the same as another model."""
        self.number += 1
        share = 7 if which == 3 else MODELS.index(self.reruns.model)
        lines = [
            {"id": f"i{n}", "text": f"text {n}", "label": "bug", "p": round(0.2 + 0.1 * share + n / 100, 3)}
            for n in range(which % 2, ITEMS)
        ]
        self.reruns.deliver(f"{self.number:03}.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        return self.reruns.folder / "inbox" / f"{self.number:03}.jsonl"

    def score(self) -> None:
        """All that lies in the inbox, as one process does it."""
        self.reruns.score()

    def race(self, most: int, *, died: bool) -> None:
        stream = self.reruns.describe()
        for chunk in files.chunks(self.deliver(0), stream):
            in_force = runs.policy_in_force(self.reruns.book, stream)
            ready = decide.prepare(
                stream,
                "run",
                chunk,
                in_force,
                before=decide.look_back(self.reruns.book, stream, in_force),
                identity=self.reruns.book.identity,
                look=rescored.look(self.reruns.book, stream, in_force),
            )
            self.send(most, died=died)
            decide.append(self.reruns.book, stream, "run", ready, partial(_same, chunk))

    def send(self, most: int, *, died: bool = False) -> None:
        """What `dispatch` does: what stands there without a receipt first, then what waits."""
        book = self.reruns.book
        unsent = pending_cases.unsent(book, "rerun").filter(pl.col("slot") == 0).select("case_id", "blind")
        self.reruns.sent(unsent.filter(pl.col("case_id").is_in(self.tasks)))
        waiting = pending_cases.pending(book, "rerun", most).select("case_id", "blind")
        self.tasks += waiting["case_id"].to_list()
        if not died:
            self.reruns.sent(waiting)

    def check(self) -> None:
        book = self.reruns.book
        waiting = pending_cases.pending(book, "rerun", 1000)["case_id"].to_list()
        assert totals.waiting(book, "rerun") == len(waiting)
        decided = book.read("SELECT case_id, item_id, epoch_id FROM decision")
        item = pl.coalesce("item_id", "case_id")
        assert decided.select(item, "epoch_id").is_duplicated().sum() == 0, "decided once in an epoch"
        item_of = dict(decided.select("case_id", item).iter_rows())
        asked = Counter(item_of[case] for case in self.tasks)
        assert max(asked.values(), default=1) == 1, "sent once"
        assert not Counter(item_of[case] for case in waiting) - Counter(set(item_of.values()))
        assert not set(waiting) & set(items.overtaken(book, "rerun")["case_id"])


def _same(chunk: files.Chunk) -> files.Chunk:
    return chunk


@contextmanager
def killed(at: int) -> Iterator[None]:
    """The process dies at its write number `at`: of two, one that was not done and one that was."""
    append, done = ledger.Ledger.append, Counter[str]()

    def dying(self: ledger.Ledger, facts: Any, **named: Any) -> Any:
        done["writes"] += 1
        if at and done["writes"] == (at + 1) // 2 and at % 2:
            raise Killed
        result = append(self, facts, **named)
        if at and done["writes"] == at // 2 and not at % 2:
            raise Killed
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger.Ledger, "append", dying)
        with suppress(Killed):
            yield


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opened")
    ledger.migrate(f"sqlite:///{folder / 'ledger.db'}")
    return folder


@contextmanager
def world(opened: Path) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(shutil.copytree(opened, name, dirs_exist_ok=True))
        url = f"sqlite:///{folder / 'ledger.db'}"
        for key, value in (("LEDGER", url), ("STREAMS", folder), ("DATA", folder)):
            patch.setenv(f"SECOND_READER_{key}", str(value))
        with ledger.open(url) as book:
            reruns = Reruns(folder, book)
            epochs.begin_epoch(book, reruns.describe(), ANN)
            (folder / "inbox").mkdir()
            yield World(reruns)


SENT_WITHOUT_A_RECEIPT = [("score", 0, 0), ("send", 3, True), ("model", "m-2", False), ("score", 0, 0)]
RELEASED_TWICE = [("model", "m-1", True), ("score", 0, 3), ("model", "m-2", True), ("score", 0, 0)]


@settings(max_examples=families.examples(25), deadline=None)
@example(steps=[*SENT_WITHOUT_A_RECEIPT, ("send", 4, False)])
@example(
    steps=[("score", 0, 0), *SENT_WITHOUT_A_RECEIPT[2:], ("send", 3, True), ("model", "m-3", False), ("score", 0, 0)]
)
@example(steps=[*SENT_WITHOUT_A_RECEIPT, ("model", "m-3", False), ("score", 0, 0), ("send", 4, False)])
@example(steps=[("score", 0, 0), ("model", "m-2", False), ("race", 2, False), ("send", 4, False)])
@example(steps=[("score", 0, 0), ("model", "m-2", False), ("race", 2, True), ("score", 0, 0)])
@example(steps=[*RELEASED_TWICE, ("recall", 1, 0), ("send", 4, False), ("recall", 6, 0), ("send", 4, False)])
@example(steps=[*RELEASED_TWICE, ("recall", 1, 0), ("recall", 6, 0), ("send", 4, False)])
@example(steps=[*RELEASED_TWICE[:2], ("model", "m-2", False), ("score", 0, 0), ("recall", 1, 0), ("send", 9, False)])
@example(steps=[("score", 0, 0), ("send", 2, False), ("model", "m-2", False), ("score", 2, 0), ("score", 0, 0)])
@given(steps=STEPS)
def test_whatever_is_killed_when_nothing_is_sent_twice_and_nothing_decided_twice(
    opened: Path, steps: list[tuple[str, Any, Any]]
) -> None:
    with world(opened) as one:
        for step in steps:
            one.step(*step)
            one.check()
        one.score()
        head = one.reruns.book.head()
        one.score()
        assert one.reruns.book.head() == head, "scored twice is scored once"
        for _ in range(2):
            one.send(1000)
        one.check()
        assert totals.waiting(one.reruns.book, "rerun") == 0
        assert sorted(one.tasks) == sorted(one.reruns.book.read("SELECT case_id FROM dispatch")["case_id"])
        assert verify.ledger(one.reruns.book) == []
