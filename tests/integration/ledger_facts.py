"""Facts to put into a ledger, one frame per table, and a way into its database past our own code."""

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import psycopg

from review.ledger import layout, ledger
from review.queries import outcomes
from review.queries.outcomes import Outcomes
from review.retention import retirement

NOW = "2026-02-01T12:00:00.000000Z"
Value = str | int | float | bool | None


def frame(table: str, template: dict[str, Value], *rows: dict[str, Value]) -> pl.DataFrame:
    """Rows of a table: the template with each row's own values over it."""
    return pl.DataFrame([template | row for row in rows], schema=layout.columns(table))


def epochs(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"epoch_id": "e-1", "stream": "mail", "model_id": "m-1", "labels": '["ham", "spam"]'}
    return frame(
        "epoch",
        template | {"calibrator": "identity", "salt": "0" * 32, "opened_at": NOW, "terms": None},
        *rows or ({},),
    )


def policies(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {
        "policy_id": "p-1",
        "stream": "mail",
        "epoch_id": "e-1",
        "threshold": 0.8,
        "by_class": None,
    }
    rates: dict[str, Value] = {"audit_rate": 0.1, "blind_rate": 0.3, "target_error": 0.05, "delta": 0.05}
    return frame("policy", template | rates | {"cost_error": 1.0, "cost_review_minute": 0.5}, *rows or ({},))


def adoptions(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "mail", "version": 1, "policy_id": "p-1", "replaced": None}
    who: dict[str, Value] = {
        "adopted_by": "ann@example.org",
        "because": "the first line",
        "certified": False,
        "evidence": "{}",
    }
    return frame("adoption", template | who | {"adopted_at": NOW}, *rows or ({},))


def plans(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"epoch_id": "e-1", "part": "", "stream": "mail", "alpha": 0.05, "delta": 0.05}
    grid: dict[str, Value] = {"thresholds": "[0.9, 0.5]", "starts": "[0]", "weights": "[1.0]", "look": "anytime"}
    return frame("plan", template | grid | {"registered_at": NOW}, *rows or ({},))


def era_plans(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {
        "epoch_id": "e-1",
        "part": "",
        "era": 1,
        "stream": "mail",
        "alpha": 0.05,
        "delta": 0.05,
    }
    grid: dict[str, Value] = {"thresholds": "[0.9, 0.5]", "starts": "[0]", "weights": "[1.0]", "group_size": 1}
    when: dict[str, Value] = {"after_seal": 0, "ends_at": "2026-04-02T12:00:00.000000Z", "registered_at": NOW}
    return frame("era_plan", template | grid | when, *rows or ({},))


def looks(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"epoch_id": "e-1", "part": "", "era": 1, "look": 1, "stream": "mail"}
    return frame("look", template | {"threshold": 0.9, "standing": "{}", "made_at": NOW}, *rows or ({},))


def certificates(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {
        "epoch_id": "e-1",
        "part": "",
        "look": 1,
        "stream": "mail",
        "threshold": 0.9,
        "standing": "{}",
    }
    return frame("certificate", template | {"taken_by": None, "because": None, "made_at": NOW}, *rows or ({},))


def alarms(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"epoch_id": "e-1", "stream": "mail", "labels": 90, "errors": 7, "clean_until": None}
    return frame(
        "alarm", template | {"raised_at": NOW, "clean_seal": None, "detector": None, "field": None}, *rows or ({},)
    )


def recalls(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "mail", "case_id": "c-1", "recalled_by": "ann@example.org"}
    return frame("recall", template | {"because": "a broken scanner", "recalled_at": NOW}, *rows or ({},))


def decisions(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {
        "stream": "mail",
        "case_id": "c-1",
        "payload": '{"text": "hello"}',
        "model_id": "m-1",
        "prediction": "ham",
        "raw_score": 0.5,
        "confidence": 0.5,
        "doubt": None,
        "route": "REVIEW",
        "blind": False,
        "propensity": 0.3,
        "policy_id": "p-1",
        "epoch_id": "e-1",
        "slices": "{}",
        "cost": None,
        "latency_ms": 12.5,
        "produced_at": None,
        "content": "0" * 64,
        "source": "mail.csv",
        "line": 2,
        "run_id": "r-1",
        "decided_at": NOW,
        "group_id": None,
        "held": None,
    }
    return frame("decision", template, *rows)


def dispatches(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "mail", "case_id": "c-1", "slot": 0, "task_key": "k", "project_id": 7}
    return frame("dispatch", template | {"task_id": 1, "blind": False, "wave": "w-1", "sent_at": NOW}, *rows)


def redispatches(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "mail", "case_id": "c-1", "slot": 0, "project_id": 7, "task_id": 9}
    more: dict[str, Value] = {"wave": "w-2", "asked_by": "ann@example.org", "because": "deleted", "sent_at": NOW}
    return frame("redispatch", template | more, *rows or ({},))


def reviews(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {
        "project_id": 7,
        "annotation_id": 1,
        "revision": NOW,
        "stream": "mail",
        "case_id": "c-1",
        "slot": 0,
        "task_id": 1,
        "reviewer": "ben@example.org",
        "outcome": "answer",
        "answer": "ham",
        "blind": False,
        "seconds": 4.0,
        "submitted_at": NOW,
        "collected_at": NOW,
    }
    return frame("review", template, *rows)


def projects(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "mail", "config_hash": "h-1", "project_id": 7, "config": "<View/>"}
    return frame("project", template | {"created_at": NOW}, *rows or ({},))


def faults(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "mail", "source": "mail.csv", "line": 3, "content": "1" * 64}
    return frame("fault", template | {"reason": "no id", "raw": "{}", "run_id": "r-1", "found_at": NOW}, *rows)


def runs(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"run_id": "r-1", "stream": "mail", "flow": "score", "counts": "{}", "cursor": None}
    return frame("run", template | {"started_at": NOW, "finished_at": NOW}, *rows)


def shadows(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "mail", "case_id": "c-1", "model_id": "m-2", "answer": "spam", "score": 0.9}
    more: dict[str, Value] = {"unscored": None, "cost": None, "latency_ms": None, "content": "3" * 64}
    return frame("shadow", template | more | {"run_id": "r-1", "recorded_at": NOW}, *rows or ({},))


def outlays(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"outlay_id": "o-1", "stream": "mail", "model_id": None, "what": "hosting"}
    days: dict[str, Value] = {"amount": 90.5, "from_day": "2026-04-01", "to_day": "2026-04-30", "undoes": None}
    who: dict[str, Value] = {"entered_by": "ann@example.org", "because": "the invoice of April", "entered_at": NOW}
    return frame("outlay", template | days | who, *rows or ({},))


def handouts(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {
        "stream": "post",
        "number": 1,
        "after_seal": 0,
        "until_seal": 9,
        "file": "mail-1.jsonl",
    }
    more: dict[str, Value] = {"digest": "2" * 64, "row_count": 501, "batch_rows": 500, "recorded_at": NOW}
    return frame("handout", template | more, *rows or ({},))


def deliveries(*rows: dict[str, Value]) -> pl.DataFrame:
    template: dict[str, Value] = {"stream": "post", "number": 1, "channel": "file", "batch": 0, "delivered_at": NOW}
    return frame("delivery", template, *rows or ({},))


def all_tables() -> dict[str, pl.DataFrame]:
    """Some rows for every table, in four cases."""
    cases: list[dict[str, Value]] = [{"case_id": f"c-{n}", "line": n, "blind": n % 2 == 0} for n in range(1, 5)]
    sent: list[dict[str, Value]] = [{"case_id": f"c-{n}", "task_id": n} for n in range(1, 4)]
    return {
        "epoch": epochs(),
        "plan": plans(),
        "era_plan": era_plans(),
        "look": looks({}, {"look": 2, "threshold": None}),
        "certificate": certificates({}, {"look": 2, "threshold": None}),
        "alarm": alarms(),
        "policy": policies(),
        "adoption": adoptions(),
        "decision": decisions(*cases),
        "recall": recalls({"case_id": "c-4"}),
        "project": projects(),
        "dispatch": dispatches(*sent),
        "redispatch": redispatches({"case_id": "c-3"}),
        "review": reviews(
            {}, {"annotation_id": 2, "case_id": "c-2", "outcome": "skip", "answer": None, "seconds": None}
        ),
        "fault": faults({}, {"line": 9}),
        "shadow": shadows({}, {"model_id": "m-3", "answer": None, "score": None, "unscored": "no prediction"}),
        "outlay": outlays({}, {"outlay_id": "o-2", "model_id": "m-2", "undoes": "o-1"}),
        "handout": handouts(),
        "delivery": deliveries({}, {"channel": "webhook", "batch": 1}),
        "run": runs({}, {"run_id": "r-2", "flow": "collect", "cursor": NOW}),
    }


def retire_one(book: ledger.Ledger, folder: Path) -> None:
    """After `all_tables`: a released case is decided, and retired into a file of the folder."""
    # Of another epoch: those of the first are under the suspicion of its alarm.
    case: dict[str, Value] = {"case_id": "c-7", "epoch_id": "e-2", "route": "AUTOMATE", "content": "7" * 64}
    doubtful: dict[str, Value] = {"case_id": "c-6", "content": "6" * 64}
    book.append({"epoch": epochs({"epoch_id": "e-2"}), "decision": decisions(case, doubtful)}, now=NOW)
    who = retirement.Who(by="ann@example.org", because="it is old", now=NOW)
    done = retirement.retire(book, "mail", before="2027-01-01T00:00:00.000000Z", folder=folder, who=who)
    assert done.rows == 1


def judge(
    book: ledger.Ledger, *, now: str = NOW, hours: float = 48, second: bool = True, epoch: str = "e-1"
) -> Outcomes:
    """The cases of an epoch of `mail`."""
    everything = outcomes.read(book, "mail", now=now, deadline_hours=hours, second_opinion=second)
    return outcomes.of(everything, epoch)


def execute(url: str, *statements: str) -> None:
    """Run statements past our own code, in one transaction, as whoever holds the file or the password can."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
    else:
        with psycopg.connect(url) as server:
            for statement in statements:
                server.execute(statement.encode())


def unguard(url: str, table: str) -> list[str]:
    """Statements that take a table's triggers away, checks and references too, so that anything can be done to it."""
    if url.startswith("sqlite"):
        return [f"DROP TRIGGER IF EXISTS {table}_no_{event}" for event in ("update", "delete", "replace")]
    return [f"ALTER TABLE {table} DISABLE TRIGGER USER", "SET session_replication_role = replica"]
