"""The answers are had by one command: each finished case once, by whom and when; as CSV, Parquet and JSON Lines alike.

The input in tests/field was made for this project after a trouble people report; nothing in it is anybody's data.
"""

import csv
import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tests.integration.walks.queue_walk import EMAILS, Walk

PLAIN = Path(__file__).resolve().parents[2] / "field" / "plain"
SURE = 0.75  # from here on the model's answers go out


@pytest.mark.server
@pytest.mark.timeout(300)
def test_every_final_answer_is_written_with_by_whom_and_when(walk: Walk) -> None:
    cases = {one["id"]: one for one in map(json.loads, (PLAIN / "a.jsonl").read_text().splitlines())}
    (walk.home / "inbox" / "a.jsonl").write_bytes((PLAIN / "a.jsonl").read_bytes())
    described = (PLAIN / "plain.toml").read_text(encoding="utf-8")
    described = described.replace('"plain"', f'"{walk.name}"').replace('"Field: plain"', f'"Field: {walk.name}"')
    walk.file.write_text(described, encoding="utf-8")
    walk.command("init", walk.name)
    because = ("--by", "A. Owner", "--because", "a trial", "--uncertified")
    walk.command("adopt", walk.name, "--threshold", str(SURE), *because)
    assert len(cases) == walk.score()["decided"]
    walk.read_by_people("billing")

    rows = {row["case_id"]: row for row in walk.exported()}
    assert sorted(cases) == sorted(rows)
    released = {one for one, row in rows.items() if row["state"] == "released"}
    assert 0 < len(released) < len(cases)
    assert all(cases[one]["p"] >= SURE for one in released)
    for one, row in rows.items():
        model = row["state"] == "released"
        assert (row["answer"], row["state"]) == (
            (cases[one]["label"], "released") if model else ("billing", "reviewed")
        )
        assert row["answered_by"] == "m-1" if model else row["answered_by"] in EMAILS
        assert datetime.fromisoformat(row["answered_at"]).tzinfo
    assert set(EMAILS) == walk.readers()
    walk.command("export", walk.name, "--to", str(walk.home / "all.csv"))
    walk.command("export", walk.name, "--to", str(walk.home / "all.parquet"))
    with (walk.home / "all.csv").open(encoding="utf-8", newline="") as file:
        answers = {row["case_id"]: row["answer"] for row in csv.DictReader(file)}
    assert {one: row["answer"] for one, row in rows.items()} == answers
    assert answers == dict(pl.read_parquet(walk.home / "all.parquet").select("case_id", "answer").iter_rows())
