"""What putting cases before people and bringing their answers home cost beside Label Studio's own bulk calls."""

import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench import outputs, queue_once, table

CASES = 10_000
TIMES = 5
TIMES_BACK = 3  # reading 10,000 answers takes half a minute each time


@pytest.fixture
def folder(label_studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the model's outputs, and the settings of a stream that reads them."""
    names = {"LABEL_STUDIO_URL": label_studio.url, "LABEL_STUDIO_TOKEN": label_studio.token}
    names |= {"LEDGER": url(tmp_path), "STREAMS": str(tmp_path), "DATA": str(tmp_path)}
    for name, value in names.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    outputs.write(tmp_path, CASES)
    yield tmp_path
    forget(tmp_path)


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def forget(folder: Path) -> None:
    """No ledger and no project."""
    with queue_once.server() as api:
        for project in api.get("/api/projects", params={"page_size": 1000}).raise_for_status().json()["results"]:
            if "[second-reader:bench" in (project["description"] or ""):
                api.delete(f"/api/projects/{project['id']}/").raise_for_status()
    for path in folder.glob("ledger.db*"):
        path.unlink()


def middle(runs: list[dict[str, float]], what: str = "seconds") -> float:
    return statistics.median(run[what] for run in runs)


@pytest.mark.timeout(1200)
def test_dispatch_beside_a_raw_import_of_the_same_tasks(folder: Path) -> None:
    by_name: dict[str, list[dict[str, float]]] = {}
    works = ["dispatch", *(str(size) for size in queue_once.BATCHES)]
    for number in range(TIMES):
        for work in works:
            queue_once.decided(folder, url(folder))
            by_name.setdefault(work, []).append(queue_once.run(work, folder, url(folder)))
            forget(folder)
        if number == 0:  # the quickest size is the floor from here on
            works = ["dispatch", min(works[1:], key=lambda size: by_name[size][0]["seconds"])]
    sent = by_name["dispatch"]
    assert [run["sent"] for run in sent] == [CASES] * TIMES
    table.record(
        f"dispatch {CASES:,} cases ({middle(sent, 'requests'):.0f} requests)",
        f"Label Studio's import of the same tasks, {works[1]} at a time",
        middle(sent),
        middle(by_name[works[1]]),
        peak=middle(sent, "peak_mb"),
    )


@pytest.mark.timeout(1200)
def test_collect_beside_a_raw_export_of_the_same_answers(folder: Path) -> None:
    queue_once.decided(folder, url(folder))
    queue_once.answered(url(folder))
    shutil.copy(folder / "ledger.db", folder / "answered.db")
    new, nothing, floor, request = [], [], [], []
    for _ in range(TIMES_BACK):
        floor.append(queue_once.run("export", folder, url(folder)))
        for path in folder.glob("ledger.db*"):
            path.unlink()
        shutil.copy(folder / "answered.db", folder / "ledger.db")
        new.append(queue_once.run("collect", folder, url(folder)))
        nothing.append(queue_once.run("collect", folder, url(folder)))
        request.append(queue_once.run("request", folder, url(folder)))
    assert [run["answers"] for run in new] == [CASES] * TIMES_BACK
    assert [run["answers"] for run in nothing] == [0] * TIMES_BACK
    table.record(
        f"collect {CASES:,} new answers ({middle(new, 'requests'):.0f} requests)",
        "Label Studio's export of the same project",
        middle(new),
        middle(floor),
        peak=middle(new, "peak_mb"),
    )
    table.record(
        f"collect where nothing is new, {CASES:,} answered ({middle(nothing, 'requests'):.0f} requests)",
        "one small request to Label Studio",
        middle(nothing),
        middle(request),
        peak=middle(nothing, "peak_mb"),
    )
    assert middle(nothing, "requests") <= 10
