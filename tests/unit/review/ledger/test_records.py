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
