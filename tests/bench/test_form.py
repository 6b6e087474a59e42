"""How long a reader waits between submitting a record of 40 fields and being able to work on the next, in Chromium."""

import json
import os
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.bench import table
from tests.bench.test_idle import ROOT, header, label_studio_projects, program
from tests.e2e.browser import FLAGS, PASSWORD, log_in

TASKS, WARM = 24, 3
KINDS = {"text": 12, "number": 8, "date": 6, "choice": 6, "yesno": 4, "rating": 2, "set": 2}
LABELS = ["goods", "service", "fee", "other"]
TICKS = sum(KINDS[kind] for kind in ("choice", "yesno", "set"))
FIELDS = [f"{kind}{number}" for kind, count in KINDS.items() for number in range(count)]
SECTION = table.Section(
    "Form",
    f"From a press on Submit until the next task can be worked on, in Chromium, median of {TASKS - WARM} tasks,",
)
READER = "bench@example.com"
STREAM = """
name = "{name}"
title = "Form"
{labels}
[input]
source = "inbox"
id = "id"
{flat}
payload = ["text"]
{fields}
[model]
id = "m-1"

[review]
kind = "text"
question = "What does it say?"
project = "{name}"
overlap = 0.0

[target]
error = 0.05

[costs]
error = 10.0
review_minute = 0.5

[policy]
blind_rate = 0.001
cold_blind_rate = 0.001
"""
# Submits, and gives the milliseconds until another text is shown, all controls of it are there and filled in with the model's
# answers (ticks, and texts that end with the document's number), and it could be submitted.
NEXT = """([controls, ticks]) => new Promise((resolve, reject) => {
  const all = (path) => [...document.querySelectorAll(path)];
  const text = () => document.querySelector('.lsf-htx-richtext')?.innerText ?? '';
  const button = () => document.querySelector('[data-testid=bottombar-submit-button]');
  const ready = () => all('.lsf-choices, .htx-datetime, .ant-form-item, .ant-rate').length >= controls
    && all('.lsf-choice__checkbox input:checked').length === ticks
    && all('input[name^=f]').every((one) => one.type !== 'text' || one.value.endsWith(text().split(' ')[1]));
  const before = text(), start = performance.now();
  button().click();
  const look = () => {
    const now = performance.now();
    if (text() && text() !== before && ready() && button() && !button().disabled) resolve(now - start);
    else if (now - start > 30000) reject(new Error(`${before}, then ${text()}`));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


def value(kind: str, number: int) -> Any:
    """What the model answered in the row of this number."""
    by_kind = {"text": f"Value {number}", "number": number, "date": f"2026-01-{number % 28 + 1:02d}"}
    return (by_kind | {"choice": "goods", "yesno": "yes", "rating": 3, "set": ["fee"]})[kind]


def write(folder: Path, name: str, *, fields: bool) -> None:
    """The stream's file, and its rows."""
    tables = []
    for field in FIELDS if fields else []:
        kind = field.rstrip("0123456789")
        more = f"labels = {json.dumps(LABELS)}\n" if kind in ("choice", "set") else ""
        tables.append(f'[[field]]\nname = "{field}"\nkind = "{kind}"\nscore = "score"\n{more}')
    flat = "" if fields else 'prediction = "choice0"\nconfidence = "score"'
    labels = "" if fields else f"labels = {json.dumps(LABELS)}"
    text = STREAM.format(name=name, labels=labels, flat=flat, fields="\n".join(tables))
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / "inbox").mkdir()
    rows = [
        {"id": f"c-{n:03d}", "text": f"Document {n}", "score": 0.5 + n / 1000}
        | {field: value(field.rstrip("0123456789"), n) for field in FIELDS}
        for n in range(TASKS + 2)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "inbox" / "a.jsonl").write_text(lines, encoding="utf-8")


@pytest.fixture
def projects(label_studio: Any, prefect_api: str, tmp_path: Path) -> Iterator[dict[str, int]]:
    """The projects of two streams whose cases wait for a reader: 40 fields, and one label."""
    names = ("form-fields", "form-label")
    for name in names:
        folder = tmp_path / name
        folder.mkdir()
        write(folder, name, fields=name == names[0])
        environment = os.environ | {
            "PREFECT_API_URL": prefect_api,
            "SECOND_READER_LABEL_STUDIO_URL": label_studio.url,
            "SECOND_READER_LABEL_STUDIO_TOKEN": label_studio.token,
            "SECOND_READER_LEDGER": f"sqlite:///{folder / 'ledger.db'}",
            "SECOND_READER_STREAMS": str(folder),
            "SECOND_READER_DATA": str(folder),
            "SECOND_READER_REPORTS": str(folder / "reports"),
        }
        for words in (("init", name), ("run", name)):
            done = subprocess.run(program(ROOT, *words), env=environment, cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
    yield {name: number for name in names for number in label_studio_projects(label_studio, (name,))}
    for number in label_studio_projects(label_studio, names):
        url = f"{label_studio.url}/api/projects/{number}"
        httpx.delete(url, headers=header(label_studio), trust_env=False, timeout=60)


def seconds(page: Page, url: str, project: int, controls: int, ticks: int) -> float:
    """Median seconds from a task to the next, in the queue of a project."""
    page.goto(f"{url}/projects/{project}/data")
    page.get_by_role("button", name="Label All Tasks").click()
    page.locator(".lsf-htx-richtext").first.wait_for()
    page.wait_for_load_state("networkidle")
    took: list[float] = [page.evaluate(NEXT, [controls, ticks]) / 1000 for _ in range(TASKS)]
    print(f"\n{project}: " + " ".join(f"{one:.2f}" for one in took))
    return statistics.median(took[WARM:])


@pytest.mark.timeout(900)
def test_the_next_record_of_40_fields_beside_the_next_task_with_one_label(
    projects: dict[str, int], label_studio: Any, chromium: str
) -> None:
    label_studio.add_reviewer(READER, PASSWORD)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        log_in(page, label_studio.url, READER)
        floor = seconds(page, label_studio.url, projects["form-label"], 1, 1)
        now = seconds(page, label_studio.url, projects["form-fields"], len(FIELDS), TICKS)
        assert page.locator("input[type=text][name^=f]").count() == KINDS["text"] + KINDS["number"]
        browser.close()
    table.record(
        f"the next record of {len(FIELDS)} fields of {len(KINDS)} kinds, filled in",
        "the next task with one label",
        now,
        floor,
        section=SECTION,
    )
