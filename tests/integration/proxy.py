"""A loopback proxy before a real server that spoils chosen POSTs, the way networks and gateways do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from tests import loopback

HOP_BY_HOP = {"connection", "content-length", "content-encoding", "transfer-encoding", "keep-alive", "host"}


@dataclass(slots=True)
class Proxy:
    """Where it listens, what it does to the next POSTs to paths that end with `spoils`, or one of them (one word each, in order).

    `late`: forwards, then 504. `cut`: resets the connection in the middle of the body, nothing is forwarded.
    `lost`: forwards, then resets without an answer. `silent`: forwards, then says nothing for as long as the test runs.
    `down`: 502, `gone`: 404, nothing is forwarded. `bare`: forwards an import without its predictions. `fine`: nothing spoilt.
    `seen` counts these POSTs.
    """

    url: str
    plan: list[str] = field(default_factory=list)
    spoils: str | tuple[str, ...] = "/import"
    seen: int = 0
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def before(upstream: str) -> Iterator[Proxy]:
    """A proxy on a free loopback port before the server at `upstream`."""

    class Handler(loopback.Handler):
        def forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            spoilt = "fine"
            if self.command == "POST" and urlsplit(self.path).path.endswith(proxy.spoils):
                proxy.seen += 1
                spoilt = proxy.plan.pop(0) if proxy.plan else "fine"
            if spoilt == "cut":
                self.rfile.read(length // 2)
                self.reset()
                return
            body = self.rfile.read(length)
            if spoilt == "down":
                self.answer(502, b"<html>bad gateway</html>", "text/html")
                return
            if spoilt == "gone":
                self.answer(404, b"{}", "application/json")
                return
            if spoilt == "bare":
                kept = [
                    {name: part for name, part in task.items() if name != "predictions"} for task in json.loads(body)
                ]
                body = json.dumps(kept).encode()
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            real = client.request(self.command, upstream + self.path, content=body, headers=headers)
            if spoilt == "late":
                self.answer(504, b"<html>gateway time-out</html>", "text/html")
            elif spoilt == "lost":
                self.reset()
            elif spoilt == "silent":
                proxy.over.wait()
                self.reset()
            else:
                self.answer(real.status_code, real.content, real.headers.get("content-type", ""))

    with httpx.Client(timeout=60, trust_env=False) as client, loopback.serving(Handler) as url:
        proxy = Proxy(url=url)
        try:
            yield proxy
        finally:
            proxy.over.set()  # lets go of the requests that are kept waiting
