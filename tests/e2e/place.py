"""A stream of a user's own, on the real servers, worked with the real command."""

import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.forked import Forked

COMMAND = Path(sys.executable).with_name("second-reader")
LABELS = ["billing", "bug", "other"]
STREAM = """
name = "{name}"
title = "Customer mail"
labels = ["billing", "bug", "other"]

[input]
source = "inbox"
id = "id"
prediction = "label"
confidence = "score"
payload = ["text"]
slices = ["language"]

[model]
id = "{model}"

[review]
kind = "text"
question = "What is this mail about?"
project = "{name}"
queue_depth = {depth}
overlap = {overlap}

[target]
error = 0.05

[costs]
error = 10.0
review_minute = 0.5

[policy]
audit_rate = 0.5
blind_rate = 0.5
cold_blind_rate = 0.5
"""


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Place:
    """One stream, its folder, its environment."""

    home: Path
    name: str
    environment: dict[str, str] = field(repr=False)
    forked: Forked | None = None

    def describe(self, *, model: str = "mail-1", depth: int = 200, overlap: float = 0.0) -> None:
        """Write the stream file. `overlap`: share of blind answers for the model that another person reads, too."""
        text = STREAM.format(name=self.name, model=model, depth=depth, overlap=overlap)
        (self.home / "streams" / f"{self.name}.toml").write_text(text, encoding="utf-8")

    def deliver(self, file: str, rows: list[dict[str, Any]]) -> None:
        """Put rows into the inbox as JSONL."""
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (self.home / "inbox" / file).write_text(text, encoding="utf-8")

    def cli(self, *words: str) -> Result:
        """Run `second-reader` to its end, as a user would, but for the time its start takes."""
        if self.forked is not None and self.forked.fits(words, self.environment, self.home):
            return Result(*self.forked.run(words, self.environment, self.home))
        return self.process(*words)

    def process(self, *words: str) -> Result:
        """Run `second-reader` to its end, as a user would."""
        done = subprocess.run(
            [COMMAND, *words], env=self.environment, cwd=self.home, capture_output=True, text=True, timeout=150
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `second-reader` and leave it running."""
        return started(self.home, self.environment, *words)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the ledger says, read past our own code."""
        with sqlite3.connect(f"file:{self.home / 'ledger.db'}?mode=ro", uri=True) as connection:
            result = connection.execute(sql, parameters).fetchall()
        connection.close()
        return result

    def label_studio(self, token: str | None = None) -> httpx.Client:
        """A client of Label Studio's API, past our own code."""
        return httpx.Client(
            base_url=self.environment["SECOND_READER_LABEL_STUDIO_URL"],
            headers={"Authorization": f"Token {token or self.environment['SECOND_READER_LABEL_STUDIO_TOKEN']}"},
            timeout=60.0,
            trust_env=False,
        )

    def tasks(self, project: int | None = None) -> list[dict[str, Any]]:
        """Every task of the stream's project (or of another), with annotations and predictions."""
        if project is None:
            ((project,),) = self.rows("SELECT project_id FROM project")
        with self.label_studio() as client:
            answer = client.get("/api/tasks", params={"project": project, "fields": "all", "page_size": 1000})
            by_names: list[dict[str, Any]] = answer.raise_for_status().json()["tasks"]
            return by_names


def started(home: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """`second-reader` as a process that runs, in a folder."""
    return subprocess.Popen(
        [COMMAND, *words], env=environment, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def mail(number: int, *, score: float | None = None, label: str = "bug") -> dict[str, Any]:
    """One row of a model's output."""
    return {
        "id": f"mail-{number:03d}",
        "label": label,
        "score": number / 100 if score is None else score,
        "text": f"Message number {number}: the parcel never came.",
        "language": "en" if number % 2 else "de",
    }


def answer(place: Place, token: str, task: dict[str, Any], label: str | None) -> None:
    """Answer a task through the API as the page does; None skips it."""
    chosen = [{"from_name": "answer", "to_name": "subject", "type": "choices", "value": {"choices": [label]}}]
    body = {"result": chosen if label else [], "lead_time": 2.5, "was_cancelled": label is None}
    with place.label_studio(token) as client:
        client.post(f"/api/tasks/{task['id']}/annotations/", json=body).raise_for_status()
