"""Finished answers leave by themselves: numbered files, each new answer in one of them, whatever dies in between."""

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from flows import release
from flows.governance import retire
from flows.handover import outbox
from models.errors import LedgerInvalid, Misuse, Unavailable
from review import private_files
from review.integrity import verify
from review.ledger import ledger
from review.queries import finished, handouts
from tests.e2e import place
from tests.integration import ledger_facts as facts
from tests.integration.answers_life import Life
from tests.integration.test_states import decide, say, send
from tests.receiver import Receiver


@dataclass(frozen=True, slots=True)
class Site:
    """A stream with a table [release], and the folder of its outbox."""

    home: Path
    book: ledger.Ledger

    @property
    def outbox(self) -> Path:
        return self.home / "outbox" / "mail"

    def describe(self, more: str = "\n[release]\n") -> None:
        text = place.STREAM.format(name="mail", model="m-1", depth=60, overlap=0)
        (self.home / "mail.toml").write_text(text + more, encoding="utf-8")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.outbox.glob("*.jsonl"))

    def truth(self) -> dict[str, tuple[Any, ...]]:
        rows = finished.at(self.book, "mail", until=self.book.head()[0])
        return {row[0]: row[1:] for row in rows.select("case_id", "state", "answer", "answered_by").rows()}


@pytest.fixture
def site(book: ledger.Ledger, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name, value in {"LEDGER": ledger_url, "STREAMS": str(tmp_path), "DATA": str(tmp_path)}.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    stream_site = Site(tmp_path, book)
    stream_site.describe()
    yield stream_site
    with ledger.open(ledger_url) as fresh:  # a test may have taken the triggers of a table away
        assert [one for one in verify.ledger(fresh) if one.kind != "unguarded"] == []


def test_what_is_new_is_in_the_next_file_and_where_nothing_is_there_is_none(site: Site) -> None:
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"}, {"case_id": "b"})
    assert release._release("mail") == {"files": 1, "rows": 1}
    assert release._release("mail") == {"files": 0, "rows": 0}
    send(site.book, b=1)
    assert release._release("mail") == {"files": 0, "rows": 0}
    say(site.book, "b", 1, answer="spam", blind=False)
    assert release._release("mail") == {"files": 1, "rows": 1}
    first, second = site.names()
    assert (first[:14], second[:14]) == ("mail-00000001-", "mail-00000002-")
    (row,) = [json.loads(line) for line in (site.outbox / second).read_text(encoding="utf-8").splitlines()]
    assert list(row) == finished.SCHEMA.names()
    assert (row["case_id"], row["state"], row["answer"], row["answered_by"]) == (
        "b",
        "reviewed",
        "spam",
        "ben@example.org",
    )
    assert list((site.outbox / ".pending").iterdir()) == []
    assert {path.stat().st_mode & 0o777 for path in site.outbox.glob("*.jsonl")} == {0o600}


@pytest.mark.parametrize("seed", range(3))
def test_a_receiver_that_follows_the_page_has_every_finished_answer_once(site: Site, seed: int) -> None:
    chance = random.Random(seed)
    life, receiver = Life(site.book, chance), Receiver()
    life.begin()
    for _ in range(80):
        life.step()
        if chance.random() < 0.3:
            release._release("mail")
            receiver.look(site.outbox, remove=chance.random() < 0.5)
            assert receiver.finished() == site.truth()
    assert receiver.wrong == []
    assert receiver.last > 5


class Dead(Exception):
    """The process died here."""


def _places(monkeypatch: pytest.MonkeyPatch, reach: Callable[[str], None]) -> None:
    """`reach` hears before and after all that the flow does to the disk and the ledger."""
    append, appearing, sync, unlink = ledger.Ledger.append, private_files.appearing, os.fsync, Path.unlink
    replace = Path.replace

    def around(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*rest: Any, **named: Any) -> Any:
            reach(f"before {name}")
            done = work(*rest, **named)
            reach(f"after {name}")
            return done

        return wrapped

    monkeypatch.setattr(ledger.Ledger, "append", around("append", append))
    monkeypatch.setattr(private_files, "appearing", around("appearing", appearing))
    monkeypatch.setattr(os, "fsync", around("fsync", sync))
    monkeypatch.setattr(Path, "unlink", around("unlink", unlink))
    monkeypatch.setattr(Path, "replace", around("replace", replace))


@pytest.mark.parametrize("remove", [False, True])
def test_a_run_that_dies_at_any_step_is_finished_by_the_next_and_nothing_is_new_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch, remove: bool
) -> None:
    life, receiver = Life(site.book, random.Random(5)), Receiver()
    life.begin()
    seen: list[str] = []
    at = 0

    def reach(name: str) -> None:
        seen.append(name)
        if len(seen) == at:
            raise Dead

    deaths = 0
    for step in range(1, 200):
        for _ in range(4):
            life.step()
        seen.clear()
        at = step
        with monkeypatch.context() as patched:
            _places(patched, reach)
            try:
                release._release("mail")
            except Dead:
                deaths += 1
            else:
                if step > 30:  # each place of a whole run has been met
                    break
        receiver.look(site.outbox, remove=remove)
        at = 0
        release._release("mail")
        receiver.look(site.outbox, remove=remove)
        assert receiver.finished() == site.truth()
    assert receiver.wrong == []
    assert deaths > 20
    assert not list(site.outbox.rglob(".*.part"))


def test_a_file_that_was_recorded_and_is_nowhere_is_made_again_with_the_same_bytes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[dict[str, facts.Value]] = [{"case_id": f"c{n}", "route": "AUTOMATE"} for n in range(50)]
    decide(site.book, *cases)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_place", lambda *_: (_ for _ in ()).throw(Dead))
        with pytest.raises(Dead):
            release._release("mail")
    (kept,) = (site.outbox / ".pending").iterdir()
    before = kept.read_bytes()
    kept.unlink()
    decide(site.book, {"case_id": "later", "route": "AUTOMATE"})
    assert release._release("mail") == {"files": 2, "rows": 51}
    assert (site.outbox / site.names()[0]).read_bytes() == before


def test_what_was_not_handed_out_yet_is_not_retired(site: Site, tmp_path: Path) -> None:
    def retired() -> tuple[int, int]:
        who = {"by": "ann@example.org", "because": "it is old"}
        done = retire.retire("mail", before="2026-03-01", folder=tmp_path / "old", **who)
        return done.rows, done.waiting

    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    assert retired() == (0, 1)
    release._release("mail")
    decide(site.book, {"case_id": "b", "route": "AUTOMATE"})
    assert retired() == (1, 1)
    release._release("mail")
    assert retired() == (1, 0)
    receiver = Receiver()
    receiver.look(site.outbox)
    assert set(receiver.answers) == {"a", "b"}


def test_a_stream_without_the_table_hands_out_nothing(site: Site) -> None:
    site.describe("")
    with pytest.raises(Misuse, match=r"hands out nothing by itself; add a line \[release\] to its file"):
        release._release("mail")
    assert not site.outbox.exists()


def test_files_that_score_would_read_are_refused(site: Site) -> None:
    site.describe("\n[release]\n")
    text = (site.home / "mail.toml").read_text(encoding="utf-8").replace('source = "inbox"', 'source = "."')
    (site.home / "mail.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Misuse, match=r"lies in input\.source, where it would be read as outputs"):
        release._release("mail")


def test_a_file_that_somebody_changed_is_not_written_over(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    with monkeypatch.context() as patched:
        patched.setattr(
            private_files, "sync", lambda folder: (_ for _ in ()).throw(Dead) if folder == site.outbox else None
        )
        with pytest.raises(Dead):
            release._release("mail")
    (name,) = site.names()
    (site.outbox / name).write_text("mine\n", encoding="utf-8")
    with pytest.raises(Misuse, match="is there and holds something else than was recorded; move it away"):
        release._release("mail")
    assert (site.outbox / name).read_text(encoding="utf-8") == "mine\n"
    (site.outbox / name).unlink()
    assert release._release("mail") == {"files": 1, "rows": 1}


def test_an_outbox_that_cannot_be_written_is_one_line_and_nothing_is_recorded(site: Site) -> None:
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    (site.home / "outbox").write_text("a file, and no folder", encoding="utf-8")
    with pytest.raises(Unavailable, match=r"outbox/mail: cannot be written \("):
        release._release("mail")
    assert handouts.newest(site.book, "mail") is None


def test_rows_that_are_not_what_was_recorded_are_not_handed_out(
    site: Site, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"}, {"case_id": "b", "route": "AUTOMATE"})
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_place", lambda *_: (_ for _ in ()).throw(Dead))
        with pytest.raises(Dead):
            release._release("mail")
    for kept in (site.outbox / ".pending").iterdir():
        kept.write_text("something else\n", encoding="utf-8")
    facts.execute(
        ledger_url,
        *facts.unguard(ledger_url, "decision"),
        "UPDATE decision SET prediction = 'spam' WHERE case_id = 'b'",
    )
    with pytest.raises(LedgerInvalid, match="is not what was recorded; run second-reader verify"):
        release._release("mail")
    assert site.names() == []
    facts.execute(
        ledger_url, *facts.unguard(ledger_url, "decision"), "UPDATE decision SET prediction = 'ham' WHERE case_id = 'b'"
    )
    assert release._release("mail") == {"files": 1, "rows": 2}


def test_the_view_is_what_an_export_gives(site: Site) -> None:
    """Of two streams with random lives in one ledger, after each of their facts."""
    lives = [Life(site.book, random.Random(11)), Life(site.book, random.Random(12), "post")]
    for life in lives:
        life.begin()
    states: set[tuple[Any, ...]] = set()
    for _ in range(150):
        for life in lives:
            life.step()
            rows = site.book.read("SELECT * FROM finished WHERE stream = :stream", stream=life.stream).cast(
                finished.SCHEMA
            )
            wanted = finished.at(site.book, life.stream, until=site.book.head()[0])
            assert_frame_equal(rows, wanted, check_row_order=False)
            states |= set(wanted.select("state", "readings").rows())
    assert len(states) > 5
