"""Simulated hours of one stream: the flows that are due, deliveries, people, the owner, and the oracle every hour."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import psycopg

from deploy.local import label_studio_server, prefect_server
from flows.governance.evidence import WATCHDOG
from models import timestamps
from tests.faults.oracle import humans
from tests.faults.world import World
from tests.soak import judgement, load, memory, scene

BUFFERS = "PostgreSQL's buffers"
_CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


@dataclass(slots=True)
class Day:
    """What happened. `hours`: one row for each hour's end; `samples`: (simulated hour, MB) of each server, and connections."""

    hours: list[dict[str, Any]] = field(default_factory=list)
    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)  # (flow, how it ended)
    seconds: Counter[str] = field(default_factory=Counter)  # by flow, in all
    findings: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # that doctor said, and had to
    end: dict[str, Any] = field(default_factory=dict)

    def growths(self) -> list[judgement.Growth]:
        """The memory of each server, and the connections."""
        return [judgement.growth(name, *zip(*pairs, strict=True)) for name, pairs in self.samples.items()]

    def failures(self) -> list[str]:
        """Why it failed; empty if it went well."""
        return judgement.failures(self.growths(), list(dict.fromkeys(self.findings)))


def live(here: scene.Scene, hours: int, *, delete_tasks: bool = False) -> Day:
    """So many hours. `delete_tasks`: a fault to be found, a task that is deleted in Label Studio in the second last."""
    day = Day()
    end = here.start + hours * scene.HOUR
    here.flows.ask(plan=[timestamps.text(here.start), timestamps.text(end)])
    plan = [tuple(due) for due in here.flows.answer()] + _owner(here, hours)
    for at, due in groupby(sorted(plan, key=itemgetter(0)), key=itemgetter(0)):
        _minute(here, day, timestamps.parse(at), [list(run[1:]) for run in due])
        if delete_tasks and timestamps.parse(at) == end - scene.HOUR:
            delete_task(here.world)
    close(here, day)
    return day


def _owner(here: scene.Scene, hours: int) -> list[tuple[Any, ...]]:
    """What the owner does in these hours, as runs of the deployments without a schedule."""
    findings = []
    for hour, minute, flow, value in load.OWNER:
        at = here.start + timedelta(hours=(hour - here.first) % 24, minutes=minute)
        if at < here.start + hours * scene.HOUR:
            findings.append((timestamps.text(at), flow, {"stream": here.world.name, "by": "A. Owner", **value}))
    return findings


def _minute(here: scene.Scene, day: Day, at: datetime, due: list[list[Any]]) -> None:
    """What is due in a minute, with people at work meanwhile. At the full hour they pause, and the oracle looks."""
    passed = (at - here.start) / scene.HOUR
    hour, world = (here.first + int(passed)) % 24, here.world
    if at.minute % load.DELIVERY_MINUTES == 0:
        world.deliver(load.ROWS[hour])
    here.flows.ask(now=timestamps.text(at), due=due)
    if at.minute:
        edits, deletions = load.changes(at.minute)
        world.people_work(load.ANSWERS[hour], edits=edits, deletions=deletions, right=load.RIGHT, skipped=True)
    for run in here.flows.answer():
        day.runs[run["flow"], run["state"]] += 1
        day.seconds[run["flow"]] += run["seconds"]
        if run["state"] != "COMPLETED":
            day.findings.append(f"{timestamps.text(at)}: {run['flow']} ended as {run['state']}: {run['message']}")
        if run["flow"] == "collect" and run["state"] == "COMPLETED" and not at.minute:
            world.collected = True
    _weigh(here, day, passed)
    if not at.minute:
        _look(here, day, at, round(passed))


def _weigh(here: scene.Scene, day: Day, passed: float) -> None:
    """A sample of everybody's memory."""
    held = {judgement.OURS: memory.held(here.flows.process.pid)}
    held |= {name: memory.held(pid) for name, pid in here.stack.pids().items()}
    for name, amount in held.items():
        day.samples.setdefault(name, []).append((passed, amount.own))
    day.samples.setdefault(BUFFERS, []).append((passed, held["PostgreSQL"].shared))
    with psycopg.connect(here.stack.postgres_url("postgres")) as server:
        ((connections,),) = server.execute(_CONNECTED).fetchall()
    day.samples.setdefault(judgement.CONNECTIONS, []).append((passed, connections))


def _look(here: scene.Scene, day: Day, at: datetime, number: int) -> None:
    """The oracle, and a row of figures."""
    world = here.world
    findings = [f"{finding.kind}: {finding.text}" for finding in world.findings()]
    day.findings += [text for text in findings if text not in day.findings]
    tables = world.tables()
    day.hours.append(
        {
            "number": number,
            "hour": (here.first + number) % 24,
            "rows": len(world.delivered),
            "cases": len(tables["decision"]),
            "released": sum(row["route"] == "AUTOMATE" for row in tables["decision"]),
            "tasks": len(tables["dispatch"]),
            "answers": sum(row["outcome"] == "answer" for row in tables["review"]),
            "faults": len(tables["fault"]),
            "findings": len(findings),
            "ledger": _size(world.url),
            **{name: pairs[-1][1] for name, pairs in day.samples.items()},
        }
    )
    if judgement.stands_still([hour["answers"] for hour in day.hours], load.ANSWERS[(here.first + number - 1) % 24]):
        day.findings.append(f"{timestamps.text(at)}: nobody has answered in an hour of work: the load stands still")
    print(", ".join(f"{name} {count:,.0f}" for name, count in day.hours[-1].items()), flush=True)


def close(here: scene.Scene, day: Day) -> None:
    """The last looks: every seal, `doctor` as a user runs it, and the sizes of everything."""
    world = here.world
    day.findings += [f"{finding.kind}: {finding.text}" for finding in world.findings(seals=True)]
    parsed = json.loads(here.command("doctor", world.name, "--deep", "--json").stdout)
    day.findings += judgement.drift(parsed)
    day.expected = [one["what"] for one in parsed if judgement.expected(one)]
    tables = world.tables()
    day.end = {
        "ledger": _size(world.url),
        "Label Studio": _size(here.stack.postgres_url(label_studio_server.DATABASE)),
        "Prefect": _size(here.stack.postgres_url(prefect_server.DATABASE)),
        "rows": {name: len(rows) for name, rows in tables.items()},
        "seals": next(one["what"] for one in parsed if one["subject"] == "ledger"),
        "submissions": len(world.submissions),
        "taken back": sum(value.gone for value in world.submissions.values()),
        "alarms": sum(row["adopted_by"] == WATCHDOG for row in tables["adoption"]),
    }


def _size(url: str) -> float:
    """Of a database, in MB."""
    with psycopg.connect(url) as server:
        row = server.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return float(row[0]) / 1e6


def delete_task(world: World) -> None:
    """Delete a task that nobody has answered, behind everybody's back."""
    task = next(task for task in world.tasks() if not humans(task))
    world.api(world.token, "DELETE", f"/api/tasks/{task['id']}/")
