"""Facts that several places write are made in one: in their table's columns, whole, and once."""

import hashlib

import polars as pl

from models.outputs import contract
from review.ledger import layout, records

NOW = "2026-02-01T12:00:00.000000Z"


def test_a_fault_is_kept_once_however_often_it_is_met_and_another_line_is_another() -> None:
    rows = pl.DataFrame(
        [("a.csv", 2, "no id", "x"), ("a.csv", 2, "no label", "x"), ("a.csv", 3, "no id", "x"), ("a.csv", 2, "-", "y")],
        schema=contract.FAULT_SCHEMA,
        orient="row",
    )
    faults = records.faults(rows, stream="mail", run_id="r-1", now=NOW)
    assert dict(faults.schema) == dict(layout.columns("fault"))
    assert faults["reason"].to_list() == ["no id", "no id", "-"]
    assert faults["content"][0] == hashlib.sha256(b"x").hexdigest()
    assert set(faults.select("stream", "run_id", "found_at").rows()) == {("mail", "r-1", NOW)}


def test_a_dispatch_holds_its_tables_columns_and_nothing_of_what_was_shown() -> None:
    task = {
        "case_id": "c",
        "blind": True,
        "slot": 0,
        "task_key": "k",
        "project_id": 1,
        "task_id": 2,
        "payload": "secret",
    }
    rows = records.dispatches(pl.DataFrame([task]), stream="mail", run_id="r-1", now=NOW)
    assert rows.columns == list(layout.columns("dispatch"))
    assert rows.select("stream", "wave", "sent_at").rows() == [("mail", "r-1", NOW)]


def test_what_another_model_said_is_kept_as_it_is_to_be_recorded() -> None:
    answer = {
        "case_id": "c",
        "model_id": "m-2",
        "prediction": "ham",
        "raw_score": None,
        "doubt": "no confidence",
        "ours": "spam",
    }
    more = {"cost": 0.1, "latency_ms": None, "content": "abc", "request": None}
    (row,) = records.shadows(pl.DataFrame([answer | more]), stream="mail", run_id="r-1", now=NOW).to_dicts()
    assert list(row) == list(layout.columns("shadow"))
    assert (row["stream"], row["run_id"], row["recorded_at"]) == ("mail", "r-1", NOW)
    assert (row["answer"], row["score"], row["unscored"]) == ("ham", None, "no confidence")
