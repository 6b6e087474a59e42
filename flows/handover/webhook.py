"""The webhook: the rows of each handout in batches, signed, in their order, until each was taken."""

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from flows.handover import outbox, signature
from flows.runtime import runs, settings
from models.errors import Refused, SecondReaderError, Unavailable
from review.ledger.ledger import Ledger
from review.queries import handouts

TIMEOUT = 15.0  # seconds for a connection, and for each piece of an answer
WAITS: tuple[float, ...] = (1.0, 5.0, 20.0)  # seconds before it is tried again; then it is for the next run
LONGEST = 30.0  # a Retry-After beyond it is for the next run, too
_AGAIN = (408, 425, 429)  # and 500 and above: it may be taken later
KIND = "answers.finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Where messages go, and what signs them."""

    client: httpx.Client
    url: str
    keys: Sequence[bytes]

    def send(self, number: str, body: bytes) -> None:
        """Send one message until it is taken. Raises Unavailable, or Refused where trying again now cannot help.

        Neither says more of the address than its host: the rest may be a secret of the receiver's.
        """
        for wait in (*WAITS, None):
            failure, asked = self._once(number, body)
            if failure is None:
                return
            if wait is None or asked > LONGEST:
                raise failure
            time.sleep(asked or wait)

    def _once(self, number: str, body: bytes) -> tuple[Unavailable | None, float]:
        """Why it was not taken, None if it was; and the seconds that the receiver asks to wait, 0 if it does not."""
        # Signed anew each time: a receiver refuses what was signed minutes ago.
        sent = signature.headers(number, body, keys=self.keys, seconds=int(datetime.now(UTC).timestamp()))
        headers = sent | {"content-type": "application/json"}
        try:
            with self.client.stream("POST", self.url, content=body, headers=headers) as answer:
                status = answer.status_code  # what else it says is not read
                asked = answer.headers.get("retry-after", "")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Unavailable(f"{self._host}: no answer ({type(error).__name__})"), 0.0
        if status // 100 == 2:
            return None, 0.0
        if status in _AGAIN or status >= 500:
            seconds = float(asked) if asked.isascii() and asked.isdecimal() else 0.0
            return Unavailable(f"{self._host}: answered {status}"), seconds
        raise Refused(f"{self._host}: answered {status}, so trying again now cannot help")

    @property
    def _host(self) -> str:
        return f"webhook at {urlsplit(self.url).hostname}"


def deliver(run: runs.Run, box: outbox.Outbox, url: str) -> runs.Counts:
    """Send what the webhook lacks, oldest first: how many batches were sent.

    What stops it is recorded with how many wait, and raised: Unavailable, Refused, Misuse without a secret, LedgerInvalid.
    """
    lacking = handouts.unsent(run.ledger, run.stream.name)
    waiting = sum(len(batches) for _, batches in lacking)
    sent = 0
    if not waiting:
        return {"batches": 0}
    try:
        keys = settings.webhook_keys(run.settings)
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client:
            sender = Sender(client=client, url=url, keys=keys)
            for handout, batches in lacking:
                for number, body in messages(run.ledger, box, handout, batches):
                    sender.send(f"{Path(handout.file).stem}-{number}", body)
                    now = runs.clock()
                    fact = handouts.delivered(handout, handouts.WEBHOOK, number, now=now)
                    run.ledger.append({"delivery": fact}, now=now)
                    sent += 1
                outbox.forget(box, handout)
    except SecondReaderError as error:
        run.finish({"batches": sent, "waiting": waiting - sent, "error": str(error)})
        batches_wait = f"{waiting - sent} {'batch waits' if waiting - sent == 1 else 'batches wait'}"
        raise type(error)(f"{error}; the files are in the outbox, {batches_wait}, and the next run goes on") from None
    run.finish({"batches": sent, "waiting": 0})
    return {"batches": sent}


def messages(
    book: Ledger, box: outbox.Outbox, handout: handouts.Handout, batches: Sequence[int]
) -> Iterator[tuple[int, bytes]]:
    """Some batches of a handout as the bodies of messages, each the same bytes whenever it is made."""
    wanted = set(batches)
    with outbox.ready(book, box, handout).open("rb") as file:
        for number in range(1, handout.batches + 1):
            rows = [line.rstrip(b"\n") for line in itertools.islice(file, handout.batch_rows)]
            if number in wanted:
                yield number, _body(handout, number, rows)


def _body(handout: handouts.Handout, number: int, rows: Sequence[bytes]) -> bytes:
    data = {
        "stream": handout.stream,
        "number": handout.number,
        "file": handout.file,
        "batch": number,
        "batches": handout.batches,
    }
    head = json.dumps({"type": KIND, "timestamp": handout.recorded_at, "data": data}, separators=(",", ":"))
    return head.removesuffix("}}").encode() + b',"rows":[' + b",".join(rows) + b"]}}"
