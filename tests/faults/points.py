"""Named points at every side effect of a flow, in the process that runs it, and what may happen there.

A side effect is a transaction's begin, its rows and its commit, a request to Label Studio that changes something, and a
file that appears. They are found by wrapping the libraries by which they are done, not by hooks in the product: what
the product does next year has points too. `before X` and `after X` are reported to whoever listens, then `at` is done.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

from review.ledger.drivers import dbapi

_STATEMENT = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK(?! TO))", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+")


@dataclass(slots=True)
class Points:
    """What happens at which point. `at`: name of the point -> what to do when it is reached for the `nth` time."""

    tell: Callable[[str], None]
    at: dict[str, Callable[[], None]] = field(default_factory=dict)
    nth: int = 1
    seen: Counter[str] = field(default_factory=Counter)

    def reach(self, name: str) -> None:
        """Say that the run is here, and do what is to be done here."""
        self.seen[name] += 1
        self.tell(name)
        if name in self.at and self.seen[name] == self.nth:
            self.at[name]()

    def around(self, name: str, work: Callable[[], Any]) -> Any:
        """Do a side effect between its two points."""
        self.reach(f"before {name}")
        done = work()
        self.reach(f"after {name}")
        return done


def install(points: Points) -> None:
    """Put the points into this process, for the rest of its life."""
    execute, ingest, send = dbapi.Cursor.execute, dbapi.Cursor.adbc_ingest, httpx.Client.send
    replace, write = Path.replace, Path.write_text

    @wraps(execute)
    def executing(self: Any, operation: Any, *rest: Any, **named: Any) -> Any:
        result = _STATEMENT.match(operation) if isinstance(operation, str) else None
        if result is None:
            return execute(self, operation, *rest, **named)
        return points.around(result.group(1).upper(), lambda: execute(self, operation, *rest, **named))

    @wraps(ingest)
    def ingesting(self: Any, table_name: str, *rest: Any, **named: Any) -> Any:
        if named.get("temporary"):
            return ingest(self, table_name, *rest, **named)
        return points.around(f"rows of {table_name}", lambda: ingest(self, table_name, *rest, **named))

    @wraps(send)
    def sending(self: Any, request: httpx.Request, **named: Any) -> Any:
        if request.method == "GET":
            return send(self, request, **named)
        name = f"{request.method} {_NUMBERS.sub('#', request.url.path)}"
        return points.around(name, lambda: send(self, request, **named))

    @wraps(replace)
    def replacing(self: Path, target: Any) -> Any:
        return points.around(f"file {Path(target).suffix}", lambda: replace(self, target))

    @wraps(write)
    def writing(self: Path, *rest: Any, **named: Any) -> Any:
        return points.around(f"part of a file {Path(self.stem).suffix}", lambda: write(self, *rest, **named))

    for owner, name, wrapped in (
        (dbapi.Cursor, "execute", executing),
        (dbapi.Cursor, "adbc_ingest", ingesting),
        (httpx.Client, "send", sending),
        (Path, "replace", replacing),
        (Path, "write_text", writing),
    ):
        setattr(owner, name, wrapped)


def trace(points: Points, files: Sequence[str]) -> None:
    """Each line of these files of the product is a point too, before it is run: `line outbox.py:71`."""
    names = {str(Path(file).resolve()): Path(file).name for file in files}

    def line(frame: FrameType, event: str, _: object) -> Any:
        name = names.get(frame.f_code.co_filename)
        if name is None:
            return None
        if event == "line":
            points.reach(f"line {name}:{frame.f_lineno}")
        return line

    sys.settrace(line)
