"""A stream that is worked to its end: its flows without Prefect, a real Label Studio, two people who answer, the export."""

import json
import re
import secrets
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from flows import collect, dispatch, score
from flows.commands.main import app
from flows.runtime import runs
from flows.scoring import decide
from review.label_studio import labeling_config

EMAILS = ("gil@example.com", "hal@example.com")
_MOST_READINGS = 4


class Walk:
    """One stream in a folder of its own; `tokens`: of the people, by their addresses."""

    def __init__(self, home: Path, url: str, owner: str, tokens: dict[str, str]) -> None:
        self.home, self.url, self.owner, self.tokens = home, url, owner, tokens
        self.name = f"mail-{secrets.token_hex(4)}"
        self.file = home / "streams" / f"{self.name}.toml"
        self.cursor = ""  # of the last export
        self.answered: set[int] = (
            set()
        )  # tasks; another reading of a case is a task of its own, with the first answer in it
        for folder in ("streams", "inbox"):
            (home / folder).mkdir()

    def command(self, *words: str) -> str:
        """What a command that ends well prints."""
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def score(self) -> runs.Counts:
        with runs.running("score", self.name) as run:
            counts = score.record_all(run, self.home / run.stream.input.source, decide.record.fn)
            run.finish(counts)
        return counts

    def read_by_people(self, label: str) -> None:
        """People answer what waits, each a case once, until nothing does."""
        for _ in range(_MOST_READINGS):
            with runs.running("dispatch", self.name) as run:
                counts = dispatch.send_all(run, dispatch.send.fn)
                run.finish(counts)
            if not counts["sent"] and not counts["open"]:
                return
            self._answer(label)
            with runs.running("collect", self.name) as run:
                total, cursor = collect.collect_all(run, collect.record_answers.fn)
                run.finish(total, cursor=cursor)
        raise AssertionError(f"something waits after {_MOST_READINGS} readings")

    def exported(self, since: str = "") -> list[dict[str, Any]]:
        """The rows that `export` writes; none where it writes no file."""
        file = self.home / f"answers-{secrets.token_hex(4)}.jsonl"
        sentence = self.command("export", self.name, "--to", str(file), *(("--since", since) if since else ()))
        self.cursor = re.search(r"--since (\S+)", sentence)[1]  # type: ignore[index]
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    def readers(self) -> set[str]:
        return {reader for (reader,) in self._rows("SELECT DISTINCT reviewer FROM review")}

    def unscored(self) -> dict[str, str]:
        """Why each case that has no score has none."""
        return dict(self._rows("SELECT case_id, doubt FROM decision WHERE doubt IS NOT NULL"))

    def take_down(self) -> None:
        """Delete the project."""
        for (project,) in self._rows("SELECT project_id FROM project"):
            self._call(self.owner, "DELETE", f"/api/projects/{project}/")

    def _answer(self, label: str) -> None:
        case_of = {task: case for case, task in self._rows("SELECT case_id, task_id FROM dispatch")}
        done = set(self._rows("SELECT case_id, reviewer FROM review"))
        value = {"type": "choices", "value": {"choices": [label]}}
        value |= {"from_name": labeling_config.CHOICES, "to_name": labeling_config.SUBJECT}
        for number, task in enumerate(sorted(set(case_of) - self.answered)):
            order = EMAILS if number % 2 else EMAILS[::-1]
            email = next(one for one in order if (case_of[task], one) not in done)
            body = {"result": [value], "lead_time": 2.5}
            self._call(self.tokens[email], "POST", f"/api/tasks/{task}/annotations/", json=body)
            self.answered.add(task)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with runs.open_ledger() as book:
            return book.read(sql).rows()

    def _call(self, token: str, method: str, path: str, **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Token {token}"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60) as client:
            return client.request(method, path, **rest).raise_for_status()
