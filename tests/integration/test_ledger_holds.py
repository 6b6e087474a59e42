"""One run of a flow on a stream at a time, and a dead one holds nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models import errors
from review.ledger import ledger

HOLDER = """
import sys, time
from review.ledger import ledger
with ledger.open(sys.argv[1]) as book, book.exclusive("score", "mail"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def book(ledger_url: str) -> ledger.Ledger:
    ledger.migrate(ledger_url)
    return ledger.open(ledger_url)


def test_a_second_run_of_the_same_flow_on_the_same_stream_hears_so(book: ledger.Ledger, ledger_url: str) -> None:
    with book, book.exclusive("score", "mail"), ledger.open(ledger_url) as other:
        for second in (book, other):
            with pytest.raises(errors.Busy, match="another run of score holds the stream mail"):
                second.exclusive("score", "mail").__enter__()


def test_other_flows_and_other_streams_are_free(book: ledger.Ledger) -> None:
    with book, book.exclusive("score", "mail"), book.exclusive("collect", "mail"), book.exclusive("score", "digits"):
        pass


def test_what_was_held_is_free_again_whatever_ended_it(book: ledger.Ledger) -> None:
    with book:
        for _ in range(2):
            with pytest.raises(KeyError), book.exclusive("score", "mail"):
                raise KeyError
        with book.exclusive("score", "mail"):
            pass


def test_a_killed_holder_holds_nothing(book: ledger.Ledger, ledger_url: str) -> None:
    root = Path(__file__).resolve().parents[2]
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, ledger_url], stdout=subprocess.PIPE, cwd=root)
    with book, holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(errors.Busy), book.exclusive("score", "mail"):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        for attempt in range(50):  # a server notices a moment later
            try:
                with book.exclusive("score", "mail"):
                    break
            except errors.Busy:
                assert attempt < 49
                signal.sigtimedwait([], 0.1)
