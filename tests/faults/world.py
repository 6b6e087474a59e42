"""One stream with its ledger, its project and its people, on real servers, to be struck again and again."""

import itertools
import json
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.place import LABELS, STREAM
from tests.faults import oracle
from tests.faults.process import Ended, Run, Zygote

PAGE = 100  # tasks
OVERLAP = 0.5  # of the blind answers for the model another person reads this share, too
PASSWORD = "a-Pass-word-9"
READERS = ("ann@example.com", "ben@example.com", "eva@example.com")
FLOWS = ("score", "dispatch", "collect", "measure")
_NONE = {"filter": "filter:tasks:total_annotations", "operator": "equal", "type": "Number", "value": 0}
UNANSWERED = json.dumps({"filters": {"conjunction": "and", "items": [_NONE]}})  # skipped, or not looked at yet


@dataclass(slots=True)
class World:
    """Everything of one stream. `url`: of its ledger. `hidden`: more variables of the runs' environment."""

    home: Path
    zygote: Zygote
    url: str
    label_studio: str
    token: str
    people: Mapping[str, str]  # e-mail address -> token
    random: random.Random
    job: dict[str, Any] = field(default_factory=dict)  # what every run of this world is reported
    name: str = field(default_factory=lambda: f"mail-{secrets.token_hex(4)}")
    delivered: list[oracle.Delivered] = field(default_factory=list)
    submissions: dict[int, oracle.Submission] = field(default_factory=dict)
    seen: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    files: int = 0
    collected: bool = True
    through: str = ""  # another address of Label Studio for the runs: a proxy's
    _clients: dict[str, httpx.Client] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)

    def describe(self, model: str) -> None:
        """Write the stream file."""
        for folder in ("streams", "inbox"):
            (self.home / folder).mkdir(exist_ok=True)
        text = STREAM.format(name=self.name, model=model, depth=60, overlap=OVERLAP)
        (self.home / "streams" / f"{self.name}.toml").write_text(text, encoding="utf-8")

    def begin(self) -> None:
        """Open ledger, epoch and project, and put a line in force."""
        self.must("init", self.name, by="faults")
        self.must("adopt", self.name, 0.5, by="faults", because="a stream in operation", uncertified=True)

    def end(self) -> None:
        """Delete the project, close the connections."""
        for row in self.tables()["project"]:
            self.api(self.token, "DELETE", f"/api/projects/{row['project_id']}/")
        for client in self._clients.values():
            client.close()

    # Runs

    def reported(self, flow: str, *words: Any, more: Mapping[str, Any] | None = None, **named: Any) -> dict[str, Any]:
        """A job for the zygote."""
        environment = {
            "SECOND_READER_LEDGER": self.url,
            "SECOND_READER_LABEL_STUDIO_URL": self.through or self.label_studio,
            "SECOND_READER_LABEL_STUDIO_TOKEN": self.token,
            "SECOND_READER_STREAMS": str(self.home / "streams"),
            "SECOND_READER_DATA": str(self.home),
            "SECOND_READER_REPORTS": str(self.home / "reports"),
        }
        job = {"flow": flow, "words": list(words or (self.name,)), "named": named, "environment": environment}
        return job | self.job | dict(more or {})

    def flow(self, flow: str, *, kill_after: float | None = None, **more: Any) -> Ended:
        """Run one of the four flows. `more`: for the job."""
        ended = self.zygote.run(self._flow_job(flow, more), kill_after=kill_after)
        if flow == "collect" and ended.done:
            self.collected = True
        return ended

    def start(self, flow: str, **more: Any) -> Run:
        """Start one of the four flows, and leave it running."""
        return self.zygote.start(self._flow_job(flow, more))

    def _flow_job(self, flow: str, more: Mapping[str, Any]) -> dict[str, Any]:
        return self.reported(flow, self.name, *([self.newest()] if flow == "score" else []), more=more)

    def newest(self) -> str:
        """The file that was delivered last."""
        return str(self.home / "inbox" / f"in-{self.files:04}.jsonl")

    def must(self, flow: str, *words: Any, **named: Any) -> Ended:
        """Run something that has to work."""
        ended = self.zygote.run(self.reported(flow, *words, **named))
        if not ended.done:
            raise AssertionError(f"{flow} did not work: {ended.error} {ended.message}")
        return ended

    # From outside

    def deliver(self, count: int) -> None:
        """A file of model outputs: mostly good rows, some without a score or with an unknown label, some no rows at all,
        some said before, some said before and otherwise, some with the text of another case."""
        self.files += 1
        source = f"in-{self.files:04}.jsonl"
        lines = []
        for line in range(1, count + 1):
            text, value = self._row(source, line)
            lines.append(text)
            self.delivered.append(value)
        (self.home / "inbox" / source).write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")

    def _row(self, source: str, line: int) -> tuple[str, oracle.Delivered]:
        kind = self.random.random()
        earlier = [passed for passed in self.delivered if passed.case_id is not None and passed.source != source]
        if kind < 0.05:
            return '{"id": "broken', oracle.Delivered(source=source, line=line, case_id=None)
        if kind < 0.15 and earlier:
            choice = self.random.choice(earlier)
            row = {
                "id": choice.case_id,
                "label": choice.label,
                "score": choice.score,
                "text": choice.text,
                "language": "en",
            }
            if kind < 0.10:
                return json.dumps(row), replace(choice, source=source, line=line)
            text = json.dumps(row | {"text": "something else"})
            return text, oracle.Delivered(source=source, line=line, case_id=None, text=text)
        case_id = f"c-{self.files:04}-{line}"
        repeated = kind < 0.25 and bool(earlier)
        text = self.random.choice(earlier).text if repeated else f"The text of {case_id}."
        score = None if kind > 0.95 else round(self.random.random(), 3)
        label = "no such label" if 0.90 < kind <= 0.95 else self.random.choice(LABELS)
        row = {"id": case_id, "label": label, "score": score, "text": text, "language": "en"}
        row_there = oracle.Delivered(source=source, line=line, case_id=case_id, label=label, score=score, text=text)
        return json.dumps(row), row_there

    def api(self, token: str, method: str, path: str, **rest: Any) -> Any:
        """Label Studio's API, past our own code, as the owner of the token."""
        client = self._clients.get(token)
        if client is None:
            headers = {"Authorization": f"Token {token}"}
            # None is kept for the next request: the server closes one that idles, perhaps just as it is used again.
            none = httpx.Limits(max_keepalive_connections=0)
            client = httpx.Client(
                base_url=self.label_studio, headers=headers, timeout=60.0, trust_env=False, limits=none
            )
            self._clients[token] = client
        answer = client.request(method, path, **rest).raise_for_status()
        return answer.json() if answer.content else None

    def tasks(self, **only: str) -> oracle.Rows:
        """Every task of the stream's projects. `only`: more parameters of Label Studio's list, to leave some out.

        A page at a time: Label Studio keeps the room that its largest answer took, 90 MB for 1,000 tasks.
        """
        rows: oracle.Rows = []
        for row in self.tables()["project"]:
            params = {"project": row["project_id"], "fields": "all", "page_size": PAGE, "resolve_uri": "false"} | only
            for number in itertools.count(1):
                page = self.api(self.token, "GET", "/api/tasks", params=params | {"page": number})
                rows += page["tasks"]
                if number * PAGE >= page["total"]:
                    break
        return rows

    def people_work(
        self, answers: int, *, edits: int = 1, deletions: int = 1, right: float = 0.0, skipped: bool = False
    ) -> None:
        """People answer open tasks, skip some, change their minds, and take answers back.

        `right`: how often they look at all, and say what the model said; otherwise they say anything. `skipped`: what one
        of them has skipped is for the others, as in the queue; otherwise it stays where it is.
        """
        by_name = {row.text: row.label for row in self.delivered if row.label in LABELS}
        waiting = [
            (task, free)
            for task in self.tasks(query=UNANSWERED)
            if (skipped or not oracle.humans(task)) and (free := self._free(task))
        ]
        for task, free in self.random.sample(waiting, min(answers, len(waiting))):
            person = self.random.choice(free)
            label = None if self.random.random() < 0.15 else self.random.choice(LABELS)
            if label and right and self.random.random() < right:
                label = by_name.get(task["data"]["text"], label)
            built = self.api(
                self.people[person], "POST", f"/api/tasks/{task['id']}/annotations/", json=_answered(label)
            )
            self.submissions[built["id"]] = oracle.Submission(task_id=task["id"], person=person, label=label)
        there = [number for number, one in self.submissions.items() if not one.gone]
        for number in self.random.sample(there, min(edits, len(there))):
            submission = self.submissions[number]
            label = self.random.choice(LABELS)
            self.api(self.people[submission.person], "PATCH", f"/api/annotations/{number}/", json=_answered(label))
            self.submissions[number] = replace(submission, label=label)
        for number in self.random.sample(there, min(deletions, len(there))):
            submission = self.submissions[number]
            self.api(self.people[submission.person], "DELETE", f"/api/annotations/{number}/")
            self.submissions[number] = replace(submission, gone=True)
        self.collected = False

    def _free(self, task: Mapping[str, Any]) -> list[str]:
        """Who has not had a task before them yet."""
        spent = {item["completed_by"] for item in task["annotations"]}
        return [email for email in self.people if self._id(email) not in spent]

    def _id(self, email: str) -> int:
        if email not in self._ids:
            self._ids[email] = int(self.api(self.people[email], "GET", "/api/current-user/whoami")["id"])
        return self._ids[email]

    # Judgement

    def tables(self) -> dict[str, oracle.Rows]:
        """The ledger's tables of facts."""
        return oracle.ledger_tables(self.url)

    def findings(self, *, seals: bool = False, queue: bool = True) -> list[oracle.Finding]:
        """What is wrong now. `seals`: the chain, too. `queue`: in Label Studio, too."""
        facts = oracle.Facts(
            tables=self.tables(),
            tasks=self.tasks() if queue else None,
            delivered=self.delivered,
            submissions=self.submissions,
            labels=LABELS,
        )
        result = oracle.findings(facts, collected=self.collected, seen=self.seen)
        if seals:
            verified = self.must("verify")
            result += [oracle.Finding(kind="other", text=str(text)) for text in verified.counts]
        return result


def _answered(label: str | None) -> dict[str, Any]:
    """An annotation as the page sends it."""
    chosen = [{"from_name": "answer", "to_name": "subject", "type": "choices", "value": {"choices": [label]}}]
    return {"result": chosen if label else [], "lead_time": 2.5, "was_cancelled": label is None}
