"""A loopback proxy before the real Label Studio that spoils one request of a run, as networks and gateways do.

504 after commit       forwards, then says 504
500                    forwards nothing, says 500
401, 429               forwards nothing, says so; 429 with Retry-After
reset in the request   resets the connection in the middle of the request's body, forwards nothing
reset in the answer    forwards, resets in the middle of the answer's body
time-out               forwards, then says nothing for longer than the client waits
slow drip              forwards, then answers in small pieces with pauses
truncated JSON         forwards, answers the first half of the JSON as if it were all
garbage JSON           forwards, answers JSON of another shape, or no JSON
duplicate delivery     forwards twice, answers what the server said the first or the second time
predictions dropped    forwards an import without its predictions, answers what the server said: 201, and none of them counted
"""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests import loopback

FAULTS = (
    "504 after commit",
    "500",
    "401",
    "429",
    "reset in the request",
    "reset in the answer",
    "time-out",
    "slow drip",
    "truncated JSON",
    "garbage JSON",
    "duplicate delivery",
    "predictions dropped",
)
_GARBAGE = (
    b"null",
    b"[]",
    b"{}",
    b'"ok"',
    b"17",
    b'{"tasks": null, "total": "x"}',
    b'[{"id": null}]',
    b"<html>",
    b"\xff\xfe",
)
_KEPT = {"authorization", "content-type", "accept", "referer"}


@dataclass(slots=True)
class Wire:
    """The proxy. `fault` is done to the request number `nth` from `arm` on (1 is the next), to those that change
    something only if `writes`; `struck` says whether it was."""

    url: str
    random: random.Random
    fault: str = ""
    nth: int = 0
    writes: bool = False
    struck: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, fault: str, nth: int, *, writes: bool) -> None:
        """Spoil one request."""
        self.fault, self.nth, self.writes, self.struck = fault, nth, writes, False

    def disarm(self) -> bool:
        """Spoil none; whether one was spoilt."""
        self.fault = ""
        return self.struck

    def turn(self, method: str, path: str) -> str:
        """What to do to a request that has just come in."""
        with self.lock:
            if not self.fault or self.struck or (self.writes and method == "GET"):
                return ""
            if self.fault == "predictions dropped" and not path.partition("?")[0].endswith("/import"):
                return ""
            self.nth -= 1
            self.struck = self.nth == 0
            return self.fault if self.struck else ""


@contextmanager
def before(upstream: str, seed: int) -> Iterator[Wire]:
    """A proxy on a free loopback port before the server at `upstream`."""

    class Handler(loopback.Handler):
        def forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            fault = wire.turn(self.command, self.path)
            if fault == "reset in the request":
                self.rfile.read(length // 2)
                self.reset()
                return
            body = self.rfile.read(length)
            if fault in ("500", "401", "429"):
                more = {"Retry-After": "1"} if fault == "429" else {}
                self.answer(int(fault), b'{"detail": "no"}', "application/json", more)
                return
            if fault == "predictions dropped":
                bare = [
                    {name: part for name, part in task.items() if name != "predictions"} for task in json.loads(body)
                ]
                body = json.dumps(bare).encode()
            headers = {name: value for name, value in self.headers.items() if name.lower() in _KEPT}
            times = 2 if fault == "duplicate delivery" else 1
            responses = [
                client.request(self.command, upstream + self.path, content=body, headers=headers) for _ in range(times)
            ]
            self.spoil(fault, wire.random.choice(responses))

        def spoil(self, fault: str, real: httpx.Response) -> None:
            kind, content = real.headers.get("content-type", ""), real.content
            if fault == "504 after commit":
                self.answer(504, b"<html>gateway time-out</html>", "text/html")
            elif fault == "time-out":
                wire.over.wait(3.0)
                self.reset()
            elif fault == "truncated JSON":
                self.answer(real.status_code, content[: len(content) // 2], kind)
            elif fault == "garbage JSON":
                self.answer(real.status_code, wire.random.choice(_GARBAGE), kind)
            elif fault in ("reset in the answer", "slow drip"):
                self.head(real.status_code, len(content), kind)
                half, step = len(content) // 2, max(1, len(content) // 8)
                if fault == "reset in the answer":
                    self.wfile.write(content[:half])
                    self.reset()
                    return
                for start in range(0, len(content), step):
                    self.wfile.write(content[start : start + step])
                    time.sleep(0.15)
            else:
                self.answer(real.status_code, content, kind)

    with httpx.Client(timeout=60, trust_env=False) as client, loopback.serving(Handler) as url:
        wire = Wire(url=url, random=random.Random(seed))
        try:
            yield wire
        finally:
            wire.over.set()  # lets go of the requests that are kept waiting
