"""A real HTTP server on loopback that hears a webhook, and a wire that can be cut at any byte."""

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

from tests.receiver import Receiver

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # of the tests alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done to one request. `request`: bytes of it that are read, then a reset; `answer`: bytes of the answer that are
    sent after the message was taken in, then a reset; `status`: said without taking it in; `silent`: nothing is said."""

    request: int | None = None
    answer: int | None = None
    status: int | None = None
    more: str = ""  # header lines of the answer
    silent: bool = False


@dataclass(slots=True)
class Hook:
    """The server. `faults`: asked before each request; None: it goes well."""

    receiver: Receiver = field(default_factory=Receiver)
    url: str = ""
    faults: Callable[[], Fault | None] = lambda: None
    requests: int = 0
    longest: int = 0  # bytes of the longest request
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, connection: socket.socket) -> None:
        """One request, one answer."""
        with self.lock:
            fault = self.faults() or Fault()
        head, body = self._read(connection, fault.request)
        if fault.request is not None:
            _reset(connection)
            return
        with self.lock:
            self.requests += 1
            self.longest = max(self.longest, len(head) + 4 + len(body))
        if fault.silent:
            self.over.wait(20)
            _reset(connection)
            return
        status = fault.status or self._take(head, body)
        answer = f"HTTP/1.1 {status} Said\r\n{fault.more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
        if fault.answer is not None:
            connection.sendall(answer[: fault.answer])
            _reset(connection)
            return
        connection.sendall(answer)

    def _take(self, head: bytes, body: bytes) -> int:
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        with self.lock:
            return self.receiver.hear(headers, body, SECRET)

    def _read(self, connection: socket.socket, most: int | None) -> tuple[bytes, bytes]:
        content = b""
        while most is None or len(content) < most:
            head, end, body = content.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            if end and len(body) >= length:
                return head, body
            more = connection.recv(min(65_536, most - len(content)) if most is not None else 65_536)
            if not more:
                break
            content += more
        return b"", b""


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def at_random(chance: random.Random, share: float) -> Callable[[], Fault | None]:
    """A fault of any kind for a share of the requests."""

    def fault() -> Fault | None:
        if chance.random() >= share:
            return None
        return chance.choice(
            [
                Fault(request=chance.randrange(1, 3_000)),
                Fault(answer=chance.randrange(70)),
                Fault(status=500),
                Fault(status=429, more="Retry-After: 0\r\n"),
                Fault(status=503),
            ]
        )

    return fault


@contextmanager
def serving() -> Iterator[Hook]:
    """A hook on a free port while the `with` lasts."""
    hook = Hook()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            hook.serve(self.request)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 50

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hung up is what we are here for."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        hook.url = f"http://127.0.0.1:{server.server_address[1]}/answers"
        try:
            yield hook
        finally:
            hook.over.set()
            server.shutdown()
            thread.join()
