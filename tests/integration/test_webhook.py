"""The webhook: every revision arrives in its order and none is taken in twice, however often the wire is cut."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import release
from flows.handover import outbox, webhook
from flows.health import doctor
from models.errors import Misuse, Refused, Unavailable
from review.ledger import ledger
from review.queries import handouts
from tests import hook as hooks
from tests.hook import Fault, Hook
from tests.integration import ledger_facts as facts
from tests.integration.answers_life import Life
from tests.integration.test_release import Site
from tests.integration.test_states import decide


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooks.serving() as served:
        yield served


@pytest.fixture
def site(
    book: ledger.Ledger, ledger_url: str, tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    settings = {"LEDGER": ledger_url, "STREAMS": str(tmp_path), "DATA": str(tmp_path), "WEBHOOK_SECRET": hooks.SECRET}
    for name, value in settings.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    monkeypatch.setattr(webhook, "WAITS", (0.0, 0.0))
    stream_site = Site(tmp_path, book)
    stream_site.describe(f'\n[release]\nwebhook = "{hook.url}"\n')
    yield stream_site
    assert hook.receiver.wrong == []


def released(number: int) -> list[dict[str, facts.Value]]:
    return [{"case_id": f"c{n}", "route": "AUTOMATE"} for n in range(number)]


def test_the_rows_of_each_file_come_in_batches_signed_and_in_their_order(
    site: Site, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH_ROWS", 20)
    decide(site.book, *released(50))
    assert release._release("mail") == {"files": 1, "rows": 50, "batches": 3}
    assert hook.receiver.finished() == site.truth()
    assert release._release("mail") == {"files": 0, "rows": 0, "batches": 0}
    assert (hook.requests, hook.receiver.again) == (3, 0)
    assert list((site.outbox / ".pending").iterdir()) == []


@pytest.mark.parametrize("seed", range(2))
def test_a_life_over_a_bad_wire_arrives_whole(
    site: Site, hook: Hook, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(outbox, "BATCH_ROWS", 2)
    life = Life(site.book, chance)
    life.begin()
    failed = 0
    for _ in range(80):
        life.step()
        if chance.random() < 0.4:
            hook.faults = hooks.at_random(chance, 0.6)
            try:
                release._release("mail")
            except Unavailable:
                failed += 1
    hook.faults = lambda: None
    release._release("mail")
    assert hook.receiver.finished() == site.truth()
    assert failed > 0
    assert handouts.unsent(site.book, "mail") == []


def test_the_wire_is_cut_at_every_byte_of_a_request_and_of_its_answer(
    site: Site, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message is cut at each byte, and comes again."""
    monkeypatch.setattr(outbox, "BATCH_ROWS", 1)
    decide(site.book, *released(1))
    release._release("mail")
    long, answer = hook.longest + 20, len(b"HTTP/1.1 204 Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    cuts = [Fault(request=byte) for byte in range(1, long)] + [Fault(answer=byte) for byte in range(answer + 1)]
    step = 1 if site.book.is_sqlite else 23
    wanted = [cut for place, cut in enumerate(cuts) if place % step == 0]
    more: list[dict[str, facts.Value]] = [{"case_id": f"m{n}", "route": "AUTOMATE"} for n in range(len(wanted))]
    decide(site.book, *more)
    turns = iter([turn for cut in wanted for turn in (cut, None)])
    struck: list[Fault] = []

    def fault() -> Fault | None:
        turn = next(turns, None)
        if turn is not None:
            struck.append(turn)
        return turn

    hook.faults = fault
    assert release._release("mail")["batches"] == len(wanted)
    assert hook.receiver.finished() == site.truth()
    assert hook.receiver.revisions == 1 + len(wanted)
    assert len(struck) > (800 if site.book.is_sqlite else 30)
    assert hook.receiver.again > 0  # answers that were cut


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (Fault(status=500), Unavailable, "answered 500"),
        (Fault(status=429, more="Retry-After: 3600\r\n"), Unavailable, "answered 429"),
        (Fault(status=401), Refused, "answered 401, so trying again now cannot help"),
        (Fault(status=307, more="Location: http://127.0.0.1:1/\r\n"), Refused, "answered 307"),
        (Fault(silent=True), Unavailable, r"no answer \(ReadTimeout\)"),
        (Fault(answer=0), Unavailable, "no answer"),
    ],
)
def test_a_webhook_that_fails_stops_no_file_and_is_said(
    site: Site,
    hook: Hook,
    fault: Fault,
    error: type[Exception],
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.3)
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    hook.faults = lambda: fault
    wait = "the files are in the outbox, 1 batch waits, and the next run goes on"
    with pytest.raises(error, match=rf"webhook at 127\.0\.0\.1: {text}.*; {wait}") as raised:
        release._release("mail")
    assert len(site.names()) == 1
    findings = [str(one) for one in doctor.examine("mail", deep=False) if one.subject == "webhook"]
    assert len(findings) == 1
    assert "1 batch waits: webhook at 127.0.0.1: " in findings[0]
    hook.faults = lambda: None
    decide(site.book, {"case_id": "b", "route": "AUTOMATE"})
    assert release._release("mail") == {"files": 1, "rows": 1, "batches": 2}
    assert hook.receiver.finished() == site.truth()
    assert [one for one in doctor.examine("mail", deep=False) if one.subject == "webhook"] == []
    everything = "".join(
        [*site.book.read("SELECT counts FROM run")["counts"], str(raised.value), *caplog.messages, *findings]
    )
    assert hooks.SECRET not in everything
    assert "/answers" not in everything  # the address may hold a secret of the receiver's


def test_a_receiver_that_lets_us_wait_is_asked_again_when_it_says(
    site: Site, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(webhook, "WAITS", (1.0, 5.0, 20.0))
    turns = iter([Fault(status=503), Fault(status=429, more="Retry-After: 7\r\n"), Fault(status=500), None])
    hook.faults = lambda: next(turns)
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    assert release._release("mail")["batches"] == 1
    assert slept == [1.0, 7.0, 20.0]


def test_while_a_run_still_sends_the_next_one_puts_out_its_files(site: Site, hook: Hook) -> None:
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    with site.book.exclusive("webhook", "mail"):
        assert release._release("mail") == {"files": 1, "rows": 1, "batches": 0}
    assert hook.requests == 0
    assert release._release("mail") == {"files": 0, "rows": 0, "batches": 1}


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("", "SECOND_READER_WEBHOOK_SECRET is not set, and nothing is sent unsigned"),
        ("sesame", "SECOND_READER_WEBHOOK_SECRET: must be whsec_ and 24 to 64 random bytes in base64"),
        ("whsec_c2hvcnQ=", "SECOND_READER_WEBHOOK_SECRET: must be whsec_"),
    ],
)
def test_without_a_secret_nothing_is_sent_and_the_files_are_there(
    site: Site, hook: Hook, secret: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_WEBHOOK_SECRET", secret)
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    with pytest.raises(Misuse, match=text) as raised:
        release._release("mail")
    assert not secret or secret not in str(raised.value)
    assert hook.requests == 0
    assert len(site.names()) == 1
    assert any("nothing can be signed" in str(one) for one in doctor.examine("mail", deep=False))


def test_while_the_secret_changes_a_receiver_of_either_is_served(
    site: Site, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_WEBHOOK_SECRET", f"whsec_{'QUJD' * 8} {hooks.SECRET}")
    decide(site.book, {"case_id": "a", "route": "AUTOMATE"})
    assert release._release("mail")["batches"] == 1


def test_a_webhook_that_is_named_later_gets_what_was_handed_out_before(site: Site, hook: Hook) -> None:
    site.describe()
    decide(site.book, *released(3))
    release._release("mail")
    for name in site.names():
        (site.outbox / name).unlink()
    site.describe(f'\n[release]\nwebhook = "{hook.url}"\n')
    assert release._release("mail") == {"files": 0, "rows": 0, "batches": 1}
    assert hook.receiver.finished() == site.truth()


def test_a_message_is_the_same_bytes_whenever_it_is_sent(
    site: Site, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[bytes] = []
    hear = hook.receiver.hear

    def heard(self: Any, headers: Any, body: bytes, secret: str) -> int:
        bodies.append(body)
        hear(headers, body, secret)
        return 503

    monkeypatch.setattr(type(hook.receiver), "hear", heard)
    decide(site.book, *released(3))
    for _ in range(2):
        with pytest.raises(Unavailable):
            release._release("mail")
        for path in (*site.outbox.glob("*.jsonl"), *(site.outbox / ".pending").iterdir()):
            path.unlink()
    assert len(bodies) == 6
    assert len(set(bodies)) == 1
    assert json.loads(bodies[0])["data"]["batches"] == 1
