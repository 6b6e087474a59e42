"""What must hold whatever happened, computed from the ledger's tables and from Label Studio's API, past our own code.

Nothing here calls the product: the database is read with its plainest driver, and hashes, samples and keys are made again
from their definitions.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

Rows = list[dict[str, Any]]
TABLES = ("decision", "fault", "dispatch", "review", "policy", "adoption", "epoch", "era_plan", "run", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that must not be. `kind`: lost | doubled | released (by accident) | other."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One row given to the product: a case to decide, with what it said, or (`case_id` None) a row that is a fault."""

    source: str
    line: int
    case_id: str | None
    label: str | None = None
    score: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a person last did with an annotation of theirs. `label` None: skipped. `gone`: they deleted it."""

    task_id: int
    person: str
    label: str | None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All there is: the ledger's tables, Label Studio's tasks, and what was put into both from outside.

    `tasks` None: not looked at, for nothing was done that could have changed them.
    """

    tables: Mapping[str, Rows]
    tasks: Rows | None
    delivered: list[Delivered]
    submissions: Mapping[int, Submission]
    labels: list[str]


def ledger_tables(url: str) -> dict[str, Rows]:
    """Every table of facts."""
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in TABLES}
    with psycopg.connect(url, row_factory=dict_row) as server:
        return {name: server.execute(f"SELECT * FROM {name}".encode()).fetchall() for name in TABLES}


def findings(facts: Facts, *, collected: bool, seen: dict[str, tuple[Any, ...]]) -> list[Finding]:
    """All that is wrong. `collected`: every submission has had its collection. `seen`: decisions as first seen, kept."""
    return [
        *_input(facts),
        *_decisions(facts, seen),
        *(_tasks(facts, facts.tasks) if facts.tasks is not None else ()),
        *(_answers(facts, facts.tasks) if facts.tasks is not None and collected else ()),
    ]


def _input(facts: Facts) -> Iterator[Finding]:
    """Every input row is a decision or a fault, and a case is decided once."""
    decided: dict[str, Rows] = {}
    for row in facts.tables["decision"]:
        decided.setdefault(row["case_id"], []).append(row)
    faults = Counter((row["source"], row["line"]) for row in facts.tables["fault"])
    # Of two rows of a file that say the same the second is the silent repeat of the first, also where that is a fault.
    delivered_texts = {
        (value.source, value.text) for value in facts.delivered if value.text and faults[value.source, value.line]
    }
    for source in facts.delivered:
        if source.case_id is None:
            if not faults[source.source, source.line] and (source.source, source.text) not in delivered_texts:
                yield Finding(kind="lost", text=f"row {source.source}:{source.line} is no fault in the ledger")
        elif not any(source.text == json.loads(row["payload"])["text"] for row in decided.get(source.case_id, ())):
            yield Finding(kind="lost", text=f"case {source.case_id} of {source.source}:{source.line} is not decided")
    for case_id, rows in decided.items():
        if len(rows) > 1:
            yield Finding(kind="doubled", text=f"case {case_id} is decided {len(rows)} times")
    known = {passed.case_id for passed in facts.delivered}
    for case_id in decided.keys() - known:
        yield Finding(kind="other", text=f"case {case_id} was never delivered")
    for key, times in Counter((row["source"], row["line"], row["content"]) for row in facts.tables["fault"]).items():
        if times > 1:
            yield Finding(kind="doubled", text=f"fault {key} is recorded {times} times")


def _decisions(facts: Facts, seen: dict[str, tuple[Any, ...]]) -> Iterator[Finding]:
    """Each decision is what the policy in force at its place in the ledger gives, and stays what it is."""
    policies = {row["policy_id"]: row for row in facts.tables["policy"]}
    salts = {row["epoch_id"]: row["salt"] for row in facts.tables["epoch"]}
    adopted = sorted(facts.tables["adoption"], key=lambda row: int(row["version"]))
    if [row["version"] for row in adopted] != list(range(1, len(adopted) + 1)):
        yield Finding(kind="other", text="the versions of the policy do not follow one another")
    first: dict[tuple[str, int, str], str] = {}
    for row in sorted(facts.tables["decision"], key=lambda row: (int(row["seal"]), row["source"], row["line"])):
        first.setdefault(_kin(facts, row), row["case_id"])
    for row in facts.tables["decision"]:
        name, released = f"case {row['case_id']}", row["route"] == "AUTOMATE"
        before = [adoption for adoption in adopted if adoption["seal"] < row["seal"]]
        if not before:
            yield Finding(kind="released" if released else "other", text=f"{name} was decided under no policy")
            continue
        if row["policy_id"] != before[-1]["policy_id"]:
            kind = "released" if released else "other"
            yield Finding(kind=kind, text=f"{name} was decided under a policy that was no longer in force")
        rule = policies[row["policy_id"]]
        confidence, line = row["confidence"], rule["threshold"]
        repeats = first[_kin(facts, row)] != row["case_id"]
        sure = (
            line is not None
            and confidence is not None
            and confidence >= line
            and row["doubt"] is None
            and row["prediction"] in facts.labels
            and not repeats
        )
        if repeats and row["held"] is None:
            yield Finding(
                kind="released" if released else "other", text=f"{name} is not held, and its group has come before"
            )
        if row["held"] is not None and not repeats:
            yield Finding(kind="other", text=f"{name} is held, and no case of its group came before")
        if released != sure:
            yield Finding(kind="released" if released else "other", text=f"{name} took the wrong way ({row['route']})")
        audited = [(line, rule["audit_rate"]), *json.loads(rule["by_band"] or "[]")]
        propensity = [rate for begin, rate in audited if begin <= confidence][-1] if sure else rule["blind_rate"]
        if row["payload"] is not None:
            group = hashlib.sha256(f"1\n{row['payload']}".encode()).hexdigest()[:16]
            if row["group_id"] != group:
                yield Finding(kind="other", text=f"{name} belongs to another group than its payload says")
        digest = hashlib.sha256(f"{salts[row['epoch_id']]}\n{row['group_id']}".encode()).hexdigest()
        number = int(digest[:13], 16) / 2**52
        if row["propensity"] != propensity or bool(row["blind"]) != (number < propensity):
            yield Finding(kind="other", text=f"{name} has another sample or propensity than its policy gives")
        now = (row["route"], bool(row["blind"]), row["propensity"], row["policy_id"], row["prediction"], row["seal"])
        if seen.setdefault(row["case_id"], now) != now:
            was = seen[row["case_id"]][0]
            kind = "released" if released and was == "REVIEW" else "other"
            yield Finding(kind=kind, text=f"{name} was {was}, and is another decision now")


def _kin(facts: Facts, row: Mapping[str, Any]) -> tuple[str, int, str]:
    """What a decision is counted with: the decisions of its group in the same era of its epoch."""
    began = {int(plan["after_seal"]) for plan in facts.tables["era_plan"] if plan["epoch_id"] == row["epoch_id"]}
    return row["epoch_id"], sum(after < int(row["seal"]) for after in began), row["group_id"]


def _tasks(facts: Facts, all_tasks: Rows) -> Iterator[Finding]:
    """One open task per case and slot, for cases that go to people only, blind where sampled and with the model's answer
    elsewhere, and served to somebody."""
    decisions = {row["case_id"]: row for row in facts.tables["decision"]}
    by_key: dict[str, Rows] = {}
    for task in all_tasks:
        by_key.setdefault(str(task["data"].get("case_key")), []).append(task)
    expected = {}
    for row in facts.tables["dispatch"]:
        name = f"case {row['case_id']} reading {row['slot']}"
        text = json.dumps([row["stream"], row["case_id"], row["slot"]], separators=(",", ":"))
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        if key in expected:
            yield Finding(kind="doubled", text=f"{name} is dispatched twice in the ledger")
        expected[key] = row
        decision, tasks = decisions[row["case_id"]], by_key.get(key, [])
        if not tasks:
            yield Finding(kind="lost", text=f"{name}: its task {row['task_id']} is not in Label Studio")
        if decision["route"] == "AUTOMATE" and not decision["blind"]:
            yield Finding(kind="other", text=f"{name} was sent to a person without need")
        if row["task_key"] != key or bool(row["blind"]) != bool(decision["blind"]):
            yield Finding(kind="other", text=f"{name}: its dispatch is not that of its decision")
        for task in tasks:
            if decision["blind"] and task["predictions"]:
                yield Finding(kind="other", text=f"{name} is blind, and its task shows the model's answer")
            if not decision["blind"] and decision["prediction"] in facts.labels and not task["predictions"]:
                yield Finding(kind="lost", text=f"{name} is assisted, and its task does not carry the model's answer")
            if not humans(task) and task["is_labeled"]:
                yield Finding(kind="lost", text=f"{name}: nobody has answered, and nobody is offered it")
    for key, tasks in by_key.items():
        # Of doubles that people have answered before they could be taken away, no work is thrown away.
        if len(tasks) > 1 and not all(humans(task) for task in tasks):
            ids = [task["id"] for task in tasks]
            yield Finding(kind="doubled", text=f"tasks {ids} are one case and reading")
        if key not in expected:
            yield Finding(kind="lost", text=f"task {tasks[0]['id']} stands in the queue without a dispatch")


def _answers(facts: Facts, all_tasks: Rows) -> Iterator[Finding]:
    """Every submission is one review at its latest revision, of the case whose task it was given on."""
    revisions: dict[int, Rows] = {}
    for row in facts.tables["review"]:
        revisions.setdefault(row["annotation_id"], []).append(row)
    faulty = {
        row["source"].rpartition("/")[2] for row in facts.tables["fault"] if row["source"].startswith("label-studio/")
    }
    cases = {row["task_key"]: (row["case_id"], row["slot"]) for row in facts.tables["dispatch"]}
    case_of = {task["id"]: cases.get(task["data"].get("case_key")) for task in all_tasks}
    present = {item["id"]: (task, item) for task in all_tasks for item in humans(task)}
    for number, value in facts.submissions.items():
        ordered = sorted(revisions.get(number, ()), key=lambda row: str(row["revision"]))
        name = f"annotation {number} of task {value.task_id} by {value.person}"
        keys = Counter(row["revision"] for row in ordered)
        if any(times > 1 for times in keys.values()):
            yield Finding(kind="doubled", text=f"{name} has two reviews of one revision")
        if value.gone:
            if ordered and ordered[-1]["outcome"] != "deleted":
                yield Finding(kind="lost", text=f"{name} was deleted, and the ledger does not know")
            continue
        if number not in present:
            yield Finding(kind="lost", text=f"{name} is not in Label Studio any more")
            continue
        if not ordered:
            if str(number) not in faulty:
                yield Finding(kind="lost", text=f"{name} is no review")
            continue
        _, item = present[number]
        outcome = "skip" if value.label is None else "answer"
        last = ordered[-1]
        if last["revision"] != _moment(item["updated_at"]):
            yield Finding(kind="lost", text=f"{name}: the ledger has revision {last['revision']}, not the latest")
        elif last["outcome"] not in (outcome, "repeat") or (
            last["outcome"] == "answer" and last["answer"] != value.label
        ):
            yield Finding(kind="lost", text=f"{name} said {value.label}, the ledger says {last['answer']}")
        if (last["case_id"], last["slot"]) != case_of[value.task_id]:
            yield Finding(kind="other", text=f"{name} counts for another case")
    for number in revisions.keys() - facts.submissions.keys():
        yield Finding(kind="other", text=f"the ledger has annotation {number}, which nobody gave")


def humans(task: Mapping[str, Any]) -> Rows:
    """A task's annotations by people, without the marks that close it to earlier readers."""
    return [
        item
        for item in task["annotations"]
        if not (item["was_cancelled"] and item["lead_time"] is None and item["result"] == [])
    ]


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
