"""A receiver of finished answers, written from `docs/reference/release.md` alone: nothing of the product is imported.

It keeps what it knows in memory, as a receiver keeps it in its own database: what it has taken in, and where each case
stands.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = re.compile(r"(?P<stream>[a-z][a-z0-9-]*)-(?P<number>\d{8})-(?P<digest>[0-9a-f]{12})\.jsonl")
Row = dict[str, Any]


@dataclass(slots=True)
class Receiver:
    """What it has taken in. `wrong`: whatever the page says cannot be."""

    known: set[str] = field(default_factory=set)  # names of files, ids of messages
    last: int = 0  # number of the newest file taken in
    answers: dict[str, Row] = field(default_factory=dict)  # case -> its row
    revisions: int = 0
    again: int = 0  # files and messages that came although they were known
    wrong: list[str] = field(default_factory=list)

    def take(self, rows: list[Row]) -> None:
        """Put rows upon what is known: of two rows of a case the one of the higher sequence holds."""
        for row in rows:
            before = self.answers.get(row["case_id"])
            names = ("state", "answer", "answered_by")
            if before is not None and row["sequence"] <= before["sequence"]:
                self.wrong.append(f"{row['case_id']}: sequence {row['sequence']} after {before['sequence']}")
            if before is not None and [before[name] for name in names] == [row[name] for name in names]:
                self.wrong.append(f"{row['case_id']} is new twice")
            if row["state"] == "withdrawn" and (before is None or before["state"] == "withdrawn"):
                self.wrong.append(f"{row['case_id']} is withdrawn and was not there")
            self.answers[row["case_id"]] = row
            self.revisions += 1

    def finished(self) -> dict[str, tuple[Any, ...]]:
        """Each finished case: state, answer, who."""
        names = ("state", "answer", "answered_by")
        return {
            case: tuple(row[name] for name in names) for case, row in self.answers.items() if row["answer"] is not None
        }

    def look(self, folder: Path, *, remove: bool = False) -> None:
        """Take in the files of the outbox, in the order of their names. `remove`: each when it is taken in."""
        if not folder.is_dir():
            return
        for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
            match = NAME.fullmatch(path.name)
            if match is None:
                self.wrong.append(f"{path.name} is no name of a file")
                continue
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest()[:12] != match["digest"]:
                self.wrong.append(f"{path.name} is not whole")
                continue
            if path.name not in self.known:
                if int(match["number"]) != self.last + 1:
                    self.wrong.append(f"{path.name} follows {self.last}")
                self.take([json.loads(line) for line in content.splitlines()])
                self.known.add(path.name)
                self.last = int(match["number"])
            elif remove:
                self.again += 1
            if remove:
                path.unlink()

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str) -> int:
        """Take in a message of the webhook: the status to answer."""
        number, moment = headers["webhook-id"], headers["webhook-timestamp"]
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = hmac.new(key, f"{number}.{moment}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(signed).decode()
        if not any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split()):
            return 401
        if abs(time.time() - int(moment)) > 300:
            return 400
        if number in self.known:
            self.again += 1
            return 204
        message = json.loads(body)
        data = message["data"]
        if message["type"] != "answers.finished" or not 1 <= data["batch"] <= data["batches"]:
            self.wrong.append(f"message {number} is not what the page says")
        self.take(data["rows"])
        self.known.add(number)
        return 204
