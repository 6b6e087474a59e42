"""Each format from the platform's files to finished answers: guessed, shown on the real queue, answered by two people, exported.

A share of the formats goes through with every run of the tests, all of them with SECOND_READER_FORMATS=all (`make formats`),
which writes docs/results/formats.md. The flows run without Prefect.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.walks.queue_walk import EMAILS, Walk
from tests.unit.flows.inputs.format_cases import CASES, Case

WHOLE = os.environ.get("SECOND_READER_FORMATS") == "all"
SHARE = ("openai-batch", "bedrock-batch", "sagemaker-csv")
COSTS = ("--target", "0.05", "--error-cost", "10", "--minute-cost", "0.5")
RESULTS = Path(__file__).resolve().parents[3] / "docs" / "results" / "formats.md"
HEAD = """# Each format, from its files to finished answers

`make formats` writes this file. The lines of [each format's case](../reference/formats.md#what-becomes-of-each-format) go
through `guess`, `init` and the flows. Two accounts of a real Label Studio answer what waits, until nothing does. Nothing is
released, for there is no evidence yet. Then `export` hands each case out once, with its answer, by whom it is and when.

A case is read by several people where the first is against the model, or by the share of overlap.

| format | cases | of these without an answer of the model | read by one person | by several | exported |
|---|--:|--:|--:|--:|--:|
"""


@pytest.fixture(scope="module")
def results() -> Iterator[list[str]]:
    """Lines of the table, which is written once all formats have gone through."""
    lines: list[str] = []
    yield lines
    if WHOLE and len(lines) == len(CASES):
        RESULTS.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def completed(text: str, case: Case) -> str:
    """The stream file that `guess` wrote, with the labels, and what the case says where the format has to ask."""
    keys = tomllib.loads(case.keys)
    lines = [line for line in text.splitlines() if not any(re.match(rf"(# )?{key} = ", line) for key in keys)]
    lines = [f"labels = {json.dumps(case.labels)}" if re.match("(# )?labels = ", line) else line for line in lines]
    return "\n".join(f"{line}\n{case.keys}" if line == "[input]" else line for line in lines) + "\n"


@pytest.mark.family(2)
@pytest.mark.server
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CASES if WHOLE else SHARE)
def test_a_platforms_files_end_as_finished_answers_of_two_people(name: str, walk: Walk, results: list[str]) -> None:
    case = CASES[name]
    for file, content in case.files.items():
        (walk.home / "inbox" / file).write_bytes(content)
    assert f"taken for {name} (" in walk.command("guess", str(walk.home / "inbox"), "--stream", walk.name, *COSTS)
    walk.file.write_text(completed(walk.file.read_text(encoding="utf-8"), case), encoding="utf-8")
    walk.command("init", walk.name)
    walk.score()
    walk.read_by_people("billing")

    rows = walk.exported()
    by_case: dict[str, dict[str, Any]] = {row["case_id"]: row for row in rows}
    assert sorted([*case.scored, *case.people]) == sorted(row["case_id"] for row in rows)  # each once
    assert {("reviewed", "billing")} == {(row["state"], row["answer"]) for row in rows}
    assert {row["answered_by"] for row in rows} <= set(EMAILS)
    assert set(EMAILS) == walk.readers()
    assert all(datetime.fromisoformat(row["answered_at"]).tzinfo for row in rows)
    predicted = {one: by_case[one]["prediction"] for one in case.scored}
    assert {one: label for one, (label, _) in case.scored.items()} == predicted
    assert case.people == walk.unscored()
    against = {one for one, (label, _) in case.scored.items() if label != "billing"}
    several = {one for one, row in by_case.items() if row["readings"] > 1}
    assert against <= several
    assert [] == walk.exported(since=walk.cursor)
    results.append(
        f"| `{name}` | {len(rows)} | {len(case.people)} | {len(rows) - len(several)} | {len(several)} | {len(rows)} |"
    )
