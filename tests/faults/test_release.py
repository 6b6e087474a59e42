"""The flow `release`, killed before every line and at every side effect, its wire cut: each revision arrives, none twice."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flows.handover import outbox
from review.integrity import verify
from review.ledger import ledger
from review.queries import finished
from tests import hook as hooks
from tests.e2e import place
from tests.faults import process, table
from tests.faults.oracle import Finding
from tests.faults.strikes import Score, share, traceback
from tests.hook import Hook
from tests.integration import ledger_facts as facts
from tests.integration.answers_life import Life
from tests.receiver import Receiver

TRIES = 4
ROOT = Path(outbox.__file__).parents[2]
FILES = (
    "flows/release.py",
    "flows/handover/outbox.py",
    "flows/handover/webhook.py",
    "flows/handover/signature.py",
    "review/queries/handouts.py",
)


@dataclass(slots=True)
class Site:
    """A ledger with a life of its own, an outbox with a receiver that takes files away, and a webhook with another."""

    home: Path
    url: str
    zygote: process.Zygote
    life: Life
    hook: Hook
    receiver: Receiver = field(default_factory=Receiver)

    def run(self, **more: Any) -> process.Ended:
        settings = {"LEDGER": self.url, "STREAMS": str(self.home), "DATA": str(self.home)}
        environment = {
            f"SECOND_READER_{name}": value for name, value in (settings | {"WEBHOOK_SECRET": hooks.SECRET}).items()
        }
        return self.zygote.run({"flow": "release", "words": ["mail"], "environment": environment} | more)

    def live(self, facts_: int) -> None:
        for _ in range(facts_):
            self.life.step()

    def findings(self, *, seals: bool = False) -> list[Finding]:
        """What is wrong after a run that got through: with the files, with the webhook. `seals`: in the ledger, too."""
        self.receiver.look(self.home / "outbox" / "mail", remove=True)
        book = self.life.book
        rows = (
            finished.at(book, "mail", until=book.head()[0]).select("case_id", "state", "answer", "answered_by").rows()
        )
        truth = {row[0]: row[1:] for row in rows}
        odd: list[Finding] = []
        for name, receiver in (("files", self.receiver), ("webhook", self.hook.receiver)):
            has = receiver.finished()
            for case in sorted(truth.keys() | has.keys()):
                if has.get(case) != truth.get(case):
                    kind = "lost" if case in truth else "other"
                    odd.append(Finding(kind=kind, text=f"{name}: {case} is {has.get(case)}, not {truth.get(case)}"))
            odd += [Finding(kind="doubled", text=f"{name}: {text}") for text in receiver.wrong]
        odd += [Finding(kind="other", text=str(one)) for one in (verify.ledger(book) if seals else ())]
        return odd

    def again(self) -> list[Finding]:
        """The next run gets through."""
        ended = self.run()
        odd = list(traceback(ended))
        if not ended.done:
            odd.append(Finding(kind="other", text=f"release did not get through: {ended.error} {ended.message}"))
        return [*odd, *self.findings()]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def site(request: pytest.FixtureRequest, tmp_path: Path, zygote: process.Zygote) -> Iterator[Site]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if sqlite else request.getfixturevalue("postgres_url")
    ledger.migrate(url)
    with hooks.serving() as hook, ledger.open(url) as book:
        text = place.STREAM.format(name="mail", model="m-1", depth=60, overlap=0)
        (tmp_path / "mail.toml").write_text(f'{text}\n[release]\nwebhook = "{hook.url}"\n', encoding="utf-8")
        book.append({"epoch": facts.epochs(), "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW)
        life = Life(book, random.Random(int(sqlite)))
        life.begin()
        yield Site(tmp_path, url, zygote, life, hook)


def _struck(site: Site, places: list[tuple[str, int]], score: Score, **more: Any) -> None:
    for at, nth in places:
        for _ in range(TRIES):  # a run with less to do may not come to it
            site.live(6)
            struck = site.run(at={at: "kill"}, nth=nth, **more)
            if struck.killed:
                break
            site.findings()
        score.injected += struck.killed
        score.findings += [*traceback(struck)]
        if score.injected % 2:  # a receiver looks also while the flow lies dead
            site.receiver.look(site.home / "outbox" / "mail", remove=True)
        score.findings += site.again()
    score.findings += site.findings(seals=True)
    score.cases = site.life.cases
    score.record()


@pytest.mark.family(3)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("where", [*FILES, "side effect"])
def test_a_release_killed_anywhere_is_finished_by_the_next_and_nothing_is_new_twice(site: Site, where: str) -> None:
    by_line = where in FILES
    more = {"lines": [str(ROOT / where)]} if by_line else {}
    names: Counter[str] = Counter()
    for _ in range(3):  # whole runs, until the places of one with work in all its parts are known
        site.live(8)
        whole = site.run(**more)
        assert whole.done, whole.message
        names |= Counter(whole.points)
    if by_line:
        names = Counter({name: times for name, times in names.items() if name.startswith("line")})
        table.record_points(f"release, {where}", [f"{len(names)} lines"])
    else:
        table.record_points("release", list(names))
    assert site.findings() == []
    places = sorted(
        {(name, nth) for name, times in names.items() for nth in (1, times) if not name.startswith("after")}
    )
    score = Score(f"SIGKILL of release at a {'line' if by_line else where}")
    _struck(site, random.Random(7).sample(places, max(share(len(places)), 2)), score, **more)
    assert score.injected > 0
    assert score.findings == []


@pytest.mark.timeout(1200)
def test_a_release_whose_wire_is_cut_and_that_is_killed_meanwhile_sends_everything_once(site: Site) -> None:
    chance = random.Random(9)
    score = Score("webhook: cut, refused or killed in the middle")
    for _ in range(share(100)):
        site.live(6)
        site.hook.faults = hooks.at_random(chance, 0.5)
        before = site.hook.requests
        at = {chance.choice(["before rows of delivery", "after rows of delivery", "after POST /answers"]): "kill"}
        struck = site.run(**({"at": at, "nth": chance.randint(1, 3)} if chance.random() < 0.5 else {}))
        score.injected += struck.killed or not struck.done or site.hook.requests > before
        score.findings += traceback(struck)
        site.hook.faults = lambda: None
        score.findings += site.again()
    score.findings += site.findings(seals=True)
    score.cases = site.life.cases
    score.record()
    assert score.injected > 0
    assert score.findings == []


@pytest.mark.family(1)
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("plant", "kinds", "bug"),
    [
        ("own cursor", {"lost"}, "the place where a handout begins"),
        ("no ids", {"doubled"}, "the idempotency key of the webhook"),
    ],
)
def test_what_is_taken_away_from_release_is_found(site: Site, plant: str, kinds: set[str], bug: str) -> None:
    odd: list[Finding] = []
    times = 0
    for _ in range(6):
        site.live(8)
        times += site.run(at={"before rows of delivery": "kill"}, nth=2, planted=[plant]).killed
        site.run(planted=[plant])
        odd += site.findings()
        if kinds <= {finding.kind for finding in odd}:
            break
    seen = Counter(finding.kind for finding in odd)
    table.record_plant(bug, times, ", ".join(f"{kind} {count}" for kind, count in sorted(seen.items())) or "nothing")
    assert kinds <= set(seen)
